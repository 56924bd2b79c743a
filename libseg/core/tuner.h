/* How many lanes a download should have. It begins with a few, adds lanes while the measured total
 * rises by more than the noise, stops when it does not, and steps down at once when the server
 * refuses. Pure. */
#ifndef SEGUE_CORE_TUNER_H
#define SEGUE_CORE_TUNER_H

#include <stdbool.h>
#include <stdint.h>

enum { TUNER_START_LANES = 2 };

struct tuner {
    int ceiling;    /* never more */
    int target;     /* lanes wanted now */
    int tolerated;  /* the server refused more than this; 0: it never refused */
    int best_lanes; /* the number at which the best rate was measured */
    double best_bps;
    uint64_t measure_from_us; /* the present number of lanes is measured from here on */
    uint64_t grow_not_before_us;
    uint64_t settle_us; /* how long a number of lanes is measured */
    bool is_settled;
};

/* Begins with `start` lanes (0: TUNER_START_LANES), never above `ceiling`. */
void tuner_init(struct tuner *tuner, int start, int ceiling, uint64_t now_us);

/* Another ceiling, at once. */
void tuner_set_ceiling(struct tuner *tuner, int ceiling);

/* Called every tick with the total rate and the lanes that are receiving. */
void tuner_tick(struct tuner *tuner, uint64_t now_us, double total_bps, int receiving,
                uint64_t setup_us);

/* The server refused a lane while `open` others were open. */
void tuner_refused(struct tuner *tuner, uint64_t now_us, int open, int64_t retry_after_ms);

/* Lanes wanted now: 1 to the ceiling. */
int tuner_target(const struct tuner *tuner);

/* The number of lanes that was found best; 0 while none was compared with another. */
int tuner_useful(const struct tuner *tuner);

/* The lanes that the server has answered while it refused more; 0: it refused none. */
int tuner_tolerated(const struct tuner *tuner);

#endif
