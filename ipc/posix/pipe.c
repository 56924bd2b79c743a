/* The server's end as Unix-domain sockets, for tests: readiness from the loop, one transfer per
 * readiness. Loop thread only. */
#define _GNU_SOURCE
#include "ipc/pipe.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/mem.h"
#include "ipc/posix/address.h"
#include "os/posix/fail_posix.h"
#include "os/posix/identity_posix.h"
#include "os/sock.h"

enum { BACKLOG = 64, ACCEPTS_AT_ONCE = 16, OWNER_SIZE = 16 };

/* A pending read or write; `op` is NULL when there is none. */
struct transfer {
    struct op *op;
    char *room;        /* for a read */
    const char *bytes; /* for a write */
    uint32_t n_bytes;
    uint32_t n_done;
};

struct pipe_conn {
    struct loop *loop;
    int fd;
    struct sock_watch *watch;
    struct transfer read;
    struct transfer write;
    bool is_closing;
    pipe_closed_fn *closed;
    void *closed_ctx;
    struct deferred reap;
};

struct pipe_listener {
    struct loop *loop;
    int fd;
    struct sock_watch *watch;
    struct sockaddr_un address;
    pipe_accept_fn *accept;
    void *ctx;
    bool is_closing;
    pipe_closed_fn *closed;
    void *closed_ctx;
    struct deferred reap;
};

static void complete(struct transfer *transfer, enum sg_status status, int os_error)
{
    struct op *op = transfer->op;
    transfer->op = NULL;
    if (op == NULL)
        return;
    op->os_error = os_error;
    op->done(op, status, transfer->n_done);
}

static void complete_failed(struct transfer *transfer, int os_error)
{
    if (os_error == EAGAIN || os_error == EINTR)
        return;
    enum sg_status status = os_error == ECONNRESET ? SG_E_CLOSED : os_error_status(os_error);
    complete(transfer, status, os_error);
}

static void try_read(struct pipe_conn *conn)
{
    struct transfer *read = &conn->read;
    ssize_t n_bytes = recv(conn->fd, read->room, read->n_bytes, MSG_DONTWAIT);
    if (n_bytes < 0) {
        complete_failed(read, errno);
        return;
    }
    read->n_done = (uint32_t)n_bytes;
    complete(read, n_bytes > 0 ? SG_OK : SG_E_CLOSED, 0);
}

static void try_write(struct pipe_conn *conn)
{
    struct transfer *write = &conn->write;
    ssize_t n_bytes = send(conn->fd, write->bytes + write->n_done, write->n_bytes - write->n_done,
                           MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n_bytes < 0) {
        complete_failed(write, errno);
        return;
    }
    write->n_done += (uint32_t)n_bytes;
    if (write->n_done == write->n_bytes)
        complete(write, SG_OK, 0);
}

static enum sg_status arm(struct pipe_conn *conn)
{
    uint32_t events = conn->read.op != NULL ? SOCK_READ : 0;
    if (conn->write.op != NULL)
        events |= SOCK_WRITE;
    return sock_watch_arm(conn->watch, events);
}

/* `done` may start something new, or close the connection. */
static void on_ready(void *ctx, uint32_t events)
{
    struct pipe_conn *conn = ctx;
    if ((events & SOCK_READ) != 0 && conn->read.op != NULL)
        try_read(conn);
    if ((events & SOCK_WRITE) != 0 && conn->write.op != NULL && !conn->is_closing)
        try_write(conn);
    if (conn->is_closing)
        return;
    enum sg_status status = arm(conn);
    if (status != SG_OK) {
        complete(&conn->read, status, 0);
        complete(&conn->write, status, 0);
    }
}

static enum sg_status start(struct pipe_conn *conn, struct transfer *transfer)
{
    transfer->op->os_error = 0;
    enum sg_status status = arm(conn);
    if (status == SG_OK)
        return SG_PENDING;
    transfer->op = NULL;
    return status;
}

enum sg_status pipe_read(struct pipe_conn *conn, struct op *op, void *out, uint32_t n_bytes)
{
    conn->read = (struct transfer){ .op = op, .room = out, .n_bytes = n_bytes };
    return start(conn, &conn->read);
}

enum sg_status pipe_write(struct pipe_conn *conn, struct op *op, const void *data, uint32_t n_bytes)
{
    conn->write = (struct transfer){ .op = op, .bytes = data, .n_bytes = n_bytes };
    return start(conn, &conn->write);
}

static void reap_conn(struct deferred *deferred)
{
    struct pipe_conn *conn = sg_container_of(deferred, struct pipe_conn, reap);
    pipe_closed_fn *closed = conn->closed;
    void *ctx = conn->closed_ctx;
    complete(&conn->read, SG_E_CANCELLED, 0);
    complete(&conn->write, SG_E_CANCELLED, 0);
    close(conn->fd);
    sg_free(conn);
    if (closed != NULL)
        closed(ctx);
}

void pipe_conn_close(struct pipe_conn *conn, pipe_closed_fn *closed, void *ctx)
{
    if (conn == NULL)
        return;
    conn->is_closing = true;
    conn->closed = closed;
    conn->closed_ctx = ctx;
    sock_watch_close(conn->watch);
    loop_defer(conn->loop, &conn->reap);
}

enum sg_status pipe_conn_caller(struct pipe_conn *conn, struct pipe_caller *out, struct sg_err *err)
{
    unsigned uid, gid;
    char text[OWNER_SIZE];
    int os_error = address_peer_user(conn->fd, &uid, &gid);
    if (os_error != 0)
        return posix_fail(err, os_error, "asking who calls", NULL);
    snprintf(text, sizeof text, "%u", uid);
    char *sid = sg_strdup(text);
    if (sid == NULL)
        return sg_err_set(err, SG_E_NOMEM, "asking who calls");
    *out = (struct pipe_caller){ .sid = sid,
                                 .is_administrator = uid == 0,
                                 .right = identity_of_user(uid, gid) };
    return SG_OK;
}

void pipe_caller_fini(struct pipe_caller *caller)
{
    sg_free(caller->sid);
    identity_unref(caller->right);
    *caller = (struct pipe_caller){ 0 };
}

/* Takes `fd` over. NULL when memory ran out. */
static struct pipe_conn *conn_create(struct loop *loop, int fd)
{
    struct pipe_conn *conn = sg_alloc(sizeof *conn);
    if (conn == NULL)
        goto close_fd;
    conn->loop = loop;
    conn->fd = fd;
    conn->reap.run = reap_conn;
    if (sock_watch_create(loop, (uintptr_t)fd, on_ready, conn, &conn->watch, NULL) == SG_OK)
        return conn;
    sg_free(conn);
close_fd:
    close(fd);
    return NULL;
}

/* A failure to accept is the client's loss, who sees its connection closed. `accept` may close the
 * listener. */
static void on_connect(void *ctx, uint32_t events)
{
    struct pipe_listener *listener = ctx;
    (void)events;
    for (int i = 0; i < ACCEPTS_AT_ONCE && !listener->is_closing; i++) {
        int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0)
            break;
        struct pipe_conn *conn = conn_create(listener->loop, fd);
        if (conn != NULL)
            listener->accept(listener->ctx, conn);
    }
    if (!listener->is_closing) {
        enum sg_status status = sock_watch_arm(listener->watch, SOCK_READ);
        SG_ASSERT(status == SG_OK); /* it was registered before: nothing is left that can fail */
    }
}

static bool is_stale(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return false;
    int outcome = connect(fd, (const struct sockaddr *)(const void *)address, sizeof *address);
    bool is_refused = outcome != 0 && errno == ECONNREFUSED;
    close(fd);
    return is_refused;
}

static int bind_to(int fd, const struct sockaddr_un *address)
{
    return bind(fd, (const struct sockaddr *)(const void *)address, sizeof *address) == 0 ? 0
                                                                                          : errno;
}

/* The socket of a process that was killed stays behind, and refuses connections. */
static enum sg_status claim(int fd, const struct sockaddr_un *address, struct sg_err *err)
{
    int os_error = bind_to(fd, address);
    if (os_error == EADDRINUSE && is_stale(address)) {
        unlink(address->sun_path);
        os_error = bind_to(fd, address);
    }
    if (os_error == EADDRINUSE)
        return sg_err_set(err, SG_E_IN_USE, "another process listens there");
    return os_error == 0 ? SG_OK : posix_fail(err, os_error, "creating a socket", NULL);
}

/* Nobody can connect before listen(), so the mode is right from the first connection on. */
static enum sg_status bind_and_listen(int fd, const struct sockaddr_un *address,
                                      enum pipe_access access, struct sg_err *err)
{
    enum sg_status status = claim(fd, address, err);
    if (status != SG_OK)
        return status;
    mode_t mode = access == PIPE_ACCESS_LOCAL_USERS ? 0666 : 0600;
    if (chmod(address->sun_path, mode) == 0 && listen(fd, BACKLOG) == 0)
        return SG_OK;
    status = posix_fail(err, errno, "listening", NULL);
    unlink(address->sun_path);
    return status;
}

static void reap_listener(struct deferred *deferred)
{
    struct pipe_listener *listener = sg_container_of(deferred, struct pipe_listener, reap);
    pipe_closed_fn *closed = listener->closed;
    void *ctx = listener->closed_ctx;
    sg_free(listener);
    if (closed != NULL)
        closed(ctx);
}

static enum sg_status watch_listener(struct pipe_listener *listener, struct sg_err *err)
{
    enum sg_status status = sock_watch_create(listener->loop, (uintptr_t)listener->fd, on_connect,
                                              listener, &listener->watch, err);
    if (status != SG_OK)
        return status;
    status = sock_watch_arm(listener->watch, SOCK_READ);
    if (status == SG_OK)
        return SG_OK;
    sock_watch_close(listener->watch);
    return sg_err_set(err, status, "watching a socket");
}

enum sg_status pipe_listen(struct loop *loop, const char *name, enum pipe_access access,
                           pipe_accept_fn *accept, void *ctx, struct pipe_listener **out,
                           struct sg_err *err)
{
    struct pipe_listener *listener = sg_alloc(sizeof *listener);
    if (listener == NULL)
        return sg_err_set(err, SG_E_NOMEM, "listening");
    listener->loop = loop;
    listener->accept = accept;
    listener->ctx = ctx;
    listener->reap.run = reap_listener;
    enum sg_status status = address_from_name(name, &listener->address, err);
    if (status != SG_OK)
        goto free_listener;
    listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener->fd < 0) {
        status = posix_fail(err, errno, "creating a socket", NULL);
        goto free_listener;
    }
    status = bind_and_listen(listener->fd, &listener->address, access, err);
    if (status != SG_OK)
        goto close_fd;
    status = watch_listener(listener, err);
    if (status != SG_OK)
        goto remove_name;
    *out = listener;
    return SG_OK;

remove_name:
    unlink(listener->address.sun_path);
close_fd:
    close(listener->fd);
free_listener:
    sg_free(listener);
    return status;
}

void pipe_listener_close(struct pipe_listener *listener, pipe_closed_fn *closed, void *ctx)
{
    if (listener == NULL)
        return;
    listener->is_closing = true;
    listener->closed = closed;
    listener->closed_ctx = ctx;
    sock_watch_close(listener->watch);
    close(listener->fd);
    unlink(listener->address.sun_path);
    loop_defer(listener->loop, &listener->reap);
}
