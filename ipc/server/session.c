/* One connection as a conversation: lines in, calls to the daemon, answers and events out. Owns the
 * connection, its buffers and the caller's name; a call belongs to whoever has to answer it, and
 * only knows its session as long as there is one. Loop thread only.
 *
 *   open ─► finishing ─► ending ─► ended ─► (freed)
 *     └───────────────────┘
 *
 * finishing: nothing is read any more, what is queued still goes out. ending: decided, and carried
 * out at the end of the turn, because it may be decided inside the daemon's own loop over its
 * sessions. ended: the system still holds the connection and perhaps the buffers of a read and a
 * write. */
#include "ipc/server/session.h"

#include <string.h>

#include "base/mem.h"
#include "ipc/server/outbox.h"
#include "ipc/wire/frame.h"
#include "ipc/wire/rpc.h"

enum {
    INPUT_SIZE = 32 * 1024,
    FINISH_US = 1000 * 1000,
};

enum session_state { SESSION_OPEN, SESSION_FINISHING, SESSION_ENDING, SESSION_ENDED };

struct session {
    struct sessions *sessions;
    struct sg_list node;
    struct pipe_conn *conn;
    enum session_state state;
    bool is_counted;           /* the daemon may know it */
    struct pipe_caller caller; /* without a SID until the first bytes came */
    void *user;

    struct frame_reader reader;
    struct sg_list calls;
    uint32_t n_calls;
    const struct call *held; /* requests wait unread behind it; NULL: none */

    struct outbox outbox;
    struct timer cut_off;  /* while finishing */
    struct deferred later; /* ends the session, or goes on reading */

    bool is_reading;
    bool is_writing;
    struct op read_op;
    struct op write_op;
    char input[INPUT_SIZE];
};

struct call {
    struct session *session; /* NULL when it has ended */
    struct sg_list node;     /* in session->calls */
    cJSON *id;               /* NULL: a notification, which is not answered */
    void (*gone)(void *ctx); /* NULL: nobody wants to know */
    void *gone_ctx;
};

static void end(struct session *session)
{
    if (session->state >= SESSION_ENDING)
        return;
    session->state = SESSION_ENDING;
    loop_defer(session->sessions->loop, &session->later);
}

static bool has_nothing_to_write(const struct session *session)
{
    return !session->is_writing && outbox_size(&session->outbox) == 0;
}

static void finish(struct session *session)
{
    if (session->state != SESSION_OPEN)
        return;
    session->state = SESSION_FINISHING;
    timer_start(session->sessions->loop, &session->cut_off, FINISH_US);
    if (has_nothing_to_write(session))
        end(session);
}

static void on_cut_off(struct timer *timer)
{
    end(sg_container_of(timer, struct session, cut_off));
}

static bool may_send(const struct session *session)
{
    return session->state <= SESSION_FINISHING;
}

static void write_start(struct session *session)
{
    const void *data;
    uint32_t n_bytes;
    if (session->is_writing || !may_send(session))
        return;
    if (!outbox_next(&session->outbox, &data, &n_bytes)) {
        if (session->state == SESSION_FINISHING)
            end(session);
        return;
    }
    session->is_writing = true;
    if (pipe_write(session->conn, &session->write_op, data, n_bytes) == SG_PENDING)
        return;
    session->is_writing = false;
    end(session);
}

static void on_write_done(struct op *op, enum sg_status status, uint32_t n_bytes)
{
    struct session *session = sg_container_of(op, struct session, write_op);
    session->is_writing = false;
    if (status != SG_OK) {
        end(session);
        return;
    }
    outbox_sent(&session->outbox, n_bytes);
    write_start(session);
}

/* Takes `line` over; NULL (memory ran out) and a reader that is too far behind end the session,
 * since a stream with a gap is worse than none. */
static void send_line(struct session *session, char *line)
{
    bool is_queued = line != NULL && outbox_put(&session->outbox, line);
    sg_free(line);
    if (!is_queued || outbox_size(&session->outbox) > SERVER_QUEUE_MAX)
        end(session);
    else
        write_start(session);
}

static void send_failure(struct session *session, const cJSON *id, const struct sg_err *err)
{
    send_line(session, rpc_failure(id, err));
}

static bool is_too_long(const char *line)
{
    return line != NULL && strlen(line) > FRAME_LINE_MAX + 1; /* with its "\n" */
}

static void send_result(struct session *session, const cJSON *id, cJSON *result)
{
    char *line = rpc_response(id, result);
    if (!is_too_long(line)) {
        send_line(session, line);
        return;
    }
    struct sg_err err = { 0 };
    sg_err_set(&err, SG_E_TOO_LONG, "the answer is longer than 1 MiB: ask for less at a time");
    sg_free(line);
    send_failure(session, id, &err);
}

static struct call *call_create(struct session *session, const cJSON *id)
{
    struct call *call = sg_alloc(sizeof *call);
    if (call == NULL)
        return NULL;
    call->id = id != NULL ? cJSON_Duplicate(id, true) : NULL;
    if (id != NULL && call->id == NULL) {
        sg_free(call);
        return NULL;
    }
    call->session = session;
    sg_list_insert(&session->calls, &call->node);
    session->n_calls++;
    return call;
}

void call_hold(struct call *call)
{
    if (call->session != NULL)
        call->session->held = call;
}

void call_watch(struct call *call, void (*gone)(void *ctx), void *ctx)
{
    call->gone = gone;
    call->gone_ctx = ctx;
}

/* A session that waits for an answer, or reached its limit of calls, goes on reading. */
static void call_destroy(struct call *call)
{
    struct session *session = call->session;
    if (session != NULL) {
        sg_list_remove(&call->node);
        bool is_held = session->held == call;
        if (is_held)
            session->held = NULL;
        if (session->n_calls-- == SERVER_CALLS_MAX || is_held)
            loop_defer(session->sessions->loop, &session->later);
    }
    cJSON_Delete(call->id);
    sg_free(call);
}

static void handle_request(struct session *session, const struct rpc_message *message)
{
    struct sg_err err = { 0 };
    enum method method = method_from_name(message->method);
    if (method == METHOD_COUNT) {
        sg_err_set(&err, SG_E_METHOD, "there is no method \"%s\"", message->method);
        if (message->id != NULL)
            send_failure(session, message->id, &err);
        return;
    }
    struct call *call = call_create(session, message->id);
    if (call == NULL) {
        end(session);
        return;
    }
    const struct sessions *sessions = session->sessions;
    sessions->handler.on_call(sessions->handler_ctx, call, method, message->params);
}

static void handle_line(struct session *session, const char *line, size_t length)
{
    struct sg_err err = { 0 };
    struct rpc_message message;
    enum sg_status status = rpc_parse(line, length, &message, &err);
    if (status == SG_OK && message.method == NULL)
        status = sg_err_set(&err, SG_E_REQUEST, "not a request: it is an answer");
    if (status == SG_OK)
        handle_request(session, &message);
    else
        send_failure(session, message.id, &err);
    rpc_message_fini(&message);
}

static void refuse_long_line(struct session *session)
{
    struct sg_err err = { 0 };
    sg_err_set(&err, SG_E_TOO_LONG, "the message is longer than 1 MiB: send it in parts");
    send_failure(session, NULL, &err);
}

static bool may_take_lines(const struct session *session)
{
    return session->state == SESSION_OPEN && session->n_calls < SERVER_CALLS_MAX &&
           session->held == NULL;
}

static void read_start(struct session *session)
{
    if (session->is_reading || !may_take_lines(session))
        return;
    session->is_reading = true;
    if (pipe_read(session->conn, &session->read_op, session->input, INPUT_SIZE) == SG_PENDING)
        return;
    session->is_reading = false;
    end(session);
}

/* Empty lines are nothing. */
static void take_lines(struct session *session)
{
    const char *line;
    size_t length;
    while (may_take_lines(session)) {
        enum sg_status status = frame_next(&session->reader, &line, &length);
        if (status == SG_PENDING)
            break;
        if (status != SG_OK)
            refuse_long_line(session);
        else if (length > 0)
            handle_line(session, line, length);
    }
    read_start(session);
}

/* Only known once bytes were read. Without a name a caller is not served. */
static bool knows_caller(struct session *session)
{
    if (session->caller.sid != NULL)
        return true;
    struct sg_err err = { 0 };
    pipe_identify_fn *identify = session->sessions->handler.identify;
    if (identify == NULL)
        identify = pipe_conn_caller;
    if (identify(session->conn, &session->caller, &err) != SG_OK) {
        send_failure(session, NULL, &err);
        finish(session);
        return false;
    }
    if (session->sessions->handler.on_caller != NULL)
        session->sessions->handler.on_caller(session->sessions->handler_ctx, session);
    return true;
}

static void on_read_done(struct op *op, enum sg_status status, uint32_t n_bytes)
{
    struct session *session = sg_container_of(op, struct session, read_op);
    session->is_reading = false;
    if (session->state != SESSION_OPEN)
        return;
    if (status != SG_OK || frame_feed(&session->reader, session->input, n_bytes) != SG_OK) {
        end(session);
        return;
    }
    if (knows_caller(session))
        take_lines(session);
}

static void session_free(struct session *session)
{
    frame_fini(&session->reader);
    outbox_fini(&session->outbox);
    pipe_caller_fini(&session->caller);
    sg_free(session);
}

static void count_gone(struct sessions *sessions)
{
    sessions->n_conns--;
    sessions->on_conn_gone(sessions);
}

static void on_conn_closed(void *ctx)
{
    struct session *session = ctx;
    struct sessions *sessions = session->sessions;
    sg_list_remove(&session->node);
    session_free(session);
    count_gone(sessions);
}

static void detach_calls(struct session *session)
{
    session->n_calls = 0;
    for (struct sg_list *node; (node = sg_list_pop(&session->calls)) != NULL;) {
        struct call *call = sg_container_of(node, struct call, node);
        call->session = NULL;
        if (call->gone != NULL)
            call->gone(call->gone_ctx); /* it may answer, and so free it */
    }
}

static void carry_out_end(struct session *session)
{
    struct sessions *sessions = session->sessions;
    session->state = SESSION_ENDED;
    timer_stop(sessions->loop, &session->cut_off);
    detach_calls(session);
    if (session->is_counted) {
        sessions->n_open--;
        sessions->handler.on_close(sessions->handler_ctx, session);
    }
    pipe_conn_close(session->conn, on_conn_closed, session);
}

static void on_later(struct deferred *deferred)
{
    struct session *session = sg_container_of(deferred, struct session, later);
    if (session->state == SESSION_ENDING)
        carry_out_end(session);
    else if (session->state == SESSION_OPEN)
        take_lines(session);
}

static struct session *session_create(struct sessions *sessions, struct pipe_conn *conn)
{
    struct session *session = sg_alloc(sizeof *session);
    if (session == NULL) {
        session_drop(sessions, conn);
        return NULL;
    }
    session->sessions = sessions;
    session->conn = conn;
    session->cut_off.fire = on_cut_off;
    session->later.run = on_later;
    session->read_op.done = on_read_done;
    session->write_op.done = on_write_done;
    sg_list_init(&session->calls);
    sg_list_insert(&sessions->all, &session->node);
    sessions->n_conns++;
    return session;
}

void session_start(struct sessions *sessions, struct pipe_conn *conn)
{
    struct session *session = session_create(sessions, conn);
    if (session == NULL)
        return;
    session->is_counted = true;
    sessions->n_open++;
    read_start(session);
}

void session_refuse(struct sessions *sessions, struct pipe_conn *conn, const struct sg_err *why)
{
    struct session *session = session_create(sessions, conn);
    if (session == NULL)
        return;
    send_failure(session, NULL, why);
    finish(session);
}

static void on_dropped(void *ctx)
{
    count_gone(ctx);
}

void session_drop(struct sessions *sessions, struct pipe_conn *conn)
{
    sessions->n_conns++;
    pipe_conn_close(conn, on_dropped, sessions);
}

void sessions_finish(struct sessions *sessions)
{
    SG_LIST_FOR_EACH(node, &sessions->all)
    finish(sg_container_of(node, struct session, node));
}

struct session *call_session(const struct call *call)
{
    return call->session;
}

/* Where the answer goes; NULL: nowhere. */
static struct session *answered_session(const struct call *call)
{
    struct session *session = call->session;
    bool is_wanted = session != NULL && session->state == SESSION_OPEN && call->id != NULL;
    return is_wanted ? session : NULL;
}

void call_reply(struct call *call, cJSON *result)
{
    struct session *session = answered_session(call);
    if (session != NULL)
        send_result(session, call->id, result);
    else
        cJSON_Delete(result);
    call_destroy(call);
}

void call_fail(struct call *call, const struct sg_err *err)
{
    struct session *session = answered_session(call);
    if (session != NULL)
        send_failure(session, call->id, err);
    call_destroy(call);
}

const struct pipe_caller *session_caller(const struct session *session)
{
    return &session->caller;
}

void session_set_user(struct session *session, void *user)
{
    session->user = user;
}

void *session_user(const struct session *session)
{
    return session->user;
}

static bool is_behind(const struct session *session)
{
    return outbox_size(&session->outbox) > SERVER_PROGRESS_QUEUE_MAX;
}

bool session_notify(struct session *session, const char *method, cJSON *params, bool may_drop)
{
    if (session->state != SESSION_OPEN || (may_drop && is_behind(session))) {
        cJSON_Delete(params);
        return false;
    }
    char *line = rpc_notification(method, params);
    if (is_too_long(line)) {
        sg_free(line);
        return false;
    }
    send_line(session, line);
    return session->state == SESSION_OPEN;
}
