/* The network that the shaper pretends to be: connections, the answers on them, and who may send
 * how much when. One thread; the caller owns the sockets' readiness and the clock. */
#ifndef SEGUE_TESTS_BENCH_SHAPED_H
#define SEGUE_TESTS_BENCH_SHAPED_H

#include <stdbool.h>
#include <stdint.h>

enum { SHAPED_TICK_US = 5000, SHAPED_MAX_PEERS = 2048 };

struct peer;

/* Which connections fail: each `every`-th of those opened, at most `most` of them, once they have
 * carried `after` bytes of bodies. */
struct fault {
    uint64_t every;
    uint64_t after;
    uint64_t most;
};

/* How the network is. */
struct shape {
    uint64_t rtt_us;
    uint64_t rate_bps;  /* of a connection; 0: no limit */
    uint64_t link_bps;  /* of all together; 0: no limit */
    uint64_t tolerated; /* answers at once; 0: any number */
    uint64_t slow_slot;
    uint64_t slow_bps; /* 0: none is slow */
    struct fault silence;
    struct fault drop;
};

/* What happened since the counts were last taken. */
struct counts {
    uint64_t connections;
    uint64_t requests;
    uint64_t refused;
    uint64_t silenced;
    uint64_t dropped;
    uint64_t sent; /* bytes of bodies */
    uint64_t most_open;
};

/* Sets the network up to serve these bytes, which are the caller's and have to stay there. */
void shaped_init(const struct shape *shape, const char *bytes, uint64_t size);

/* Takes a connected socket over. NULL: there are too many, and it was closed. The peer is valid
 * until shaped_is_open() says no. */
struct peer *shaped_open(int fd);

/* Whether the peer still has its connection; a closed one is used again for another. */
bool shaped_is_open(const struct peer *peer);

/* Reads what has arrived; closes the peer when it has gone. */
void shaped_read(struct peer *peer, uint64_t at_us);

/* Sends what may be sent by now. Returns whether another tick is wanted; a late one is made
 * good. */
bool shaped_tick(uint64_t at_us);

/* Returns the counts, and counts from zero. Connections that are still there are the first ones of
 * the new count, and fail like others of their number. */
struct counts shaped_take_counts(void);

#endif
