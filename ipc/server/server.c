/* Accepting, and the end of it all. What is said on a connection is session.c's. Loop thread only.
 * */
#include "ipc/server/server.h"

#include "base/mem.h"
#include "ipc/server/session.h"

/* Connections that are being refused or closed; beyond, new ones are dropped without a word. */
enum { LEAVING_MAX = 64 };

struct server {
    struct sessions sessions;
    struct pipe_listener *listener;
    bool is_closing;
    bool is_listening; /* as far as the system is concerned */
    void (*closed)(void *ctx);
    void *closed_ctx;
    struct deferred gone;
};

static void on_gone(struct deferred *deferred)
{
    struct server *server = sg_container_of(deferred, struct server, gone);
    void (*closed)(void *ctx) = server->closed;
    void *ctx = server->closed_ctx;
    sg_free(server);
    closed(ctx);
}

static void leave_when_empty(struct server *server)
{
    if (server->is_closing && !server->is_listening && server->sessions.n_conns == 0)
        loop_defer(server->sessions.loop, &server->gone);
}

static void on_conn_gone(struct sessions *sessions)
{
    leave_when_empty(sg_container_of(sessions, struct server, sessions));
}

static void on_listener_closed(void *ctx)
{
    struct server *server = ctx;
    server->is_listening = false;
    leave_when_empty(server);
}

static void on_accept(void *ctx, struct pipe_conn *conn)
{
    struct server *server = ctx;
    struct sessions *sessions = &server->sessions;
    if (server->is_closing || sessions->n_conns - sessions->n_open >= LEAVING_MAX) {
        session_drop(sessions, conn);
        return;
    }
    if (sessions->n_open < SERVER_SESSIONS_MAX) {
        session_start(sessions, conn);
        return;
    }
    struct sg_err err = { 0 };
    sg_err_set(&err, SG_E_LIMIT, "%d clients are connected: close one of them, or try again later",
               (int)SERVER_SESSIONS_MAX);
    session_refuse(sessions, conn, &err);
}

enum sg_status server_open(struct loop *loop, const char *name, enum pipe_access access,
                           const struct server_handler *handler, void *ctx, struct server **out,
                           struct sg_err *err)
{
    struct server *server = sg_alloc(sizeof *server);
    if (server == NULL)
        return sg_err_set(err, SG_E_NOMEM, "opening the control channel");
    server->sessions.loop = loop;
    server->sessions.handler = *handler;
    server->sessions.handler_ctx = ctx;
    server->sessions.on_conn_gone = on_conn_gone;
    sg_list_init(&server->sessions.all);
    server->gone.run = on_gone;
    server->is_listening = true;
    enum sg_status status =
        pipe_listen(loop, name, access, on_accept, server, &server->listener, err);
    if (status != SG_OK) {
        sg_free(server);
        return sg_err_prefix(err, status, "opening the control channel %s", name);
    }
    *out = server;
    return SG_OK;
}

void server_close(struct server *server, void (*closed)(void *ctx), void *ctx)
{
    server->is_closing = true;
    server->closed = closed;
    server->closed_ctx = ctx;
    sessions_finish(&server->sessions);
    pipe_listener_close(server->listener, on_listener_closed, server);
}

uint32_t server_session_count(const struct server *server)
{
    return server->sessions.n_open;
}
