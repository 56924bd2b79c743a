/* With weights exp(-age/T) a constant rate r adds up to r * T * (1 - exp(-elapsed/T)); dividing by
 * the same factor makes the mean unbiased from the start. */
#include "core/rate.h"

#include <math.h>

static const double time_constant_s = 1.0;

static double seconds(uint64_t from_us, uint64_t to_us)
{
    return to_us > from_us ? (double)(to_us - from_us) / 1e6 : 0.0;
}

static double weighted_at(const struct rate *rate, uint64_t now_us)
{
    return rate->weighted_bytes * exp(-seconds(rate->last_us, now_us) / time_constant_s);
}

void rate_start(struct rate *rate, uint64_t now_us)
{
    *rate = (struct rate){ .start_us = now_us, .last_us = now_us };
}

void rate_add(struct rate *rate, uint64_t now_us, uint64_t n_bytes)
{
    rate->weighted_bytes = weighted_at(rate, now_us) + (double)n_bytes;
    rate->last_us = now_us;
}

double rate_bps(const struct rate *rate, uint64_t now_us)
{
    double elapsed = seconds(rate->start_us, now_us);
    if (elapsed <= 0.0)
        return 0.0;
    double span = time_constant_s * (1.0 - exp(-elapsed / time_constant_s));
    return weighted_at(rate, now_us) / span;
}

double rate_age_s(const struct rate *rate, uint64_t now_us)
{
    return seconds(rate->start_us, now_us);
}
