/* The blocking client on a thread of its own, against a server that the test's thread turns. */
#include "ipc/client/client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "ipc/wire/rpc.h"
#include "os/thread.h"
#include "tests/unit/talk_daemon.h"

enum { WAIT_MS = 20000, SHORT_MS = 50, N_EVENTS = 5 };

/* What a client does, and what it found out. The thread's until `done` is delivered; no assertion
 * may fail there. */
struct part {
    struct stage *stage;
    void (*play)(struct part *part);
    struct client *client;
    enum sg_status status[8];
    double number[8];
    struct sg_err err;
    struct mail done;
    bool is_done;
};

static void on_done(struct mail *mail)
{
    struct part *part = sg_container_of(mail, struct part, done);
    part->is_done = true;
}

static void run_part(void *ctx)
{
    struct part *part = ctx;
    part->status[0] = client_open(part->stage->name, WAIT_MS, &part->client, &part->err);
    if (part->status[0] == SG_OK)
        part->play(part);
    client_close(part->client);
    loop_post(part->stage->loop, &part->done);
}

/* Plays `play` on another thread; `meanwhile` (or NULL) is called in every turn. */
static void perform(struct daemon *daemon, struct part *part, void (*play)(struct part *part),
                    void (*meanwhile)(struct daemon *daemon))
{
    struct thread *thread;
    *part = (struct part){ .stage = &daemon->stage, .play = play, .done.deliver = on_done };
    assert_int_equal(thread_start("client", run_part, part, &thread, NULL), SG_OK);
    uint64_t deadline_ms = dial_now_ms() + 2 * (uint64_t)WAIT_MS;
    while (!part->is_done) {
        assert_true(dial_now_ms() < deadline_ms);
        stage_turn(&daemon->stage);
        if (meanwhile != NULL)
            meanwhile(daemon);
    }
    thread_join(thread);
    assert_int_equal(part->status[0], SG_OK);
}

/* Calls with {"n": n}, and keeps the status and the answer's "n" in place `at`. */
static void call_with(struct part *part, int at, enum method method, double n, uint32_t timeout_ms)
{
    cJSON *result = NULL;
    part->status[at] =
        client_call(part->client, method, number_object(n), timeout_ms, &result, &part->err);
    cJSON *number = cJSON_GetObjectItemCaseSensitive(result, "n");
    part->number[at] = number != NULL ? number->valuedouble : -1;
    cJSON_Delete(result);
}

static void play_calls(struct part *part)
{
    for (int i = 1; i < 8; i++)
        call_with(part, i, METHOD_DAEMON_INFO, i * 10, WAIT_MS);
}

static void client__calls__get_their_own_answers(void **state)
{
    struct part part;
    perform(*state, &part, play_calls, NULL);
    for (int i = 1; i < 8; i++) {
        assert_int_equal(part.status[i], SG_OK);
        assert_true(part.number[i] == i * 10);
    }
}

static void play_error(struct part *part)
{
    part->status[1] =
        client_call(part->client, METHOD_SETTINGS_GET, NULL, WAIT_MS, NULL, &part->err);
    call_with(part, 2, METHOD_DAEMON_INFO, 7, WAIT_MS);
}

static void client__error_of_daemon__is_the_calls_status(void **state)
{
    struct part part;
    perform(*state, &part, play_error, NULL);
    assert_int_equal(part.status[1], SG_E_INVALID);
    assert_string_equal(part.err.message, "no such setting: look again");
    assert_int_equal(part.status[2], SG_OK);
}

static void play_without_result(struct part *part)
{
    part->status[1] =
        client_call(part->client, METHOD_EVENTS_SUBSCRIBE, NULL, WAIT_MS, NULL, &part->err);
    part->status[2] = client_call(part->client, METHOD_SETTINGS_GET, NULL, WAIT_MS, NULL, NULL);
}

static void client__result_and_error_not_wanted__are_released(void **state)
{
    struct part part;
    perform(*state, &part, play_without_result, NULL);
    assert_int_equal(part.status[1], SG_OK);
    assert_int_equal(part.status[2], SG_E_INVALID);
}

/* The first is in the answer's way, and counted; -1 when they are not what was sent, in order. */
static double read_events(struct part *part, uint32_t timeout_ms)
{
    const char *method;
    cJSON *params;
    for (int i = 0; i < N_EVENTS; i++) {
        if (client_next_event(part->client, timeout_ms, &method, &params, NULL) != SG_OK)
            return i;
        cJSON *number = cJSON_GetObjectItemCaseSensitive(params, "n");
        bool is_right =
            strcmp(method, "event.job") == 0 && number != NULL && number->valuedouble == i;
        cJSON_Delete(params);
        if (!is_right)
            return -1;
    }
    return N_EVENTS;
}

static void play_events(struct part *part)
{
    const char *method;
    cJSON *params;
    call_with(part, 1, METHOD_EVENTS_SUBSCRIBE, 0, WAIT_MS);
    call_with(part, 2, METHOD_JOB_GET, 0, WAIT_MS); /* the events come before this answer */
    part->number[3] = read_events(part, 0);
    part->status[3] = client_next_event(part->client, 0, &method, &params, NULL);
    part->status[4] = client_next_event(part->client, SHORT_MS, &method, &params, NULL);
}

static void send_events_then_answer(struct daemon *daemon)
{
    if (daemon->n_kept == 0)
        return;
    for (int i = 0; i < N_EVENTS; i++)
        session_notify(daemon->subscriber, "event.job", number_object(i), false);
    call_reply(daemon->kept[--daemon->n_kept], number_object(77));
}

static void client__events_before_answer__are_kept_in_order(void **state)
{
    struct part part;
    perform(*state, &part, play_events, send_events_then_answer);
    assert_int_equal(part.status[2], SG_OK);
    assert_true(part.number[2] == 77);
    assert_true(part.number[3] == N_EVENTS);
    assert_int_equal(part.status[3], SG_E_TIMEOUT);
    assert_int_equal(part.status[4], SG_E_TIMEOUT);
}

static void play_waiting_for_events(struct part *part)
{
    call_with(part, 1, METHOD_EVENTS_SUBSCRIBE, 0, WAIT_MS);
    part->number[1] = read_events(part, WAIT_MS);
    call_with(part, 2, METHOD_DAEMON_INFO, 5, WAIT_MS);
}

static void send_events_once(struct daemon *daemon)
{
    if (daemon->subscriber == NULL || daemon->n_closed > 0)
        return;
    for (int i = 0; i < N_EVENTS; i++)
        session_notify(daemon->subscriber, "event.job", number_object(i), false);
    daemon->subscriber = NULL;
}

static void client__events__are_waited_for(void **state)
{
    struct part part;
    perform(*state, &part, play_waiting_for_events, send_events_once);
    assert_true(part.number[1] == N_EVENTS);
    assert_int_equal(part.status[2], SG_OK);
}

static void play_timeout(struct part *part)
{
    call_with(part, 1, METHOD_JOB_GET, 0, SHORT_MS);
    call_with(part, 2, METHOD_DAEMON_INFO, 1, WAIT_MS);
    call_with(part, 3, METHOD_DAEMON_INFO, 2, WAIT_MS);
}

static void answer_the_late_call(struct daemon *daemon)
{
    if (daemon->n_calls > 1 && daemon->n_kept > 0)
        call_reply(daemon->kept[--daemon->n_kept], number_object(99));
}

static void client__late_answer__is_not_taken_for_another(void **state)
{
    struct part part;
    perform(*state, &part, play_timeout, answer_the_late_call);
    assert_int_equal(part.status[1], SG_E_TIMEOUT);
    assert_true(part.number[2] == 1);
    assert_true(part.number[3] == 2);
}

static void play_shutdown(struct part *part)
{
    cJSON *result = NULL;
    part->status[1] =
        client_call(part->client, METHOD_DAEMON_SHUTDOWN, NULL, WAIT_MS, &result, &part->err);
    cJSON_Delete(result);
    call_with(part, 2, METHOD_DAEMON_INFO, 0, WAIT_MS);
}

static void client__server_that_goes__answers_first_and_is_closed_then(void **state)
{
    struct part part;
    perform(*state, &part, play_shutdown, NULL);
    assert_int_equal(part.status[1], SG_OK);
    assert_int_equal(part.status[2], SG_E_CLOSED);
}

static void close_server_during_call(struct daemon *daemon)
{
    if (daemon->n_calls == 1 && daemon->stage.server != NULL)
        stage_close_server(&daemon->stage);
}

static void play_unanswered(struct part *part)
{
    call_with(part, 1, METHOD_JOB_GET, 0, WAIT_MS);
}

static void client__server_that_goes_in_mid_call__is_closed(void **state)
{
    struct part part;
    perform(*state, &part, play_unanswered, close_server_during_call);
    assert_int_equal(part.status[1], SG_E_CLOSED);
}

static void play_long_call(struct part *part)
{
    part->status[1] =
        client_call(part->client, METHOD_DAEMON_INFO, text_object(BIG), WAIT_MS, NULL, &part->err);
    part->status[2] = client_call(part->client, METHOD_DAEMON_INFO, text_object(BIG - 100), WAIT_MS,
                                  NULL, &part->err);
}

static void client__call_too_long__is_refused_before_it_is_sent(void **state)
{
    struct part part;
    perform(*state, &part, play_long_call, NULL);
    assert_int_equal(part.status[1], SG_E_TOO_LONG);
    assert_int_equal(part.status[2], SG_OK);
}

static void client__too_many_clients__says_so(void **state)
{
    struct daemon *daemon = *state;
    static struct talk talks[SERVER_SESSIONS_MAX];
    struct part part;
    for (int i = 0; i < SERVER_SESSIONS_MAX; i++) {
        talk_open(&talks[i], &daemon->stage);
        expect_alive(&talks[i]);
    }
    perform(daemon, &part, play_unanswered, NULL);
    assert_int_equal(part.status[1], SG_E_LIMIT);
    assert_non_null(strstr(part.err.message, "64 clients"));
    for (int i = 0; i < SERVER_SESSIONS_MAX; i++)
        talk_close(&talks[i]);
}

static void client__nobody_listens__is_no_daemon(void **state)
{
    (void)state;
    char name[128];
    struct client *client;
    struct sg_err err = { 0 };
    talk_make_name(name, sizeof name);
    assert_int_equal(client_open(name, WAIT_MS, &client, &err), SG_E_NO_DAEMON);
    assert_non_null(strstr(err.message, name));
}

static void client__names_that_cannot_be__are_invalid(void **state)
{
    (void)state;
    char name[400];
    struct client *client;
    talk_make_name(name, sizeof name);
    memset(name + strlen(name), 'x', 300);
    name[350] = '\0';
    assert_int_equal(client_open(name, WAIT_MS, &client, NULL), SG_E_INVALID);
    assert_int_equal(client_open("", WAIT_MS, &client, NULL), SG_E_INVALID);
}

static void client__names_of_daemons__are_two(void **state)
{
    (void)state;
    char *service;
    char *user;
    assert_int_equal(dial_service_name(&service, NULL), SG_OK);
    assert_int_equal(dial_user_name(&user, NULL), SG_OK);
    assert_non_null(strstr(service, "segue"));
    assert_string_not_equal(service, user);
    sg_free(service);
    sg_free(user);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, daemon_open, daemon_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(client__calls__get_their_own_answers),
        TEST(client__error_of_daemon__is_the_calls_status),
        TEST(client__result_and_error_not_wanted__are_released),
        TEST(client__events_before_answer__are_kept_in_order),
        TEST(client__events__are_waited_for),
        TEST(client__late_answer__is_not_taken_for_another),
        TEST(client__server_that_goes__answers_first_and_is_closed_then),
        TEST(client__server_that_goes_in_mid_call__is_closed),
        TEST(client__call_too_long__is_refused_before_it_is_sent),
        TEST(client__too_many_clients__says_so),
        cmocka_unit_test(client__nobody_listens__is_no_daemon),
        cmocka_unit_test(client__names_that_cannot_be__are_invalid),
        cmocka_unit_test(client__names_of_daemons__are_two),
    };
    rpc_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
