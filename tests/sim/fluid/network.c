/* A network in time. */
#include "tests/sim/fluid/network.h"

#include <float.h>
#include <math.h>

#include "tests/sim/fluid/draw.h"

enum {
    WALK_MEMORY = 4, /* pieces of time that a wandering rate remembers */
    RAMP_STEPS = 40, /* doublings after which no link holds a window any more */
};

static const double off_share = 0.02; /* of its rate, that a slot gives while it is off */

enum hashed { HASHED_DRIFT, HASHED_LIFE, HASHED_SILENCE };

static uint64_t hash_of(const struct network *net, enum hashed what, int source, int slot,
                        uint64_t n)
{
    uint64_t place = (uint64_t)(source * NETWORK_SLOTS + slot);
    return draw_hash(draw_hash(net->seed, (uint64_t)what << 32 | place), n);
}

/* A moving average of noise: a random walk that does not run away. */
static double walk(const struct network *net, int source, int slot, uint64_t piece)
{
    double sum = 0.0;
    for (uint64_t i = 0; i < WALK_MEMORY; i++)
        sum += draw_normal_of(hash_of(net, HASHED_DRIFT, source, slot, piece + i));
    return exp(net->drift_depth * sum / sqrt(WALK_MEMORY));
}

static double drift_of(const struct network *net, int source, int slot, uint64_t now_us)
{
    if (net->drift == DRIFT_NONE)
        return 1.0;
    uint64_t piece = now_us / net->drift_us;
    if (net->drift == DRIFT_WALK)
        return walk(net, source, slot, piece);
    double chance = draw_fraction(hash_of(net, HASHED_DRIFT, source, slot, piece));
    return chance < net->drift_depth ? off_share : 1.0;
}

double network_slot_bps(const struct network *net, int source, int slot, uint64_t now_us)
{
    return net->servers[source].slot_bps[slot] * drift_of(net, source, slot, now_us);
}

uint64_t network_next_drift(const struct network *net, uint64_t now_us)
{
    return net->drift == DRIFT_NONE ? UINT64_MAX : (now_us / net->drift_us + 1) * net->drift_us;
}

static uint64_t doublings(const struct network *net, int source, uint64_t age_us)
{
    return age_us / net->servers[source].rtt_us;
}

double network_ramp_bps(const struct network *net, int source, uint64_t age_us)
{
    uint64_t n = doublings(net, source, age_us);
    if (!net->has_slow_start || n >= RAMP_STEPS)
        return DBL_MAX;
    double first_bps = TCP_WINDOW_BYTES * 1e6 / (double)net->servers[source].rtt_us;
    return ldexp(first_bps, (int)n);
}

uint64_t network_ramp_next(const struct network *net, int source, uint64_t age_us)
{
    uint64_t n = doublings(net, source, age_us);
    if (!net->has_slow_start || n >= RAMP_STEPS)
        return UINT64_MAX;
    return (n + 1) * net->servers[source].rtt_us;
}

static uint64_t exponential_us(double mean_s, uint64_t hash)
{
    return (uint64_t)(mean_s * draw_exponential_of(hash) * 1e6) + 1;
}

uint64_t network_life_us(const struct network *net, int source, int slot, int n)
{
    const struct server *server = &net->servers[source];
    if (server->fate == FATE_NONE)
        return UINT64_MAX;
    return exponential_us(server->mean_life_s,
                          hash_of(net, HASHED_LIFE, source, slot, (uint64_t)n));
}

uint64_t network_silence_us(const struct network *net, int source, int slot, int n)
{
    const struct server *server = &net->servers[source];
    if (server->fate != FATE_STALLS || server->mean_silence_s <= 0.0)
        return UINT64_MAX;
    return exponential_us(server->mean_silence_s,
                          hash_of(net, HASHED_SILENCE, source, slot, (uint64_t)n));
}
