/* Keeping the machine awake, and hearing that it slept. Wine has neither: of the one it says so, of
 * the other it tells nothing. */
#include "os/power.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "tests/contract/contract.h"

static void hold__set_and_cleared__may_be_repeated(void **state)
{
    (void)state;
    struct power_hold *hold = NULL;
    enum sg_status status = power_hold_create("a test", &hold, NULL);
    if (status == SG_OK) {
        assert_int_equal(power_hold_set(hold, true, NULL), SG_OK);
        assert_int_equal(power_hold_set(hold, true, NULL), SG_OK);
        assert_int_equal(power_hold_set(hold, false, NULL), SG_OK);
        assert_int_equal(power_hold_set(hold, false, NULL), SG_OK);
        assert_int_equal(power_hold_set(hold, true, NULL), SG_OK);
    } else {
        assert_int_equal(status, SG_E_SYSTEM);
        assert_null(hold);
    }
    power_hold_destroy(hold);
}

static void hold__none__is_destroyed(void **state)
{
    (void)state;
    power_hold_destroy(NULL);
}

static void on_woke(void *ctx)
{
    ++*(int *)ctx;
}

static void watch__of_a_machine_that_does_not_sleep__hears_nothing(void **state)
{
    (void)state;
    int n_woke = 0;
    struct loop *loop = create_loop();
    struct power_watch *watch = NULL;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(power_watch_open(loop, on_woke, &n_woke, &watch, NULL), SG_OK);
        loop_turn(loop, 0);
        power_watch_close(watch);
    }
    power_watch_close(NULL);
    loop_destroy(loop);
    assert_int_equal(n_woke, 0);
    assert_int_equal(sg_mem_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hold__set_and_cleared__may_be_repeated),
        cmocka_unit_test(hold__none__is_destroyed),
        cmocka_unit_test(watch__of_a_machine_that_does_not_sleep__hears_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
