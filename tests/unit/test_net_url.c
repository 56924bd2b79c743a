/* URLs as users write them, and what is read out of them. */
#include "net/net_url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "net/net.h"

struct good_url {
    const char *text;
    const char *url;
    const char *userinfo;
};

struct bad_url {
    const char *text;
    enum sg_status status;
};

struct derived {
    const char *url;
    const char *expected;
};

struct reference {
    const char *base;
    const char *text;
    const char *url;
};

static void net_url__good_one__gets_normal_form(void **state)
{
    static const struct good_url table[] = {
        { "http://example.com", "http://example.com/", NULL },
        { "http://example.com/", "http://example.com/", NULL },
        { "HTTP://EXAMPLE.com/A/b", "http://example.com/A/b", NULL },
        { "hTTps://Example.COM:443/x", "https://example.com/x", NULL },
        { "http://example.com:80/x", "http://example.com/x", NULL },
        { "https://example.com:80/x", "https://example.com:80/x", NULL },
        { "http://example.com:8080", "http://example.com:8080/", NULL },
        { "http://example.com/a b", "http://example.com/a%20b", NULL },
        { "http://example.com/a%20b", "http://example.com/a%20b", NULL },
        { "http://example.com/\xc3\xa4", "http://example.com/%c3%a4", NULL },
        { "http://example.com/a?b=c d&e", "http://example.com/a?b=c+d&e", NULL },
        { "http://example.com/a#part", "http://example.com/a", NULL },
        { "http://example.com/a?b#part", "http://example.com/a?b", NULL },
        { "http://example.com/a/../b/./c", "http://example.com/b/c", NULL },
        { "http://example.com?x=1", "http://example.com/?x=1", NULL },
        { "http://u@example.com/", "http://example.com/", "u:" },
        { "http://u:p@example.com/", "http://example.com/", "u:p" },
        { "http://u:p%40%3Aq@example.com/", "http://example.com/", "u:p@:q" },
        { "http://:p@example.com/", "http://example.com/", ":p" },
        { "http://@example.com/", "http://example.com/", NULL },
        { "http://127.0.0.1:1/x", "http://127.0.0.1:1/x", NULL },
        { "http://[::1]:8080/x", "http://[::1]:8080/x", NULL },
        { "http://[2001:DB8::A]/x", "http://[2001:db8::a]/x", NULL },
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char *url = NULL;
        char *userinfo = NULL;
        struct sg_err err = { 0 };
        if (net_url_check(table[i].text, &url, &userinfo, &err) != SG_OK)
            fail_msg("%s: %s", table[i].text, sg_err_text(&err));
        assert_string_equal(url, table[i].url);
        if (table[i].userinfo == NULL)
            assert_null(userinfo);
        else
            assert_string_equal(userinfo, table[i].userinfo);
        sg_free(url);
        sg_free(userinfo);
    }
}

static void net_url__bad_one__is_refused(void **state)
{
    static const struct bad_url table[] = {
        { "", SG_E_INVALID },
        { "example.com/file", SG_E_INVALID },
        { "//example.com/file", SG_E_INVALID },
        { "/file", SG_E_INVALID },
        { "localhost:8080/file", SG_E_INVALID },
        { "http:", SG_E_INVALID },
        { "http://", SG_E_INVALID },
        { "http:///file", SG_E_INVALID },
        { "http:/example.com/", SG_E_INVALID },
        { "http:example.com", SG_E_INVALID },
        { "http://:80/", SG_E_INVALID },
        { "http://user@/", SG_E_INVALID },
        { "http://exa mple.com/", SG_E_INVALID },
        { "http://exa\nmple.com/", SG_E_INVALID },
        { "http://example.com/\r\nHost: other", SG_E_INVALID },
        { "http://example.com/\x01", SG_E_INVALID },
        { "http://example.com:99999/", SG_E_INVALID },
        { "http://example.com:http/", SG_E_INVALID },
        { "http://[::1/", SG_E_INVALID },
        { "http://a%3ab:c@example.com/", SG_E_INVALID },
        { "http://a%0ab:c@example.com/", SG_E_INVALID },
        { " http://example.com/", SG_E_INVALID },
        { "ftp://example.com/file", SG_E_SCHEME },
        { "file:///etc/passwd", SG_E_SCHEME },
        { "mailto:a@example.com", SG_E_SCHEME },
        { "magnet:?xt=urn:btih:1", SG_E_SCHEME },
        { "httpx://example.com/", SG_E_SCHEME },
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char *url = NULL;
        char *userinfo = NULL;
        struct sg_err err = { 0 };
        enum sg_status status = net_url_check(table[i].text, &url, &userinfo, &err);
        if (status != table[i].status)
            fail_msg("'%s': %s (%s)", table[i].text, sg_status_word(status), url);
        assert_null(url);
        assert_null(userinfo);
        assert_int_not_equal(err.message[0], '\0');
    }
}

static void net_url__message__does_not_show_password(void **state)
{
    char *url, *userinfo;
    struct sg_err err = { 0 };
    (void)state;
    assert_int_equal(net_url_check("http://u:secret@exa mple/", &url, &userinfo, &err),
                     SG_E_INVALID);
    assert_null(strstr(err.message, "secret"));
}

static void net_url__file_name__is_last_part_decoded(void **state)
{
    static const struct derived table[] = {
        { "http://h/a/b.zip", "b.zip" },
        { "http://h/b.zip?x=/y", "b.zip" },
        { "http://h/", "" },
        { "http://h", "" },
        { "http://h/a/", "" },
        { "http://h/a%20b%2Fc.bin", "a b/c.bin" },
        { "http://h/%c3%a4.txt", "\xc3\xa4.txt" },
        { "http://h/100%", "100%" },
        { "http://h/%zz%4", "%zz%4" },
        { "http://h/a%00b", "a%00b" },
        { "nonsense", "" },
        { "http://h/a/..%2f..%2fx", "../../x" }, /* name_sanitize's to mend, as are these */
        { "http://h/..%5cx", "..\\x" },
        { "http://h/a:b", "a:b" },
        { "http://h/%2fx", "/x" },
        { "http://h/%252e%252e", "%2e%2e" },
        { "http://h/a%0d%0ab", "a\r\nb" },
        { "http://h/a%FFb", "a\xFF"
                            "b" },
        { "http://h/a%E2%80%AEb", "a\xE2\x80\xAE"
                                  "b" },
        { "http://h/a;b=c", "a;b=c" },
        { "http://h/a/../x", "x" },
        { "http://h/x#frag/y", "x" },
        { "http://h/x?a/b=c", "x" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char *name = net_url_file_name(table[i].url);
        assert_string_equal(name, table[i].expected);
        sg_free(name);
    }
}

static void net_url__origin__always_has_port(void **state)
{
    static const struct derived table[] = {
        { "http://h/a", "http://h:80" },
        { "https://h/a", "https://h:443" },
        { "https://h:444/a?b", "https://h:444" },
        { "http://[::1]/", "http://[::1]:80" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char *origin = net_url_origin(table[i].url);
        assert_string_equal(origin, table[i].expected);
        sg_free(origin);
    }
}

static void net_url__relative_one__is_resolved(void **state)
{
    static const struct reference table[] = {
        { "http://h/a/b?c", "d", "http://h/a/d" },
        { "http://h/a/b?c", "/d", "http://h/d" },
        { "http://h/a/b?c", "../d", "http://h/d" },
        { "http://h/a/b?c", "?e", "http://h/a/b?e" },
        { "http://h/a/b?c", "//other/d", "http://other/d" },
        { "https://h/a/b?c", "//other/d", "https://other/d" },
        { "http://h/a/b?c", "https://other:1/d#x", "https://other:1/d" },
        { "http://h/a/b", "with space", "http://h/a/with%20space" },
        { "http://h:81/a/b", "c", "http://h:81/a/c" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char *url, *userinfo;
        struct sg_err err = { 0 };
        if (net_url_resolve(table[i].base, table[i].text, &url, &userinfo, &err) != SG_OK)
            fail_msg("%s: %s", table[i].text, sg_err_text(&err));
        assert_string_equal(url, table[i].url);
        assert_null(userinfo);
        sg_free(url);
    }
}

static void net_url__no_memory__leaves_nothing_behind(void **state)
{
    enum sg_status status = SG_E_NOMEM;
    (void)state;
    for (uint64_t n = 0; status != SG_OK; n++) {
        char *url = NULL;
        char *userinfo = NULL;
        assert_int_equal(status, SG_E_NOMEM);
        sg_mem_fail_after(n);
        status = net_url_check("http://u:p@Example.com/", &url, &userinfo, NULL);
        sg_mem_fail_after(UINT64_MAX);
        sg_free(url);
        sg_free(userinfo);
        assert_int_equal(sg_mem_live(), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(net_url__good_one__gets_normal_form),
        cmocka_unit_test(net_url__bad_one__is_refused),
        cmocka_unit_test(net_url__message__does_not_show_password),
        cmocka_unit_test(net_url__file_name__is_last_part_decoded),
        cmocka_unit_test(net_url__origin__always_has_port),
        cmocka_unit_test(net_url__relative_one__is_resolved),
        cmocka_unit_test(net_url__no_memory__leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
