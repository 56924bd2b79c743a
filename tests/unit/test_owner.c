/* Whose a data folder is. */
#include "daemon/owner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { SOMEBODY_ELSE = 65534 };

static void owner__of_a_folder_of_ones_own__is_right(void **state)
{
    (void)state;
    char path[] = "/tmp/segue-owner-XXXXXX";
    assert_non_null(mkdtemp(path));
    assert_int_equal(owner_check(path, NULL), SG_OK);
    rmdir(path);
}

static void owner__of_a_folder_of_another__is_refused(void **state)
{
    (void)state;
    struct sg_err err = { 0 };
    char path[] = "/tmp/segue-owner-XXXXXX";
    assert_non_null(mkdtemp(path));
    assert_int_equal(chown(path, SOMEBODY_ELSE, SOMEBODY_ELSE), 0);
    assert_int_equal(owner_check(path, &err), SG_E_DENIED);
    assert_non_null(sg_err_text(&err));
    rmdir(path);
}

static void owner__of_nothing__cannot_be_told(void **state)
{
    (void)state;
    assert_int_equal(owner_check("/nowhere/at/all", NULL), SG_E_DENIED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(owner__of_a_folder_of_ones_own__is_right),
        cmocka_unit_test(owner__of_a_folder_of_another__is_refused),
        cmocka_unit_test(owner__of_nothing__cannot_be_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
