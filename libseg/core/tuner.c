/* Additive search for the number of lanes, doubled while it pays. */
#include "core/tuner.h"

static const double worth_it = 1.08;          /* a step must bring this factor */
static const uint64_t settle_min_us = 250000; /* shortest look at a number of lanes */
static const uint64_t hold_off_us = 30000000; /* after a refusal */
static const uint64_t look_again_us = 20000000;

static int at_most(int value, int limit)
{
    return value < limit ? value : limit;
}

static int limit_of(const struct tuner *tuner)
{
    return tuner->tolerated > 0 ? at_most(tuner->tolerated, tuner->ceiling) : tuner->ceiling;
}

static void measure_anew(struct tuner *tuner, uint64_t now_us, uint64_t setup_us)
{
    tuner->settle_us = settle_min_us + 4 * setup_us;
    tuner->measure_from_us = now_us;
}

void tuner_init(struct tuner *tuner, int start, int ceiling, uint64_t now_us)
{
    int lanes = start > 0 ? start : TUNER_START_LANES;
    *tuner = (struct tuner){ .ceiling = ceiling, .target = at_most(lanes, ceiling) };
    measure_anew(tuner, now_us, 0);
}

void tuner_set_ceiling(struct tuner *tuner, int ceiling)
{
    tuner->ceiling = ceiling;
    tuner->target = at_most(tuner->target, limit_of(tuner));
    tuner->is_settled = false;
    tuner->best_bps = 0.0; /* measured under the old ceiling */
}

static void grow(struct tuner *tuner, uint64_t now_us, uint64_t setup_us)
{
    tuner->target = at_most(tuner->target * 2, limit_of(tuner));
    measure_anew(tuner, now_us, setup_us);
}

void tuner_tick(struct tuner *tuner, uint64_t now_us, double total_bps, int receiving,
                uint64_t setup_us)
{
    if (tuner->tolerated > 0 && now_us >= tuner->grow_not_before_us)
        tuner->tolerated = 0;
    if (receiving < tuner->target || now_us - tuner->measure_from_us < tuner->settle_us)
        return;
    if (tuner->is_settled) {
        if (now_us - tuner->measure_from_us < look_again_us)
            return;
        tuner->is_settled = false;
        tuner->best_bps = total_bps;
        tuner->best_lanes = tuner->target;
    } else if (tuner->best_bps > 0.0 && total_bps < tuner->best_bps * worth_it) {
        tuner->is_settled = true;
        tuner->target = tuner->best_lanes;
        measure_anew(tuner, now_us, setup_us);
        return;
    } else {
        tuner->best_bps = total_bps;
        tuner->best_lanes = tuner->target;
    }
    if (tuner->target < limit_of(tuner))
        grow(tuner, now_us, setup_us);
}

void tuner_refused(struct tuner *tuner, uint64_t now_us, int open, int64_t retry_after_ms)
{
    int left = open > 1 ? open : 1;
    tuner->tolerated = left;
    tuner->target = at_most(tuner->target, left);
    uint64_t pause_us = retry_after_ms > 0 ? (uint64_t)retry_after_ms * 1000 : 0;
    tuner->grow_not_before_us = now_us + (pause_us > hold_off_us ? pause_us : hold_off_us);
    measure_anew(tuner, now_us, 0);
}

int tuner_target(const struct tuner *tuner)
{
    return tuner->target;
}

int tuner_useful(const struct tuner *tuner)
{
    return tuner->is_settled ? tuner->best_lanes : 0;
}

int tuner_tolerated(const struct tuner *tuner)
{
    return tuner->tolerated;
}
