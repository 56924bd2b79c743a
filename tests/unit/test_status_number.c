/* The numbers of statuses, which other programs keep. */
#include "base/status_number.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void number__each_status__is_its_own(void **state)
{
    (void)state;
    for (int i = SG_PENDING + 1; i < SG_STATUS_COUNT; i++) {
        enum sg_status status = (enum sg_status)i;
        assert_int_not_equal(sg_status_number(status), 0);
        assert_int_equal(sg_status_from_number(sg_status_number(status)), status);
    }
    assert_int_equal(sg_status_number(SG_OK), 0);
    assert_int_equal(sg_status_from_number(0), SG_OK);
}

static void number__of_a_failed_start__never_changes(void **state)
{
    (void)state;
    assert_int_equal(sg_status_number(SG_E_LOCKED), 1);
    assert_int_equal(sg_status_number(SG_E_DENIED), 2);
    assert_int_equal(sg_status_number(SG_E_IN_USE), 3);
    assert_int_equal(sg_status_number(SG_E_DAMAGED), 4);
    assert_int_equal(sg_status_number(SG_E_DISK_FULL), 5);
    assert_int_equal(sg_status_number(SG_E_NO_FOLDER), 6);
    assert_int_equal(sg_status_number(SG_E_IO), 7);
    assert_int_equal(sg_status_number(SG_E_DB), 8);
    assert_int_equal(sg_status_number(SG_E_NOMEM), 9);
    assert_int_equal(sg_status_number(SG_E_SYSTEM), 10);
    assert_int_equal(sg_status_number(SG_E_INVALID), 11);
}

static void number__that_nobody_has__is_no_status(void **state)
{
    (void)state;
    assert_int_equal(sg_status_from_number(99), SG_STATUS_COUNT);
    assert_int_equal(sg_status_from_number(UINT32_MAX), SG_STATUS_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(number__each_status__is_its_own),
        cmocka_unit_test(number__of_a_failed_start__never_changes),
        cmocka_unit_test(number__that_nobody_has__is_no_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
