/* Random numbers: a counter, mixed well (the finalizer of splitmix64). */
#include "tests/sim/fluid/draw.h"

#include <math.h>

static const uint64_t golden = 0x9E3779B97F4A7C15u; /* 2^64 divided by the golden ratio */

static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return x ^ x >> 31;
}

uint64_t draw_hash(uint64_t a, uint64_t b)
{
    return mix(mix(a + golden) + (b + 1) * golden);
}

double draw_fraction(uint64_t hash)
{
    return ((double)(hash >> 12) + 0.5) / 4503599627370496.0; /* 2^52 */
}

double draw_normal_of(uint64_t hash)
{
    const double full_turn = 6.28318530717958648;
    double radius = sqrt(-2.0 * log(draw_fraction(hash)));
    return radius * cos(full_turn * draw_fraction(mix(hash)));
}

double draw_exponential_of(uint64_t hash)
{
    return -log(draw_fraction(hash));
}

uint64_t draw_bits(struct draw *draw)
{
    draw->state += golden;
    return mix(draw->state);
}

double draw_between(struct draw *draw, double low, double high)
{
    return low + (high - low) * draw_fraction(draw_bits(draw));
}

double draw_log_between(struct draw *draw, double low, double high)
{
    return exp(draw_between(draw, log(low), log(high)));
}

int draw_int(struct draw *draw, int low, int high)
{
    return low + (int)(draw_bits(draw) % (uint64_t)(high - low + 1));
}

bool draw_chance(struct draw *draw, double probability)
{
    return draw_fraction(draw_bits(draw)) < probability;
}

double draw_normal(struct draw *draw)
{
    return draw_normal_of(draw_bits(draw));
}
