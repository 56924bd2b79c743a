/* The value of --user. */
#include "cli/login.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

static void login__first_colon__ends_the_name(void **state)
{
    (void)state;
    assert_true(login_has_password("me:secret"));
    assert_true(login_has_password("me:a:b"));
    assert_true(login_has_password("me:"));
    assert_true(login_has_password(":"));
    assert_false(login_has_password("me"));
    assert_false(login_has_password("DOMAIN\\me"));
}

static void login__with_a_password__is_taken_as_it_is(void **state)
{
    (void)state;
    static const char *const logins[] = { "me:secret", "me:", ":secret", "m\303\274:a:b c" };
    for (size_t i = 0; i < sizeof logins / sizeof logins[0]; i++) {
        struct sg_err err = { 0 };
        char *out = NULL;
        assert_int_equal(login_complete(logins[i], &out, &err), SG_OK);
        assert_string_equal(out, logins[i]);
        sg_free_secret(out);
    }
}

static void login__without_a_name__is_refused(void **state)
{
    (void)state;
    struct sg_err err = { 0 };
    char *out = NULL;
    assert_int_equal(login_complete("", &out, &err), SG_E_INVALID);
    assert_non_null(strstr(err.message, "--user needs a name"));
    assert_null(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(login__first_colon__ends_the_name),
        cmocka_unit_test(login__with_a_password__is_taken_as_it_is),
        cmocka_unit_test(login__without_a_name__is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
