/* Keeping the machine awake. Wine has no such thing and says so. */
#include "os/power.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hold__set_and_cleared__may_be_repeated),
        cmocka_unit_test(hold__none__is_destroyed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
