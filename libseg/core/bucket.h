/* A token bucket: lets bytes pass at a rate. Pure. */
#ifndef SEGUE_CORE_BUCKET_H
#define SEGUE_CORE_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

struct bucket {
    uint64_t rate_bps; /* 0: no limit */
    double tokens;     /* bytes that may pass now; below 0: passed in advance */
    uint64_t last_us;
};

/* Sets the rate, from now on; 0 takes the limit away. What is in the bucket stays, up to what the
 * new rate allows. */
void bucket_set_rate(struct bucket *bucket, uint64_t rate_bps, uint64_t now_us);

/* True when bytes may pass now: always without a limit. Any number may then be taken at once; what
 * is too much is waited for afterwards. `now_us` never goes back. */
bool bucket_may_pass(struct bucket *bucket, uint64_t now_us);

/* `n_bytes` passed. */
void bucket_take(struct bucket *bucket, uint64_t n_bytes);

#endif
