/* One connection: a read, a write, and an end that loses nothing. Loop thread only.
 *
 *   open ─► closing ─► lingering ─► (freed)
 *              └───────────────────────┘
 *
 * closing: asked to close; the kernel still has a read or a write. lingering: something was written
 * so lately that the client may not have read it. DisconnectNamedPipe is documented to throw such
 * bytes away, and for CloseHandle nothing is promised; FlushFileBuffers waits until they are read,
 * but would block the loop, and for as long as the client likes. So the handle stays open, and a
 * read that nobody wants the bytes of tells when the client has closed its end, which it does when
 * it has read what it came for; one that does not is let go when it had its time. */
#include "ipc/win/conn.h"

#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "ipc/win/caller.h"
#include "os/win/error_win.h"
#include "os/win/handle.h"
#include "os/win/port_win.h"

enum { LINGER_US = 1000 * 1000, SCRAP_SIZE = 512 };

/* A read or a write. */
struct transfer {
    struct packet packet; /* the kernel's while is_pending */
    struct pipe_conn *conn;
    struct op *op; /* NULL: for lingering */
    uint32_t n_expected;
    bool is_pending;
};

struct pipe_conn {
    struct loop *loop;
    HANDLE pipe;
    struct transfer read;
    struct transfer write;

    bool has_written;
    uint64_t written_us; /* when the last write was finished */

    bool is_closing;
    struct timer linger;
    struct deferred leave;
    pipe_closed_fn *closed;
    void *closed_ctx;
    char scrap[SCRAP_SIZE];
};

/* Without FILE_SKIP_COMPLETION_PORT_ON_SUCCESS whatever was started sends a packet. */
static enum sg_status finish_start(struct transfer *transfer, BOOL has_worked, int32_t *out_error)
{
    DWORD error = has_worked ? ERROR_SUCCESS : GetLastError();
    *out_error = (int32_t)error;
    if (error != ERROR_SUCCESS && error != ERROR_IO_PENDING)
        return os_error_status((int32_t)error);
    port_owe(loop_port(transfer->conn->loop));
    transfer->is_pending = true;
    return SG_PENDING;
}

static OVERLAPPED *begin(struct transfer *transfer, struct op *op, uint32_t n_expected)
{
    memset(&transfer->packet.overlapped, 0, sizeof transfer->packet.overlapped);
    transfer->op = op;
    transfer->n_expected = n_expected;
    return &transfer->packet.overlapped;
}

static enum sg_status read_start(struct pipe_conn *conn, struct op *op, void *out, uint32_t n_bytes,
                                 int32_t *out_error)
{
    OVERLAPPED *overlapped = begin(&conn->read, op, 0);
    return finish_start(&conn->read, ReadFile(conn->pipe, out, n_bytes, NULL, overlapped),
                        out_error);
}

enum sg_status pipe_read(struct pipe_conn *conn, struct op *op, void *out, uint32_t n_bytes)
{
    return read_start(conn, op, out, n_bytes, &op->os_error);
}

enum sg_status pipe_write(struct pipe_conn *conn, struct op *op, const void *data, uint32_t n_bytes)
{
    OVERLAPPED *overlapped = begin(&conn->write, op, n_bytes);
    return finish_start(&conn->write, WriteFile(conn->pipe, data, n_bytes, NULL, overlapped),
                        &op->os_error);
}

static void conn_free(struct pipe_conn *conn)
{
    pipe_closed_fn *closed = conn->closed;
    void *ctx = conn->closed_ctx;
    timer_stop(conn->loop, &conn->linger);
    handle_close(conn->pipe);
    sg_free(conn);
    if (closed != NULL)
        closed(ctx);
}

/* How much of its time the client has left to read what was written last. */
static uint64_t linger_left_us(const struct pipe_conn *conn)
{
    uint64_t since_us = loop_now_us(conn->loop) - conn->written_us;
    return conn->has_written && since_us < LINGER_US ? LINGER_US - since_us : 0;
}

/* False when there is no reason to wait for the client any more. */
static bool linger_on(struct pipe_conn *conn)
{
    int32_t error;
    uint64_t left_us = linger_left_us(conn);
    if (left_us == 0)
        return false;
    if (!timer_is_running(&conn->linger))
        timer_start(conn->loop, &conn->linger, left_us);
    return read_start(conn, NULL, conn->scrap, SCRAP_SIZE, &error) == SG_PENDING;
}

static void on_leave(struct deferred *deferred)
{
    struct pipe_conn *conn = sg_container_of(deferred, struct pipe_conn, leave);
    if (!linger_on(conn))
        conn_free(conn);
}

static void cancel(struct transfer *transfer)
{
    if (transfer->is_pending)
        CancelIoEx(transfer->conn->pipe, &transfer->packet.overlapped);
}

static void on_lingered(struct timer *timer)
{
    struct pipe_conn *conn = sg_container_of(timer, struct pipe_conn, linger);
    conn->has_written = false; /* the client had its time */
    cancel(&conn->read);
}

static void leave_when_idle(struct pipe_conn *conn)
{
    if (conn->is_closing && !conn->read.is_pending && !conn->write.is_pending)
        loop_defer(conn->loop, &conn->leave);
}

/* The client has closed its end, or the timer has cancelled the read: nobody is left to wait for.
 * */
static void on_linger_read(struct pipe_conn *conn, int32_t nt_status)
{
    if (!NT_SUCCESS(nt_status))
        conn->has_written = false;
    leave_when_idle(conn);
}

static enum sg_status judge(const struct transfer *transfer, int32_t nt_status, uint32_t n_bytes)
{
    transfer->op->os_error = 0;
    if (NT_SUCCESS(nt_status))
        return n_bytes < transfer->n_expected ? SG_E_IO : SG_OK;
    transfer->op->os_error = (int32_t)error_from_nt(nt_status);
    return os_error_status(transfer->op->os_error);
}

/* `done` may start the next transfer, or close the connection, which stays until the turn ends. */
static void on_packet(struct packet *packet, int32_t nt_status, uint32_t n_bytes)
{
    struct transfer *transfer = sg_container_of(packet, struct transfer, packet);
    struct pipe_conn *conn = transfer->conn;
    struct op *op = transfer->op;
    transfer->is_pending = false;
    if (op == NULL) {
        on_linger_read(conn, nt_status);
        return;
    }
    enum sg_status status = judge(transfer, nt_status, n_bytes);
    if (transfer == &conn->write && status == SG_OK) {
        conn->has_written = true;
        conn->written_us = loop_now_us(conn->loop);
    }
    op->done(op, status, n_bytes);
    leave_when_idle(conn);
}

struct pipe_conn *conn_create(struct loop *loop, HANDLE pipe)
{
    struct pipe_conn *conn = sg_alloc(sizeof *conn);
    if (conn == NULL) {
        handle_close(pipe);
        return NULL;
    }
    conn->loop = loop;
    conn->pipe = pipe;
    conn->read.conn = conn;
    conn->read.packet.arrived = on_packet;
    conn->write.conn = conn;
    conn->write.packet.arrived = on_packet;
    conn->linger.fire = on_lingered;
    conn->leave.run = on_leave;
    return conn;
}

void pipe_conn_close(struct pipe_conn *conn, pipe_closed_fn *closed, void *ctx)
{
    if (conn == NULL)
        return;
    conn->is_closing = true;
    conn->closed = closed;
    conn->closed_ctx = ctx;
    cancel(&conn->read);
    cancel(&conn->write);
    leave_when_idle(conn);
}

enum sg_status pipe_conn_caller(struct pipe_conn *conn, struct pipe_caller *out, struct sg_err *err)
{
    return caller_identify(conn->pipe, out, err);
}
