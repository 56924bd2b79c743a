/* How many lanes a download should have. The tuner measures the total rate in slices of time, each
 * with the number of lanes that were receiving in it, and compares: it begins with a few lanes,
 * multiplies them while the total rises with them, keeps as many as the rate was worth when it no
 * longer does, and steps down at once when the server refuses. Later it looks again, ever more
 * seldom, and whenever the rate falls. Pure.
 *
 *   searching ─► settled: the rate did not rise with the lanes, or there are as many as may be
 *       ▲           │
 *       └───────────┘ time to look again, the rate fell, another ceiling, a refusal is forgiven */
#ifndef SEGUE_CORE_TUNER_H
#define SEGUE_CORE_TUNER_H

#include <stdbool.h>
#include <stdint.h>

enum {
    TUNER_START_LANES = 4, /* where nothing is known of the server */
    TUNER_FEW_LANES = 2,   /* not fewer, unless refused: one may stall */
};

/* What a slice of time showed. */
struct tuner_sample {
    double lanes; /* receiving, on average; 0: no sample */
    double bps;   /* all of them together */
};

struct tuner {
    int ceiling;    /* never more */
    int target;     /* lanes wanted now */
    bool is_guided; /* it began with a number that was found earlier */
    bool is_settled;
    int useful; /* the number that the last search ended with; 0: none did */

    /* the slice that is being measured */
    uint64_t slice_from_us;
    uint64_t slice_from_bytes;
    uint64_t last_us;
    double lane_us; /* receiving lanes, summed over its time */

    struct tuner_sample base;    /* with clearly fewer lanes than the target */
    struct tuner_sample present; /* with as many as the target */
    uint64_t present_us;

    uint64_t look_again_us; /* when settled: at this time */
    uint64_t look_every_us;

    bool was_refused; /* from then on lanes are added one by one, more or less */
    int tolerated;    /* the server refused more than this; 0: it refuses none */
    uint64_t forgive_us;
    uint64_t forgive_every_us;
};

/* Begins with `start` lanes (0: TUNER_START_LANES), never above `ceiling`; `bytes` as in
 * tuner_tick. */
void tuner_init(struct tuner *tuner, int start, int ceiling, uint64_t now_us, uint64_t bytes);

/* Another ceiling, at once. */
void tuner_set_ceiling(struct tuner *tuner, int ceiling);

/* What a tick shows. */
struct tuner_view {
    uint64_t now_us;
    uint64_t bytes;    /* that all lanes together received up to now */
    uint64_t left;     /* that are still to come */
    int receiving;     /* lanes */
    uint64_t setup_us; /* what opening a lane takes */
};

/* Called every tick. Neither time nor bytes go back. */
void tuner_tick(struct tuner *tuner, const struct tuner_view *view);

/* In place of tuner_tick while something else than the lanes bounds the rate: what comes now says
 * nothing about their number, and the measuring begins anew. */
void tuner_skip(struct tuner *tuner, const struct tuner_view *view);

/* The server refused a lane while `open` others were open. */
void tuner_refused(struct tuner *tuner, uint64_t now_us, int open, int64_t retry_after_ms);

/* An earlier download was refused more than that: as if it had been this one, but that lanes up to
 * there are still to be tried. Right after tuner_init. */
void tuner_remember_refusal(struct tuner *tuner, uint64_t now_us, int tolerated);

/* Lanes wanted now: 1 to the ceiling. */
int tuner_target(const struct tuner *tuner);

/* The number of lanes that was found best; 0 while none was compared with another. */
int tuner_useful(const struct tuner *tuner);

/* The lanes that the server has answered while it refused more; 0: it refused none. */
int tuner_tolerated(const struct tuner *tuner);

#endif
