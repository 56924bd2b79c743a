/* What the replies of a server, right and wrong, become. */
#include "net/xfer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "os/net_watch.h"
#include "tests/unit/net_fixture.h"

struct failing {
    const char *target;
    enum sg_status status;
};

static void reply__wrong_one__gets_its_status(void **state)
{
    static const struct failing table[] = {
        { "/short/100000", SG_E_SHORT },
        { "/short/10", SG_E_SHORT },
        { "/reset/3000000", SG_E_RESET },
        { "/nothing", SG_E_RESET },
        { "/broken-chunks", SG_E_BAD_SERVER },
        { "/no-http/1000", SG_E_BAD_SERVER },
        { "/bad-length", SG_E_BAD_SERVER },
        { "/status/20", SG_E_BAD_SERVER },
        { "/status/2000", SG_E_BAD_SERVER },
        { "/many-headers/1001", SG_E_BAD_SERVER },
        { "/big-head/263168", SG_E_BAD_SERVER }, /* 257 KiB */
        { "/big-head/1048576", SG_E_BAD_SERVER },
        { "/long-header/204800", SG_E_BAD_SERVER },
        { "/loop", SG_E_REDIRECT },
        { "/redirects/21", SG_E_REDIRECT },
        { "/to?ftp://127.0.0.1/", SG_E_REDIRECT },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct client client = { 0 };
        client_run(*state, &client, table[i].target);
        if (client.status != table[i].status)
            fail_msg("%s: %s: %s", table[i].target, sg_status_word(client.status),
                     sg_err_text(&client.err));
        client_expect_failure(&client, table[i].status);
        client_fini(&client);
    }
}

static void reply__head_within_limits__is_told(void **state)
{
    struct client many = { 0 };
    struct client big = { 0 };
    client_run(*state, &many, "/many-headers/1000");
    client_expect(&many, 200, 0);
    client_run(*state, &big, "/big-head/260096"); /* 254 KiB */
    client_expect(&big, 200, 0);
    client_fini(&many);
    client_fini(&big);
}

static void reply__nobody_there__is_no_connection(void **state)
{
    struct net_fixture *fixture = *state;
    struct client client = { 0 };
    char *url = net_url(fixture, "/file/1");
    http_peer_stop(fixture->peer);
    fixture->peer = NULL;
    client.request.url = url;
    client_run(fixture, &client, NULL);
    client_expect_failure(&client, SG_E_CONNECT);
    sg_free(url);
    client_fini(&client);
}

static void reply__unknown_name__is_not_resolved(void **state)
{
    struct client client = { .request.url = "http://segue-test.invalid/" };
    client_run(*state, &client, NULL);
    client_expect_failure(&client, net_is_up() ? SG_E_DNS : SG_E_NETWORK);
    client_fini(&client);
}

static void reply__http_error__is_no_failure(void **state)
{
    static const int statuses[] = { 204, 304, 400, 401, 403, 404, 407, 416, 429, 500, 503 };
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        char target[32];
        struct client client = { 0 };
        snprintf(target, sizeof target, "/status/%d", statuses[i]);
        client_run(*state, &client, target);
        client_expect(&client, statuses[i], 0);
        client_fini(&client);
    }
}

static void reply__redirect_without_location__is_told(void **state)
{
    struct client client = { 0 };
    client_run(*state, &client, "/status/302");
    client_expect(&client, 302, 0);
    client_fini(&client);
}

static void reply__interim_responses__are_not_told(void **state)
{
    struct client client = { 0 };
    client_run(*state, &client, "/after-hints/5000");
    client_expect(&client, 200, 5000);
    assert_null(strstr(client.lines.data, "Link"));
    client_fini(&client);
}

static void reply__chunked_body__comes_without_chunks(void **state)
{
    struct client client = { 0 };
    struct client next = { 0 };
    client_run(*state, &client, "/chunked/1000000");
    client_expect(&client, 200, 1000000);
    assert_null(strstr(client.lines.data, "X-Trailer"));
    client_run(*state, &next, "/chunked/1000000");
    client_expect(&next, 200, 1000000);
    assert_true(next.is_reused);
    client_fini(&client);
    client_fini(&next);
}

static void reply__rubbish_on_a_used_connection__is_asked_for_again(void **state)
{
    struct net_fixture *fixture = *state;
    struct client before = { 0 };
    struct client client = { 0 };
    client_run(fixture, &before, "/file/10");
    client_run(fixture, &client, "/left-over/1000");
    client_expect(&client, 200, 1000);
    assert_false(client.is_reused);
    assert_int_equal(http_peer_connections(fixture->peer), 2);
    assert_int_equal(http_peer_count(fixture->peer, "GET /left-over/1000 "), 2);
    client_fini(&before);
    client_fini(&client);
}

static void reply__encoded_body__comes_as_it_is(void **state)
{
    struct client client = { 0 };
    client_run(*state, &client, "/encoded/100000");
    client_expect(&client, 200, 100000);
    assert_non_null(strstr(client.lines.data, "Content-Encoding: gzip\n"));
    client_fini(&client);
}

static void reply__without_length__ends_with_connection(void **state)
{
    struct client client = { 0 };
    client_run(*state, &client, "/until-close/100000");
    client_expect(&client, 200, 100000);
    client_fini(&client);
}

static void redirect__chain_of_20__is_followed(void **state)
{
    struct net_fixture *fixture = *state;
    struct client client = { .request = { .wants_range = true, .first = 100, .end = 200 } };
    client_run(fixture, &client, "/redirects/20");
    client_expect(&client, 206, 100);
    char *last = net_url(fixture, "/redirects/0");
    assert_string_equal(client.url.data, last);
    assert_int_equal(http_peer_count(fixture->peer, "\r\nRange: bytes=100-199\r\n"), 21);
    assert_int_equal(http_peer_connections(fixture->peer), 1);
    sg_free(last);
    client_fini(&client);
}

static void redirect__with_endless_body__is_followed_at_once(void **state)
{
    struct client client = { 0 };
    client_run(*state, &client, "/big-redirect/100000000000");
    client_expect(&client, 200, 1000);
    client_fini(&client);
}

static const struct xfer_request SECRETS = {
    .headers = "X-Secret: 1\r\nX-Empty:\nRange: bytes=0-0\nnonsense\n: x\nAccept-Encoding: gzip\n",
    .userinfo = "user:pass:word",
    .cookies = "a=b; c=d",
};

static void redirect__to_own_host__keeps_secrets(void **state)
{
    struct net_fixture *fixture = *state;
    struct client client = { .request = SECRETS };
    client_run(fixture, &client, "/to?/basic/1000");
    client_expect(&client, 200, 1000);
    assert_int_equal(http_peer_count(fixture->peer, "\r\nX-Secret: 1\r\n"), 3);
    assert_int_equal(http_peer_count(fixture->peer, "\r\nX-Empty:\r\n"), 3);
    assert_int_equal(http_peer_count(fixture->peer, "\r\nCookie: a=b; c=d\r\n"), 3);
    assert_int_equal(http_peer_count(fixture->peer, "\r\nAuthorization: Basic "), 1);
    assert_int_equal(http_peer_count(fixture->peer, "\r\nRange:"), 0);
    assert_int_equal(http_peer_count(fixture->peer, "gzip"), 0);
    client_fini(&client);
}

/* Starts at the peer, which sends on to the other port, which sends back to `last` on the peer. */
static void run_there_and_back(struct net_fixture *fixture, struct client *client, const char *last)
{
    struct sg_buf target = { 0 };
    sg_buf_printf(&target, "/to?http://127.0.0.1:%u/to?http://127.0.0.1:%u%s",
                  http_peer_port(fixture->other), http_peer_port(fixture->peer), last);
    client_run(fixture, client, target.data);
    sg_buf_fini(&target);
}

static void redirect__to_other_host_and_back__drops_secrets_for_good(void **state)
{
    struct net_fixture *fixture = *state;
    struct client client = { .request = SECRETS };
    run_there_and_back(fixture, &client, "/basic/1000");
    assert_int_equal(client.http_status, 401);
    assert_int_equal(http_peer_count(fixture->other, "GET "), 1);
    assert_int_equal(http_peer_count(fixture->peer, "GET "), 2);
    assert_int_equal(http_peer_count(fixture->peer, "X-Secret"), 1);
    assert_int_equal(http_peer_count(fixture->peer, "Cookie"), 1);
    assert_false(http_peer_has_seen(fixture->peer, "Authorization"));
    assert_false(http_peer_has_seen(fixture->other, "Secret"));
    assert_false(http_peer_has_seen(fixture->other, "Cookie"));
    assert_false(http_peer_has_seen(fixture->other, "Authorization"));
    client_fini(&client);
}

static void redirect__with_credentials_in_location__uses_them(void **state)
{
    struct net_fixture *fixture = *state;
    struct client client = { 0 };
    struct sg_buf target = { 0 };
    sg_buf_printf(&target, "/to?http://user:pass%%3Aword@127.0.0.1:%u/basic/500",
                  http_peer_port(fixture->other));
    client_run(fixture, &client, target.data);
    client_expect(&client, 200, 500);
    assert_null(strstr(client.url.data, "pass"));
    sg_buf_fini(&target);
    client_fini(&client);
}

static void credentials__right_ones__open_the_file(void **state)
{
    struct client basic = { .request.userinfo = "user:pass:word" };
    struct client digest = { .request.userinfo = "user:pass:word" };
    struct client wrong = { .request.userinfo = "user:wrong" };
    struct net_fixture *fixture = *state;
    client_run(fixture, &digest, "/digest/2000");
    client_expect(&digest, 200, 2000);
    assert_false(http_peer_has_seen(fixture->peer, "Authorization: Basic"));
    client_run(fixture, &basic, "/basic/2000");
    client_expect(&basic, 200, 2000);
    client_run(fixture, &wrong, "/basic/2000");
    assert_int_equal(wrong.status, SG_OK);
    assert_int_equal(wrong.http_status, 401);
    assert_int_equal(wrong.n_heads, 1);
    client_fini(&basic);
    client_fini(&digest);
    client_fini(&wrong);
}

#define NET_TEST(test) cmocka_unit_test_setup_teardown(test, net_setup, net_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        NET_TEST(reply__wrong_one__gets_its_status),
        NET_TEST(reply__head_within_limits__is_told),
        NET_TEST(reply__nobody_there__is_no_connection),
        NET_TEST(reply__unknown_name__is_not_resolved),
        NET_TEST(reply__http_error__is_no_failure),
        NET_TEST(reply__redirect_without_location__is_told),
        NET_TEST(reply__interim_responses__are_not_told),
        NET_TEST(reply__chunked_body__comes_without_chunks),
        NET_TEST(reply__rubbish_on_a_used_connection__is_asked_for_again),
        NET_TEST(reply__encoded_body__comes_as_it_is),
        NET_TEST(reply__without_length__ends_with_connection),
        NET_TEST(redirect__chain_of_20__is_followed),
        NET_TEST(redirect__with_endless_body__is_followed_at_once),
        NET_TEST(redirect__to_own_host__keeps_secrets),
        NET_TEST(redirect__to_other_host_and_back__drops_secrets_for_good),
        NET_TEST(redirect__with_credentials_in_location__uses_them),
        NET_TEST(credentials__right_ones__open_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
