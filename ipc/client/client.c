/* The blocking client: one question at a time, with a shelf for the events that come in between.
 * Owns its connection. One thread at a time. */
#include "ipc/client/client.h"

#include <stdbool.h>
#include <string.h>

#include "base/list.h"
#include "base/mem.h"
#include "ipc/dial.h"
#include "ipc/wire/frame.h"
#include "ipc/wire/rpc.h"

enum { INPUT_SIZE = 32 * 1024 };

/* An event that waits for client_next_event. */
struct kept_event {
    struct sg_list node;
    struct rpc_message message;
};

struct client {
    struct dial *dial;
    struct frame_reader reader;
    double last_id;
    struct sg_list events;
    uint32_t n_events;
    struct rpc_message shown; /* keeps the name that client_next_event gave out */
    char input[INPUT_SIZE];
};

static uint64_t deadline_after(uint32_t timeout_ms)
{
    return timeout_ms == UINT32_MAX ? UINT64_MAX : dial_now_ms() + timeout_ms;
}

static uint32_t left_until(uint64_t deadline_ms)
{
    if (deadline_ms == UINT64_MAX)
        return UINT32_MAX;
    uint64_t now_ms = dial_now_ms();
    return now_ms < deadline_ms ? (uint32_t)(deadline_ms - now_ms) : 0;
}

static enum sg_status receive(struct client *client, uint64_t deadline_ms, struct sg_err *err)
{
    uint32_t n_bytes;
    enum sg_status status =
        dial_read(client->dial, client->input, INPUT_SIZE, left_until(deadline_ms), &n_bytes, err);
    if (status != SG_OK)
        return status;
    status = frame_feed(&client->reader, client->input, n_bytes);
    return status == SG_OK ? SG_OK : sg_err_set(err, status, "reading from the daemon");
}

static enum sg_status read_line(struct client *client, uint64_t deadline_ms, const char **out_line,
                                size_t *out_length, struct sg_err *err)
{
    for (;;) {
        enum sg_status status = frame_next(&client->reader, out_line, out_length);
        if (status == SG_OK)
            return SG_OK;
        if (status != SG_PENDING)
            return sg_err_set(err, status, "the daemon's message is too long");
        status = receive(client, deadline_ms, err);
        if (status != SG_OK)
            return status;
    }
}

/* The caller releases the message after SG_OK. */
static enum sg_status read_message(struct client *client, uint64_t deadline_ms,
                                   struct rpc_message *out, struct sg_err *err)
{
    const char *line;
    size_t length;
    enum sg_status status = read_line(client, deadline_ms, &line, &length, err);
    if (status != SG_OK)
        return status;
    status = rpc_parse(line, length, out, err);
    if (status == SG_OK)
        return SG_OK;
    rpc_message_fini(out);
    return sg_err_prefix(err, status, "the daemon's message");
}

/* Takes the message over. */
static enum sg_status keep_event(struct client *client, struct rpc_message *message,
                                 struct sg_err *err)
{
    bool is_full = client->n_events >= CLIENT_EVENTS_MAX;
    struct kept_event *event = is_full ? NULL : sg_alloc(sizeof *event);
    if (event == NULL) {
        rpc_message_fini(message);
        return is_full ? sg_err_set(err, SG_E_LIMIT, "too many events before the answer")
                       : sg_err_set(err, SG_E_NOMEM, "keeping an event");
    }
    event->message = *message;
    sg_list_insert(&client->events, &event->node);
    client->n_events++;
    return SG_OK;
}

/* A failure without an id is about the connection, or about what cannot be told apart: it is ours.
 * */
static bool is_answer(const struct client *client, const struct rpc_message *message)
{
    if (message->method != NULL)
        return false;
    if (cJSON_IsNull(message->id))
        return message->error != NULL;
    return cJSON_IsNumber(message->id) && message->id->valuedouble == client->last_id;
}

static enum sg_status read_answer(struct client *client, uint64_t deadline_ms,
                                  struct rpc_message *out, struct sg_err *err)
{
    for (;;) {
        struct rpc_message message;
        enum sg_status status = read_message(client, deadline_ms, &message, err);
        if (status != SG_OK)
            return status;
        if (is_answer(client, &message)) {
            *out = message;
            return SG_OK;
        }
        if (message.method == NULL)
            rpc_message_fini(&message); /* the late answer to a call that gave up */
        else
            status = keep_event(client, &message, err);
        if (status != SG_OK)
            return status;
    }
}

/* Takes the answer over. */
static enum sg_status use_answer(struct rpc_message *answer, cJSON **out_result, struct sg_err *err)
{
    struct sg_err failure = { 0 };
    if (answer->error != NULL) {
        rpc_error_read(answer->error, &failure);
        if (err != NULL)
            *err = failure;
    } else if (out_result != NULL) {
        *out_result = cJSON_DetachItemFromObjectCaseSensitive(answer->root, "result");
    }
    rpc_message_fini(answer);
    return failure.status;
}

/* Takes `params` over. A server that let go of us may have said why before: so a closed connection
 * is not an error yet. */
static enum sg_status ask(struct client *client, enum method method, cJSON *params,
                          struct sg_err *err)
{
    char *line = rpc_request(++client->last_id, method_name(method), params);
    if (line == NULL)
        return sg_err_set(err, SG_E_NOMEM, "asking the daemon");
    size_t length = strlen(line);
    enum sg_status status =
        length <= FRAME_LINE_MAX
            ? dial_write(client->dial, line, (uint32_t)length, err)
            : sg_err_set(err, SG_E_TOO_LONG, "the request is longer than 1 MiB: send less at once");
    sg_free(line);
    return status == SG_E_CLOSED ? SG_OK : status;
}

enum sg_status client_open(const char *pipe_name, uint32_t timeout_ms, struct client **out,
                           struct sg_err *err)
{
    struct client *client = sg_alloc(sizeof *client);
    if (client == NULL)
        return sg_err_set(err, SG_E_NOMEM, "connecting to the daemon");
    enum sg_status status = dial_open(pipe_name, timeout_ms, &client->dial, err);
    if (status != SG_OK) {
        sg_free(client);
        return status;
    }
    sg_list_init(&client->events);
    *out = client;
    return SG_OK;
}

void client_close(struct client *client)
{
    if (client == NULL)
        return;
    dial_close(client->dial);
    for (struct sg_list *node; (node = sg_list_pop(&client->events)) != NULL;) {
        struct kept_event *event = sg_container_of(node, struct kept_event, node);
        rpc_message_fini(&event->message);
        sg_free(event);
    }
    rpc_message_fini(&client->shown);
    frame_fini(&client->reader);
    sg_free(client);
}

enum sg_status client_call(struct client *client, enum method method, cJSON *params,
                           uint32_t timeout_ms, cJSON **out_result, struct sg_err *err)
{
    struct rpc_message answer;
    uint64_t deadline_ms = deadline_after(timeout_ms);
    enum sg_status status = ask(client, method, params, err);
    if (status == SG_OK)
        status = read_answer(client, deadline_ms, &answer, err);
    if (status == SG_OK)
        return use_answer(&answer, out_result, err);
    return sg_err_prefix(err, status, "%s", method_name(method));
}

/* The oldest kept event, or the next one that arrives. */
static enum sg_status take_event(struct client *client, uint64_t deadline_ms,
                                 struct rpc_message *out, struct sg_err *err)
{
    struct sg_list *node = sg_list_pop(&client->events);
    if (node != NULL) {
        struct kept_event *event = sg_container_of(node, struct kept_event, node);
        *out = event->message;
        client->n_events--;
        sg_free(event);
        return SG_OK;
    }
    for (;;) {
        enum sg_status status = read_message(client, deadline_ms, out, err);
        if (status != SG_OK || out->method != NULL)
            return status;
        rpc_message_fini(out);
    }
}

enum sg_status client_next_event(struct client *client, uint32_t timeout_ms,
                                 const char **out_method, cJSON **out_params, struct sg_err *err)
{
    struct rpc_message event;
    enum sg_status status = take_event(client, deadline_after(timeout_ms), &event, err);
    if (status != SG_OK)
        return status;
    rpc_message_fini(&client->shown);
    client->shown = event;
    *out_method = event.method;
    *out_params = cJSON_DetachItemFromObjectCaseSensitive(event.root, "params");
    return SG_OK;
}
