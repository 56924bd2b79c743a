/* A token bucket: lets bytes pass at a rate. Pure.
 *
 * Invariant: of what is taken while bucket_tokens says that it may, no more than
 * rate * (time + BUCKET_DEPTH_MS) passes within any time. So a second never has more than 1.1 of
 * the rate. */
#ifndef SEGUE_CORE_BUCKET_H
#define SEGUE_CORE_BUCKET_H

#include <stdint.h>

/* What was not used may be made up for within this time. Longer, and a second would have visibly
 * more than the rate; shorter, and a busy machine that looks late would lose what it may have. */
enum { BUCKET_DEPTH_MS = 100 };

struct bucket {
    uint64_t rate_bps; /* 0: no limit */
    double tokens;     /* bytes that may pass now; below 0: passed in advance */
    uint64_t last_us;
};

/* Sets the rate, from now on; 0 takes the limit away. What is in the bucket stays, up to what the
 * new rate allows; a new limit begins empty, and debts of an old one are forgotten with it. */
void bucket_set_rate(struct bucket *bucket, uint64_t rate_bps, uint64_t now_us);

/* Bytes that may pass now; UINT64_MAX without a limit. `now_us` never goes back. */
uint64_t bucket_tokens(struct bucket *bucket, uint64_t now_us);

/* `n_bytes` passed; more than may is waited for afterwards. */
void bucket_take(struct bucket *bucket, uint64_t n_bytes);

#endif
