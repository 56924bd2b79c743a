/* Proxy settings of Windows and answers of scripts, and which proxies follow from them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "net/net_proxies.h"
#include "net/net_route.h"

static void expect_answer(const char *answer, const char *list)
{
    struct sg_buf out = { 0 };
    proxies_from_script(answer, &out);
    assert_string_equal(out.data, list);
    sg_buf_fini(&out);
}

static void script__its_words__become_proxies_in_order(void **state)
{
    (void)state;
    expect_answer("PROXY a:8080; DIRECT", "http://a:8080 direct");
    expect_answer("proxy a ; HTTPS b; SOCKS c;SOCKS5 d:9;;HTTP e:1",
                  "http://a:80 https://b:443 socks4://c:1080 socks5://d:9 http://e:1");
    expect_answer("PROXY [::1]:81;DIRECT;", "http://[::1]:81 direct");
    expect_answer("DIRECT", "direct");
}

static void script__nonsense__is_passed_over(void **state)
{
    (void)state;
    expect_answer(NULL, "direct");
    expect_answer("", "direct");
    expect_answer(" ; ;", "direct");
    expect_answer("PROXY", "direct");
    expect_answer("PROXY a:0; PROXY a:65536; PROXY a:b; PROXY a b; TUNNEL c:1", "direct");
    expect_answer("PROXY me:secret@a:80; PROXY -x/y; PROXY %61; PROXY b:1", "http://b:1");
}

static void script__more_than_enough_proxies__are_cut_off(void **state)
{
    (void)state;
    expect_answer("PROXY a:1;PROXY a:2;PROXY a:3;PROXY a:4;PROXY a:5;PROXY a:6;PROXY a:7;"
                  "PROXY a:8;PROXY a:9;DIRECT",
                  "http://a:1 http://a:2 http://a:3 http://a:4 http://a:5 http://a:6 http://a:7 "
                  "http://a:8");
}

static struct proxies_target target_of(const char *origin)
{
    struct proxies_target target = { 0 };
    assert_true(proxies_target_init(origin, &target));
    return target;
}

static void expect_servers(const char *servers, const char *origin, const char *list)
{
    struct sg_buf out = { 0 };
    struct proxies_target target = target_of(origin);
    proxies_from_servers(servers, &target, &out);
    assert_string_equal(out.data, list);
    proxies_target_fini(&target);
    sg_buf_fini(&out);
}

static void servers__are_chosen_by_the_scheme_of_the_url(void **state)
{
    static const char list[] = "http=a:1;https=b:2 ftp=c:3;socks=d:4";
    (void)state;
    expect_servers("a:8080", "https://h:443", "http://a:8080");
    expect_servers("a:1;b", "http://h:80", "http://a:1 http://b:80");
    expect_servers(list, "http://h:80", "http://a:1");
    expect_servers(list, "https://h:443", "http://b:2");
    expect_servers("ftp=c:3;SOCKS=d", "https://h:443", "socks4://d:1080");
    expect_servers("http=a:1", "https://h:443", "direct");
    expect_servers("http://a:1/", "http://h:80", "http://a:1");
    expect_servers("https=https://a;http=socks5://b:1", "https://h:443", "https://a:443");
    expect_servers("http=me:pass@a:1", "http://h:80", "http://a:1");
    expect_servers("", "http://h:80", "direct");
    expect_servers(NULL, "http://h:80", "direct");
}

static void expect_bypassed(const char *bypass, const char *origin, bool expected)
{
    struct proxies_target target = target_of(origin);
    if (proxies_are_bypassed(bypass, &target) != expected)
        fail_msg("'%s' and %s: expected %d", bypass != NULL ? bypass : "", origin, expected);
    proxies_target_fini(&target);
}

static void bypass__patterns__match_host_scheme_and_port(void **state)
{
    (void)state;
    expect_bypassed("a.test", "http://a.test:80", true);
    expect_bypassed("a.test", "http://b.a.test:80", false);
    expect_bypassed("*.TEST", "http://a.test:80", true);
    expect_bypassed("*a*b*.test", "http://xaybz.test:80", true);
    expect_bypassed("*a*b*.test", "http://xbya.test:80", false);
    expect_bypassed("*", "https://a.test:443", true);
    expect_bypassed("10.*; 192.168.*", "http://192.168.1.2:80", true);
    expect_bypassed("10.*;192.168.*", "http://11.1.1.1:80", false);
    expect_bypassed("https://a.test", "http://a.test:80", false);
    expect_bypassed("http://a.test", "http://a.test:80", true);
    expect_bypassed("a.test:81", "http://a.test:80", false);
    expect_bypassed("a.test:80", "http://a.test:80", true);
    expect_bypassed("[2001:db8::1]", "http://[2001:db8::1]:80", true);
    expect_bypassed("2001:db8::*", "http://[2001:db8::1]:80", true);
    expect_bypassed("[2001:db8::1]:81", "http://[2001:db8::1]:80", false);
    expect_bypassed("<local>", "http://intranet:80", true);
    expect_bypassed("<local>", "http://a.test:80", false);
    expect_bypassed("<local>", "http://[2001:db8::1]:80", false);
    expect_bypassed("", "http://a.test:80", false);
    expect_bypassed(NULL, "http://a.test:80", false);
}

static void bypass__this_machine__needs_no_pattern(void **state)
{
    (void)state;
    expect_bypassed(NULL, "http://localhost:80", true);
    expect_bypassed(NULL, "http://x.LOCALHOST:80", true);
    expect_bypassed(NULL, "http://127.9.9.9:80", true);
    expect_bypassed(NULL, "http://[::1]:80", true);
    expect_bypassed(NULL, "http://169.254.1.1:80", true);
    expect_bypassed(NULL, "http://[fe80::1]:80", true);
    expect_bypassed(NULL, "http://127.example.test:80", false);
    expect_bypassed(NULL, "http://notlocalhost:80", false);
    expect_bypassed("<-loopback>", "http://127.0.0.1:80", false);
    expect_bypassed("<-loopback>;127.0.0.1", "http://127.0.0.1:80", true);
}

static void shown__servers__have_no_passwords(void **state)
{
    struct sg_buf out = { 0 };
    (void)state;
    proxies_show("http=me:canary@a:1 https=b:2", &out);
    assert_string_equal(out.data, "http=me:***@a:1;https=b:2");
    sg_buf_fini(&out);
}

/* Settings and scripts of a system that a test makes up. */
static struct {
    bool detects;
    const char *script;
    const char *servers;
    const char *bypass;
    const char *network_answer; /* NULL: the network names no script */
    const char *script_answer;  /* NULL: it cannot be fetched */
} made_up;

static enum sg_status read_made_up(enum proxy_scope scope, struct proxy_config *out,
                                   struct sg_err *err)
{
    (void)scope;
    struct proxy_config config = { made_up.detects, sg_strdup(made_up.script),
                                   sg_strdup(made_up.servers), sg_strdup(made_up.bypass) };
    if (sg_mem_left() == 0) {
        proxy_config_fini(&config);
        return sg_err_set(err, SG_E_NOMEM, "out of memory");
    }
    *out = config;
    return SG_OK;
}

static enum sg_status run_made_up(const char *script, const char *url, struct sg_buf *out,
                                  struct sg_err *err)
{
    const char *answer = script != NULL ? made_up.script_answer : made_up.network_answer;
    assert_string_equal(url, "http://a.test:80/");
    if (answer == NULL)
        return sg_err_set(err, script != NULL ? SG_E_SYSTEM : SG_E_NOT_FOUND, "not there");
    sg_buf_puts(out, answer);
    return SG_OK;
}

static const struct route_source source = { read_made_up, run_made_up };

static void expect_route(const char *origin, const char *list)
{
    struct sg_buf out = { 0 };
    assert_int_equal(route_find(&source, PROXY_OF_USER, origin, &out), SG_OK);
    assert_string_equal(out.data, list);
    sg_buf_fini(&out);
}

static int start_afresh(void **state)
{
    (void)state;
    memset(&made_up, 0, sizeof made_up);
    return 0;
}

static void route__nothing_set__is_direct(void **state)
{
    (void)state;
    expect_route("http://a.test:80", "direct");
    made_up.detects = true;
    expect_route("http://a.test:80", "direct");
}

static void route__script__goes_before_servers(void **state)
{
    (void)state;
    made_up.servers = "b:1";
    made_up.bypass = "a.test";
    made_up.script = "http://pac/x.pac";
    made_up.script_answer = "PROXY c:2; DIRECT";
    expect_route("http://a.test:80", "http://c:2 direct");
    made_up.detects = true;
    expect_route("http://a.test:80", "http://c:2 direct");
    made_up.network_answer = "PROXY d:3";
    expect_route("http://a.test:80", "http://d:3");
}

static void route__script_that_is_no_good__is_told_and_passed_over(void **state)
{
    (void)state;
    made_up.script = "http://me:canary@pac/x.pac";
    expect_route("http://a.test:80", "direct\nthe proxy script http://me:***@pac/x.pac: not there");
    made_up.servers = "b:1";
    expect_route("http://a.test:80",
                 "http://b:1\nthe proxy script http://me:***@pac/x.pac: not there");
}

/* run_made_up would fail the test. */
static void route__this_machine__is_not_asked_of_a_script(void **state)
{
    (void)state;
    made_up.detects = true;
    made_up.script = "http://pac/x.pac";
    expect_route("http://localhost:80", "direct");
    made_up.servers = "b:1";
    made_up.bypass = "<-loopback>";
    expect_route("http://127.0.0.1:80", "http://b:1");
}

static void expect_description(const char *text)
{
    struct proxy_config config = { made_up.detects, sg_strdup(made_up.script),
                                   sg_strdup(made_up.servers), sg_strdup(made_up.bypass) };
    struct sg_buf out = { 0 };
    route_describe(&config, &out);
    assert_string_equal(out.data, text);
    sg_buf_fini(&out);
    proxy_config_fini(&config);
}

static void described__settings__say_what_is_tried_in_turn(void **state)
{
    (void)state;
    expect_description("none");
    made_up.servers = "http=me:canary@b:1";
    expect_description("http=me:***@b:1");
    made_up.bypass = "*.test;<local>";
    made_up.script = "http://me:canary@pac/x.pac";
    expect_description("PAC http://me:***@pac/x.pac, else http=me:***@b:1, not for *.test;<local>");
    made_up.detects = true;
    made_up.servers = NULL;
    expect_description("PAC that the network names, else PAC http://me:***@pac/x.pac, else none");
}

static void no_memory__anywhere__leaves_nothing(void **state)
{
    enum sg_status status = SG_E_NOMEM;
    (void)state;
    made_up.script = "http://pac/x.pac";
    made_up.servers = "b:1;c:2";
    made_up.bypass = "*.x";
    for (uint64_t n = 0;; n++) {
        struct sg_buf out = { 0 };
        int64_t held = sg_mem_live();
        sg_mem_fail_after(n);
        status = route_find(&source, PROXY_OF_USER, "http://a.test:80", &out);
        bool is_through = sg_mem_left() > 0;
        sg_mem_fail_after(UINT64_MAX);
        sg_buf_fini(&out);
        assert_int_equal(sg_mem_live(), held);
        if (is_through)
            break;
    }
    assert_int_equal(status, SG_OK);
}

#define ROUTE_TEST(test) cmocka_unit_test_setup(test, start_afresh)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(script__its_words__become_proxies_in_order),
        cmocka_unit_test(script__nonsense__is_passed_over),
        cmocka_unit_test(script__more_than_enough_proxies__are_cut_off),
        cmocka_unit_test(servers__are_chosen_by_the_scheme_of_the_url),
        cmocka_unit_test(bypass__patterns__match_host_scheme_and_port),
        cmocka_unit_test(bypass__this_machine__needs_no_pattern),
        cmocka_unit_test(shown__servers__have_no_passwords),
        ROUTE_TEST(route__nothing_set__is_direct),
        ROUTE_TEST(route__script__goes_before_servers),
        ROUTE_TEST(route__script_that_is_no_good__is_told_and_passed_over),
        ROUTE_TEST(route__this_machine__is_not_asked_of_a_script),
        ROUTE_TEST(described__settings__say_what_is_tried_in_turn),
        ROUTE_TEST(no_memory__anywhere__leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
