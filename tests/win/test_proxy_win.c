/* WinHTTP's machine-wide proxy, as netsh writes it. What was set before is set again. The user's
 * settings and scripts are for tests/e2e/wine/test_windows_proxy.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "os/proxy.h"
#include "os/win/win.h"

static WINHTTP_PROXY_INFO before;

static int keep(void **state)
{
    (void)state;
    return WinHttpGetDefaultProxyConfiguration(&before) ? 0 : -1;
}

static int put_back(void **state)
{
    (void)state;
    BOOL is_back = WinHttpSetDefaultProxyConfiguration(&before);
    GlobalFree(before.lpszProxy);
    GlobalFree(before.lpszProxyBypass);
    assert_int_equal(sg_mem_live(), 0);
    return is_back ? 0 : -1;
}

static void choose(DWORD type, wchar_t *servers, wchar_t *bypass)
{
    WINHTTP_PROXY_INFO info = { type, servers, bypass };
    assert_true(WinHttpSetDefaultProxyConfiguration(&info));
}

static void machine__proxy_of_netsh__is_read(void **state)
{
    static wchar_t servers[] = L"http=a:80;https=b:81";
    static wchar_t bypass[] = L"*.test;<local>";
    struct proxy_config config = { 0 };
    (void)state;
    choose(WINHTTP_ACCESS_TYPE_NAMED_PROXY, servers, bypass);
    assert_int_equal(proxy_config_read(PROXY_OF_MACHINE, &config, NULL), SG_OK);
    assert_string_equal(config.servers, "http=a:80;https=b:81");
    assert_string_equal(config.bypass, "*.test;<local>");
    assert_null(config.script);
    assert_false(config.detects);
    proxy_config_fini(&config);
}

static void machine__without_a_proxy__has_none(void **state)
{
    struct proxy_config config = { 0 };
    (void)state;
    choose(WINHTTP_ACCESS_TYPE_NO_PROXY, NULL, NULL);
    assert_int_equal(proxy_config_read(PROXY_OF_MACHINE, &config, NULL), SG_OK);
    assert_null(config.servers);
    assert_null(config.bypass);
    proxy_config_fini(&config);
}

static void user__settings__can_be_read(void **state)
{
    struct proxy_config config = { 0 };
    (void)state;
    assert_int_equal(proxy_config_read(PROXY_OF_USER, &config, NULL), SG_OK);
    proxy_config_fini(&config);
}

static void script__nobody_there__is_an_error_that_says_so(void **state)
{
    struct sg_buf answer = { 0 };
    struct sg_err err = { 0 };
    (void)state;
    assert_int_equal(
        proxy_script_run("http://127.0.0.1:1/x.pac", "http://a.test:80/", &answer, &err),
        SG_E_SYSTEM);
    assert_string_equal(err.message, "it cannot be fetched (WinHTTP error 12167)");
    assert_int_equal(answer.length, 0);
    sg_buf_fini(&answer);
}

#define PROXY_TEST(test) cmocka_unit_test_setup_teardown(test, keep, put_back)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROXY_TEST(machine__proxy_of_netsh__is_read),
        PROXY_TEST(machine__without_a_proxy__has_none),
        PROXY_TEST(user__settings__can_be_read),
        PROXY_TEST(script__nobody_there__is_an_error_that_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
