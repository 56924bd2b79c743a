/* The search for the number of lanes. */
#include "core/tuner.h"

#include <math.h>

#include "base/assert.h"

enum {
    GROWTH = 4, /* each step of a search multiplies the lanes by this at most */
    SLICE_BYTES = 128 * 1024,
};

static const uint64_t slice_min_us = 50000; /* shorter ones show chance */
static const uint64_t slice_max_us = 1000000;
static const uint64_t settled_slice_us = 2000000;
static const uint64_t look_first_us = 10000000;
static const uint64_t look_max_us = 160000000;
static const uint64_t forgive_first_us = 30000000;
static const uint64_t forgive_max_us = 600000000;

static const double few = 0.7;     /* of the target: clearly fewer lanes */
static const double enough = 0.85; /* of the target: as good as all */
static const double worth = 0.4;   /* new lanes must bring this part of what the old ones do */
static const double rising =
    1.15;                         /* from slice to slice: new lanes are still getting up to speed */
static const double fallen = 0.6; /* of what it was when the search ended */
static const double headroom = 1.1; /* above what the rate was worth */

static int at_most(int value, int limit)
{
    return value < limit ? value : limit;
}

static int at_least(int value, int limit)
{
    return value > limit ? value : limit;
}

static uint64_t at_most_us(uint64_t value, uint64_t limit)
{
    return value < limit ? value : limit;
}

static int limit_of(const struct tuner *tuner)
{
    return tuner->tolerated > 0 ? at_most(tuner->tolerated, tuner->ceiling) : tuner->ceiling;
}

static void begin_slice(struct tuner *tuner, uint64_t now_us, uint64_t bytes)
{
    tuner->slice_from_us = now_us;
    tuner->slice_from_bytes = bytes;
    tuner->lane_us = 0.0;
}

static void search(struct tuner *tuner)
{
    tuner->is_settled = false;
    tuner->base.lanes = 0.0;
    tuner->present.lanes = 0.0;
}

void tuner_init(struct tuner *tuner, int start, int ceiling, uint64_t now_us, uint64_t bytes)
{
    int lanes = start > 0 ? start : TUNER_START_LANES;
    *tuner = (struct tuner){
        .ceiling = ceiling,
        .target = at_most(lanes, ceiling),
        .last_us = now_us,
        .look_every_us = look_first_us,
        .forgive_every_us = forgive_first_us,
    };
    begin_slice(tuner, now_us, bytes);
}

void tuner_set_ceiling(struct tuner *tuner, int ceiling)
{
    bool was_bound = tuner->target >= limit_of(tuner);
    bool is_raised = ceiling > tuner->ceiling;
    tuner->ceiling = ceiling;
    tuner->target = at_most(tuner->target, limit_of(tuner));
    if (was_bound && is_raised)
        search(tuner);
}

static void settle(struct tuner *tuner, int lanes, uint64_t now_us)
{
    tuner->is_settled = true;
    tuner->target = at_most(at_least(lanes, TUNER_FEW_LANES), limit_of(tuner));
    tuner->useful = tuner->target;
    tuner->look_again_us = now_us + tuner->look_every_us;
}

/* What was measured becomes what more lanes have to beat. The step is large when it is proved that
 * lanes pay, and careful once the server has refused some. */
static void grow(struct tuner *tuner, bool is_proved)
{
    tuner->base = tuner->present;
    tuner->present.lanes = 0.0;
    int step = tuner->target * (GROWTH - 1);
    if (tuner->was_refused)
        step = at_least(tuner->target / 4, 1);
    else if (!is_proved)
        step = tuner->target;
    tuner->target = at_most(tuner->target + step, limit_of(tuner));
}

/* More lanes than the base had: they pay when the rate rose with them. That is believed at once;
 * that they do not pay only when the rate rises no more, since new connections are slow at first. */
static void judge(struct tuner *tuner, const struct tuner_sample *now, uint64_t now_us)
{
    struct tuner_sample before = tuner->present;
    tuner->present = *now;
    bool has_base = tuner->base.lanes > 0.0 && tuner->base.bps > 0.0;
    double gain = has_base ? now->bps / tuner->base.bps : 1.0;
    double more = has_base ? now->lanes / tuner->base.lanes : 1.0;
    if (gain >= 1.0 + worth * (more - 1.0)) {
        tuner->look_every_us = look_first_us;
        if (tuner->target >= limit_of(tuner))
            settle(tuner, tuner->target, now_us);
        else
            grow(tuner, has_base);
        return;
    }
    bool is_rising = before.lanes <= 0.0 || now->bps > before.bps * rising;
    if (is_rising)
        return;
    tuner->look_every_us = at_most_us(tuner->look_every_us * 2, look_max_us);
    settle(tuner, (int)ceil(tuner->base.lanes * fmax(gain, 1.0) * headroom - 0.5), now_us);
}

static void watch(struct tuner *tuner, const struct tuner_sample *now, uint64_t now_us)
{
    bool has_fallen = now->bps < tuner->present.bps * fallen;
    bool is_time = now_us >= tuner->look_again_us;
    if (now->bps > tuner->present.bps)
        tuner->present = *now;
    if ((!has_fallen && !is_time) || tuner->target >= limit_of(tuner))
        return;
    search(tuner);
    tuner->present = *now;
    grow(tuner, false);
}

/* A slice is long enough to mean something, and has bytes enough where they come fast. */
static bool is_slice_over(const struct tuner *tuner, uint64_t now_us, uint64_t bytes,
                          uint64_t setup_us)
{
    uint64_t length_us = now_us - tuner->slice_from_us;
    if (tuner->is_settled)
        return length_us >= settled_slice_us;
    uint64_t shortest_us = at_most_us(slice_min_us + setup_us / 2, slice_max_us);
    bool is_long = length_us >= shortest_us;
    return (is_long && bytes - tuner->slice_from_bytes >= SLICE_BYTES) || length_us >= slice_max_us;
}

static void on_slice(struct tuner *tuner, uint64_t now_us, uint64_t bytes)
{
    double length_us = (double)(now_us - tuner->slice_from_us);
    struct tuner_sample now = {
        .lanes = tuner->lane_us / length_us,
        .bps = (double)(bytes - tuner->slice_from_bytes) * 1e6 / length_us,
    };
    begin_slice(tuner, now_us, bytes);
    if (now.lanes >= enough * tuner->target && tuner->is_settled)
        watch(tuner, &now, now_us);
    else if (now.lanes >= enough * tuner->target)
        judge(tuner, &now, now_us);
    else if (now.lanes <= few * tuner->target && now.lanes > 0.5 && !tuner->is_settled &&
             tuner->present.lanes <= 0.0)
        tuner->base = now;
}

/* What a server answers, it tolerates: refusals may come before the answers to the lanes that were
 * asked for with them. */
static void tolerate(struct tuner *tuner, uint64_t now_us, int receiving)
{
    if (tuner->tolerated == 0)
        return;
    if (receiving > tuner->tolerated)
        tuner->tolerated = tuner->target = tuner->useful = at_most(receiving, tuner->ceiling);
    if (now_us < tuner->forgive_us)
        return;
    tuner->tolerated = 0;
    tuner->look_again_us = now_us;
}

void tuner_tick(struct tuner *tuner, uint64_t now_us, uint64_t bytes, int receiving,
                uint64_t setup_us)
{
    SG_ASSERT(now_us >= tuner->last_us && bytes >= tuner->slice_from_bytes);
    tolerate(tuner, now_us, receiving);
    tuner->lane_us += (double)receiving * (double)(now_us - tuner->last_us);
    tuner->last_us = now_us;
    if (is_slice_over(tuner, now_us, bytes, setup_us))
        on_slice(tuner, now_us, bytes);
}

void tuner_refused(struct tuner *tuner, uint64_t now_us, int open, int64_t retry_after_ms)
{
    bool is_news = tuner->tolerated == 0;
    tuner->was_refused = true;
    tuner->tolerated = at_least(open, 1);
    settle(tuner, tuner->tolerated, now_us);
    uint64_t asked_us = retry_after_ms > 0 ? (uint64_t)retry_after_ms * 1000 : 0;
    uint64_t pause_us = asked_us > tuner->forgive_every_us ? asked_us : tuner->forgive_every_us;
    tuner->forgive_us = now_us + pause_us;
    if (is_news)
        tuner->forgive_every_us = at_most_us(tuner->forgive_every_us * 2, forgive_max_us);
}

int tuner_target(const struct tuner *tuner)
{
    return tuner->target;
}

int tuner_useful(const struct tuner *tuner)
{
    return tuner->useful;
}

int tuner_tolerated(const struct tuner *tuner)
{
    return tuner->tolerated;
}
