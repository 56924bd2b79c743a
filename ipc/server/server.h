/* Sessions: reads lines from every connection, turns them into calls for the daemon, and writes
 * replies and events back without ever waiting for a slow reader. Loop thread only. */
#ifndef SEGUE_IPC_SERVER_SERVER_H
#define SEGUE_IPC_SERVER_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "base/err.h"
#include "ipc/pipe.h"
#include "ipc/wire/method.h"

/* Limits; reaching one is an ordinary outcome. */
enum {
    SERVER_SESSIONS_MAX = 64, /* further clients are told "limit_reached" and let go */
    SERVER_CALLS_MAX = 64,    /* unanswered calls of a session; further ones wait unread */
    SERVER_PROGRESS_QUEUE_MAX = 256 * 1024, /* bytes waiting: progress events are dropped beyond */
    SERVER_QUEUE_MAX = 16 * 1024 * 1024,    /* bytes waiting: the session is closed beyond */
};

struct server;
struct session;
struct call;

/* One request that must be answered exactly once by call_reply or call_fail, now or later. It stays
 * valid even when its session ends; answers then go nowhere. */

/* What the daemon does with it all. Callbacks on the loop thread. */
struct server_handler {
    /* A request for a known method; `params` is an object or NULL and valid during the callback. */
    void (*on_call)(void *ctx, struct call *call, enum method method, const cJSON *params);
    /* A session has ended: forget its subscriptions. `session` is not valid afterwards. */
    void (*on_close)(void *ctx, struct session *session);
    /* A session knows who calls, before his first call; NULL: nobody asks. on_close comes for it
     * later. */
    void (*on_caller)(void *ctx, struct session *session);
    /* Tells who calls; NULL: pipe_conn_caller. The one place where a caller gets his name. */
    pipe_identify_fn *identify;
};

/* Listens on the pipe `name`. `handler` is copied. Errors as pipe_listen. */
SG_MUST_USE enum sg_status server_open(struct loop *loop, const char *name, enum pipe_access access,
                                       const struct server_handler *handler, void *ctx,
                                       struct server **out, struct sg_err *err);

/* Stops listening and closes every session after what is queued for it was handed to the system (a
 * reader that does not read is cut off). The loop must turn until `closed` was called; the server
 * is gone then. */
void server_close(struct server *server, void (*closed)(void *ctx), void *ctx);

/* The number of sessions now. */
uint32_t server_session_count(const struct server *server);

/* The session of a call; NULL when it has ended. */
struct session *call_session(const struct call *call);

/* Reads no further request of the session before the answer to this one: for a call that is not
 * carried out at once, since those behind it must not overtake it. */
void call_hold(struct call *call);

/* Calls `gone` when the session ends before the call was answered, so that what is being done for
 * nobody can be given up; the call must still be answered. */
void call_watch(struct call *call, void (*gone)(void *ctx), void *ctx);

/* Answers; takes `result` over (NULL: an empty object) and frees `call`. */
void call_reply(struct call *call, cJSON *result);

/* Answers with an error and frees `call`. */
void call_fail(struct call *call, const struct sg_err *err);

/* Who calls, as `identify` said before the first call; valid while the session lives. */
const struct pipe_caller *session_caller(const struct session *session);

/* Whatever the daemon wants to keep with a session; NULL at first. */
void session_set_user(struct session *session, void *user);
void *session_user(const struct session *session);

/* Sends a notification; takes `params` over. With `may_drop` it is left out when the reader is
 * behind; false tells that it was. */
bool session_notify(struct session *session, const char *method, cJSON *params, bool may_drop);

#endif
