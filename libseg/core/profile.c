/* Learning about servers, and forgetting. */
#include "core/profile.h"

#include <math.h>
#include <string.h>

#include "base/assert.h"
#include "core/tuner.h"

static const int64_t day_ms = 24 * 60 * 60 * 1000;

/* The limits of what is plausible. */
static const int64_t lanes_max = 1024;
static const int64_t bps_max = (int64_t)1 << 50;
static const int64_t setup_max_us = (int64_t)3600 * 1000 * 1000;
static const int64_t wall_max_ms = (int64_t)1 << 48; /* the year 10889 */

static const char *const range_words[] = {
#define X(code, word) [code] = (word),
    PROFILE_RANGES_TABLE(X)
#undef X
};

const char *profile_ranges_word(enum profile_ranges ranges)
{
    SG_ASSERT((unsigned)ranges < PROFILE_RANGES_COUNT);
    return range_words[ranges];
}

enum profile_ranges profile_ranges_from_word(const char *word)
{
    unsigned i = 0;
    while (i < PROFILE_RANGES_COUNT && strcmp(range_words[i], word) != 0)
        i++;
    return (enum profile_ranges)i;
}

/* Clocks are set back by a little all the time: what was seen in the near future was seen now. What
 * was seen in the far future was seen by a clock that was wrong: it is as old as can be. */
static int64_t age_ms(int64_t then_ms, int64_t now_ms)
{
    if (then_ms > now_ms + day_ms)
        return INT64_MAX;
    return then_ms < now_ms ? now_ms - then_ms : 0;
}

/* 1 for what is new, a half for what is a half-life old. */
static double weight_of(const struct profile *profile, int64_t now_ms)
{
    double half_lives = (double)age_ms(profile->seen_ms, now_ms) /
                        ((double)PROFILE_HALF_LIFE_DAYS * (double)day_ms);
    return exp2(-half_lives);
}

bool profile_is_forgotten(const struct profile *profile, int64_t now_ms)
{
    return age_ms(profile->seen_ms, now_ms) > PROFILE_FORGOTTEN_DAYS * day_ms;
}

static void fade_tolerance(struct profile *profile, int64_t now_ms)
{
    if (age_ms(profile->refused_ms, now_ms) <= PROFILE_TOLERANCE_DAYS * day_ms)
        return;
    profile->tolerated_lanes = 0;
    profile->refused_ms = 0;
}

struct profile profile_faded(const struct profile *profile, int64_t now_ms)
{
    struct profile faded = { 0 };
    if (profile_is_forgotten(profile, now_ms))
        return faded;
    faded = *profile;
    fade_tolerance(&faded, now_ms);
    if (faded.useful_lanes > 0) { /* towards the number that a stranger gets */
        double beyond = (double)(faded.useful_lanes - TUNER_START_LANES);
        faded.useful_lanes = TUNER_START_LANES + lround(beyond * weight_of(profile, now_ms));
    }
    return faded;
}

/* Rounded towards what was seen, so that it gets there. */
static void smooth(int64_t *known, int64_t seen, double weight)
{
    if (seen <= 0)
        return;
    double value = (double)seen;
    if (*known > 0)
        value += (double)(*known - seen) * weight / 2.0;
    *known = (int64_t)(seen > *known ? ceil(value) : floor(value));
}

/* Where the ceiling was reached, more might have been useful: that speaks against no higher number.
 */
static void learn_useful(struct profile *profile, const struct observation *seen, double weight)
{
    if (!seen->is_useful_capped || seen->useful_lanes > profile->useful_lanes)
        smooth(&profile->useful_lanes, seen->useful_lanes, weight);
}

static void learn_tolerance(struct profile *profile, const struct observation *seen, int64_t now_ms)
{
    fade_tolerance(profile, now_ms);
    if (seen->was_refused && seen->served_lanes > 0) {
        profile->tolerated_lanes = seen->served_lanes;
        profile->refused_ms = now_ms;
    } else if (seen->served_lanes > profile->tolerated_lanes) {
        profile->tolerated_lanes = 0;
        profile->refused_ms = 0;
    }
}

void profile_learn(struct profile *profile, const struct observation *seen, int64_t now_ms)
{
    if (profile_is_forgotten(profile, now_ms))
        *profile = (struct profile){ 0 };
    double weight = weight_of(profile, now_ms);
    learn_useful(profile, seen, weight);
    learn_tolerance(profile, seen, now_ms);
    smooth(&profile->lane_bps, seen->lane_bps, weight);
    smooth(&profile->total_bps, seen->total_bps, weight);
    smooth(&profile->setup_us, seen->setup_us, weight);
    if (seen->ranges != PROFILE_RANGES_UNKNOWN)
        profile->ranges = seen->ranges;
    profile->seen_ms = now_ms;
}

static bool is_within(int64_t value, int64_t max)
{
    return value >= 0 && value <= max;
}

bool profile_is_plausible(const struct profile *profile)
{
    return is_within(profile->useful_lanes, lanes_max) &&
           is_within(profile->tolerated_lanes, lanes_max) &&
           is_within(profile->lane_bps, bps_max) && is_within(profile->total_bps, bps_max) &&
           is_within(profile->setup_us, setup_max_us) &&
           is_within(profile->refused_ms, wall_max_ms) &&
           is_within(profile->seen_ms, wall_max_ms) &&
           (unsigned)profile->ranges < PROFILE_RANGES_COUNT;
}

int profile_start_lanes(const struct profile *profile)
{
    int64_t lanes = profile->useful_lanes;
    if (profile->tolerated_lanes > 0 && lanes > profile->tolerated_lanes)
        lanes = profile->tolerated_lanes;
    return (int)lanes;
}
