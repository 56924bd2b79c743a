/* Sessions over real pipes: events, slow readers, and ends. */
#include "ipc/server/server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ipc/wire/rpc.h"
#include "tests/unit/talk_daemon.h"

/* Opens a client that has subscribed. */
static void subscribe(struct daemon *daemon, struct talk *talk)
{
    talk_open(talk, &daemon->stage);
    expect_alive(talk);
    assert_non_null(daemon->subscriber);
}

static void server__events__come_between_answers(void **state)
{
    struct daemon *daemon = *state;
    struct talk talk;
    subscribe(daemon, &talk);
    assert_true(session_notify(daemon->subscriber, "event.job", number_object(1), false));
    assert_true(session_notify(daemon->subscriber, "event.progress", NULL, true));
    talk_expect(&talk, REQUEST(1, "daemon.info"),
                "{\"jsonrpc\":\"2.0\",\"method\":\"event.job\",\"params\":{\"n\":1}}");
    assert_string_equal(talk_receive(&talk), "{\"jsonrpc\":\"2.0\",\"method\":\"event.progress\"}");
    assert_string_equal(talk_receive(&talk),
                        "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"n\":-1}}");
    talk_close(&talk);
}

/* How many progress events went out until one was dropped. */
static int fill_with_progress(struct daemon *daemon)
{
    int n_sent = 0;
    while (session_notify(daemon->subscriber, "event.progress", text_object(10000), true)) {
        assert_in_range(++n_sent, 1, 1000);
        stage_turn(&daemon->stage);
    }
    return n_sent;
}

static void server__slow_reader__loses_progress_but_no_state_and_blocks_nobody(void **state)
{
    struct daemon *daemon = *state;
    struct talk slow;
    struct talk other;
    subscribe(daemon, &slow);
    struct session *subscriber = daemon->subscriber;
    int n_progress = fill_with_progress(daemon);
    talk_open(&other, &daemon->stage);
    for (int i = 0; i < 100; i++) {
        assert_true(session_notify(subscriber, "event.job", number_object(i), false));
        assert_false(session_notify(subscriber, "event.progress", text_object(10000), true));
        talk_expect(&other, REQUEST(5, "daemon.info"),
                    "{\"jsonrpc\":\"2.0\",\"id\":5,\"result\":{\"n\":-1}}");
    }
    for (int i = 0; i < n_progress; i++)
        assert_non_null(strstr(talk_receive(&slow), "event.progress"));
    for (int i = 0; i < 100; i++) {
        char expected[80];
        snprintf(expected, sizeof expected, "\"event.job\",\"params\":{\"n\":%d}}", i);
        assert_non_null(strstr(talk_receive(&slow), expected));
    }
    assert_true(session_notify(subscriber, "event.progress", NULL, true));
    assert_non_null(strstr(talk_receive(&slow), "event.progress"));
    talk_close(&slow);
    talk_close(&other);
}

static void server__reader_that_never_reads__is_cut_off(void **state)
{
    struct daemon *daemon = *state;
    struct talk silent;
    struct talk other;
    subscribe(daemon, &silent);
    struct session *subscriber = daemon->subscriber;
    int n_sent = 0;
    while (session_notify(subscriber, "event.job", text_object(BIG / 2), false))
        assert_in_range(++n_sent, 1, 2 * SERVER_QUEUE_MAX / (BIG / 2));
    assert_in_range(n_sent, SERVER_QUEUE_MAX / (BIG / 2) - 1, SERVER_QUEUE_MAX / (BIG / 2) + 1);
    assert_false(session_notify(subscriber, "event.job", NULL, false));
    stage_wait_sessions(&daemon->stage, 0);
    assert_null(daemon->subscriber);
    talk_open(&other, &daemon->stage);
    expect_alive(&other);
    talk_close(&other);
    talk_close(&silent);
}

static void server__close__hands_over_what_is_queued(void **state)
{
    struct daemon *daemon = *state;
    struct talk talk;
    subscribe(daemon, &talk);
    for (int i = 0; i < 2000; i++)
        assert_true(session_notify(daemon->subscriber, "event.job", text_object(1000), false));
    stage_close_server(&daemon->stage);
    for (int i = 0; i < 2000; i++)
        assert_non_null(strstr(talk_receive(&talk), "event.job"));
    talk_expect_end(&talk);
    talk_close(&talk);
    stage_wait_closed(&daemon->stage);
}

static void server__close_with_reader_that_does_not_read__takes_a_second(void **state)
{
    struct daemon *daemon = *state;
    struct talk talk;
    subscribe(daemon, &talk);
    for (int i = 0; i < 8; i++)
        assert_true(session_notify(daemon->subscriber, "event.job", text_object(BIG / 2), false));
    uint64_t start_ms = dial_now_ms();
    stage_close_server(&daemon->stage);
    stage_wait_closed(&daemon->stage);
    assert_in_range(dial_now_ms() - start_ms, 0, 5000);
    assert_int_equal(daemon->n_closed, 1);
    talk_close(&talk);
}

static void server__closed_by_a_call__answers_it_first(void **state)
{
    struct daemon *daemon = *state;
    struct talk talk;
    subscribe(daemon, &talk);
    assert_true(talk_send(&talk, REQUEST(1, "daemon.shutdown") REQUEST(2, "daemon.info")));
    assert_true(strlen(talk_receive(&talk)) > BIG / 2);
    talk_expect_end(&talk);
    assert_int_equal(daemon->n_calls, 2);
    talk_close(&talk);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, daemon_open, daemon_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(server__events__come_between_answers),
        TEST(server__slow_reader__loses_progress_but_no_state_and_blocks_nobody),
        TEST(server__reader_that_never_reads__is_cut_off),
        TEST(server__close__hands_over_what_is_queued),
        TEST(server__close_with_reader_that_does_not_read__takes_a_second),
        TEST(server__closed_by_a_call__answers_it_first),
    };
    rpc_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
