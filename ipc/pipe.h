/* The server's end of the control channel: a listener and its connections, as operations on the
 * loop. Implemented by ipc/win (named pipes) and, for tests, ipc/posix (Unix-domain sockets). Loop
 * thread only. */
#ifndef SEGUE_IPC_PIPE_H
#define SEGUE_IPC_PIPE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "os/identity.h"
#include "os/loop.h"
#include "os/op.h"

struct pipe_listener;
struct pipe_conn;

/* Who may connect. */
enum pipe_access {
    /* the user this process runs as, and administrators: the user's own daemon */
    PIPE_ACCESS_OWNER,
    /* every user logged on to this machine, never the network: the service */
    PIPE_ACCESS_LOCAL_USERS,
};

/* Who is at the other end of a connection; pipe_caller_fini. */
struct pipe_caller {
    char *sid;             /* "S-1-5-21-…" on Windows, a number on POSIX */
    bool is_administrator; /* now: on Windows elevated, on POSIX root */
    struct identity
        *right; /* to act as him, beyond the connection; NULL: he only shows who he is */
};

/* A new connection, which belongs to the callee: pipe_conn_close. */
typedef void pipe_accept_fn(void *ctx, struct pipe_conn *conn);

/* Creates the pipe `name` and accepts connections until pipe_listener_close. Remote clients are
 * refused; the first instance must be ours: SG_E_IN_USE when somebody else has the name.
 * CreateNamedPipeW with FILE_FLAG_FIRST_PIPE_INSTANCE and PIPE_REJECT_REMOTE_CLIENTS. */
SG_MUST_USE enum sg_status pipe_listen(struct loop *loop, const char *name, enum pipe_access access,
                                       pipe_accept_fn *accept, void *ctx,
                                       struct pipe_listener **out, struct sg_err *err);

/* Called once, from a later turn, when the system has let go of what was closed. */
typedef void pipe_closed_fn(void *ctx);

/* Stops accepting; connections stay. The name is free when `closed` (NULL: nobody asks) is called.
 * NULL as the listener is allowed, and calls nothing. */
void pipe_listener_close(struct pipe_listener *listener, pipe_closed_fn *closed, void *ctx);

/* Reads what is there, up to `n_bytes`, at least one byte; one read at a time. As os/op.h says, but
 * never SG_OK: `done` always comes from a later turn, so that a peer that never stops sending
 * cannot keep a turn from ending. SG_E_CLOSED at the end. */
SG_MUST_USE enum sg_status pipe_read(struct pipe_conn *conn, struct op *op, void *out,
                                     uint32_t n_bytes);

/* Writes all `n_bytes` > 0; one write at a time; `data` must stay. Never SG_OK, as pipe_read. */
SG_MUST_USE enum sg_status pipe_write(struct pipe_conn *conn, struct op *op, const void *data,
                                      uint32_t n_bytes);

/* Closes the connection: a pending read or write completes with SG_E_CANCELLED (their `done` still
 * comes, so their memory must stay until then), then `closed` (NULL: nobody asks) is called. What
 * was written before can still be read by the peer; where the system would drop it, the connection
 * stays open for that, for at most a second. NULL as the connection is allowed, and calls nothing.
 * */
void pipe_conn_close(struct pipe_conn *conn, pipe_closed_fn *closed, void *ctx);

/* A question for who is at the other end, to which tests have answers of their own. */
typedef enum sg_status pipe_identify_fn(struct pipe_conn *conn, struct pipe_caller *out,
                                        struct sg_err *err);

/* The system's answer, once bytes were read: who opened the connection, with the groups he had
 * then. SG_E_DENIED when he does not show who he is. ImpersonateNamedPipeClient,
 * CheckTokenMembership; SO_PEERCRED. */
pipe_identify_fn pipe_conn_caller;

/* Releases what an identity owns. Empty ones are allowed. */
void pipe_caller_fini(struct pipe_caller *caller);

#endif
