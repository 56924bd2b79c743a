/* How fast bytes come: an exponentially weighted mean that is right from the first moment and falls
 * by itself when nothing arrives. Pure. */
#ifndef SEGUE_CORE_RATE_H
#define SEGUE_CORE_RATE_H

#include <stdint.h>

struct rate {
    uint64_t start_us;
    uint64_t last_us;
    double weighted_bytes; /* each byte counts exp(-age / time constant) */
};

/* Begins measuring now. */
void rate_start(struct rate *rate, uint64_t now_us);

/* `n_bytes` arrived now; `now_us` never goes back. */
void rate_add(struct rate *rate, uint64_t now_us, uint64_t n_bytes);

/* Bytes per second as of now; 0 before any time has passed. */
double rate_bps(const struct rate *rate, uint64_t now_us);

/* Seconds since rate_start. */
double rate_age_s(const struct rate *rate, uint64_t now_us);

#endif
