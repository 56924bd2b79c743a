/* The file by which end-to-end tests say what the network costs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/mem.h"
#include "os/net_cost.h"
#include "tests/contract/contract.h"

struct record {
    struct net_cost_watch *watch;
    int n_changes;
};

static void on_change(void *ctx)
{
    struct record *record = ctx;
    record->n_changes++;
}

static void write_word(const char *path, const char *word)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(word, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void cost__is_what_the_file_says__and_told_when_it_changes(void **state)
{
    (void)state;
    struct loop *loop = create_loop();
    char *folder = scratch_create();
    char *path = scratch_path(folder, "network");
    struct record record = { 0 };
    write_word(path, "free");
    assert_int_equal(setenv("SEGUE_TEST_NETWORK", path, 1), 0);
    assert_int_equal(net_cost_open(loop, NULL, on_change, &record, &record.watch, NULL), SG_OK);
    assert_int_equal(net_cost_now(record.watch), NET_COST_FREE);

    write_word(path, "metered");
    assert_true(turn_until(loop, &record.n_changes, 1));
    assert_int_equal(net_cost_now(record.watch), NET_COST_METERED);
    write_word(path, "neither");
    assert_true(turn_until(loop, &record.n_changes, 2));
    assert_int_equal(net_cost_now(record.watch), NET_COST_UNKNOWN);

    write_word(path, "free");
    net_cost_close(record.watch);
    loop_turn(loop, 0);
    assert_int_equal(record.n_changes, 2);
    assert_int_equal(unsetenv("SEGUE_TEST_NETWORK"), 0);
    sg_free(path);
    scratch_remove(folder);
    loop_destroy(loop);
    assert_int_equal(sg_mem_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cost__is_what_the_file_says__and_told_when_it_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
