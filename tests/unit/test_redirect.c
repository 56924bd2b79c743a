/* The policy for redirects. */
#include "net/xfer_redirect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "net/xfer.h"

struct followed {
    struct redirect redirect;
    const char *url;
    const char *userinfo;
    bool is_same_origin;
};

static void redirect__allowed_one__is_followed(void **state)
{
    static const struct followed table[] = {
        { { "http://h/a", "/b", 0, false }, "http://h/b", NULL, true },
        { { "http://h/a", "http://h:80/b", 0, false }, "http://h/b", NULL, true },
        { { "http://h/a", "HTTP://H/b#f", 0, false }, "http://h/b", NULL, true },
        { { "http://h/a", "http://h:81/b", 0, false }, "http://h:81/b", NULL, false },
        { { "http://h/a", "https://h/b", 0, false }, "https://h/b", NULL, false },
        { { "http://h/a", "//other/b", 0, false }, "http://other/b", NULL, false },
        { { "http://h/a", "http://sub.h/b", 0, false }, "http://sub.h/b", NULL, false },
        { { "http://h/a", "http://u:p@h/b", 0, false }, "http://h/b", "u:p", true },
        { { "http://h/a", "http://u:p@o/b", 0, false }, "http://o/b", "u:p", false },
        { { "https://h/a", "b c", 19, false }, "https://h/b%20c", NULL, true },
        { { "https://h/a", "http://h/b", 0, true }, "http://h/b", NULL, false },
        { { "https://h/a", "https://h/a", 5, false }, "https://h/a", NULL, true },
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct redirect_target target = { 0 };
        struct sg_err err = { 0 };
        if (redirect_resolve(&table[i].redirect, &target, &err) != SG_OK)
            fail_msg("%s: %s", table[i].redirect.location, sg_err_text(&err));
        assert_string_equal(target.url, table[i].url);
        assert_int_equal(target.userinfo != NULL, table[i].userinfo != NULL);
        if (target.userinfo != NULL)
            assert_string_equal(target.userinfo, table[i].userinfo);
        assert_int_equal(target.is_same_origin, table[i].is_same_origin);
        sg_free(target.url);
        sg_free(target.userinfo);
    }
}

static void redirect__forbidden_one__is_refused(void **state)
{
    static const struct redirect table[] = {
        { "http://h/a", "/b", XFER_REDIRECTS_MAX, false },
        { "https://h/a", "http://h/b", 0, false },
        { "https://h/a", "http://other/b", 0, false },
        { "http://h/a", "ftp://h/b", 0, true },
        { "http://h/a", "file:///etc/passwd", 0, true },
        { "http://h/a", "http://", 0, true },
        { "http://h/a", "http://h:999999/", 0, true },
        { "http://h/a", "http://h/\x01", 0, true },
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct redirect_target target = { 0 };
        struct sg_err err = { 0 };
        assert_int_equal(redirect_resolve(&table[i], &target, &err), SG_E_REDIRECT);
        assert_int_equal(err.status, SG_E_REDIRECT);
        assert_int_not_equal(err.message[0], '\0');
        assert_null(target.url);
        assert_null(target.userinfo);
    }
    assert_int_equal(sg_mem_live(), 0);
}

static void redirect__only_statuses_with_location__are_redirects(void **state)
{
    (void)state;
    for (int status = 100; status < 1000; status++) {
        bool is_listed =
            status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
        assert_int_equal(redirect_is_one(status), is_listed);
    }
}

static void redirect__no_memory__leaves_nothing_behind(void **state)
{
    static const struct redirect redirect = { "http://h/a", "http://u:p@other/", 0, false };
    enum sg_status status = SG_E_NOMEM;
    (void)state;
    for (uint64_t n = 0; status != SG_OK; n++) {
        struct redirect_target target = { 0 };
        assert_int_equal(status, SG_E_NOMEM);
        sg_mem_fail_after(n);
        status = redirect_resolve(&redirect, &target, NULL);
        sg_mem_fail_after(UINT64_MAX);
        sg_free(target.url);
        sg_free(target.userinfo);
        assert_int_equal(sg_mem_live(), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(redirect__allowed_one__is_followed),
        cmocka_unit_test(redirect__forbidden_one__is_refused),
        cmocka_unit_test(redirect__only_statuses_with_location__are_redirects),
        cmocka_unit_test(redirect__no_memory__leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
