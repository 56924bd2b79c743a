/* The cost of the network as tests write it into the file that SEGUE_TEST_NETWORK names: "metered",
 * "free", or anything else for unknown. Each time that it was written it is read. Loop thread. */
#define _GNU_SOURCE
#include "os/net_cost.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/mem.h"
#include "os/posix/fail_posix.h"
#include "os/posix/port_posix.h"

struct net_cost_watch {
    struct source source;
    struct loop *loop;
    struct deferred reap;
    char *path;
    int fd; /* inotify's; -1: there is no file */
    enum net_cost cost;
    net_cost_changed_fn *changed;
    void *ctx;
};

static enum net_cost read_cost(const char *path)
{
    char text[32];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;
    if (fd >= 0)
        close(fd);
    text[length > 0 ? length : 0] = '\0';
    if (strcmp(text, "metered") == 0)
        return NET_COST_METERED;
    return strcmp(text, "free") == 0 ? NET_COST_FREE : NET_COST_UNKNOWN;
}

static void empty(int fd)
{
    char events[4096];
    while (read(fd, events, sizeof events) > 0)
        continue;
}

static void on_written(struct source *source, uint32_t epoll_events)
{
    (void)epoll_events;
    struct net_cost_watch *watch = sg_container_of(source, struct net_cost_watch, source);
    if (watch->fd < 0)
        return; /* closed in this turn */
    empty(watch->fd);
    enum net_cost cost = read_cost(watch->path);
    if (cost == watch->cost)
        return;
    watch->cost = cost;
    watch->changed(watch->ctx);
}

static void reap(struct deferred *deferred)
{
    struct net_cost_watch *watch = sg_container_of(deferred, struct net_cost_watch, reap);
    sg_free(watch->path);
    sg_free(watch);
}

static enum sg_status open_file(struct net_cost_watch *watch, struct sg_err *err)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = &watch->source };
    watch->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (watch->fd < 0)
        return posix_fail_as(err, SG_E_SYSTEM, errno, "watching the network's cost", NULL);
    if (inotify_add_watch(watch->fd, watch->path, IN_CLOSE_WRITE) >= 0 &&
        epoll_ctl(port_epoll_fd(loop_port(watch->loop)), EPOLL_CTL_ADD, watch->fd, &event) == 0) {
        watch->cost = read_cost(watch->path);
        return SG_OK;
    }
    int os_error = errno;
    close(watch->fd);
    return posix_fail_as(err, SG_E_SYSTEM, os_error, "watching", watch->path);
}

enum sg_status net_cost_open(struct loop *loop, struct work_pool *pool,
                             net_cost_changed_fn *changed, void *ctx, struct net_cost_watch **out,
                             struct sg_err *err)
{
    (void)pool;
    const char *path = getenv("SEGUE_TEST_NETWORK");
    struct net_cost_watch *watch = sg_alloc(sizeof *watch);
    char *copy = sg_strdup(path);
    enum sg_status status = SG_OK;
    if (watch == NULL || (path != NULL && copy == NULL)) {
        status = sg_err_set(err, SG_E_NOMEM, "watching the network's cost");
        goto free_memory;
    }
    *watch = (struct net_cost_watch){ .source.ready = on_written,
                                      .loop = loop,
                                      .reap.run = reap,
                                      .path = copy,
                                      .fd = -1,
                                      .changed = changed,
                                      .ctx = ctx };
    if (path != NULL)
        status = open_file(watch, err);
    if (status != SG_OK)
        goto free_memory;
    *out = watch;
    return SG_OK;

free_memory:
    sg_free(copy);
    sg_free(watch);
    return status;
}

void net_cost_close(struct net_cost_watch *watch)
{
    if (watch == NULL)
        return;
    if (watch->fd >= 0)
        close(watch->fd); /* leaves the epoll set */
    watch->fd = -1;
    loop_defer(watch->loop, &watch->reap);
}

enum net_cost net_cost_now(const struct net_cost_watch *watch)
{
    return watch != NULL ? watch->cost : NET_COST_UNKNOWN;
}

void net_cost_look(struct net_cost_watch *watch)
{
    (void)watch; /* it is told */
}
