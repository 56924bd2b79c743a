/* Rate limiting. The bucket holds little: a burst after a pause would be seen as a rate above the
 * limit within the second. */
#include "core/bucket.h"

static const double depth_s = 0.05;

static void refill(struct bucket *bucket, uint64_t now_us)
{
    double rate = (double)bucket->rate_bps;
    bucket->tokens += rate * (double)(now_us - bucket->last_us) / 1e6;
    if (bucket->tokens > rate * depth_s)
        bucket->tokens = rate * depth_s;
    bucket->last_us = now_us;
}

void bucket_set_rate(struct bucket *bucket, uint64_t rate_bps, uint64_t now_us)
{
    if (bucket->rate_bps == 0) {
        bucket->tokens = 0;
        bucket->last_us = now_us;
    }
    refill(bucket, now_us);
    bucket->rate_bps = rate_bps;
    refill(bucket, now_us);
}

bool bucket_may_pass(struct bucket *bucket, uint64_t now_us)
{
    if (bucket->rate_bps == 0)
        return true;
    refill(bucket, now_us);
    return bucket->tokens > 0;
}

void bucket_take(struct bucket *bucket, uint64_t n_bytes)
{
    if (bucket->rate_bps > 0)
        bucket->tokens -= (double)n_bytes;
}
