/* The signal that stands for the end of a sleep. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "os/power.h"
#include "tests/contract/contract.h"

static void on_woke(void *ctx)
{
    ++*(int *)ctx;
}

static void watch__each_sleep__is_told(void **state)
{
    (void)state;
    int n_woke = 0;
    struct power_watch *watch = NULL;
    struct loop *loop = create_loop();
    assert_int_equal(power_watch_open(loop, on_woke, &n_woke, &watch, NULL), SG_OK);
    for (int i = 1; i <= 3; i++) {
        assert_int_equal(raise(SIGCONT), 0);
        assert_int_equal(n_woke, i - 1);
        assert_true(turn_until(loop, &n_woke, i));
    }
    assert_int_equal(raise(SIGCONT), 0);
    power_watch_close(watch); /* with the news on its way */
    loop_turn(loop, 0);
    assert_int_equal(n_woke, 3);
    loop_destroy(loop);
    assert_int_equal(sg_mem_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(watch__each_sleep__is_told) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
