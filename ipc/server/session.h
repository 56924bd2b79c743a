/* The sessions of one server: what session.c and server.c need of each other. Loop thread only. */
#ifndef SEGUE_IPC_SERVER_SESSION_H
#define SEGUE_IPC_SERVER_SESSION_H

#include <stdint.h>

#include "base/err.h"
#include "base/list.h"
#include "ipc/pipe.h"
#include "ipc/server/server.h"

struct sessions;

typedef void sessions_fn(struct sessions *sessions);

/* Embed it, fill the first group, zero the rest, sg_list_init(&all). */
struct sessions {
    struct loop *loop;
    struct server_handler handler;
    void *handler_ctx;
    sessions_fn *on_conn_gone; /* a connection has gone for good */

    struct sg_list all;
    uint32_t n_open;  /* sessions as the daemon sees them */
    uint32_t n_conns; /* connections, also those that are being closed */
};

/* Makes a session of a new connection, which it takes over. */
void session_start(struct sessions *sessions, struct pipe_conn *conn);

/* Tells a new connection, which it takes over, why it cannot be served, and closes it. */
void session_refuse(struct sessions *sessions, struct pipe_conn *conn, const struct sg_err *why);

/* Closes a new connection, which it takes over, without a word. */
void session_drop(struct sessions *sessions, struct pipe_conn *conn);

/* Ends every session as soon as what is queued for it was handed to the system, or after a second.
 * */
void sessions_finish(struct sessions *sessions);

#endif
