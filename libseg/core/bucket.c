/* Rate limiting. The bucket holds little: a burst after a pause would be seen as a rate above the
 * limit within the second. */
#include "core/bucket.h"

/* At least one byte, or nothing would ever pass at the lowest rates. */
static double depth_of(const struct bucket *bucket)
{
    double depth = (double)bucket->rate_bps * BUCKET_DEPTH_MS / 1e3;
    return depth > 1.0 ? depth : 1.0;
}

static void refill(struct bucket *bucket, uint64_t now_us)
{
    bucket->tokens += (double)bucket->rate_bps * (double)(now_us - bucket->last_us) / 1e6;
    if (bucket->tokens > depth_of(bucket))
        bucket->tokens = depth_of(bucket);
    bucket->last_us = now_us;
}

void bucket_set_rate(struct bucket *bucket, uint64_t rate_bps, uint64_t now_us)
{
    if (bucket->rate_bps == 0 || rate_bps == 0) {
        bucket->tokens = 0;
        bucket->last_us = now_us;
    }
    refill(bucket, now_us);
    bucket->rate_bps = rate_bps;
    refill(bucket, now_us);
}

uint64_t bucket_tokens(struct bucket *bucket, uint64_t now_us)
{
    if (bucket->rate_bps == 0)
        return UINT64_MAX;
    refill(bucket, now_us);
    return bucket->tokens >= 1.0 ? (uint64_t)bucket->tokens : 0;
}

void bucket_take(struct bucket *bucket, uint64_t n_bytes)
{
    if (bucket->rate_bps > 0)
        bucket->tokens -= (double)n_bytes;
}
