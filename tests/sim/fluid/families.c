/* How networks are drawn. */
#include "tests/sim/fluid/families.h"

#include <math.h>
#include <string.h>

static const double mib = 1024.0 * 1024.0;

/* ---- what families share ---- */

/* Set-up of 5 to 500 ms: round trips to open (TCP, and up to two for TLS), one for the request, and
 * what the server thinks meanwhile. */
static void draw_times(struct server *server, struct draw *draw)
{
    double setup_us = draw_log_between(draw, 5e3, 500e3);
    double thinking = draw_chance(draw, 0.5) ? draw_between(draw, 0.0, 0.5) : 0.0;
    int n_tls = draw_int(draw, 0, 2);
    server->rtt_us = (uint64_t)(setup_us * (1.0 - thinking) / (2 + n_tls)) + 1;
    server->open_us = server->rtt_us * (uint64_t)(1 + n_tls);
    server->first_us = server->rtt_us + (uint64_t)(setup_us * thinking);
}

static void set_equal(struct server *server, double lane_bps)
{
    for (int i = 0; i < NETWORK_SLOTS; i++)
        server->slot_bps[i] = lane_bps;
}

static double sum_of(const struct server *server)
{
    double sum_bps = 0.0;
    for (int i = 0; i < NETWORK_SLOTS; i++)
        sum_bps += server->slot_bps[i];
    return sum_bps;
}

/* Scales what slots give so that all of them together give `bps`. */
static void scale(struct server *server, double bps)
{
    double sum_bps = sum_of(server);
    for (int i = 0; i < NETWORK_SLOTS; i++)
        server->slot_bps[i] *= bps / sum_bps;
}

/* One server whose slots are equal and give `*out_bps` together. */
static struct server *begin(struct network *net, struct draw *draw, double *out_bps)
{
    struct server *server = &net->servers[0];
    net->n_sources = 1;
    net->has_slow_start = draw_chance(draw, 0.5);
    *out_bps = draw_log_between(draw, 1.0 * mib, 100.0 * mib);
    draw_times(server, draw);
    set_equal(server, *out_bps / NETWORK_SLOTS);
    server->retry_after_ms = -1;
    return server;
}

/* A file that takes `seconds` at a rate. */
static void set_size(struct network *net, double bps, double seconds)
{
    net->total = (uint64_t)(bps * seconds) + 1;
}

/* A file worth more than one connection: it takes many times what opening one takes. */
static void draw_size(struct network *net, struct draw *draw, double bps)
{
    double setup_s = (double)(net->servers[0].open_us + net->servers[0].first_us) / 1e6;
    set_size(net, bps, draw_log_between(draw, fmax(5.0, 15.0 * setup_s), 120.0));
}

/* ---- the families ---- */

static void draw_equal(struct network *net, struct draw *draw)
{
    double bps;
    begin(net, draw, &bps);
    draw_size(net, draw, bps);
}

static void draw_short(struct network *net, struct draw *draw)
{
    double bps;
    begin(net, draw, &bps);
    set_size(net, bps, draw_log_between(draw, 0.2, 5.0));
}

static void draw_slow_lane(struct network *net, struct draw *draw)
{
    double bps;
    struct server *server = begin(net, draw, &bps);
    server->slot_bps[draw_int(draw, 0, NETWORK_SLOTS - 1)] /= 20.0;
    draw_size(net, draw, bps);
}

/* Lognormal, or Pareto with a finite mean. */
static void draw_heavy(struct network *net, struct draw *draw)
{
    double bps;
    struct server *server = begin(net, draw, &bps);
    bool is_pareto = draw_chance(draw, 0.5);
    double shape = is_pareto ? draw_between(draw, 1.2, 2.5) : draw_between(draw, 0.5, 1.3);
    for (int i = 0; i < NETWORK_SLOTS; i++)
        server->slot_bps[i] = is_pareto ? pow(draw_between(draw, 1e-3, 1.0), -1.0 / shape)
                                        : exp(shape * draw_normal(draw));
    scale(server, bps);
    draw_size(net, draw, bps);
}

static void draw_walk(struct network *net, struct draw *draw)
{
    double bps;
    begin(net, draw, &bps);
    net->drift = DRIFT_WALK;
    net->drift_us = (uint64_t)draw_log_between(draw, 2e5, 2e6);
    net->drift_depth = draw_between(draw, 0.2, 0.8);
    draw_size(net, draw, bps);
}

static void draw_on_off(struct network *net, struct draw *draw)
{
    double bps;
    begin(net, draw, &bps);
    net->drift = DRIFT_ON_OFF;
    net->drift_us = (uint64_t)draw_log_between(draw, 5e5, 5e6);
    net->drift_depth = draw_between(draw, 0.05, 0.4);
    draw_size(net, draw, bps);
}

/* A link that between less than one and nearly all connections fill. */
static void draw_link(struct network *net, struct draw *draw)
{
    double bps;
    begin(net, draw, &bps);
    net->link_bps = bps * draw_log_between(draw, 0.03, 0.9);
    draw_size(net, draw, net->link_bps);
}

static double draw_cap(struct network *net, struct draw *draw, enum refusal refusal)
{
    double bps;
    struct server *server = begin(net, draw, &bps);
    server->max_served = draw_int(draw, 1, 12);
    server->refusal = refusal;
    return bps * server->max_served / NETWORK_SLOTS;
}

static void draw_busy(struct network *net, struct draw *draw)
{
    double bps = draw_cap(net, draw, REFUSAL_BUSY);
    if (draw_chance(draw, 0.5))
        net->servers[0].retry_after_ms = 1000 * draw_int(draw, 1, 10);
    draw_size(net, draw, bps);
}

static void draw_refused(struct network *net, struct draw *draw)
{
    draw_size(net, draw, draw_cap(net, draw, REFUSAL_CLOSED));
}

/* Connections that live for a while: by the mean, at least for `shortest_s`. */
static struct server *draw_lives(struct network *net, struct draw *draw, enum fate fate,
                                 double shortest_s)
{
    double bps;
    struct server *server = begin(net, draw, &bps);
    server->fate = fate;
    server->mean_life_s = draw_log_between(draw, shortest_s, 20.0 * shortest_s);
    draw_size(net, draw, bps);
    return server;
}

static void draw_drops(struct network *net, struct draw *draw)
{
    draw_lives(net, draw, FATE_BREAKS, 5.0);
}

static void draw_stalls(struct network *net, struct draw *draw)
{
    struct server *server = draw_lives(net, draw, FATE_STALLS, 20.0);
    server->mean_silence_s = draw_chance(draw, 0.5) ? draw_log_between(draw, 0.5, 10.0) : 0.0;
}

/* Two to four places of unequal speed, some of which have a cap; half of the time behind a line
 * that cannot carry all they have. */
static void draw_mirrors(struct network *net, struct draw *draw)
{
    double bps;
    double sum_bps = 0.0;
    begin(net, draw, &bps);
    net->n_sources = draw_int(draw, 2, NETWORK_SOURCES);
    for (int i = 0; i < net->n_sources; i++) {
        struct server *server = &net->servers[i];
        double lane_bps = bps / NETWORK_SLOTS * draw_log_between(draw, 0.3, 2.0);
        draw_times(server, draw);
        set_equal(server, lane_bps);
        server->retry_after_ms = -1;
        if (draw_chance(draw, 0.5))
            server->cap_bps = lane_bps * draw_between(draw, 1.0, 12.0);
        sum_bps += lane_bps * (NETWORK_SLOTS / 2);
    }
    if (draw_chance(draw, 0.5))
        net->link_bps = sum_bps * draw_between(draw, 0.3, 0.8);
    draw_size(net, draw, net->link_bps > 0.0 ? net->link_bps : sum_bps);
}

/* A bit of everything at once. */
static void draw_mixed(struct network *net, struct draw *draw)
{
    draw_heavy(net, draw);
    struct server *server = &net->servers[0];
    double bps = sum_of(server);
    if (draw_chance(draw, 0.5)) {
        net->drift = DRIFT_WALK;
        net->drift_us = (uint64_t)draw_log_between(draw, 2e5, 2e6);
        net->drift_depth = draw_between(draw, 0.1, 0.4);
    }
    if (draw_chance(draw, 0.3)) {
        server->fate = draw_chance(draw, 0.7) ? FATE_BREAKS : FATE_STALLS;
        server->mean_life_s = draw_log_between(draw, 20.0, 200.0);
    }
    if (draw_chance(draw, 0.3)) { /* of unequal slots nobody can choose the best few */
        server->max_served = draw_int(draw, 3, 14);
        set_equal(server, bps / NETWORK_SLOTS);
    }
    if (draw_chance(draw, 0.5)) {
        net->link_bps = bps * draw_log_between(draw, 0.1, 0.9);
        net->total = (uint64_t)((double)net->total * net->link_bps / bps) + 1;
    }
}

static const struct family all[] = {
    { "equal", "equal connections", draw_equal },
    { "slow-lane", "one of 16 connections at 1/20", draw_slow_lane },
    { "heavy", "heavy-tailed rates of connections", draw_heavy },
    { "walk", "rates that wander", draw_walk },
    { "on-off", "rates that come and go", draw_on_off },
    { "link", "one link that all share", draw_link },
    { "busy", "HTTP 429 beyond a number of connections", draw_busy },
    { "refused", "connections refused beyond a number", draw_refused },
    { "drops", "connections that break", draw_drops },
    { "stalls", "connections that fall silent", draw_stalls },
    { "mirrors", "2 to 4 places of unequal speed", draw_mirrors },
    { "mixed", "several of these at once", draw_mixed },
    { "short", "files of 0.2 to 5 seconds", draw_short },
};

size_t families(const struct family **out_families)
{
    *out_families = all;
    return sizeof all / sizeof all[0];
}

static uint64_t hash_of_name(const char *name)
{
    uint64_t hash = 0;
    for (size_t i = 0; i < strlen(name); i++)
        hash = draw_hash(hash, (unsigned char)name[i]);
    return hash;
}

void family_network(const struct family *family, uint64_t seed, uint64_t number,
                    struct network *out_network)
{
    uint64_t own_seed = draw_hash(draw_hash(seed, hash_of_name(family->name)), number);
    struct draw draw = { own_seed };
    *out_network = (struct network){ .seed = own_seed };
    family->draw(out_network, &draw);
}
