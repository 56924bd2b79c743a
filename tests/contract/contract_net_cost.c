/* The contract of os/net_cost.h, as far as it holds on every machine. */
#include "os/net_cost.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "tests/contract/contract.h"

struct record {
    struct loop *loop;
    struct work_pool *pool;
    struct net_cost_watch *watch;
    int n_changes;
};

static void on_change(void *ctx)
{
    struct record *record = ctx;
    record->n_changes++;
    net_cost_close(record->watch);
    record->watch = NULL;
}

static int set_up(void **state)
{
    struct record *record = sg_alloc(sizeof *record);
    assert_non_null(record);
    record->loop = create_loop();
    assert_int_equal(work_pool_create(record->loop, &record->pool, NULL), SG_OK);
    assert_int_equal(
        net_cost_open(record->loop, record->pool, on_change, record, &record->watch, NULL), SG_OK);
    *state = record;
    return 0;
}

static int tear_down(void **state)
{
    struct record *record = *state;
    net_cost_close(record->watch);
    work_pool_destroy(record->pool);
    loop_turn(record->loop, 0);
    loop_destroy(record->loop);
    sg_free(record);
    assert_int_equal(sg_mem_live(), 0);
    return 0;
}

/* On a system that is asked, the answer is the first change; it is also the end of the watch. */
static void cost__is_known_at_once_or_told__or_unknown(void **state)
{
    struct record *record = *state;
    enum net_cost first = net_cost_now(record->watch);
    assert_in_range(first, NET_COST_UNKNOWN, NET_COST_METERED);
    work_pool_destroy(record->pool); /* what was asked is answered */
    record->pool = NULL;
    loop_turn(record->loop, 0);
    assert_in_range(record->n_changes, 0, 1);
    assert_true((record->n_changes == 0) == (record->watch != NULL));
}

static void close__at_once__leaves_nothing(void **state)
{
    struct record *record = *state;
    net_cost_look(record->watch);
    net_cost_close(record->watch);
    record->watch = NULL;
    loop_turn(record->loop, 0);
    assert_int_equal(record->n_changes, 0);
}

static void none__is_unknown_and_may_be_closed(void **state)
{
    (void)state;
    assert_int_equal(net_cost_now(NULL), NET_COST_UNKNOWN);
    net_cost_look(NULL);
    net_cost_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        CASE(cost__is_known_at_once_or_told__or_unknown),
        CASE(close__at_once__leaves_nothing),
#undef CASE
        cmocka_unit_test(none__is_unknown_and_may_be_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
