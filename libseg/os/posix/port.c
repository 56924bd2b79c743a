/* The port: an epoll set for sockets, an eventfd that wakes it, and a list of the operations that
 * other threads finished. Only port_complete and port_wake are called on other threads. */
#define _GNU_SOURCE
#include "os/port.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/assert.h"
#include "os/posix/fail_posix.h"
#include "os/posix/port_posix.h"
#include "os/posix/writers.h"

enum { EVENTS_PER_WAIT = 64 };

struct port {
    int epoll_fd;
    int wake_fd;
    struct writers *writers;

    /* loop thread only */
    struct source wake;
    uint64_t n_waits;
    uint64_t woke_us;

    pthread_mutex_t lock;
    struct sg_list completed; /* under lock */
};

static void on_wake(struct source *source, uint32_t epoll_events)
{
    (void)epoll_events;
    const struct port *port = sg_container_of(source, struct port, wake);
    uint64_t count;
    SG_ASSERT(read(port->wake_fd, &count, sizeof count) == (ssize_t)sizeof count ||
              errno == EAGAIN);
}

static enum sg_status open_descriptors(struct port *port, struct sg_err *err)
{
    port->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (port->epoll_fd < 0)
        return posix_fail_as(err, SG_E_SYSTEM, errno, "creating an epoll set", NULL);
    port->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (port->wake_fd < 0) {
        posix_fail_as(err, SG_E_SYSTEM, errno, "creating an eventfd", NULL);
        goto close_epoll;
    }
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = &port->wake };
    if (epoll_ctl(port->epoll_fd, EPOLL_CTL_ADD, port->wake_fd, &event) != 0) {
        posix_fail_as(err, SG_E_SYSTEM, errno, "watching an eventfd", NULL);
        goto close_wake;
    }
    return SG_OK;

close_wake:
    close(port->wake_fd);
close_epoll:
    close(port->epoll_fd);
    return SG_E_SYSTEM;
}

static void close_descriptors(struct port *port)
{
    close(port->wake_fd);
    close(port->epoll_fd);
}

enum sg_status port_create(struct port **out, struct sg_err *err)
{
    struct port *port = sg_alloc(sizeof *port);
    if (port == NULL)
        return sg_err_set(err, SG_E_NOMEM, "creating a port");
    port->wake.ready = on_wake;
    port->woke_us = port_now_us(port);
    sg_list_init(&port->completed);
    enum sg_status status = open_descriptors(port, err);
    if (status != SG_OK)
        goto free_port;
    status = writers_create(port, &port->writers, err);
    if (status != SG_OK)
        goto close_descriptors;
    pthread_mutex_init(&port->lock, NULL);
    *out = port;
    return SG_OK;

close_descriptors:
    close_descriptors(port);
free_port:
    sg_free(port);
    return status;
}

void port_destroy(struct port *port)
{
    if (port == NULL)
        return;
    writers_destroy(port->writers);
    SG_ASSERT(sg_list_is_empty(&port->completed));
    pthread_mutex_destroy(&port->lock);
    close_descriptors(port);
    sg_free(port);
}

uint64_t port_now_us(const struct port *port)
{
    (void)port;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* Milliseconds rounded up: waiting too short would spin until the deadline. */
static int timeout_ms(const struct port *port, uint64_t deadline_us)
{
    if (deadline_us == UINT64_MAX)
        return -1;
    uint64_t now_us = port_now_us(port);
    if (deadline_us <= now_us)
        return 0;
    uint64_t wait_ms = (deadline_us - now_us - 1) / 1000 + 1;
    return wait_ms < INT_MAX ? (int)wait_ms : INT_MAX;
}

/* Takes what is there now; what completes meanwhile has set the eventfd again. */
static void take_completed(struct port *port, struct sg_list *out_list)
{
    sg_list_init(out_list);
    pthread_mutex_lock(&port->lock);
    for (;;) {
        struct sg_list *node = sg_list_pop(&port->completed);
        if (node == NULL)
            break;
        sg_list_insert(out_list, node);
    }
    pthread_mutex_unlock(&port->lock);
}

static void retire_completed(struct port *port)
{
    struct sg_list list;
    take_completed(port, &list);
    for (;;) {
        struct sg_list *node = sg_list_pop(&list);
        if (node == NULL)
            return;
        struct op *op = op_from_node(node);
        const struct op_state *state = op_state(op);
        op->done(op, state->status, state->n_bytes);
    }
}

void port_wait(struct port *port, uint64_t deadline_us)
{
    struct epoll_event events[EVENTS_PER_WAIT];
    int n_events =
        epoll_wait(port->epoll_fd, events, EVENTS_PER_WAIT, timeout_ms(port, deadline_us));
    SG_ASSERT(n_events >= 0 || errno == EINTR);
    port->n_waits++;
    port->woke_us = port_now_us(port);
    for (int i = 0; i < n_events; i++) {
        struct source *source = events[i].data.ptr;
        source->ready(source, events[i].events);
    }
    retire_completed(port);
}

uint64_t port_woke_us(const struct port *port)
{
    return port->woke_us;
}

/* The eventfd's counter does the merging; it cannot fill up within the life of a process. */
void port_wake(struct port *port)
{
    const uint64_t one = 1;
    SG_ASSERT(write(port->wake_fd, &one, sizeof one) == (ssize_t)sizeof one);
}

int port_epoll_fd(const struct port *port)
{
    return port->epoll_fd;
}

uint64_t port_n_waits(const struct port *port)
{
    return port->n_waits;
}

struct writers *port_writers(const struct port *port)
{
    return port->writers;
}

void port_complete(struct port *port, struct op *op)
{
    pthread_mutex_lock(&port->lock);
    bool was_empty = sg_list_is_empty(&port->completed);
    sg_list_insert(&port->completed, &op_state(op)->node);
    pthread_mutex_unlock(&port->lock);
    if (was_empty)
        port_wake(port);
}
