/* One watch per socket: at most one poll of the driver at a time, resubmitted when what is wanted
 * is more than what is polled. Does not know what the sockets are for. Loop thread only.
 *
 *              arm                 arm for more, or close
 *   idle ────────────► polling ──────────────────► ending
 *    ▲                    │                           │
 *    └──── its packet ────┴──────── its packet ───────┘
 *
 * A packet that finds `wanted` not satisfied leads to polling again; one that finds the watch
 * closed frees it. */
#include "os/sock.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/assert.h"
#include "base/mem.h"
#include "os/op.h"
#include "os/win/afd.h"
#include "os/win/error_win.h"
#include "os/win/port_win.h"
#include "os/win/win.h"

enum poll_state { POLL_IDLE, POLL_RUNNING, POLL_ENDING };

/* Reported whether they were asked for or not. */
enum { ALWAYS = AFD_ABORT | AFD_CONNECT_FAIL | AFD_LOCAL_CLOSE };

struct sock_watch {
    struct packet packet;       /* the kernel's while not idle */
    struct afd_request request; /* likewise */
    struct afd_group *group;
    SOCKET socket; /* the base socket */
    sock_ready_fn *ready;
    void *ctx;
    enum poll_state state;
    uint32_t polled; /* the set that the running poll is for */
    uint32_t wanted; /* 0: not armed */
    bool is_closed;
};

static uint32_t to_afd(uint32_t events)
{
    uint32_t mask = ALWAYS;
    if ((events & SOCK_READ) != 0)
        mask |= AFD_RECEIVE | AFD_ACCEPT | AFD_DISCONNECT;
    if ((events & SOCK_WRITE) != 0)
        mask |= AFD_SEND;
    return mask;
}

static uint32_t from_afd(uint32_t mask)
{
    uint32_t events = 0;
    if ((mask & (AFD_RECEIVE | AFD_ACCEPT | AFD_DISCONNECT)) != 0)
        events |= SOCK_READ;
    if ((mask & AFD_SEND) != 0)
        events |= SOCK_WRITE;
    if ((mask & (AFD_ABORT | AFD_CONNECT_FAIL)) != 0)
        events |= SOCK_READ | SOCK_WRITE | SOCK_ERROR;
    return events;
}

static void free_watch(struct sock_watch *watch)
{
    afd_return(watch->group);
    sg_free(watch);
}

static uint32_t start_poll(struct sock_watch *watch)
{
    uint32_t error = afd_poll(watch->group, watch->socket, to_afd(watch->wanted), &watch->packet,
                              &watch->request);
    if (error == 0) {
        watch->polled = watch->wanted;
        watch->state = POLL_RUNNING;
    }
    return error;
}

static void end_poll(struct sock_watch *watch)
{
    if (watch->state != POLL_RUNNING)
        return;
    afd_cancel(watch->group, &watch->packet);
    watch->state = POLL_ENDING;
}

/* What the finished poll says to who armed the watch. */
static uint32_t read_result(struct sock_watch *watch, int32_t nt_status)
{
    if (nt_status < 0)
        return watch->state == POLL_ENDING ? 0 : SOCK_ERROR;
    uint32_t mask = afd_result(&watch->request);
    if ((mask & AFD_LOCAL_CLOSE) != 0) {
        watch->wanted = 0; /* its owner closed the socket: there is nothing left to watch */
        return 0;
    }
    return from_afd(mask) & (watch->wanted | SOCK_ERROR);
}

static void on_polled(struct packet *packet, int32_t nt_status, uint32_t n_bytes)
{
    (void)n_bytes;
    struct sock_watch *watch = sg_container_of(packet, struct sock_watch, packet);
    uint32_t events = watch->is_closed ? 0 : read_result(watch, nt_status);
    watch->state = POLL_IDLE;
    if (watch->is_closed) {
        free_watch(watch);
        return;
    }
    if (watch->wanted == 0)
        return;
    if (events == 0 && start_poll(watch) == 0)
        return;
    watch->wanted = 0;
    watch->ready(watch->ctx, events != 0 ? events : SOCK_ERROR);
}

void sock_limit_waiting(uintptr_t socket, uint32_t n_bytes)
{
    DWORD size = n_bytes;
    (void)setsockopt((SOCKET)socket, SOL_SOCKET, SO_RCVBUF, (const char *)&size, sizeof size);
}

enum sg_status sock_watch_create(struct loop *loop, uintptr_t socket, sock_ready_fn *ready,
                                 void *ctx, struct sock_watch **out, struct sg_err *err)
{
    SOCKET base;
    uint32_t error = afd_base_socket((SOCKET)socket, &base);
    if (error != 0)
        return error_report_as(err, SG_E_SYSTEM, error, "watching a socket", NULL);
    struct sock_watch *watch = sg_alloc(sizeof *watch);
    struct afd *afd = port_afd(loop_port(loop));
    if (watch == NULL || afd == NULL) {
        sg_free(watch);
        return sg_err_set(err, SG_E_NOMEM, "watching a socket");
    }
    enum sg_status status = afd_borrow(afd, &watch->group, err);
    if (status != SG_OK) {
        sg_free(watch);
        return status;
    }
    watch->packet.arrived = on_polled;
    watch->socket = base;
    watch->ready = ready;
    watch->ctx = ctx;
    *out = watch;
    return SG_OK;
}

/* A poll for more than is wanted may run on: what it brings is sifted. */
enum sg_status sock_watch_arm(struct sock_watch *watch, uint32_t events)
{
    SG_ASSERT(!watch->is_closed);
    SG_ASSERT((events & ~(uint32_t)(SOCK_READ | SOCK_WRITE)) == 0);
    uint32_t before = watch->wanted;
    watch->wanted = events;
    if ((events & ~watch->polled) != 0)
        end_poll(watch);
    if (watch->state != POLL_IDLE || events == 0)
        return SG_OK;
    uint32_t error = start_poll(watch);
    if (error == 0)
        return SG_OK;
    watch->wanted = before;
    return os_error_status((int32_t)error);
}

void sock_watch_close(struct sock_watch *watch)
{
    if (watch == NULL)
        return;
    watch->is_closed = true;
    end_poll(watch);
    if (watch->state == POLL_IDLE)
        free_watch(watch);
}
