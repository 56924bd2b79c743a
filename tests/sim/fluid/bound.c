/* Two bounds, of which the later one counts.
 *
 * By rates: every slot was opened at the start, so that its first byte comes as early as can be
 * and its slow start is as far as can be; none ever breaks; and the best NETWORK_LANES slots are
 * used at each moment. The servers' caps, the limits of connections and the link hold. The rate at
 * a moment is then at least that of any client, so its integral is ahead of any client's.
 *
 * By lives: a slot gives its rate except while its connection is being opened again. Whoever ends a
 * life early opens more often, so living each to its end gives the most time by any moment. What
 * the link holds back is not counted here. Only for one source with rates that do not change. */
#include "tests/sim/fluid/bound.h"

#include <stdbool.h>

enum { GAINS_MAX = NETWORK_SOURCES * NETWORK_SLOTS, BISECTIONS = 50 };

static double least(double a, double b)
{
    return a < b ? a : b;
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* ---- by rates ---- */

static void sort_down(double *values, int n)
{
    for (int i = 1; i < n; i++) {
        double value = values[i];
        int at = i;
        for (; at > 0 && values[at - 1] < value; at--)
            values[at] = values[at - 1];
        values[at] = value;
    }
}

static uint64_t setup_of(const struct server *server)
{
    return server->open_us + server->first_us;
}

/* Connections that a server serves. */
static int places_of(const struct server *server)
{
    bool has_fewer = server->max_served > 0 && server->max_served < NETWORK_SLOTS;
    return has_fewer ? server->max_served : NETWORK_SLOTS;
}

/* Who fetches. */
struct client {
    const struct network *network;
    uint64_t start_us;
    uint64_t known_us; /* from then on it knows enough to ask for more than one range */
};

/* What each further connection to a server adds at a time, the best first. */
static int gains_of(const struct client *client, int source, uint64_t now_us, double *gains)
{
    const struct network *net = client->network;
    const struct server *server = &net->servers[source];
    uint64_t born_us = client->start_us + setup_of(server);
    double left_bps = server->cap_bps;
    int n = places_of(server);
    if (now_us < born_us || (now_us < client->known_us && source > 0))
        return 0;
    double ramp_bps = network_ramp_bps(net, source, now_us - born_us);
    for (int slot = 0; slot < NETWORK_SLOTS; slot++)
        gains[slot] = least(network_slot_bps(net, source, slot, now_us), ramp_bps);
    sort_down(gains, NETWORK_SLOTS);
    for (int i = 0; i < n && server->cap_bps > 0.0; i++) {
        gains[i] = least(gains[i], left_bps);
        left_bps -= gains[i];
    }
    return now_us < client->known_us ? 1 : n;
}

/* A server's gains fall, so taking the best ones of all servers takes each server's in order. */
static double best_bps(const struct client *client, uint64_t now_us)
{
    const struct network *net = client->network;
    double gains[GAINS_MAX];
    double sum_bps = 0.0;
    int n = 0;
    for (int source = 0; source < net->n_sources; source++)
        n += gains_of(client, source, now_us, gains + n);
    if (net->n_sources > 1)
        sort_down(gains, n);
    for (int i = 0; i < n && i < NETWORK_LANES; i++)
        sum_bps += gains[i];
    return net->link_bps > 0.0 ? least(sum_bps, net->link_bps) : sum_bps;
}

/* Until then the best rate does not change. */
static uint64_t next_change(const struct client *client, uint64_t now_us)
{
    const struct network *net = client->network;
    uint64_t next_us = network_next_drift(net, now_us);
    if (now_us < client->known_us)
        next_us = sooner(next_us, client->known_us);
    for (int source = 0; source < net->n_sources; source++) {
        uint64_t born_us = client->start_us + setup_of(&net->servers[source]);
        uint64_t ramp_us = UINT64_MAX;
        if (now_us >= born_us)
            ramp_us = network_ramp_next(net, source, now_us - born_us);
        if (now_us < born_us)
            next_us = sooner(next_us, born_us);
        else if (ramp_us != UINT64_MAX)
            next_us = sooner(next_us, born_us + ramp_us);
    }
    return next_us;
}

static uint64_t bound_by_rates(const struct client *client)
{
    double left = (double)client->network->total;
    uint64_t now_us = client->start_us;
    for (;;) {
        double bps = best_bps(client, now_us);
        uint64_t next_us = next_change(client, now_us);
        double until_us = next_us == UINT64_MAX ? left / bps * 1e6 : (double)(next_us - now_us);
        if (bps * until_us / 1e6 >= left || next_us == UINT64_MAX)
            return now_us - client->start_us + (uint64_t)(left / bps * 1e6);
        left -= bps * until_us / 1e6;
        now_us = next_us;
    }
}

/* ---- by lives ---- */

/* How long a slot can have given bytes by `elapsed_us`. */
static uint64_t time_alive(const struct network *net, int slot, uint64_t elapsed_us)
{
    uint64_t setup_us = setup_of(&net->servers[0]);
    uint64_t now_us = setup_us;
    uint64_t alive_us = 0;
    for (int n = 0; now_us < elapsed_us; n++) {
        uint64_t life_us = sooner(network_life_us(net, 0, slot, n), elapsed_us - now_us);
        alive_us += life_us;
        now_us += life_us + sooner(setup_us, network_silence_us(net, 0, slot, n));
    }
    return alive_us;
}

static double most_bytes(const struct network *net, uint64_t elapsed_us)
{
    double gains[NETWORK_SLOTS];
    const struct server *server = &net->servers[0];
    double bytes = 0.0;
    for (int slot = 0; slot < NETWORK_SLOTS; slot++)
        gains[slot] = server->slot_bps[slot] * (double)time_alive(net, slot, elapsed_us) / 1e6;
    sort_down(gains, NETWORK_SLOTS);
    int n = places_of(server);
    for (int i = 0; i < n; i++)
        bytes += gains[i];
    return bytes;
}

static uint64_t bound_by_lives(const struct network *net)
{
    uint64_t low_us = 0;
    uint64_t high_us = NETWORK_SECOND_US;
    while (most_bytes(net, high_us) < (double)net->total)
        high_us *= 2;
    for (int i = 0; i < BISECTIONS && high_us - low_us > 1; i++) {
        uint64_t middle_us = low_us + (high_us - low_us) / 2;
        if (most_bytes(net, middle_us) < (double)net->total)
            low_us = middle_us;
        else
            high_us = middle_us;
    }
    return low_us;
}

static uint64_t bound_of(const struct client *client)
{
    const struct network *net = client->network;
    uint64_t by_rates = bound_by_rates(client);
    bool has_lives =
        net->n_sources == 1 && net->drift == DRIFT_NONE && net->servers[0].fate != FATE_NONE;
    uint64_t by_lives = has_lives ? bound_by_lives(net) : 0;
    return by_rates > by_lives ? by_rates : by_lives;
}

uint64_t bound_us(const struct network *net, uint64_t start_us)
{
    return bound_of(&(struct client){ net, start_us, start_us });
}

uint64_t bound_asking_us(const struct network *net, uint64_t start_us)
{
    const struct server *asked = &net->servers[0];
    uint64_t known_us = start_us + setup_of(asked) + asked->first_us;
    return bound_of(&(struct client){ net, start_us, known_us });
}
