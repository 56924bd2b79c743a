/* Readiness of other people's sockets: one EPOLLONESHOT registration each. Loop thread. */
#define _GNU_SOURCE
#include "os/sock.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "os/posix/fail_posix.h"
#include "os/posix/port_posix.h"

struct sock_watch {
    struct source source;
    struct loop *loop;
    struct deferred reap;
    int fd;
    bool is_registered;
    uint32_t armed;    /* set of enum sock_event; 0 when nothing may be reported */
    uint64_t armed_at; /* port_n_waits then */
    sock_ready_fn *ready;
    void *ctx;
};

static struct port *port_of(const struct sock_watch *watch)
{
    return loop_port(watch->loop);
}

/* An error or hang-up is a reason to read and to write, whatever epoll adds of its own. */
static uint32_t translate(const struct sock_watch *watch, uint32_t epoll_events)
{
    if ((epoll_events & (EPOLLERR | EPOLLHUP)) != 0)
        return watch->armed | SOCK_ERROR;
    uint32_t events = 0;
    if ((epoll_events & (EPOLLIN | EPOLLRDHUP)) != 0)
        events |= SOCK_READ;
    if ((epoll_events & EPOLLOUT) != 0)
        events |= SOCK_WRITE;
    return events & watch->armed;
}

/* An event that epoll_wait returned before the present arming belongs to an earlier one: that is
 * over, and the kernel reports for the present one in the next turn. */
static void on_ready(struct source *source, uint32_t epoll_events)
{
    struct sock_watch *watch = sg_container_of(source, struct sock_watch, source);
    if (watch->armed == 0 || watch->armed_at == port_n_waits(port_of(watch)))
        return;
    uint32_t events = translate(watch, epoll_events);
    watch->armed = 0;
    watch->ready(watch->ctx, events);
}

static void reap(struct deferred *deferred)
{
    sg_free(sg_container_of(deferred, struct sock_watch, reap));
}

/* Leaves the epoll set: a registration always reports errors, even with no event asked for. */
static void disarm(struct sock_watch *watch)
{
    watch->armed = 0;
    if (!watch->is_registered)
        return;
    watch->is_registered = false;
    epoll_ctl(port_epoll_fd(port_of(watch)), EPOLL_CTL_DEL, watch->fd, NULL);
}

void sock_limit_waiting(uintptr_t socket, uint32_t n_bytes)
{
    int size = (int)n_bytes;
    (void)!setsockopt((int)socket, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
}

enum sg_status sock_watch_create(struct loop *loop, uintptr_t socket, sock_ready_fn *ready,
                                 void *ctx, struct sock_watch **out, struct sg_err *err)
{
    struct sock_watch *watch = sg_alloc(sizeof *watch);
    if (watch == NULL)
        return sg_err_set(err, SG_E_NOMEM, "watching a socket");
    watch->source.ready = on_ready;
    watch->loop = loop;
    watch->reap.run = reap;
    watch->fd = (int)socket;
    watch->ready = ready;
    watch->ctx = ctx;
    *out = watch;
    return SG_OK;
}

enum sg_status sock_watch_arm(struct sock_watch *watch, uint32_t events)
{
    if (events == 0) {
        disarm(watch);
        return SG_OK;
    }
    struct epoll_event event = { .events = EPOLLONESHOT, .data.ptr = &watch->source };
    if ((events & SOCK_READ) != 0)
        event.events |= EPOLLIN | EPOLLRDHUP;
    if ((events & SOCK_WRITE) != 0)
        event.events |= EPOLLOUT;
    int operation = watch->is_registered ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (epoll_ctl(port_epoll_fd(port_of(watch)), operation, watch->fd, &event) != 0)
        return os_error_status(errno);
    watch->is_registered = true;
    watch->armed = events;
    watch->armed_at = port_n_waits(port_of(watch));
    return SG_OK;
}

void sock_watch_close(struct sock_watch *watch)
{
    if (watch == NULL)
        return;
    disarm(watch);
    loop_defer(watch->loop, &watch->reap);
}
