/* A network as a download meets it, drawn from a family by a seed: what the servers give to each
 * connection, what all of them share, how long things take, and what breaks when. Everything here
 * is a function of the network and of time, never of what a client does, so that a client and the
 * lower bound meet the same network. */
#ifndef SEGUE_TESTS_SIM_FLUID_NETWORK_H
#define SEGUE_TESTS_SIM_FLUID_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

enum {
    NETWORK_LANES = 16,  /* the ceiling of a download's connections */
    NETWORK_SLOTS = 16,  /* places for connections at a server */
    NETWORK_SOURCES = 4, /* the job's URL and its mirrors */
    NETWORK_SECOND_US = 1000000,
    TCP_WINDOW_BYTES =
        10 * 1460, /* what a new connection sends in its first round trip; RFC 6928 */
};

/* How rates change in time. */
enum drift {
    DRIFT_NONE,
    DRIFT_WALK,  /* each slot's rate wanders around its mean */
    DRIFT_ON_OFF /* each slot gives its rate, or next to nothing */
};

/* What a server does with a connection too many. */
enum refusal {
    REFUSAL_BUSY,   /* HTTP 429 */
    REFUSAL_CLOSED, /* the connection is refused */
};

/* How a connection's life ends. */
enum fate {
    FATE_NONE,   /* it lives for ever */
    FATE_BREAKS, /* reset */
    FATE_STALLS, /* it falls silent: for ever, or for a while, and then lives again */
};

/* Connections take the free slots in turn, and have the rate of their slot. So one that is opened
 * again has another rate, as on the way to a real server, and yet all rates are known to the bound:
 * opening until a fast one comes would else be a game without one. */
struct server {
    double slot_bps[NETWORK_SLOTS];
    double cap_bps; /* all its connections together; 0: no cap */
    uint64_t rtt_us;
    uint64_t open_us;  /* to open a connection: TCP, TLS */
    uint64_t first_us; /* from a request to the first byte of its reply */
    int max_served;    /* connections that it serves at once; 0: any number */
    enum refusal refusal;
    int64_t retry_after_ms; /* told with HTTP 429; -1: not */
    enum fate fate;
    double mean_life_s;    /* of a connection, from its first byte on: exponential */
    double mean_silence_s; /* FATE_STALLS: exponential; 0: for ever */
};

struct network {
    uint64_t seed;
    uint64_t total;  /* bytes of the file */
    double link_bps; /* what all connections share; 0: no cap */
    bool has_slow_start;
    enum drift drift;
    uint64_t drift_us;  /* rates change this often */
    double drift_depth; /* DRIFT_WALK: deviation of the logarithm; DRIFT_ON_OFF: share of off */
    int n_sources;
    struct server servers[NETWORK_SOURCES];
};

/* What a slot of a server gives at a time, to a connection that is out of its slow start. */
double network_slot_bps(const struct network *network, int source, int slot, uint64_t now_us);

/* When rates change next; UINT64_MAX: never. */
uint64_t network_next_drift(const struct network *network, uint64_t now_us);

/* The rate to which slow start holds a connection whose first byte came `age_us` ago, and when
 * that changes next (as an age). */
double network_ramp_bps(const struct network *network, int source, uint64_t age_us);
uint64_t network_ramp_next(const struct network *network, int source, uint64_t age_us);

/* How long the n-th life in a slot lasts, and the silence after it; UINT64_MAX: for ever. */
uint64_t network_life_us(const struct network *network, int source, int slot, int n);
uint64_t network_silence_us(const struct network *network, int source, int slot, int n);

#endif
