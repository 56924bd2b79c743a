/* The answers, and what tests of the control channel ask again and again. */
#include "tests/unit/talk_daemon.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

static double number_in(const cJSON *params, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(params, name);
    return cJSON_IsNumber(item) ? item->valuedouble : -1;
}

cJSON *number_object(double n)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddNumberToObject(object, "n", n);
    return object;
}

cJSON *text_object(size_t length)
{
    char *text = sg_alloc(length + 1);
    cJSON *object = cJSON_CreateObject();
    assert_non_null(text);
    memset(text, 'x', length);
    cJSON_AddStringToObject(object, "text", text);
    sg_free(text);
    return object;
}

static void keep(struct daemon *daemon, struct call *call)
{
    assert_in_range(daemon->n_kept, 0, KEPT_MAX - 1);
    daemon->kept[daemon->n_kept++] = call;
}

void refuse_call(struct call *call)
{
    struct sg_err err = { 0 };
    sg_err_set(&err, SG_E_INVALID, "no such setting: look again");
    call_fail(call, &err);
}

static void on_call(void *ctx, struct call *call, enum method method, const cJSON *params)
{
    struct daemon *daemon = ctx;
    daemon->n_calls++;
    switch (method) {
    case METHOD_DAEMON_INFO:
        call_reply(call, number_object(number_in(params, "n")));
        return;
    case METHOD_DAEMON_STATS:
        call_reply(call, text_object((size_t)number_in(params, "n")));
        return;
    case METHOD_DAEMON_SHUTDOWN:
        call_reply(call, text_object(BIG / 2));
        stage_close_server(&daemon->stage);
        return;
    case METHOD_SETTINGS_GET:
        refuse_call(call);
        return;
    case METHOD_JOB_GET:
        keep(daemon, call);
        return;
    case METHOD_EVENTS_SUBSCRIBE:
        daemon->subscriber = call_session(call);
        session_set_user(daemon->subscriber, daemon);
        snprintf(daemon->owner, sizeof daemon->owner, "%s",
                 session_caller(daemon->subscriber)->sid);
        call_reply(call, NULL);
        return;
    default:
        fail_msg("%s was called", method_name(method));
    }
}

static void on_close(void *ctx, struct session *session)
{
    struct daemon *daemon = ctx;
    daemon->n_closed++;
    if (session == daemon->subscriber)
        daemon->subscriber = NULL;
}

const struct server_handler daemon_handler = { .on_call = on_call, .on_close = on_close };

int daemon_open(void **state)
{
    struct daemon *daemon = sg_alloc(sizeof *daemon);
    assert_non_null(daemon);
    stage_open(&daemon->stage, &daemon_handler, daemon);
    *state = daemon;
    return 0;
}

/* Whatever a test did: nothing is left of it. */
int daemon_close(void **state)
{
    struct daemon *daemon = *state;
    stage_fini(&daemon->stage);
    for (uint32_t i = 0; i < daemon->n_kept; i++)
        call_reply(daemon->kept[i], NULL);
    sg_free(daemon);
    assert_int_equal(sg_mem_live(), 0);
    return 0;
}

void turn_until_calls(struct daemon *daemon, uint32_t n_calls)
{
    uint64_t deadline_ms = dial_now_ms() + TALK_DEADLINE_MS;
    while (daemon->n_calls < n_calls) {
        assert_true(dial_now_ms() < deadline_ms);
        stage_turn(&daemon->stage);
    }
}

void expect_failure(const char *line, const char *id, const char *word)
{
    char start[128];
    char end[128];
    assert_non_null(line);
    snprintf(start, sizeof start, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"error\":{", id);
    snprintf(end, sizeof end, "\"data\":{\"code\":\"%s\"}}}", word);
    if (strncmp(line, start, strlen(start)) != 0 || strstr(line, end) == NULL)
        print_error("%s\n", line);
    assert_int_equal(strncmp(line, start, strlen(start)), 0);
    assert_non_null(strstr(line, end));
}

void expect_alive(struct talk *talk)
{
    talk_expect(talk, REQUEST(99, "events.subscribe"), RESULT(99));
}
