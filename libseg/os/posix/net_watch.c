/* A netlink socket in the port's epoll set that hears of addresses and routes. Loop thread. */
#define _GNU_SOURCE
#include "os/net_watch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "os/posix/fail_posix.h"
#include "os/posix/port_posix.h"

struct net_watch {
    struct source source;
    struct loop *loop;
    struct timer settle;
    struct deferred reap;
    int fd;
    net_changed_fn *changed;
    void *ctx;
};

/* What the messages say does not matter, nor whether some were lost (ENOBUFS). */
static void empty(int fd)
{
    char message[4096];
    ssize_t n_bytes;
    do {
        n_bytes = recv(fd, message, sizeof message, MSG_DONTWAIT);
    } while (n_bytes > 0 || errno == ENOBUFS || errno == EINTR);
}

static void on_message(struct source *source, uint32_t epoll_events)
{
    (void)epoll_events;
    struct net_watch *watch = sg_container_of(source, struct net_watch, source);
    if (watch->fd < 0)
        return; /* closed in this turn */
    empty(watch->fd);
    if (!timer_is_running(&watch->settle))
        timer_start(watch->loop, &watch->settle, NET_WATCH_SETTLE_MS * UINT64_C(1000));
}

static void on_settled(struct timer *timer)
{
    struct net_watch *watch = sg_container_of(timer, struct net_watch, settle);
    watch->changed(watch->ctx);
}

static void reap(struct deferred *deferred)
{
    sg_free(sg_container_of(deferred, struct net_watch, reap));
}

static int open_netlink(void)
{
    const struct sockaddr_nl groups = {
        .nl_family = AF_NETLINK,
        .nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE,
    };
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (fd >= 0 && bind(fd, (const struct sockaddr *)&groups, sizeof groups) != 0) {
        int os_error = errno;
        close(fd);
        errno = os_error;
        fd = -1;
    }
    return fd;
}

enum sg_status net_watch_open(struct loop *loop, net_changed_fn *changed, void *ctx,
                              struct net_watch **out, struct sg_err *err)
{
    struct net_watch *watch = sg_alloc(sizeof *watch);
    if (watch == NULL)
        return sg_err_set(err, SG_E_NOMEM, "watching the network");
    watch->source.ready = on_message;
    watch->loop = loop;
    watch->settle.fire = on_settled;
    watch->reap.run = reap;
    watch->changed = changed;
    watch->ctx = ctx;
    watch->fd = open_netlink();
    if (watch->fd < 0)
        goto free_watch;
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = &watch->source };
    if (epoll_ctl(port_epoll_fd(loop_port(loop)), EPOLL_CTL_ADD, watch->fd, &event) != 0)
        goto close_netlink;
    *out = watch;
    return SG_OK;

close_netlink:
    close(watch->fd);
free_watch:
    sg_free(watch);
    return posix_fail_as(err, SG_E_SYSTEM, errno, "watching the network", NULL);
}

void net_watch_close(struct net_watch *watch)
{
    if (watch == NULL)
        return;
    timer_stop(watch->loop, &watch->settle);
    close(watch->fd); /* leaves the epoll set */
    watch->fd = -1;
    loop_defer(watch->loop, &watch->reap);
}

static bool has_route(int family, const void *address, socklen_t length)
{
    int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    bool has_one = connect(fd, address, length) == 0; /* looks the route up, sends nothing */
    close(fd);
    return has_one;
}

/* Addresses for documentation, which no network has of its own: only a way to everywhere leads
 * there. RFC 5737 (198.51.100.0/24), RFC 3849 (2001:db8::/32). */
bool net_is_up(void)
{
    const struct sockaddr_in v4 = { .sin_family = AF_INET,
                                    .sin_port = htons(9),
                                    .sin_addr.s_addr = htonl(0xC6336401) };
    const struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
                                     .sin6_port = htons(9),
                                     .sin6_addr.s6_addr = { 0x20, 0x01, 0x0D, 0xB8, [15] = 1 } };
    return has_route(AF_INET, &v4, sizeof v4) || has_route(AF_INET6, &v6, sizeof v6);
}
