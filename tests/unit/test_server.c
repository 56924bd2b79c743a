/* Sessions over real pipes: calls and answers, errors, limits. */
#include "ipc/server/server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "ipc/wire/rpc.h"
#include "tests/unit/talk_daemon.h"

static void server__call__is_answered(void **state)
{
    struct daemon *daemon = *state;
    struct talk talk;
    talk_open(&talk, &daemon->stage);
    talk_expect(&talk,
                "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"daemon.info\","
                "\"params\":{\"n\":5}}\n",
                "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"result\":{\"n\":5}}");
    talk_close(&talk);
    stage_wait_sessions(&daemon->stage, 0);
    assert_int_equal(daemon->n_closed, 1);
}

static void server__many_calls_at_once__are_answered_in_order(void **state)
{
    struct daemon *daemon = *state;
    struct talk talk;
    struct sg_buf text = { 0 };
    talk_open(&talk, &daemon->stage);
    for (int i = 0; i < 500; i++)
        sg_buf_printf(&text,
                      "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"daemon.info\","
                      "\"params\":{\"n\":%d}}\r\n",
                      i, i);
    assert_true(talk_send(&talk, text.data));
    for (int i = 0; i < 500; i++) {
        char expected[80];
        snprintf(expected, sizeof expected, "{\"jsonrpc\":\"2.0\",\"id\":%d,\"result\":{\"n\":%d}}",
                 i, i);
        assert_string_equal(talk_receive(&talk), expected);
    }
    sg_buf_fini(&text);
    talk_close(&talk);
}

static void server__error_of_daemon__comes_with_word_and_message(void **state)
{
    struct daemon *daemon = *state;
    struct talk talk;
    talk_open(&talk, &daemon->stage);
    talk_expect(&talk, REQUEST(3, "settings.get"),
                "{\"jsonrpc\":\"2.0\",\"id\":3,\"error\":{\"code\":-32602,\"message\":\"no such "
                "setting: look again\",\"data\":{\"code\":\"invalid\"}}}");
    talk_close(&talk);
}

static void server__late_answers__come_in_order_of_answering(void **state)
{
    struct daemon *daemon = *state;
    struct talk talk;
    talk_open(&talk, &daemon->stage);
    assert_true(talk_send(&talk, REQUEST(1, "job.get") REQUEST(2, "job.get")));
    turn_until_calls(daemon, 2);
    talk_expect(&talk, REQUEST(3, "events.subscribe"), RESULT(3));
    call_reply(daemon->kept[1], NULL);
    call_reply(daemon->kept[0], NULL);
    daemon->n_kept = 0;
    assert_string_equal(talk_receive(&talk), RESULT(2));
    assert_string_equal(talk_receive(&talk), RESULT(1));
    talk_close(&talk);
}

static void server__call_that_is_held__is_not_overtaken(void **state)
{
    struct daemon *daemon = *state;
    struct talk talk;
    talk_open(&talk, &daemon->stage);
    assert_true(talk_send(&talk, REQUEST(1, "job.get")));
    turn_until_calls(daemon, 1);
    call_hold(daemon->kept[0]);
    assert_true(talk_send(&talk, REQUEST(2, "events.subscribe")));
    for (int i = 0; i < 20; i++)
        stage_turn(&daemon->stage);
    assert_int_equal(daemon->n_calls, 1);
    call_reply(daemon->kept[--daemon->n_kept], NULL);
    assert_string_equal(talk_receive(&talk), RESULT(1));
    assert_string_equal(talk_receive(&talk), RESULT(2));
    talk_close(&talk);
}

static void count_gone(void *ctx)
{
    ++*(int *)ctx;
}

static void server__session_ends_before_answer__who_watches_is_told(void **state)
{
    struct daemon *daemon = *state;
    struct talk talk;
    int n_gone[2] = { 0 };
    talk_open(&talk, &daemon->stage);
    assert_true(talk_send(&talk, REQUEST(1, "job.get") REQUEST(2, "job.get")));
    turn_until_calls(daemon, 2);
    call_watch(daemon->kept[0], count_gone, &n_gone[0]);
    call_watch(daemon->kept[1], count_gone, &n_gone[1]);
    call_reply(daemon->kept[1], NULL);
    assert_string_equal(talk_receive(&talk), RESULT(2));
    assert_int_equal(n_gone[0], 0);
    talk_close(&talk);
    stage_wait_sessions(&daemon->stage, 0);
    assert_int_equal(n_gone[0], 1);
    assert_int_equal(n_gone[1], 0); /* it was answered */
    assert_null(call_session(daemon->kept[0]));
    refuse_call(daemon->kept[0]);
    daemon->n_kept = 0;
}

static void server__session_ends_before_answer__answer_goes_nowhere(void **state)
{
    struct daemon *daemon = *state;
    struct talk talk;
    talk_open(&talk, &daemon->stage);
    assert_true(talk_send(&talk, REQUEST(1, "job.get") REQUEST(2, "job.get")));
    turn_until_calls(daemon, 2);
    assert_non_null(call_session(daemon->kept[0]));
    talk_close(&talk);
    stage_wait_sessions(&daemon->stage, 0);
    assert_null(call_session(daemon->kept[0]));
    call_reply(daemon->kept[0], text_object(10));
    refuse_call(daemon->kept[1]);
    daemon->n_kept = 0;
}

/* The fixture answers what is kept when the server is gone. */
static void server__server_is_gone_before_answer__answer_goes_nowhere(void **state)
{
    struct daemon *daemon = *state;
    struct talk talk;
    talk_open(&talk, &daemon->stage);
    assert_true(talk_send(&talk, REQUEST(1, "job.get")));
    turn_until_calls(daemon, 1);
    stage_close_server(&daemon->stage);
    stage_wait_closed(&daemon->stage);
    assert_null(call_session(daemon->kept[0]));
    assert_int_equal(daemon->n_closed, 1);
    talk_close(&talk);
}

static void server__text_that_is_not_json__is_answered_and_connection_goes_on(void **state)
{
    struct daemon *daemon = *state;
    struct talk talk;
    talk_open(&talk, &daemon->stage);
    const char *wrong[] = { "{\n", "hello\n", "\x01\n", "\xFF\xFE\n", "{\"a\":\"\\u0000\"}\n" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_true(talk_send(&talk, wrong[i]));
        expect_failure(talk_receive(&talk), "null", "parse_error");
    }
    assert_true(talk_send(&talk, "[]\n"));
    expect_failure(talk_receive(&talk), "null", "invalid_request");
    assert_true(talk_send(&talk, "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":1}\n"));
    expect_failure(talk_receive(&talk), "7", "invalid_request");
    assert_true(talk_send(&talk, "{\"jsonrpc\":\"2.0\",\"id\":8,\"result\":1}\n"));
    expect_failure(talk_receive(&talk), "8", "invalid_request");
    expect_alive(&talk);
    talk_close(&talk);
}

static void server__line_too_long__is_answered_once_and_connection_goes_on(void **state)
{
    struct daemon *daemon = *state;
    struct talk talk;
    const size_t length = 2 * (size_t)BIG;
    char *text = sg_alloc(length + 2);
    assert_non_null(text);
    memset(text, ' ', length);
    text[length] = '\n';
    talk_open(&talk, &daemon->stage);
    assert_true(talk_send(&talk, text));
    expect_failure(talk_receive(&talk), "null", "too_long");
    expect_alive(&talk);
    sg_free(text);
    talk_close(&talk);
}

static void server__unknown_method__is_answered(void **state)
{
    struct daemon *daemon = *state;
    struct talk talk;
    talk_open(&talk, &daemon->stage);
    assert_true(talk_send(&talk, REQUEST(4, "job.ad")));
    expect_failure(talk_receive(&talk), "4", "unknown_method");
    assert_int_equal(daemon->n_calls, 0);
    talk_close(&talk);
}

static void server__notification__is_carried_out_and_not_answered(void **state)
{
    struct daemon *daemon = *state;
    struct talk talk;
    talk_open(&talk, &daemon->stage);
    assert_true(talk_send(&talk, "{\"jsonrpc\":\"2.0\",\"method\":\"daemon.info\"}\n"
                                 "{\"jsonrpc\":\"2.0\",\"method\":\"settings.get\"}\n"
                                 "{\"jsonrpc\":\"2.0\",\"method\":\"no.such\"}\n"));
    expect_alive(&talk);
    assert_int_equal(daemon->n_calls, 3);
    talk_close(&talk);
}

static void server__empty_lines__are_nothing(void **state)
{
    struct daemon *daemon = *state;
    struct talk talk;
    talk_open(&talk, &daemon->stage);
    assert_true(talk_send(&talk, "\n\r\n\n"));
    expect_alive(&talk);
    talk_close(&talk);
}

static void server__answer_too_long__is_an_error(void **state)
{
    struct daemon *daemon = *state;
    struct talk talk;
    talk_open(&talk, &daemon->stage);
    assert_true(talk_send(&talk, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"daemon.stats\","
                                 "\"params\":{\"n\":1048576}}\n"));
    expect_failure(talk_receive(&talk), "1", "too_long");
    expect_alive(&talk);
    talk_close(&talk);
}

static void server__calls_beyond_limit__wait_unread(void **state)
{
    struct daemon *daemon = *state;
    struct talk talk;
    talk_open(&talk, &daemon->stage);
    for (int i = 0; i < SERVER_CALLS_MAX + 10; i++)
        assert_true(talk_send(&talk, REQUEST(1, "job.get")));
    turn_until_calls(daemon, SERVER_CALLS_MAX);
    for (int i = 0; i < 20; i++)
        stage_turn(&daemon->stage);
    assert_int_equal(daemon->n_calls, SERVER_CALLS_MAX);
    call_reply(daemon->kept[--daemon->n_kept], NULL);
    assert_string_equal(talk_receive(&talk), RESULT(1));
    turn_until_calls(daemon, SERVER_CALLS_MAX + 1);
    for (int i = 0; i < 10; i++)
        call_reply(daemon->kept[--daemon->n_kept], NULL);
    turn_until_calls(daemon, SERVER_CALLS_MAX + 10);
    talk_close(&talk);
}

static void server__session_beyond_limit__is_told_and_let_go(void **state)
{
    struct daemon *daemon = *state;
    static struct talk talks[SERVER_SESSIONS_MAX];
    struct talk refused;
    for (int i = 0; i < SERVER_SESSIONS_MAX; i++) {
        talk_open(&talks[i], &daemon->stage);
        expect_alive(&talks[i]);
    }
    talk_open(&refused, &daemon->stage);
    expect_failure(talk_receive(&refused), "null", "limit_reached");
    talk_expect_end(&refused);
    talk_close(&refused);
    assert_int_equal(server_session_count(daemon->stage.server), SERVER_SESSIONS_MAX);

    talk_close(&talks[0]);
    stage_wait_sessions(&daemon->stage, SERVER_SESSIONS_MAX - 1);
    talk_open(&talks[0], &daemon->stage);
    for (int i = 0; i < SERVER_SESSIONS_MAX; i++) {
        expect_alive(&talks[i]);
        talk_close(&talks[i]);
    }
    stage_wait_sessions(&daemon->stage, 0);
    assert_int_equal(daemon->n_closed, SERVER_SESSIONS_MAX + 1);
}

static void server__hundreds_of_clients_in_sequence__are_all_served(void **state)
{
    struct daemon *daemon = *state;
    for (int i = 0; i < 400; i++) {
        struct talk talk;
        talk_open(&talk, &daemon->stage);
        expect_alive(&talk);
        talk_close(&talk);
    }
    stage_wait_sessions(&daemon->stage, 0);
    assert_int_equal(daemon->n_closed, 400);
}

static void server__clients_that_leave_at_once__leave_nothing(void **state)
{
    struct daemon *daemon = *state;
    struct talk talk;
    for (int i = 0; i < 100; i++) {
        talk_open(&talk, &daemon->stage);
        if (i % 2 == 0)
            assert_true(talk_send(&talk, "{\"jsonrpc\":"));
        talk_close(&talk);
    }
    talk_open(&talk, &daemon->stage);
    expect_alive(&talk);
    talk_close(&talk);
    stage_wait_sessions(&daemon->stage, 0);
}

static void server__caller__is_known(void **state)
{
    struct daemon *daemon = *state;
    struct talk talk;
    talk_open(&talk, &daemon->stage);
    expect_alive(&talk);
    assert_true(strlen(daemon->owner) > 0);
    assert_ptr_equal(session_user(daemon->subscriber), daemon);
    talk_close(&talk);
}

static void server__name_that_is_taken__is_refused(void **state)
{
    struct daemon *daemon = *state;
    struct server *second;
    struct sg_err err = { 0 };
    enum sg_status status = server_open(daemon->stage.loop, daemon->stage.name, PIPE_ACCESS_OWNER,
                                        &daemon_handler, daemon, &second, &err);
    assert_int_equal(status, SG_E_IN_USE);
    assert_non_null(strstr(sg_err_text(&err), daemon->stage.name));
    struct talk talk;
    talk_open(&talk, &daemon->stage);
    expect_alive(&talk);
    talk_close(&talk);
}

/* A call with the `n`-th allocation failing: it is answered, or the session ends; the server stays.
 * */
static void call_with_failing_memory(struct daemon *daemon, uint64_t n_allocations)
{
    struct talk talk;
    char bytes[512];
    uint32_t n_bytes;
    talk_open(&talk, &daemon->stage);
    expect_alive(&talk);
    static const char request[] = REQUEST(1, "settings.get");
    assert_int_equal(dial_write(talk.dial, request, sizeof request - 1, NULL), SG_OK);
    sg_mem_fail_after(n_allocations);
    enum sg_status status = SG_E_TIMEOUT;
    uint64_t deadline_ms = dial_now_ms() + TALK_DEADLINE_MS;
    while (status == SG_E_TIMEOUT && dial_now_ms() < deadline_ms) {
        stage_turn(&daemon->stage);
        status = dial_read(talk.dial, bytes, sizeof bytes, 0, &n_bytes, NULL);
    }
    sg_mem_fail_after(UINT64_MAX);
    assert_true(status == SG_OK || status == SG_E_CLOSED);
    talk_close(&talk);
}

static void server__memory_runs_out__ends_the_session_at_worst(void **state)
{
    struct daemon *daemon = *state;
    for (uint64_t n = 0; n < 40; n++)
        call_with_failing_memory(daemon, n);
    stage_wait_sessions(&daemon->stage, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, daemon_open, daemon_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(server__call__is_answered),
        TEST(server__many_calls_at_once__are_answered_in_order),
        TEST(server__error_of_daemon__comes_with_word_and_message),
        TEST(server__late_answers__come_in_order_of_answering),
        TEST(server__call_that_is_held__is_not_overtaken),
        TEST(server__session_ends_before_answer__answer_goes_nowhere),
        TEST(server__session_ends_before_answer__who_watches_is_told),
        TEST(server__server_is_gone_before_answer__answer_goes_nowhere),
        TEST(server__text_that_is_not_json__is_answered_and_connection_goes_on),
        TEST(server__line_too_long__is_answered_once_and_connection_goes_on),
        TEST(server__unknown_method__is_answered),
        TEST(server__notification__is_carried_out_and_not_answered),
        TEST(server__empty_lines__are_nothing),
        TEST(server__answer_too_long__is_an_error),
        TEST(server__calls_beyond_limit__wait_unread),
        TEST(server__session_beyond_limit__is_told_and_let_go),
        TEST(server__hundreds_of_clients_in_sequence__are_all_served),
        TEST(server__clients_that_leave_at_once__leave_nothing),
        TEST(server__caller__is_known),
        TEST(server__name_that_is_taken__is_refused),
        TEST(server__memory_runs_out__ends_the_session_at_worst),
    };
    rpc_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
