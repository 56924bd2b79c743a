/* The search for the number of lanes. */
#include "core/tuner.h"

#include <math.h>

#include "base/assert.h"

enum {
    GROWTH = 4, /* each step of a search multiplies the lanes by this at most */
    SLICE_BYTES = 24 * 1024,
};

static const uint64_t slice_min_us = 50000; /* shorter ones show chance */
static const uint64_t slice_max_us = 500000;
static const uint64_t settled_slice_us = 2000000;
static const uint64_t look_first_us = 1000000;
static const uint64_t look_max_us = 160000000;
static const uint64_t forgive_first_us = 30000000;
static const uint64_t forgive_max_us = 600000000;

static const double few = 0.7;     /* of the target: clearly fewer lanes */
static const double enough = 0.85; /* of the target: as good as all */
static const double worth = 0.4;   /* new lanes must bring this part of what the old ones do */
static const double rising =
    1.15;                         /* from slice to slice: new lanes are still getting up to speed */
static const double fallen = 0.6; /* of what it was when the search ended */
static const double felt = 0.02;  /* of the shortest time that the rest can take */
static const double long_s = 6.0; /* for one lane alone */
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
        .is_guided = start > 0,
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
    if (was_bound && is_raised && tuner->is_settled)
        search(tuner);
}

static void settle(struct tuner *tuner, int lanes, const struct tuner_sample *now, uint64_t now_us)
{
    tuner->is_settled = true;
    tuner->present = *now;
    tuner->target = at_most(at_least(lanes, TUNER_FEW_LANES), limit_of(tuner));
    tuner->useful = tuner->target;
    tuner->look_again_us = now_us + tuner->look_every_us;
}

/* What was measured becomes what more lanes have to beat. The step is large when it is proved that
 * lanes pay, and careful once the server has refused some. */
static void grow(struct tuner *tuner, const struct tuner_sample *now)
{
    bool is_proved = tuner->base.lanes > 0.0;
    int step = tuner->target * (GROWTH - 1);
    if (tuner->was_refused)
        step = at_least(tuner->target / 4, 1);
    else if (!is_proved)
        step = tuner->target;
    tuner->base = *now;
    tuner->present.lanes = 0.0;
    tuner->target = at_most(tuner->target + step, limit_of(tuner));
}

static double gain_of(const struct tuner *tuner, const struct tuner_sample *now)
{
    return now->bps / tuner->base.bps;
}

/* More lanes than the base had pay when the rate rose with them. */
static bool is_paying(const struct tuner *tuner, const struct tuner_sample *now)
{
    if (tuner->base.lanes <= 0.0 || tuner->base.bps <= 0.0)
        return true; /* nothing to compare with */
    return gain_of(tuner, now) >= 1.0 + worth * (now->lanes / tuner->base.lanes - 1.0);
}

/* New connections are slow for some round trips: only when the rate rises no more, it is what these
 * lanes bring. */
static bool is_mature(struct tuner *tuner, const struct tuner_sample *now,
                      const struct tuner_view *view)
{
    bool has_present = tuner->present.lanes > 0.0;
    if (has_present && view->now_us - tuner->present_us < slice_min_us + view->setup_us)
        return false;
    bool is_rising = !has_present || now->bps > tuner->present.bps * rising;
    tuner->present = *now;
    tuner->present_us = view->now_us;
    return !is_rising;
}

static void judge(struct tuner *tuner, const struct tuner_sample *now,
                  const struct tuner_view *view)
{
    if (is_paying(tuner, now)) {
        tuner->look_every_us = look_first_us;
        if (tuner->target >= limit_of(tuner))
            settle(tuner, tuner->target, now, view->now_us);
        else
            grow(tuner, now);
    } else if (is_mature(tuner, now, view)) {
        double lanes = tuner->base.lanes * fmax(gain_of(tuner, now), 1.0);
        tuner->look_every_us = at_most_us(tuner->look_every_us * 2, look_max_us);
        settle(tuner, (int)ceil(lanes * headroom - 0.5), now, view->now_us);
    }
}

/* A rate that changes without our doing says that the line is another one now. */
static void watch(struct tuner *tuner, const struct tuner_sample *now,
                  const struct tuner_view *view)
{
    bool has_changed =
        now->bps < tuner->present.bps * fallen || now->bps * fallen > tuner->present.bps;
    bool is_time = view->now_us >= tuner->look_again_us;
    if ((!has_changed && !is_time) || tuner->target >= limit_of(tuner))
        return;
    search(tuner);
    grow(tuner, now);
}

/* Step by step is polite, but each step costs the time to open lanes, in which the line is not
 * full. Where that would be felt, and one lane alone would take long, all lanes are asked for at
 * once. */
static bool is_urgent(const struct tuner *tuner, const struct tuner_sample *now,
                      const struct tuner_view *view)
{
    double alone_s = (double)view->left * now->lanes / now->bps;
    double at_best_s = alone_s / limit_of(tuner);
    double step_s = (double)(view->setup_us + slice_min_us) / 1e6;
    return alone_s > long_s && step_s > felt * at_best_s;
}

static void begin(struct tuner *tuner, const struct tuner_sample *now,
                  const struct tuner_view *view)
{
    tuner->base = *now;
    bool is_known = tuner->is_guided || tuner->was_refused || tuner->useful > 0;
    if (!is_known && now->bps > 0.0 && is_urgent(tuner, now, view))
        tuner->target = limit_of(tuner);
}

/* A slice is long enough to mean something, and has bytes enough where they come fast. */
static bool is_slice_over(const struct tuner *tuner, const struct tuner_view *view)
{
    uint64_t length_us = view->now_us - tuner->slice_from_us;
    if (tuner->is_settled)
        return length_us >= settled_slice_us;
    bool is_long = length_us >= slice_min_us;
    bool is_full = view->bytes - tuner->slice_from_bytes >= SLICE_BYTES;
    return (is_long && is_full) || length_us >= slice_max_us;
}

static void on_slice(struct tuner *tuner, const struct tuner_view *view)
{
    double length_us = (double)(view->now_us - tuner->slice_from_us);
    struct tuner_sample now = {
        .lanes = tuner->lane_us / length_us,
        .bps = (double)(view->bytes - tuner->slice_from_bytes) * 1e6 / length_us,
    };
    begin_slice(tuner, view->now_us, view->bytes);
    bool has_all = now.lanes >= enough * tuner->target;
    bool has_few = now.lanes >= 0.5 && now.lanes <= few * tuner->target;
    if (has_all && tuner->is_settled)
        watch(tuner, &now, view);
    else if (has_all)
        judge(tuner, &now, view);
    else if (has_few && !tuner->is_settled && tuner->present.lanes <= 0.0)
        begin(tuner, &now, view);
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

void tuner_tick(struct tuner *tuner, const struct tuner_view *view)
{
    SG_ASSERT(view->now_us >= tuner->last_us && view->bytes >= tuner->slice_from_bytes);
    tolerate(tuner, view->now_us, view->receiving);
    tuner->lane_us += (double)view->receiving * (double)(view->now_us - tuner->last_us);
    tuner->last_us = view->now_us;
    if (is_slice_over(tuner, view))
        on_slice(tuner, view);
}

void tuner_refused(struct tuner *tuner, uint64_t now_us, int open, int64_t retry_after_ms)
{
    bool is_news = tuner->tolerated == 0;
    tuner->was_refused = true;
    tuner->tolerated = at_least(open, 1);
    settle(tuner, tuner->tolerated, &tuner->present, now_us);
    uint64_t asked_us = retry_after_ms > 0 ? (uint64_t)retry_after_ms * 1000 : 0;
    uint64_t pause_us = asked_us > tuner->forgive_every_us ? asked_us : tuner->forgive_every_us;
    tuner->forgive_us = now_us + pause_us;
    if (is_news)
        tuner->forgive_every_us = at_most_us(tuner->forgive_every_us * 2, forgive_max_us);
}

void tuner_skip(struct tuner *tuner, const struct tuner_view *view)
{
    SG_ASSERT(view->now_us >= tuner->last_us && view->bytes >= tuner->slice_from_bytes);
    tolerate(tuner, view->now_us, view->receiving);
    tuner->last_us = view->now_us;
    begin_slice(tuner, view->now_us, view->bytes);
}

void tuner_remember_refusal(struct tuner *tuner, uint64_t now_us, int tolerated)
{
    tuner->was_refused = true;
    tuner->tolerated = at_least(tolerated, 1);
    tuner->target = at_most(tuner->target, limit_of(tuner));
    tuner->forgive_us = now_us + tuner->forgive_every_us;
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
