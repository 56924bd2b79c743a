/* Owns the watches of libcurl's sockets.
 *
 * A watch lives from the moment libcurl first waits for a socket until it says CURL_POLL_REMOVE,
 * which it does before it closes the socket: its own connections' (cf-socket.c, socket_close) as
 * well as the pair that its resolver threads report through, of which CURLOPT_CLOSESOCKETFUNCTION
 * would not tell. It also says it when a transfer pauses, so a paused socket costs nothing.
 *
 * The system is asked at the end of net's work only, for what libcurl waits for by then: a transfer
 * at full speed is resumed, reads and pauses again within it, and its socket needs no look at all.
 *
 * Watches fire once. Looking at a socket again at once would cost a poll round per packet on a slow
 * link, so a socket that carries a body and brought little sleeps until the next tick, while the
 * system collects. It is looked at again at once when it brought plenty, when it is so fast that
 * the system's buffer would overflow before the tick, and while it connects, shakes hands or waits
 * for a reply. */
#include "net/net_sock.h"

#include <curl/curl.h>

#include "base/mem.h"
#include "net/net_impl.h"
#include "os/sock.h"

enum { TICK_US = 20 * 1000, PLENTY_BYTES = 256 * 1024 };

/* Within a tick this rate fills more than a megabyte. */
enum { FAST_BYTES_PER_TICK = 1280 * 1024 };

struct net_sock {
    struct net *net;
    struct sock_watch *watch; /* NULL before the first look */
    curl_socket_t socket;
    uint32_t wanted;     /* set of enum sock_event that libcurl waits for */
    uint32_t reported;   /* the set that the watch told */
    bool has_body;       /* bytes of a body came through it since libcurl began to wait */
    uint64_t counted_us; /* since when `counted_bytes` came, with half the weight for what is old */
    uint64_t counted_bytes;
    struct sg_list member; /* of `all` */
    struct sg_list queue;  /* in `ready`, `unarmed`, `sleeping` or none */
};

static void on_ready(void *ctx, uint32_t events)
{
    struct net_sock *sock = ctx;
    sock->reported = events;
    sg_list_remove(&sock->queue);
    sg_list_insert(&sock->net->socks.ready, &sock->queue);
    net_wake(sock->net);
}

static void sleep_until_tick(struct net_sock *sock)
{
    struct net *net = sock->net;
    sg_list_remove(&sock->queue);
    sg_list_insert(&net->socks.sleeping, &sock->queue);
    if (!timer_is_running(&net->socks.tick))
        timer_start(net->loop, &net->socks.tick, TICK_US);
}

static enum sg_status watch(struct net_sock *sock)
{
    if (sock->watch != NULL)
        return SG_OK;
    return sock_watch_create(sock->net->loop, (uintptr_t)sock->socket, on_ready, sock, &sock->watch,
                             NULL);
}

/* What the system refuses now it may grant later; there is nobody to tell, and a transfer that
 * never moves again is noticed by those who wait for it. */
static void arm(struct net_sock *sock)
{
    if (watch(sock) != SG_OK || sock_watch_arm(sock->watch, sock->wanted) != SG_OK)
        sleep_until_tick(sock);
}

static void arm_later(struct net_sock *sock)
{
    sg_list_remove(&sock->queue);
    sg_list_insert(&sock->net->socks.unarmed, &sock->queue);
}

static void on_tick(struct timer *timer)
{
    struct net_socks *socks = sg_container_of(timer, struct net_socks, tick);
    struct sg_list due;
    sg_list_init(&due);
    for (struct sg_list *node; (node = sg_list_pop(&socks->sleeping)) != NULL;)
        sg_list_insert(&due, node);
    for (struct sg_list *node; (node = sg_list_pop(&due)) != NULL;)
        arm(sg_container_of(node, struct net_sock, queue));
}

static void forget(struct net_sock *sock)
{
    struct net_socks *socks = &sock->net->socks;
    if (socks->served == sock)
        socks->served = NULL;
    sock_watch_close(sock->watch);
    sg_list_remove(&sock->queue);
    sg_list_remove(&sock->member);
    sg_free(sock);
}

/* NULL when there is no memory. That is not fatal to libcurl, which then goes by its own timers
 * alone and gives up in the end; failing here would end all transfers. */
static struct net_sock *remember(struct net *net, curl_socket_t socket)
{
    struct net_sock *sock = sg_alloc(sizeof *sock);
    if (sock == NULL)
        return NULL;
    sock->net = net;
    sock->socket = socket;
    sg_list_insert(&net->socks.all, &sock->member);
    curl_multi_assign(net->multi, socket, sock);
    return sock;
}

static void wait_for(struct net_sock *sock, uint32_t wanted)
{
    sock->wanted = wanted;
    bool is_armed_later = sock->net->socks.served == sock || !sg_list_is_empty(&sock->queue);
    if (!is_armed_later)
        arm_later(sock);
}

/* CURLMOPT_SOCKETFUNCTION. */
static int on_curl_socket(CURL *easy, curl_socket_t socket, int what, void *ctx, void *known)
{
    (void)easy;
    struct net_sock *sock = known;
    if (what == CURL_POLL_REMOVE) {
        if (sock != NULL)
            forget(sock);
        return 0;
    }
    if (sock == NULL)
        sock = remember(ctx, socket);
    if (sock != NULL)
        wait_for(sock, ((what & CURL_POLL_IN) != 0 ? SOCK_READ : 0U) |
                           ((what & CURL_POLL_OUT) != 0 ? SOCK_WRITE : 0U));
    return 0;
}

/* An error is passed on as readiness for what was waited for: libcurl then takes the bytes that are
 * still there and meets the error itself, while CURL_CSELECT_ERR would end the transfer at once. */
static int select_bits(const struct net_sock *sock)
{
    uint32_t events = sock->reported;
    if ((events & SOCK_ERROR) != 0)
        events |= sock->wanted;
    return ((events & SOCK_READ) != 0 ? CURL_CSELECT_IN : 0) |
           ((events & SOCK_WRITE) != 0 ? CURL_CSELECT_OUT : 0);
}

/* Begins to count with the first bytes of the body, for what came before was waiting. */
static void count(struct net_sock *sock, uint64_t drained_bytes)
{
    uint64_t now_us = loop_now_us(sock->net->loop);
    if (!sock->has_body)
        sock->counted_us = now_us;
    uint64_t span_us = now_us - sock->counted_us;
    sock->has_body = true;
    sock->counted_bytes += drained_bytes;
    if (span_us > TICK_US) {
        sock->counted_us += span_us / 2;
        sock->counted_bytes /= 2;
    }
}

static bool is_fast(const struct net_sock *sock)
{
    uint64_t span_us = loop_now_us(sock->net->loop) - sock->counted_us;
    return sock->counted_bytes * TICK_US >= FAST_BYTES_PER_TICK * span_us;
}

static void look_again(struct net_sock *sock, uint64_t drained_bytes)
{
    if (drained_bytes > 0 || sock->has_body)
        count(sock, drained_bytes);
    if (sock->has_body && drained_bytes < PLENTY_BYTES && !is_fast(sock))
        sleep_until_tick(sock);
    else
        arm_later(sock);
}

static void serve(struct net *net, struct net_sock *sock)
{
    int n_running;
    uint64_t before = net->delivered_bytes;
    net->socks.served = sock;
    curl_multi_socket_action(net->multi, sock->socket, select_bits(sock), &n_running);
    if (net->socks.served == NULL)
        return;
    net->socks.served = NULL;
    look_again(sock, net->delivered_bytes - before);
}

void net_socks_init(struct net *net)
{
    sg_list_init(&net->socks.all);
    sg_list_init(&net->socks.ready);
    sg_list_init(&net->socks.unarmed);
    sg_list_init(&net->socks.sleeping);
    net->socks.tick.fire = on_tick;
    curl_multi_setopt(net->multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
    curl_multi_setopt(net->multi, CURLMOPT_SOCKETDATA, net);
}

void net_socks_fini(struct net *net)
{
    timer_stop(net->loop, &net->socks.tick);
    SG_LIST_FOR_EACH(node, &net->socks.all)
    forget(sg_container_of(node, struct net_sock, member));
}

void net_socks_serve(struct net *net)
{
    while (net_socks_has_ready(net) && net_may_go_on(net)) {
        struct sg_list *node = sg_list_pop(&net->socks.ready);
        serve(net, sg_container_of(node, struct net_sock, queue));
    }
}

void net_socks_arm(struct net *net)
{
    for (struct sg_list *node; (node = sg_list_pop(&net->socks.unarmed)) != NULL;)
        arm(sg_container_of(node, struct net_sock, queue));
}

bool net_socks_has_ready(const struct net *net)
{
    return !sg_list_is_empty(&net->socks.ready);
}
