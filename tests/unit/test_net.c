/* Transfers over real sockets: bytes, pauses, cancelling, many at once, bounded turns. What replies
 * mean is in test_net_replies.c. */
#include "net/xfer.h"

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
#include "os/loop.h"
#include "os/net_watch.h"
#include "tests/unit/directory.h"
#include "tests/unit/net_fixture.h"

enum { MIB = 1024 * 1024 };

static void net__whole_file__comes_with_head_first(void **state)
{
    struct client client = { 0 };
    client_run(*state, &client, "/file/3000000");
    client_expect(&client, 200, 3000000);
    assert_string_equal(client.lines.data, "Content-Length: 3000000\nETag: \"e\"\n");
    assert_string_equal(client.url.data, client.own_url);
    assert_false(client.is_reused);
    assert_true(client.setup_us > 0);
    assert_true(client.first_byte_us > 0);
    client_fini(&client);
}

static void net__range__comes_exactly(void **state)
{
    struct client client = { .request = { .wants_range = true, .first = 1000, .end = 1500 } };
    struct client open = { .request = { .wants_range = true, .first = 2999990 } };
    struct net_fixture *fixture = *state;
    client_run(fixture, &client, "/file/3000000");
    client_expect(&client, 206, 500);
    assert_true(http_peer_has_seen(fixture->peer, "\r\nRange: bytes=1000-1499\r\n"));
    client_run(fixture, &open, "/file/3000000");
    client_expect(&open, 206, 10);
    assert_true(http_peer_has_seen(fixture->peer, "\r\nRange: bytes=2999990-\r\n"));
    client_fini(&client);
    client_fini(&open);
}

static void net__request__asks_for_plain_bytes_over_http_1_1(void **state)
{
    struct client client = { 0 };
    struct net_fixture *fixture = *state;
    client_run(fixture, &client, "/file/1");
    assert_int_equal(http_peer_count(fixture->peer, "Accept-Encoding: identity\r\n"), 1);
    assert_true(http_peer_has_seen(fixture->peer, "GET /file/1 HTTP/1.1\r\n"));
    assert_true(http_peer_has_seen(fixture->peer, "\r\nUser-Agent: Segue/"));
    assert_false(http_peer_has_seen(fixture->peer, "\r\nRange:"));
    client_fini(&client);
}

static void net__second_transfer__reuses_connection(void **state)
{
    struct net_fixture *fixture = *state;
    for (int i = 0; i < 5; i++) {
        struct client client = { 0 };
        client_run(fixture, &client, "/file/100000");
        client_expect(&client, 200, 100000);
        assert_int_equal(client.is_reused, i > 0);
        assert_int_equal(client.setup_us > 0, i == 0);
        client_fini(&client);
    }
    assert_int_equal(http_peer_connections(fixture->peer), 1);
}

static void net__paused_and_resumed__gets_same_bytes(void **state)
{
    struct client client = { .pause_every = 100 * 1000 };
    client_run(*state, &client, "/file/20000000");
    client_expect(&client, 200, 20000000);
    assert_true(client.n_pauses > 150);
    client_fini(&client);
}

static void net__little_may_wait__gets_same_bytes(void **state)
{
    struct client client = { .request.wait_bytes = 64 * 1024, .pause_every = 1000 * 1000 };
    client_run(*state, &client, "/file/20000000");
    client_expect(&client, 200, 20000000);
    client_fini(&client);
}

struct stillness {
    struct timer timer;
    bool is_over;
};

static void on_still(struct timer *timer)
{
    sg_container_of(timer, struct stillness, timer)->is_over = true;
}

static bool has_paused(void *ctx)
{
    return ((struct client *)ctx)->n_pauses > 0;
}

static bool is_still(void *ctx)
{
    return ((struct stillness *)ctx)->is_over;
}

static void net__paused_transfer__costs_no_turns(void **state)
{
    struct net_fixture *fixture = *state;
    struct client client = { .pause_every = 100 * 1000 };
    struct stillness stillness = { .timer.fire = on_still };
    client_start(fixture, &client, "/file/20000000");
    net_wait_for(fixture, has_paused, &client);
    timer_start(fixture->loop, &stillness.timer, 300 * 1000);
    uint64_t turns = loop_stats(fixture->loop)->turns;
    net_wait_for(fixture, is_still, &stillness);
    assert_in_range(loop_stats(fixture->loop)->turns - turns, 1, 20);
    assert_int_equal(client.n_pauses, 1);
    client_wait(&client);
    client_expect(&client, 200, 20000000);
    client_fini(&client);
}

/* 400 packets, that come one by one. */
static void net__trickle__costs_few_turns(void **state)
{
    struct net_fixture *fixture = *state;
    struct client client = { 0 };
    uint64_t turns = loop_stats(fixture->loop)->turns;
    client_run(fixture, &client, "/trickle/584000");
    client_expect(&client, 200, 584000);
    assert_in_range(loop_stats(fixture->loop)->turns - turns, 1, 150);
    client_fini(&client);
}

static bool is_cancelled(void *ctx)
{
    const struct client *client = ctx;
    return client->is_cancelled || client->is_ended;
}

static void expect_cancelled(struct net_fixture *fixture, enum client_event event,
                             const char *target)
{
    struct client client = { .cancel_at = event };
    struct client after = { 0 };
    client_start(fixture, &client, target);
    net_wait_for(fixture, is_cancelled, &client);
    client_run(fixture, &after, "/file/10");
    client_expect(&after, 200, 10);
    assert_false(client.is_wrong);
    client_fini(&client);
    client_fini(&after);
}

static void net__cancelled_in_callback__hears_no_more(void **state)
{
    expect_cancelled(*state, CLIENT_AT_HEAD, "/file/5000000");
    expect_cancelled(*state, CLIENT_AT_HEAD, "/status/404");
    expect_cancelled(*state, CLIENT_AT_HEAD, "/status/401");
    expect_cancelled(*state, CLIENT_AT_DATA, "/file/5000000");
    expect_cancelled(*state, CLIENT_AT_DATA, "/file/1");
    expect_cancelled(*state, CLIENT_AT_END, "/file/5000000");
    expect_cancelled(*state, CLIENT_AT_END, "/reset/1000");
    expect_cancelled(*state, CLIENT_AT_END, "/loop");
}

static void net__cancelled_before_first_turn__asks_nothing(void **state)
{
    struct net_fixture *fixture = *state;
    struct client client = { 0 };
    struct client after = { 0 };
    client_start(fixture, &client, "/file/11");
    client_cancel(&client);
    client_run(fixture, &after, "/file/12");
    client_expect(&after, 200, 12);
    assert_int_equal(client.n_heads, 0);
    assert_false(http_peer_has_seen(fixture->peer, "/file/11 "));
    client_fini(&client);
    client_fini(&after);
}

struct crowd {
    struct client *clients;
    size_t n_clients;
};

static bool is_crowd_over(void *ctx)
{
    struct crowd *crowd = ctx;
    for (size_t i = 0; i < crowd->n_clients; i++)
        client_resume(&crowd->clients[i]);
    for (size_t i = 0; i < crowd->n_clients; i++) {
        if (!crowd->clients[i].is_ended)
            return false;
    }
    return true;
}

static void net__64_at_once__are_exact(void **state)
{
    enum { N_CLIENTS = 64, SIZE = 700 * 1000 };
    static struct client clients[N_CLIENTS];
    struct net_fixture *fixture = *state;
    struct crowd crowd = { clients, N_CLIENTS };
    memset(clients, 0, sizeof clients);
    for (size_t i = 0; i < N_CLIENTS; i++) {
        clients[i].request.wants_range = true;
        clients[i].request.first = i * SIZE;
        clients[i].request.end = (i + 1) * SIZE;
        clients[i].pause_every = i % 3 == 0 ? 65536 : 0;
        client_start(fixture, &clients[i], "/file/44800000");
    }
    net_wait_for(fixture, is_crowd_over, &crowd);
    for (size_t i = 0; i < N_CLIENTS; i++) {
        client_expect(&clients[i], 206, SIZE);
        client_fini(&clients[i]);
    }
}

/* Turns one by one until the crowd is over; gives the most bytes that one turn delivered. */
static uint64_t longest_turn_bytes(struct net_fixture *fixture, struct crowd *crowd)
{
    uint64_t longest = 0;
    uint64_t deadline_us = loop_clock_us(fixture->loop) + 60 * UINT64_C(1000000);
    while (!is_crowd_over(crowd)) {
        uint64_t before = fixture->delivered;
        assert_true(loop_clock_us(fixture->loop) < deadline_us);
        loop_turn(fixture->loop, 1000000);
        if (fixture->delivered - before > longest)
            longest = fixture->delivered - before;
    }
    return longest;
}

static void net__one_fast_peer__is_bounded_in_each_turn(void **state)
{
    struct client client = { 0 };
    struct crowd crowd = { &client, 1 };
    client_start(*state, &client, "/file/67108864");
    assert_in_range(longest_turn_bytes(*state, &crowd), 1, NET_TURN_XFER_BYTES + NET_RECEIVE_BYTES);
    client_expect(&client, 200, 64 * MIB);
    client_fini(&client);
}

static void net__many_fast_peers__are_bounded_together(void **state)
{
    enum { N_CLIENTS = 40 };
    static struct client clients[N_CLIENTS];
    struct crowd crowd = { clients, N_CLIENTS };
    memset(clients, 0, sizeof clients);
    for (size_t i = 0; i < N_CLIENTS; i++)
        client_start(*state, &clients[i], "/file/4194304");
    assert_in_range(longest_turn_bytes(*state, &crowd), 1, NET_TURN_BYTES + NET_RECEIVE_BYTES);
    for (size_t i = 0; i < N_CLIENTS; i++) {
        client_expect(&clients[i], 200, 4 * MIB);
        client_fini(&clients[i]);
    }
}

static void net__idle_connections__end_with_net(void **state)
{
    enum { N_CLIENTS = 12 };
    static struct client clients[N_CLIENTS];
    struct net_fixture *fixture = *state;
    struct crowd crowd = { clients, N_CLIENTS };
    memset(clients, 0, sizeof clients);
    for (size_t i = 0; i < N_CLIENTS; i++)
        client_start(fixture, &clients[i], "/file/200000");
    net_wait_for(fixture, is_crowd_over, &crowd);
    assert_true(http_peer_connections(fixture->peer) > 1);
    for (size_t i = 0; i < N_CLIENTS; i++)
        client_fini(&clients[i]);
}

static void net__destroyed_after_cancel__leaves_nothing(void **state)
{
    struct net_fixture *fixture = *state;
    struct client flowing = { 0 };
    struct client held = { .pause_every = 65536 };
    struct client unborn = { 0 };
    client_start(fixture, &flowing, "/hung/1000000");
    client_start(fixture, &held, "/file/1000000");
    net_wait_for(fixture, has_paused, &held);
    client_start(fixture, &unborn, "/file/1");
    client_cancel(&flowing);
    client_cancel(&held);
    client_cancel(&unborn);
    client_fini(&flowing);
    client_fini(&held);
    client_fini(&unborn);
}

static void net__one_transfer_too_many__is_refused(void **state)
{
    static const struct xfer_events events = { 0 };
    static struct xfer *xfers[NET_XFERS_MAX];
    struct net_fixture *fixture = *state;
    const struct xfer_request request = { .url = "http://127.0.0.1:1/" };
    struct xfer *extra = NULL;
    for (size_t i = 0; i < NET_XFERS_MAX; i++)
        assert_int_equal(xfer_start(fixture->net, &request, &events, NULL, &xfers[i], NULL), SG_OK);
    assert_int_equal(xfer_start(fixture->net, &request, &events, NULL, &extra, NULL), SG_E_LIMIT);
    assert_null(extra);
    for (size_t i = 0; i < NET_XFERS_MAX; i++)
        xfer_cancel(xfers[i]);
}

static void net__no_memory_to_start__leaves_nothing(void **state)
{
    struct net_fixture *fixture = *state;
    static const struct xfer_events events = { 0 };
    const struct xfer_request request = { .url = "http://127.0.0.1:1/",
                                          .headers = "A: b",
                                          .userinfo = "u:p",
                                          .cookies = "a=b",
                                          .proxy = "" };
    struct xfer *xfer = NULL;
    int64_t live = sg_mem_live();
    for (uint64_t n = 0; n < 6; n++) {
        sg_mem_fail_after(n);
        enum sg_status status = xfer_start(fixture->net, &request, &events, NULL, &xfer, NULL);
        sg_mem_fail_after(UINT64_MAX);
        assert_int_equal(status, SG_E_NOMEM);
        assert_null(xfer);
        assert_int_equal(sg_mem_live(), live);
    }
}

static void net__new_settings__hold_for_next_transfer(void **state)
{
    const struct net_config config = { .user_agent = "Other/1", .connect_timeout_ms = 1000 };
    struct net_fixture *fixture = *state;
    struct client client = { 0 };
    assert_int_equal(net_configure(fixture->net, &config), SG_OK);
    client_run(fixture, &client, "/file/1");
    assert_true(http_peer_has_seen(fixture->peer, "\r\nUser-Agent: Other/1\r\n"));
    client_fini(&client);
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

/* Turns the loop a random number of times, resuming whoever is held. */
static void turn_at_random(struct client *client, uint32_t *seed)
{
    for (uint32_t n = next_random(seed) % 12; n > 0 && !client->is_ended; n--) {
        loop_turn(client->fixture->loop, 500);
        if (next_random(seed) % 2 == 0)
            client_resume(client);
    }
}

static void net__500_cancels_at_random_moments__leave_nothing(void **state)
{
    static const char *const targets[] = {
        "/file/2000000",    "/chunked/300000", "/redirects/3",
        "/hung/100000",     "/short/300000",   "/reset/300000",
        "/big-head/300000", "/silence",        "/big-redirect/300000",
    };
    uint32_t seed = 20261123;
    struct net_fixture *fixture = *state;
    for (int i = 0; i < 500; i++) {
        struct client client = { .pause_every = next_random(&seed) % 2 == 0 ? 100000 : 0,
                                 .cancel_at = (enum client_event)(next_random(&seed) % 4) };
        const char *target = targets[next_random(&seed) % (sizeof targets / sizeof targets[0])];
        client_start(fixture, &client, target);
        turn_at_random(&client, &seed);
        client_cancel(&client);
        turn_at_random(&client, &seed);
        if (client.is_wrong)
            fail_msg("%s, cycle %d", target, i);
        client_fini(&client);
    }
}

/* ---- names ---- */

static int set_up_names(void **state)
{
    net_setup(state);
    struct net_fixture *fixture = *state;
    directory_open();
    names_destroy(fixture->net->names);
    return names_create(fixture->loop, directory_look_up, &fixture->net->names, NULL);
}

static int tear_down_names(void **state)
{
    directory_release();
    net_teardown(state);
    directory_close();
    return 0;
}

/* As client_start, by a name. */
static void start_named(struct net_fixture *fixture, struct client *client, const char *host,
                        const char *target)
{
    struct sg_buf url = { 0 };
    sg_buf_printf(&url, "http://%s:%u%s", host, http_peer_port(fixture->peer), target);
    client->own_url = sg_buf_take(&url);
    client->request.url = client->own_url;
    char *own_url = client->own_url;
    client_start(fixture, client, NULL);
    client->own_url = own_url;
}

static void named__64_lanes_to_one_host__look_it_up_once(void **state)
{
    struct client clients[64] = { 0 };
    for (int i = 0; i < 64; i++)
        start_named(*state, &clients[i], "host.test", "/file/100000");
    for (int i = 0; i < 64; i++) {
        client_wait(&clients[i]);
        client_expect(&clients[i], 200, 100000);
        client_fini(&clients[i]);
    }
    assert_int_equal(directory_count(), 1);
}

static void named__64_hosts_at_once__are_exact(void **state)
{
    struct client clients[64] = { 0 };
    char host[32];
    for (int i = 0; i < 64; i++) {
        snprintf(host, sizeof host, "host%d.test", i);
        start_named(*state, &clients[i], host, "/file/100000");
    }
    for (int i = 0; i < 64; i++) {
        client_wait(&clients[i]);
        client_expect(&clients[i], 200, 100000);
        client_fini(&clients[i]);
    }
    assert_int_equal(directory_count(), 64);
    assert_in_range(directory_most_at_once(), 1, RESOLVE_THREADS);
}

static void named__not_found__is_said_as_ever(void **state)
{
    struct client client = { 0 };
    start_named(*state, &client, "missing.test", "/file/1");
    client_wait(&client);
    client_expect_failure(&client, net_is_up() ? SG_E_DNS : SG_E_NETWORK);
    assert_non_null(strstr(client.err.message, "Could not resolve host: missing.test"));
    client_fini(&client);
}

static void named__slow_name__stops_no_other_transfer_and_times_out(void **state)
{
    struct net_fixture *fixture = *state;
    struct client slow = { 0 };
    struct client other = { 0 };
    const struct net_config config = { .connect_timeout_ms = 200 };
    assert_int_equal(net_configure(fixture->net, &config), SG_OK);
    directory_hold_up();
    start_named(fixture, &slow, "slow.test", "/file/1");
    client_run(fixture, &other, "/file/100000");
    client_expect(&other, 200, 100000);
    client_wait(&slow);
    client_expect_failure(&slow, SG_E_TIMEOUT);
    client_fini(&slow);
    client_fini(&other);
}

static void named__cancelled_while_looked_up__leaves_nothing(void **state)
{
    struct net_fixture *fixture = *state;
    struct client client = { 0 };
    directory_hold_up();
    start_named(fixture, &client, "slow.test", "/file/1");
    loop_turn(fixture->loop, 0);
    loop_turn(fixture->loop, 0);
    client_cancel(&client);
    loop_turn(fixture->loop, 0);
    assert_int_equal(fixture->net->n_xfers, 0);
    assert_false(client.is_wrong);
    client_fini(&client);
}

/* Nobody listens at the first address; the connection that is refused has the name looked up. */
static void named__address_that_changed__is_noticed_when_it_is_no_good(void **state)
{
    struct net_fixture *fixture = *state;
    directory_set("127.0.0.2");
    struct http_peer *peer = fixture->peer;
    struct client first = { 0 };
    start_named(fixture, &first, "host.test", "/file/1000");
    client_wait(&first);
    client_expect_failure(&first, SG_E_CONNECT);
    directory_set("127.0.0.1");
    struct client second = { 0 };
    start_named(fixture, &second, "host.test", "/file/1000");
    client_wait(&second);
    client_expect(&second, 200, 1000);
    assert_int_equal(http_peer_connections(peer), 1);
    client_fini(&first);
    client_fini(&second);
}

static void named__second_of_two_addresses__is_tried(void **state)
{
    struct client client = { 0 };
    directory_set("127.0.0.2,127.0.0.1");
    start_named(*state, &client, "host.test", "/file/1000");
    client_wait(&client);
    client_expect(&client, 200, 1000);
    client_fini(&client);
}

static void named__proxy__is_looked_up_in_place_of_the_server(void **state)
{
    struct net_fixture *fixture = *state;
    struct sg_buf proxy = { 0 };
    sg_buf_printf(&proxy, "http://proxy.test:%u", http_peer_port(fixture->peer));
    struct client client = { .request = { .url = "http://missing.test/file/1000",
                                          .proxy = proxy.data } };
    client_run(fixture, &client, NULL);
    assert_int_equal(client.status, SG_OK);
    assert_true(http_peer_has_seen(fixture->peer, "GET http://missing.test/file/1000 HTTP/1.1"));
    assert_int_equal(directory_count(), 1);
    client_fini(&client);
    sg_buf_fini(&proxy);
}

#define NAMED_TEST(test) cmocka_unit_test_setup_teardown(test, set_up_names, tear_down_names)
#define NET_TEST(test) cmocka_unit_test_setup_teardown(test, net_setup, net_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        NET_TEST(net__whole_file__comes_with_head_first),
        NET_TEST(net__range__comes_exactly),
        NET_TEST(net__request__asks_for_plain_bytes_over_http_1_1),
        NET_TEST(net__second_transfer__reuses_connection),
        NET_TEST(net__paused_and_resumed__gets_same_bytes),
        NET_TEST(net__little_may_wait__gets_same_bytes),
        NET_TEST(net__paused_transfer__costs_no_turns),
        NET_TEST(net__trickle__costs_few_turns),
        NET_TEST(net__cancelled_in_callback__hears_no_more),
        NET_TEST(net__cancelled_before_first_turn__asks_nothing),
        NET_TEST(net__64_at_once__are_exact),
        NET_TEST(net__one_fast_peer__is_bounded_in_each_turn),
        NET_TEST(net__many_fast_peers__are_bounded_together),
        NET_TEST(net__idle_connections__end_with_net),
        NET_TEST(net__destroyed_after_cancel__leaves_nothing),
        NET_TEST(net__one_transfer_too_many__is_refused),
        NET_TEST(net__no_memory_to_start__leaves_nothing),
        NET_TEST(net__new_settings__hold_for_next_transfer),
        NET_TEST(net__500_cancels_at_random_moments__leave_nothing),
        NAMED_TEST(named__64_lanes_to_one_host__look_it_up_once),
        NAMED_TEST(named__64_hosts_at_once__are_exact),
        NAMED_TEST(named__not_found__is_said_as_ever),
        NAMED_TEST(named__slow_name__stops_no_other_transfer_and_times_out),
        NAMED_TEST(named__cancelled_while_looked_up__leaves_nothing),
        NAMED_TEST(named__address_that_changed__is_noticed_when_it_is_no_good),
        NAMED_TEST(named__second_of_two_addresses__is_tried),
        NAMED_TEST(named__proxy__is_looked_up_in_place_of_the_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
