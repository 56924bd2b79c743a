/* Cookies that go with an address, and lists of addresses. */
#include "cli/cookies.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/url_list.h"

static const char jar[] = "# Netscape HTTP Cookie File\n"
                          "\n"
                          "example.org\tFALSE\t/\tFALSE\t0\thost\t1\n"
                          ".example.org\tTRUE\t/\tFALSE\t2000\ttail\t2\r\n"
                          "#HttpOnly_example.org\tTRUE\t/dl\tFALSE\t0\tpath\t3\n"
                          "example.org\tTRUE\t/\tTRUE\t0\tsecure\t4\n"
                          "example.org\tTRUE\t/\tFALSE\t500\told\t5\n"
                          "other.net\tTRUE\t/\tFALSE\t0\tother\t6\n"
                          "broken line\n"
                          "example.org\tTRUE\t/empty\tFALSE\t0\tempty\t";

static void assert_cookies(const char *url, const char *wanted)
{
    struct sg_buf out = { 0 };
    sg_buf_puts(&out, "");
    assert_int_equal(cookies_for_url(jar, url, 1000, &out), wanted[0] != '\0');
    assert_string_equal(out.data, wanted);
    sg_buf_fini(&out);
}

static void cookies__host_path_and_scheme__decide(void **state)
{
    (void)state;
    assert_cookies("http://example.org", "host=1; tail=2");
    assert_cookies("http://example.org/dl/x", "host=1; tail=2; path=3");
    assert_cookies("http://example.org/dl?a=/b", "host=1; tail=2; path=3");
    assert_cookies("http://example.org/dlx", "host=1; tail=2");
    assert_cookies("https://example.org/", "host=1; tail=2; secure=4");
    assert_cookies("HTTPS://u:p@EXAMPLE.org:8443/", "host=1; tail=2; secure=4");
    assert_cookies("http://www.example.org/", "tail=2");
    assert_cookies("http://example.org/empty", "host=1; tail=2; empty=");
}

static void cookies__other_hosts__get_none(void **state)
{
    (void)state;
    assert_cookies("http://badexample.org/", "");
    assert_cookies("http://org/", "");
    assert_cookies("http://example.org.evil/", "");
    assert_cookies("http://[::1]:80/", "");
    assert_cookies("http://example.org@evil/", "");
    assert_cookies("not an address", "");
    assert_cookies("http://", "");
}

static void list__comments_and_blanks__are_passed_over(void **state)
{
    (void)state;
    struct url_list list = { 0 };
    struct sg_err err = { 0 };
    assert_int_equal(
        url_list_add_lines(&list, "l", "# c\r\n\r\n  http://a/1 \r\n\n\thttps://b\n#", &err),
        SG_OK);
    assert_int_equal(list.n, 2);
    assert_string_equal(list.items[0], "http://a/1");
    assert_string_equal(list.items[1], "https://b");
    url_list_fini(&list);
}

static void list__a_wrong_line__is_named(void **state)
{
    (void)state;
    struct url_list list = { 0 };
    struct sg_err err = { 0 };
    assert_int_equal(url_list_add_lines(&list, "l.txt", "http://a\n\nftp://b\n", &err),
                     SG_E_INVALID);
    assert_string_equal(err.message, "l.txt, line 3: 'ftp://b' is no address: correct the line, "
                                     "nothing was added");
    url_list_fini(&list);
}

static void list__what_is_no_address__is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = { "",
                                         "a",
                                         "http",
                                         "http:",
                                         "http://",
                                         "https://",
                                         "http:///x",
                                         "httpx://a/b",
                                         "ttp://aa",
                                         "http:/a/b",
                                         "http://a b/",
                                         "file:///etc/x",
                                         "http://a\x7f/",
                                         "https:/aaaa" };
    struct url_list list = { 0 };
    struct sg_err err = { 0 };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(url_list_add(&list, wrong[i], &err), SG_E_INVALID);
    assert_int_equal(url_list_add(&list, "HTTPs://x", &err), SG_OK);
    assert_int_equal(list.n, 1);
    url_list_fini(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cookies__host_path_and_scheme__decide),
        cmocka_unit_test(cookies__other_hosts__get_none),
        cmocka_unit_test(list__comments_and_blanks__are_passed_over),
        cmocka_unit_test(list__a_wrong_line__is_named),
        cmocka_unit_test(list__what_is_no_address__is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
