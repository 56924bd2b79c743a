/* The connections of one download through a network: opening, waiting for the first byte, flowing,
 * breaking, lying idle for the next request. It knows requests as lanes and does not know what they
 * are for. The driver asks when something happens next, lets time pass up to there, and takes what
 * happened. */
#ifndef SEGUE_TESTS_SIM_FLUID_WIRE_H
#define SEGUE_TESTS_SIM_FLUID_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/sim/fluid/network.h"

enum { WIRE_LANES = 64, WIRE_NO_LANE = -1 };

/*        ┌──────► refused
 *   opening ─► asked ─► flowing ⇄ silent      flowing, silent ─► broken
 *                ▲         ▼
 *                └─────── idle */
enum conn_state { CONN_NONE, CONN_OPENING, CONN_ASKED, CONN_FLOWING, CONN_SILENT, CONN_IDLE };

/* The connection in a slot of a server. */
struct conn {
    enum conn_state state;
    int source;
    int slot;
    int lane;        /* whose request it carries */
    int opened;      /* its number, in order of opening */
    int lives;       /* begun in this slot so far */
    uint64_t due_us; /* opening, asked: until then; silent: it goes on then */
    uint64_t asked_us;
    uint64_t born_us; /* its first byte came then; 0: it did not yet */
    uint64_t life_end_us;
    double bps;          /* now */
    double credit_bytes; /* flowed and not taken yet */
};

enum happening { WIRE_NOTHING, WIRE_HEAD, WIRE_BUSY, WIRE_REFUSED, WIRE_BROKEN };

/* What happened to a lane's request. */
struct wire_news {
    enum happening what;
    int lane;
    uint64_t setup_us; /* WIRE_HEAD, WIRE_BUSY: since it was asked */
};

struct wire {
    const struct network *network;
    struct conn conns[NETWORK_SOURCES][NETWORK_SLOTS];
    int next_slot[NETWORK_SOURCES];   /* the next connection takes the first free one from here */
    struct conn *of_lane[WIRE_LANES]; /* NULL: the lane has no request */
    uint64_t now_us;
    bool is_stale; /* rates are to be worked out anew */
    uint64_t next_drift_us;
    int n_opened;
    int n_requests;
};

/* Nothing is open. The network stays the caller's. */
void wire_init(struct wire *wire, const struct network *network, uint64_t now_us);

/* A lane sends a request, on an idle connection when there is one. */
void wire_ask(struct wire *wire, int lane, int source);

/* The lane's request is through: its connection lies idle. */
void wire_end(struct wire *wire, int lane);

/* The lane's request is cut off: its connection is closed. */
void wire_cut(struct wire *wire, int lane);

/* Present rate of a lane; 0 while it does not flow. */
double wire_lane_bps(struct wire *wire, int lane);

/* When something happens by itself, or rates change. */
uint64_t wire_next(struct wire *wire);

/* Lets time pass, at most to wire_next: bytes flow. */
void wire_pass(struct wire *wire, uint64_t now_us);

/* Whole bytes that flowed on a lane and were not taken; takes `n` of them. */
uint64_t wire_ready(const struct wire *wire, int lane);
void wire_take(struct wire *wire, int lane, uint64_t n);

/* One thing that has happened by now; WIRE_NOTHING: no more. */
struct wire_news wire_news(struct wire *wire);

#endif
