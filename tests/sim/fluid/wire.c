/* Connections in time. */
#include "tests/sim/fluid/wire.h"

#include <stddef.h>

#include "base/assert.h"
#include "tests/sim/fluid/share.h"

static double least(double a, double b)
{
    return a < b ? a : b;
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t later_by(uint64_t from_us, uint64_t by_us)
{
    return by_us < UINT64_MAX - from_us ? from_us + by_us : UINT64_MAX;
}

static const struct server *server_of(const struct wire *w, const struct conn *c)
{
    return &w->network->servers[c->source];
}

void wire_init(struct wire *w, const struct network *network, uint64_t now_us)
{
    *w = (struct wire){ .network = network, .now_us = now_us, .is_stale = true };
    w->next_drift_us = network_next_drift(network, now_us);
    for (int source = 0; source < NETWORK_SOURCES; source++) {
        for (int slot = 0; slot < NETWORK_SLOTS; slot++)
            w->conns[source][slot] =
                (struct conn){ .source = source, .slot = slot, .lane = WIRE_NO_LANE };
    }
}

static void move(struct wire *w, struct conn *c, enum conn_state state, uint64_t due_us)
{
    c->state = state;
    c->due_us = due_us;
    c->bps = 0.0;
    w->is_stale = true;
}

static void detach(struct wire *w, struct conn *c)
{
    w->of_lane[c->lane] = NULL;
    c->lane = WIRE_NO_LANE;
    c->credit_bytes = 0.0;
}

static void close_conn(struct wire *w, struct conn *c)
{
    if (c->lane != WIRE_NO_LANE)
        detach(w, c);
    move(w, c, CONN_NONE, UINT64_MAX);
}

/* The idle connection that was opened first; one that has died meanwhile is found out. */
static struct conn *idle_conn(struct wire *w, int source)
{
    struct conn *found = NULL;
    for (int slot = 0; slot < NETWORK_SLOTS; slot++) {
        struct conn *c = &w->conns[source][slot];
        if (c->state == CONN_IDLE && c->life_end_us <= w->now_us)
            close_conn(w, c);
        if (c->state == CONN_IDLE && (found == NULL || c->opened < found->opened))
            found = c;
    }
    return found;
}

static struct conn *open_conn(struct wire *w, int source)
{
    for (int i = 0; i < NETWORK_SLOTS; i++) {
        int slot = (w->next_slot[source] + i) % NETWORK_SLOTS;
        struct conn *c = &w->conns[source][slot];
        if (c->state != CONN_NONE)
            continue;
        w->next_slot[source] = slot + 1;
        c->opened = w->n_opened++;
        c->born_us = 0;
        c->life_end_us = UINT64_MAX;
        c->credit_bytes = 0.0;
        move(w, c, CONN_OPENING, w->now_us + server_of(w, c)->open_us);
        return c;
    }
    SG_UNREACHABLE("a download has more connections to a server than its ceiling");
}

void wire_ask(struct wire *w, int lane, int source)
{
    SG_ASSERT(w->of_lane[lane] == NULL);
    struct conn *c = idle_conn(w, source);
    if (c != NULL)
        move(w, c, CONN_ASKED, w->now_us + server_of(w, c)->first_us);
    else
        c = open_conn(w, source);
    c->lane = lane;
    c->asked_us = w->now_us;
    w->of_lane[lane] = c;
    w->n_requests++;
}

void wire_end(struct wire *w, int lane)
{
    struct conn *c = w->of_lane[lane];
    SG_ASSERT(c != NULL && c->state == CONN_FLOWING);
    detach(w, c);
    move(w, c, CONN_IDLE, UINT64_MAX);
}

void wire_cut(struct wire *w, int lane)
{
    close_conn(w, w->of_lane[lane]);
}

/* Shares what a server has among its connections; appends those that flow and what they get. */
static int share_server(struct wire *w, int source, struct conn **flowing, double *bps)
{
    int n = 0;
    for (int slot = 0; slot < NETWORK_SLOTS; slot++) {
        struct conn *c = &w->conns[source][slot];
        if (c->state != CONN_FLOWING)
            continue;
        double slot_bps = network_slot_bps(w->network, source, slot, w->now_us);
        flowing[n] = c;
        bps[n++] = least(slot_bps, network_ramp_bps(w->network, source, w->now_us - c->born_us));
    }
    double level = share_level(bps, n, w->network->servers[source].cap_bps);
    for (int i = 0; i < n; i++)
        bps[i] = least(bps[i], level);
    return n;
}

static void share(struct wire *w)
{
    struct conn *flowing[SHARE_FLOWS_MAX];
    double bps[SHARE_FLOWS_MAX] = { 0.0 };
    int n = 0;
    if (!w->is_stale)
        return;
    for (int source = 0; source < w->network->n_sources; source++)
        n += share_server(w, source, flowing + n, bps + n);
    double level = share_level(bps, n, w->network->link_bps);
    for (int i = 0; i < n; i++)
        flowing[i]->bps = least(bps[i], level);
    w->is_stale = false;
}

double wire_lane_bps(struct wire *w, int lane)
{
    share(w);
    return w->of_lane[lane] != NULL ? w->of_lane[lane]->bps : 0.0;
}

static uint64_t next_of(const struct wire *w, const struct conn *c)
{
    if (c->state == CONN_NONE || c->state == CONN_IDLE)
        return UINT64_MAX;
    if (c->state != CONN_FLOWING)
        return c->due_us;
    uint64_t ramp_us = network_ramp_next(w->network, c->source, w->now_us - c->born_us);
    return sooner(c->life_end_us, later_by(c->born_us, ramp_us));
}

uint64_t wire_next(struct wire *w)
{
    uint64_t next_us = w->next_drift_us;
    for (int source = 0; source < w->network->n_sources; source++) {
        for (int slot = 0; slot < NETWORK_SLOTS; slot++)
            next_us = sooner(next_us, next_of(w, &w->conns[source][slot]));
    }
    return next_us;
}

/* Rates are those of the moment before; a drift or a step of slow start makes them stale. */
void wire_pass(struct wire *w, uint64_t now_us)
{
    share(w);
    double seconds = (double)(now_us - w->now_us) / 1e6;
    w->now_us = now_us;
    for (int source = 0; source < w->network->n_sources; source++) {
        for (int slot = 0; slot < NETWORK_SLOTS; slot++) {
            struct conn *c = &w->conns[source][slot];
            if (c->state != CONN_FLOWING)
                continue;
            c->credit_bytes += c->bps * seconds;
            uint64_t age_us = now_us - c->born_us;
            w->is_stale |=
                age_us > 0 && network_ramp_next(w->network, source, age_us - 1) == age_us;
        }
    }
    if (now_us >= w->next_drift_us) {
        w->next_drift_us = network_next_drift(w->network, now_us);
        w->is_stale = true;
    }
}

uint64_t wire_ready(const struct wire *w, int lane)
{
    const struct conn *c = w->of_lane[lane];
    return c != NULL ? (uint64_t)(c->credit_bytes + 1e-3) : 0; /* rounding cost no byte */
}

void wire_take(struct wire *w, int lane, uint64_t n)
{
    w->of_lane[lane]->credit_bytes -= (double)n;
}

static int served_by(const struct wire *w, int source)
{
    int n = 0;
    for (int slot = 0; slot < NETWORK_SLOTS; slot++) {
        enum conn_state state = w->conns[source][slot].state;
        n += state == CONN_FLOWING || state == CONN_SILENT;
    }
    return n;
}

/* Connections that the server has accepted. */
static int accepted_by(const struct wire *w, int source)
{
    int n = 0;
    for (int slot = 0; slot < NETWORK_SLOTS; slot++) {
        enum conn_state state = w->conns[source][slot].state;
        n += state != CONN_NONE && state != CONN_OPENING;
    }
    return n;
}

static struct wire_news news_of(const struct wire *w, const struct conn *c, enum happening what)
{
    return (struct wire_news){ .what = what, .lane = c->lane, .setup_us = w->now_us - c->asked_us };
}

static struct wire_news on_opened(struct wire *w, struct conn *c)
{
    const struct server *server = server_of(w, c);
    bool is_refused = server->max_served > 0 && server->refusal == REFUSAL_CLOSED &&
                      accepted_by(w, c->source) >= server->max_served;
    if (is_refused) {
        struct wire_news news = news_of(w, c, WIRE_REFUSED);
        close_conn(w, c);
        return news;
    }
    move(w, c, CONN_ASKED, w->now_us + server->first_us);
    return (struct wire_news){ .what = WIRE_NOTHING };
}

static void begin_life(struct wire *w, struct conn *c)
{
    int n = c->lives++;
    c->life_end_us = later_by(w->now_us, network_life_us(w->network, c->source, c->slot, n));
}

static struct wire_news on_answer(struct wire *w, struct conn *c)
{
    const struct server *server = server_of(w, c);
    bool is_busy = server->max_served > 0 && server->refusal == REFUSAL_BUSY &&
                   served_by(w, c->source) >= server->max_served;
    if (is_busy) {
        move(w, c, CONN_ASKED, UINT64_MAX); /* the driver cuts it off */
        return news_of(w, c, WIRE_BUSY);
    }
    move(w, c, CONN_FLOWING, UINT64_MAX);
    if (c->born_us == 0) {
        c->born_us = w->now_us;
        begin_life(w, c);
    }
    return news_of(w, c, WIRE_HEAD);
}

static struct wire_news on_life_end(struct wire *w, struct conn *c)
{
    if (server_of(w, c)->fate == FATE_BREAKS) {
        struct wire_news news = news_of(w, c, WIRE_BROKEN);
        close_conn(w, c);
        return news;
    }
    uint64_t silence_us = network_silence_us(w->network, c->source, c->slot, c->lives - 1);
    move(w, c, CONN_SILENT, later_by(w->now_us, silence_us));
    return (struct wire_news){ .what = WIRE_NOTHING };
}

static struct wire_news happen(struct wire *w, struct conn *c)
{
    switch (c->state) {
    case CONN_OPENING:
        return on_opened(w, c);
    case CONN_ASKED:
        return on_answer(w, c);
    case CONN_FLOWING:
        return on_life_end(w, c);
    case CONN_SILENT:
        move(w, c, CONN_FLOWING, UINT64_MAX);
        begin_life(w, c);
        break;
    case CONN_NONE:
    case CONN_IDLE:
        break;
    }
    return (struct wire_news){ .what = WIRE_NOTHING };
}

static bool is_due(const struct wire *w, const struct conn *c)
{
    uint64_t due_us = c->state == CONN_FLOWING ? c->life_end_us : c->due_us;
    return c->state != CONN_NONE && c->state != CONN_IDLE && due_us <= w->now_us;
}

struct wire_news wire_news(struct wire *w)
{
    for (int source = 0; source < w->network->n_sources; source++) {
        for (int slot = 0; slot < NETWORK_SLOTS; slot++) {
            struct conn *c = &w->conns[source][slot];
            while (is_due(w, c)) {
                struct wire_news news = happen(w, c);
                if (news.what != WIRE_NOTHING)
                    return news;
            }
        }
    }
    return (struct wire_news){ .what = WIRE_NOTHING };
}
