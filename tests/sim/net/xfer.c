/* Transfers over the simulated internet: net/net.h and net/xfer.h without libcurl.
 *
 *   connecting ─► asking ─► flowing ─► ending
 *                              └─► silent
 *
 * Bytes are counted as a fluid: each flow has a rate, which changes only when a flow begins, pauses
 * or ends, and an event when enough has come together for a delivery. */
#include "net/xfer.h"

#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "base/list.h"
#include "base/mem.h"
#include "os/net_watch.h"
#include "tests/sim/net/flow.h"
#include "tests/sim/net/internet.h"
#include "tests/sim/os/sim_port.h"

enum {
    DELIVERY_MOST = 16384, /* as libcurl does */
    DELIVERY_LEAST = 1460,
    DELIVERY_US = 20000,
    NO_HOST_US = 50000,
    FLOWS_MAX = 512,
};

enum stage { CONNECTING, ASKING, FLOWING, SILENT, ENDING };

struct net {
    struct loop *loop;
    struct internet *internet;
    uint32_t max_idle;
    struct sg_list xfers;
    unsigned char delivery[DELIVERY_MOST];
};

struct xfer {
    struct net *net;
    struct sg_list link;
    struct sim_event event;
    struct xfer_events events;
    void *ctx;
    struct xfer_request request;
    char *url;
    struct server *server; /* NULL: there is no such host */
    enum arrival arrival;
    enum stage stage;
    struct answer answer;
    uint64_t asked_us;
    uint64_t n_delivered;
    double bps;
    double credit; /* bytes that came and were not delivered */
    uint64_t counted_us;
    bool is_paused;
    bool is_calling;
    bool is_cancelled;
};

/* ---- net ---- */

enum sg_status net_create(struct loop *loop, const struct net_config *config, struct net **out,
                          struct sg_err *err)
{
    struct net *net = sg_alloc(sizeof *net);
    if (net == NULL)
        return sg_err_set(err, SG_E_NOMEM, "connecting to the network");
    net->loop = loop;
    net->internet = internet_in_use();
    net->max_idle = config->max_idle_connections;
    sg_list_init(&net->xfers);
    SG_ASSERT(net->internet != NULL);
    *out = net;
    return SG_OK;
}

enum sg_status net_configure(struct net *net, const struct net_config *config)
{
    net->max_idle = config->max_idle_connections;
    return SG_OK;
}

void net_listen_trouble(struct net *net, net_proxy_trouble_fn *trouble, void *ctx)
{
    (void)net;
    (void)trouble;
    (void)ctx;
}

void net_network_changed(struct net *net)
{
    (void)net;
}

void net_destroy(struct net *net)
{
    if (net == NULL)
        return;
    SG_ASSERT(sg_list_is_empty(&net->xfers));
    internet_hang_up(net->internet);
    sg_free(net);
}

const char *net_version(void)
{
    return "simulation";
}

/* ---- the fluid ---- */

static struct xfer *xfer_of(struct sg_list *link)
{
    return sg_container_of(link, struct xfer, link);
}

static bool is_flowing(const struct xfer *xfer)
{
    return xfer->stage == FLOWING && !xfer->is_paused && !xfer->is_cancelled;
}

static void wait_us(struct xfer *xfer, uint64_t delay_us)
{
    sim_event_start(loop_port(xfer->net->loop), &xfer->event, sim_now_us() + delay_us);
}

/* What comes with the next delivery. */
static size_t delivery_bytes(const struct xfer *xfer)
{
    uint64_t left = xfer->answer.n_bytes - xfer->n_delivered;
    double wanted = xfer->bps * DELIVERY_US / 1e6;
    size_t n = wanted > DELIVERY_LEAST ? DELIVERY_MOST : DELIVERY_LEAST;
    if (wanted > DELIVERY_LEAST && wanted < DELIVERY_MOST)
        n = (size_t)wanted;
    return n < left ? n : (size_t)left;
}

static void count(struct xfer *xfer)
{
    uint64_t now_us = sim_now_us();
    xfer->credit += xfer->bps * (double)(now_us - xfer->counted_us) / 1e6;
    xfer->counted_us = now_us;
}

static void wait_for_delivery(struct xfer *xfer)
{
    double missing = (double)delivery_bytes(xfer) - xfer->credit;
    wait_us(xfer, missing > 0.0 ? (uint64_t)(missing / xfer->bps * 1e6) + 1 : 0);
}

/* Which flows there are has changed. */
static void share_links(struct net *net)
{
    struct flow flows[FLOWS_MAX];
    struct xfer *xfers[FLOWS_MAX];
    double link_bps[SERVERS_MAX];
    size_t n = 0;
    SG_LIST_FOR_EACH(link, &net->xfers)
    {
        struct xfer *xfer = xfer_of(link);
        if (!is_flowing(xfer))
            continue;
        SG_ASSERT(n < FLOWS_MAX);
        xfers[n] = xfer;
        flows[n++] = (struct flow){ .own_bps = (double)xfer->answer.connection_bps,
                                    .link = (size_t)(xfer->server - net->internet->servers) };
    }
    for (size_t i = 0; i < SERVERS_MAX; i++)
        link_bps[i] = (double)net->internet->servers[i].link_bps;
    flow_share(flows, n, link_bps, (double)net->internet->link_bps);
    for (size_t i = 0; i < n; i++) {
        count(xfers[i]);
        xfers[i]->bps = flows[i].bps;
        wait_for_delivery(xfers[i]);
    }
}

/* ---- the end ---- */

/* The connection serves another request only when the body of this one came to its end. */
static void leave_connection(struct xfer *xfer)
{
    struct server *server = xfer->server;
    if (server == NULL || xfer->arrival == ARRIVED_BEYOND)
        return;
    xfer->server = NULL;
    SG_ASSERT(server->n_busy > 0);
    server->n_busy--;
    bool is_whole =
        xfer->stage == ENDING && xfer->answer.failure == SG_OK && xfer->answer.end == SG_OK;
    if (is_whole && server->n_idle < xfer->net->max_idle)
        server->n_idle++;
}

static void destroy(struct xfer *xfer)
{
    struct net *net = xfer->net;
    bool was_flowing = xfer->stage == FLOWING;
    leave_connection(xfer);
    sim_event_stop(loop_port(net->loop), &xfer->event);
    sg_list_remove(&xfer->link);
    sg_buf_fini(&xfer->answer.head);
    sg_free(xfer->url);
    sg_free(xfer);
    if (was_flowing)
        share_links(net);
}

/* True when the transfer is still there after a callback. */
static bool come_back(struct xfer *xfer)
{
    xfer->is_calling = false;
    if (!xfer->is_cancelled)
        return true;
    destroy(xfer);
    return false;
}

static void finish(struct xfer *xfer)
{
    struct sg_err err = { 0 };
    enum sg_status status = xfer->answer.failure != SG_OK ? xfer->answer.failure : xfer->answer.end;
    if (status != SG_OK)
        sg_err_set(&err, status, "%s", sg_status_sentence(status));
    xfer->is_calling = true;
    xfer->events.on_end(xfer->ctx, status, &err);
    destroy(xfer);
}

static void end_soon(struct xfer *xfer)
{
    xfer->stage = ENDING;
    wait_us(xfer, 0);
}

/* ---- the way there ---- */

static void trace(const struct xfer *xfer)
{
    const struct internet *internet = xfer->net->internet;
    const struct answer *answer = &xfer->answer;
    char line[160];
    const char *host = xfer->server != NULL ? xfer->server->host : "nobody";
    if (internet->trace == NULL)
        return;
    if (answer->failure != SG_OK)
        snprintf(line, sizeof line, "%s %s", host, sg_status_word(answer->failure));
    else
        snprintf(line, sizeof line, "%s %d %llu+%llu%s", host, answer->http_status,
                 (unsigned long long)answer->first, (unsigned long long)answer->n_bytes,
                 answer->end != SG_OK ? " broken" : "");
    internet->trace(internet->trace_ctx, line);
}

static bool tell_head(struct xfer *xfer)
{
    const struct server *server = xfer->server;
    const struct xfer_head head = {
        .http_status = xfer->answer.http_status,
        .lines = xfer->answer.head.data,
        .length = xfer->answer.head.length,
        .url = xfer->url,
        .is_reused = xfer->arrival == ARRIVED_REUSED,
        .setup_us = xfer->arrival == ARRIVED_REUSED ? 0 : server->setup_us,
        .first_byte_us = server->rtt_us,
    };
    xfer->is_calling = true;
    xfer->events.on_head(xfer->ctx, &head);
    return come_back(xfer);
}

static void begin_body(struct xfer *xfer)
{
    if (xfer->answer.n_bytes == 0 && xfer->answer.is_silent) {
        xfer->stage = SILENT;
    } else if (xfer->answer.n_bytes == 0) {
        end_soon(xfer);
    } else {
        xfer->stage = FLOWING;
        xfer->counted_us = sim_now_us();
        share_links(xfer->net);
    }
}

static void on_reply(struct xfer *xfer)
{
    sg_mem_spare_begin(); /* it is the server's */
    if (!net_is_up())
        xfer->answer.failure = SG_E_NETWORK;
    else if (xfer->server == NULL)
        xfer->answer.failure = SG_E_DNS;
    else
        server_answer(xfer->net->internet, xfer->server, &xfer->request, xfer->arrival,
                      &xfer->answer);
    sg_mem_spare_end();
    trace(xfer);
    if (xfer->answer.failure != SG_OK)
        end_soon(xfer);
    else if (tell_head(xfer))
        begin_body(xfer);
}

static void make_delivery(struct net *net, const struct xfer *xfer, size_t n_bytes)
{
    const struct answer *answer = &xfer->answer;
    if (answer->version == 0)
        memset(net->delivery, ' ', n_bytes);
    else
        version_bytes(answer->version, answer->first + xfer->n_delivered, net->delivery, n_bytes);
}

static void stop_flowing(struct xfer *xfer)
{
    sim_event_stop(loop_port(xfer->net->loop), &xfer->event);
    if (xfer->n_delivered < xfer->answer.n_bytes)
        xfer->is_paused = true;
    else if (xfer->answer.is_silent)
        xfer->stage = SILENT;
    else
        end_soon(xfer);
    share_links(xfer->net);
}

/* Without an address there is no connection. */
static void lose(struct xfer *xfer)
{
    xfer->answer.failure = SG_E_RESET;
    end_soon(xfer);
    share_links(xfer->net);
}

static void deliver(struct xfer *xfer)
{
    size_t n_bytes = delivery_bytes(xfer);
    struct server *server = xfer->server;
    count(xfer);
    make_delivery(xfer->net, xfer, n_bytes);
    xfer->is_calling = true;
    bool is_taken = xfer->events.on_data(xfer->ctx, xfer->net->delivery, n_bytes);
    server->n_sent += is_taken ? n_bytes : 0;
    if (!come_back(xfer))
        return;
    if (is_taken) {
        xfer->n_delivered += n_bytes;
        xfer->credit -= (double)n_bytes;
    }
    if (!is_taken || xfer->n_delivered == xfer->answer.n_bytes)
        stop_flowing(xfer);
    else
        wait_for_delivery(xfer);
}

static void on_event(struct sim_event *event)
{
    struct xfer *xfer = sg_container_of(event, struct xfer, event);
    switch (xfer->stage) {
    case CONNECTING:
        xfer->stage = ASKING;
        wait_us(xfer, xfer->server != NULL ? xfer->server->rtt_us : 0);
        return;
    case ASKING:
        on_reply(xfer);
        return;
    case FLOWING:
        if (net_is_up())
            deliver(xfer);
        else
            lose(xfer);
        return;
    case ENDING:
        finish(xfer);
        return;
    case SILENT:
        break;
    }
    SG_UNREACHABLE("a silent transfer waits for nothing");
}

/* ---- what net/xfer.h promises ---- */

static void take_connection(struct xfer *xfer)
{
    struct server *server = xfer->server;
    if (server == NULL) {
        wait_us(xfer, NO_HOST_US);
        return;
    }
    bool is_beyond = server->tolerated > 0 && server->n_busy >= server->tolerated;
    xfer->arrival = is_beyond ? ARRIVED_BEYOND : ARRIVED_NEW;
    if (!is_beyond && ++server->n_busy > server->n_most)
        server->n_most = server->n_busy;
    if (!is_beyond && server->n_idle > 0) {
        server->n_idle--;
        xfer->arrival = ARRIVED_REUSED;
    }
    wait_us(xfer, xfer->arrival == ARRIVED_REUSED ? 0 : server->setup_us);
}

enum sg_status xfer_start(struct net *net, const struct xfer_request *request,
                          const struct xfer_events *events, void *ctx, struct xfer **out,
                          struct sg_err *err)
{
    struct xfer *xfer = sg_alloc(sizeof *xfer);
    char *url = sg_strdup(request->url);
    if (xfer == NULL || url == NULL) {
        sg_free(xfer);
        sg_free(url);
        return sg_err_set(err, SG_E_NOMEM, "starting a transfer");
    }
    xfer->net = net;
    xfer->event.fire = on_event;
    xfer->events = *events;
    xfer->ctx = ctx;
    xfer->url = url;
    xfer->request = (struct xfer_request){ .url = url,
                                           .first = request->first,
                                           .end = request->end,
                                           .wants_range = request->wants_range };
    xfer->server = internet_find_server(net->internet, url);
    sg_list_insert(&net->xfers, &xfer->link);
    take_connection(xfer);
    *out = xfer;
    return SG_OK;
}

void xfer_resume(struct xfer *xfer)
{
    if (!xfer->is_paused || xfer->is_cancelled)
        return;
    xfer->is_paused = false;
    xfer->counted_us = sim_now_us();
    if (xfer->stage == FLOWING)
        share_links(xfer->net);
}

void xfer_cancel(struct xfer *xfer)
{
    if (xfer == NULL)
        return;
    xfer->is_cancelled = true;
    if (xfer->is_calling)
        leave_connection(xfer); /* who cancelled may ask for another connection right away */
    else
        destroy(xfer);
}
