/* Transfers by the proxies that the system names, which a test names in its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "net/net_impl.h"
#include "net/net_routes.h"
#include "tests/unit/directory.h"
#include "tests/unit/net_fixture.h"

/* What the system names; at most one test runs at a time. */
static char answer[512];

/* Held up with the directory. */
static enum sg_status find_route(const char *origin, struct sg_buf *out)
{
    (void)origin;
    return directory_look_up("slow", out);
}

/* Names in place of the system's: all are this machine's, but for "missing". */
static enum sg_status find_here(const char *host, struct sg_buf *out)
{
    sg_buf_puts(out, "127.0.0.1");
    return strncmp(host, "missing", 7) == 0 ? SG_E_DNS : SG_OK;
}

static int set_up(void **state)
{
    static const struct net_config config = { .proxy = NET_PROXY_SYSTEM,
                                              .connect_timeout_ms = 10000 };
    net_setup(state);
    struct net_fixture *fixture = *state;
    directory_open();
    directory_set(answer);
    assert_int_equal(net_configure(fixture->net, &config), SG_OK);
    names_destroy(fixture->net->names);
    routes_destroy(fixture->net->routes);
    assert_int_equal(names_create(fixture->loop, find_here, &fixture->net->names, NULL), SG_OK);
    return routes_create(fixture->loop, find_route, &fixture->net->routes, NULL);
}

static int tear_down(void **state)
{
    directory_release();
    net_teardown(state);
    directory_close();
    return 0;
}

/* Writes what the system names: "#" is the port of a proxy that works on 127.0.0.1; at 127.0.0.2
 * nobody listens there. */
static void name_proxies(struct net_fixture *fixture, const char *format, const char *rest)
{
    unsigned port = http_peer_port(fixture->peer);
    size_t length = 0;
    for (; *format != '\0' && length + 8 < sizeof answer; format++) {
        if (*format == '#')
            length += (size_t)snprintf(answer + length, sizeof answer - length, "%u", port);
        else
            answer[length++] = *format;
    }
    snprintf(answer + length, sizeof answer - length, "%s", rest);
}

/* The peer is a proxy that has nothing: what counts is that it is asked, and how. */
static void expect_by_proxy(struct net_fixture *fixture)
{
    struct client client = { .request = { .url = "http://missing.test/file" } };
    client_run(fixture, &client, NULL);
    assert_int_equal(client.status, SG_OK);
    assert_int_equal(client.http_status, 404);
    assert_true(http_peer_has_seen(fixture->peer, "GET http://missing.test/file HTTP/1.1"));
    client_fini(&client);
}

static void expect_direct(struct net_fixture *fixture)
{
    struct client client = { 0 };
    client_run(fixture, &client, "/file/1000");
    client_expect(&client, 200, 1000);
    client_fini(&client);
}

static void expect_failure_of(struct net_fixture *fixture, const char *url, enum sg_status status)
{
    struct client client = { .request = { .url = url } };
    client_run(fixture, &client, NULL);
    client_expect_failure(&client, status);
    client_fini(&client);
}

static void routes__named_proxy__is_used(void **state)
{
    struct net_fixture *fixture = *state;
    name_proxies(fixture, "http://127.0.0.1:#", "");
    expect_by_proxy(fixture);
}

/* The attempt begins a second time when the proxy's name is known. */
static void routes__proxy_with_a_name__is_not_passed_over(void **state)
{
    struct net_fixture *fixture = *state;
    name_proxies(fixture, "http://proxy.test:# direct", "");
    expect_by_proxy(fixture);
}

static void routes__proxy_whose_name_is_unknown__gives_way_to_the_next(void **state)
{
    struct net_fixture *fixture = *state;
    name_proxies(fixture, "http://missing.test:# http://proxy.test:# direct", "");
    expect_by_proxy(fixture);
}

static void routes__direct__is_direct(void **state)
{
    struct net_fixture *fixture = *state;
    name_proxies(fixture, "direct", "");
    expect_direct(fixture);
}

static void routes__proxy_that_refuses__gives_way_to_the_next(void **state)
{
    struct net_fixture *fixture = *state;
    name_proxies(fixture, "http://127.0.0.2:# http://127.0.0.1:# direct", "");
    expect_by_proxy(fixture);
}

static void routes__all_proxies_refuse__goes_direct_where_that_is_named(void **state)
{
    struct net_fixture *fixture = *state;
    name_proxies(fixture, "http://127.0.0.2:# socks5://127.0.0.3:# direct", "");
    expect_direct(fixture);
}

static void routes__only_proxy_refuses__is_a_failure(void **state)
{
    struct net_fixture *fixture = *state;
    char *url = net_url(fixture, "/file/1000");
    name_proxies(fixture, "http://127.0.0.2:#", "");
    expect_failure_of(fixture, url, SG_E_CONNECT);
    assert_int_equal(http_peer_connections(fixture->peer), 0);
    sg_free(url);
}

static void routes__proxy_that_refused__is_tried_last_until_the_network_changes(void **state)
{
    struct net_fixture *fixture = *state;
    struct net_routes *routes = fixture->net->routes;
    char dead[64];
    name_proxies(fixture, "http://127.0.0.2:# direct", "");
    snprintf(dead, sizeof dead, "http://127.0.0.2:%u", http_peer_port(fixture->peer));
    expect_direct(fixture);
    assert_true(routes_is_dead(routes, dead));
    assert_false(routes_is_dead(routes, "http://127.0.0.1:1"));
    net_network_changed(fixture->net);
    assert_false(routes_is_dead(routes, dead));
}

static void routes__64_lanes_to_one_host__ask_once(void **state)
{
    struct client clients[64] = { 0 };
    name_proxies(*state, "direct", "");
    for (int i = 0; i < 64; i++)
        client_start(*state, &clients[i], "/file/10000");
    for (int i = 0; i < 64; i++) {
        client_wait(&clients[i]);
        client_expect(&clients[i], 200, 10000);
        client_fini(&clients[i]);
    }
    assert_int_equal(directory_count(), 1);
}

static void routes__changed_network__is_asked_anew(void **state)
{
    struct net_fixture *fixture = *state;
    name_proxies(fixture, "http://127.0.0.1:#", "");
    expect_by_proxy(fixture);
    expect_by_proxy(fixture);
    assert_int_equal(directory_count(), 1);
    net_network_changed(fixture->net);
    expect_by_proxy(fixture);
    assert_int_equal(directory_count(), 2);
}

/* What is being asked was asked of the old network: it serves those who wait, but no others. */
static void routes__network_changed_meanwhile__is_asked_twice(void **state)
{
    struct net_fixture *fixture = *state;
    struct client client = { 0 };
    name_proxies(fixture, "direct", "");
    directory_hold_up();
    client_start(fixture, &client, "/file/1000");
    loop_turn(fixture->loop, 0);
    directory_wait_for(1);
    net_network_changed(fixture->net);
    directory_release();
    client_wait(&client);
    client_expect(&client, 200, 1000);
    client_fini(&client);
    assert_int_equal(directory_count(), 2);
}

static void routes__own_wish__goes_before_the_setting(void **state)
{
    struct net_fixture *fixture = *state;
    struct client client = { .request = { .proxy = NET_PROXY_NONE } };
    name_proxies(fixture, "http://127.0.0.2:#", "");
    client_run(fixture, &client, "/file/1000");
    client_expect(&client, 200, 1000);
    client_fini(&client);
    assert_int_equal(directory_count(), 0);
}

static void routes__wish_for_the_systems__goes_before_the_setting(void **state)
{
    static const struct net_config config = { .proxy = "http://127.0.0.2:1" };
    struct net_fixture *fixture = *state;
    struct client client = { .request = { .proxy = NET_PROXY_SYSTEM } };
    name_proxies(fixture, "direct", "");
    assert_int_equal(net_configure(fixture->net, &config), SG_OK);
    client_run(fixture, &client, "/file/1000");
    client_expect(&client, 200, 1000);
    client_fini(&client);
}

static void routes__asked_for_too_long__times_out(void **state)
{
    static const struct net_config config = { .proxy = NET_PROXY_SYSTEM,
                                              .connect_timeout_ms = 200 };
    struct net_fixture *fixture = *state;
    struct client client = { 0 };
    assert_int_equal(net_configure(fixture->net, &config), SG_OK);
    directory_hold_up();
    client_run(fixture, &client, "/file/1000");
    client_expect_failure(&client, SG_E_TIMEOUT);
    assert_non_null(strstr(client.err.message, "Finding the proxy timed out"));
    client_fini(&client);
}

static void routes__cancelled_while_asked__leaves_nothing(void **state)
{
    struct net_fixture *fixture = *state;
    struct client client = { 0 };
    directory_hold_up();
    client_start(fixture, &client, "/file/1");
    loop_turn(fixture->loop, 0);
    loop_turn(fixture->loop, 0);
    client_cancel(&client);
    loop_turn(fixture->loop, 0);
    assert_int_equal(fixture->net->n_xfers, 0);
    assert_false(client.is_wrong);
    client_fini(&client);
}

static void note_trouble(void *ctx, const char *trouble)
{
    struct sg_buf *told = ctx;
    sg_buf_printf(told, "%s|", trouble);
}

static void routes__trouble__is_told_once_until_it_is_over(void **state)
{
    struct net_fixture *fixture = *state;
    struct sg_buf told = { 0 };
    net_listen_trouble(fixture->net, note_trouble, &told);
    name_proxies(fixture, "direct", "\nno script");
    expect_direct(fixture);
    expect_direct(fixture);
    assert_string_equal(told.data, "no script|");
    name_proxies(fixture, "direct", "");
    net_network_changed(fixture->net);
    expect_direct(fixture);
    name_proxies(fixture, "direct", "\nno script");
    net_network_changed(fixture->net);
    expect_direct(fixture);
    assert_string_equal(told.data, "no script|no script|");
    sg_buf_fini(&told);
}

static void refuse_login(struct http_conn *conn, const struct http_request *request, void *ctx)
{
    (void)request;
    (void)ctx;
    http_printf(conn, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n"
                      "Proxy-Authenticate: Basic realm=\"x\"\r\n\r\n");
    http_finish(conn);
}

static void routes__proxy_that_wants_a_login__is_an_error_of_that(void **state)
{
    struct net_fixture *fixture = *state;
    struct http_peer *peer = http_peer_start(refuse_login, NULL);
    snprintf(answer, sizeof answer, "http://127.0.0.1:%u direct", http_peer_port(peer));
    expect_failure_of(fixture, "https://missing.test/file/1000", SG_E_AUTH);
    http_peer_stop(peer);
}

#define ROUTES_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROUTES_TEST(routes__named_proxy__is_used),
        ROUTES_TEST(routes__proxy_with_a_name__is_not_passed_over),
        ROUTES_TEST(routes__proxy_whose_name_is_unknown__gives_way_to_the_next),
        ROUTES_TEST(routes__direct__is_direct),
        ROUTES_TEST(routes__proxy_that_refuses__gives_way_to_the_next),
        ROUTES_TEST(routes__all_proxies_refuse__goes_direct_where_that_is_named),
        ROUTES_TEST(routes__only_proxy_refuses__is_a_failure),
        ROUTES_TEST(routes__proxy_that_refused__is_tried_last_until_the_network_changes),
        ROUTES_TEST(routes__64_lanes_to_one_host__ask_once),
        ROUTES_TEST(routes__changed_network__is_asked_anew),
        ROUTES_TEST(routes__network_changed_meanwhile__is_asked_twice),
        ROUTES_TEST(routes__own_wish__goes_before_the_setting),
        ROUTES_TEST(routes__wish_for_the_systems__goes_before_the_setting),
        ROUTES_TEST(routes__asked_for_too_long__times_out),
        ROUTES_TEST(routes__cancelled_while_asked__leaves_nothing),
        ROUTES_TEST(routes__trouble__is_told_once_until_it_is_over),
        ROUTES_TEST(routes__proxy_that_wants_a_login__is_an_error_of_that),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
