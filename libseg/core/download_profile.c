/* What a download learns about the servers that it gets bytes from. Counted tick by tick, apart for
 * each source, so that it depends on nothing of how lanes and ranges are planned. */
#include "core/download_internal.h"

enum {
    TICK_LONGEST_US = 10 * DOWNLOAD_TICK_US, /* after a longer pause nobody knows what was */
    MEASURED_MIN_US = 500 * 1000,            /* of lanes: less says little of their rate */
    MEASURED_MIN_BYTES = 256 * 1024,
    HELD_BACK_SHARE = 8, /* where we hold lanes back for more than this part, rates are ours */
};

/* How many lanes it serves now. */
static int note_served(struct download *d, int source)
{
    int n = lanes_receiving(d, source);
    struct sight *sight = &d->sources[source].sight;
    if (sight->most_lanes < n)
        sight->most_lanes = n;
    return n;
}

void sight_tick(struct download *d, uint64_t now_us)
{
    uint64_t passed_us = now_us - d->watched_us;
    d->watched_us = now_us;
    for (int i = 0; i < d->n_sources; i++) {
        struct sight *sight = &d->sources[i].sight;
        if (note_served(d, i) > 0 && passed_us <= TICK_LONGEST_US)
            sight->busy_us += passed_us;
    }
    for (int i = 0; i < PLAN_LANES_MAX && passed_us <= TICK_LONGEST_US; i++) {
        const struct lane *lane = &d->lanes[i];
        if (lane->state != LANE_RECEIVING)
            continue;
        d->sources[lane->source].sight.lane_us += passed_us;
        bool is_held = lane->is_paused || d->is_limited;
        d->sources[lane->source].sight.held_us += is_held ? passed_us : 0;
    }
}

/* A server that refuses everything says nothing about how many lanes it tolerates. */
void sight_refused(struct download *d, int source)
{
    if (note_served(d, source) > 0)
        d->sources[source].sight.was_refused = true;
}

void sight_answered(struct download *d, int source, uint64_t setup_us)
{
    struct sight *sight = &d->sources[source].sight;
    sight->setup_us = sight->setup_us == 0 ? setup_us : (sight->setup_us * 3 + setup_us) / 4;
    note_served(d, source);
}

static int64_t per_second(uint64_t bytes, uint64_t us)
{
    return (int64_t)((double)bytes * 1e6 / (double)us);
}

static void tell_useful(const struct download *d, const struct tuner *tuner,
                        struct observation *out)
{
    if (!d->has_plan || !d->has_ranges)
        return;
    out->useful_lanes = tuner_useful(tuner);
    out->is_useful_capped =
        out->was_refused || tuner_tolerated(tuner) > 0 || out->useful_lanes >= tuner->ceiling;
}

static void tell_rates(const struct download *d, const struct source *source, uint64_t bytes,
                       struct observation *out)
{
    const struct sight *sight = &source->sight;
    if (sight->lane_us < MEASURED_MIN_US || bytes < MEASURED_MIN_BYTES)
        return;
    if (sight->held_us > sight->lane_us / HELD_BACK_SHARE)
        return;
    tell_useful(d, &source->tuner, out);
    out->lane_bps = per_second(bytes, sight->lane_us);
    out->total_bps = per_second(bytes, sight->busy_us);
}

bool download_observe(struct download *d, int number, struct observation *out)
{
    struct source *source = &d->sources[number];
    const struct sight *sight = &source->sight;
    uint64_t bytes = source->taken_bytes - sight->from_bytes;
    bool has_ranges = number != d->primary || d->has_ranges;
    *out = (struct observation){
        .served_lanes = sight->most_lanes,
        .was_refused = sight->was_refused,
        .setup_us = (int64_t)sight->setup_us,
        .ranges = has_ranges ? PROFILE_RANGES_SERVED : PROFILE_RANGES_REFUSED,
    };
    tell_rates(d, source, bytes, out);
    source->sight = (struct sight){ .from_bytes = source->taken_bytes };
    return bytes > 0;
}

void download_know(struct download *d, int source, const struct profile *known)
{
    d->sources[source].known = *known;
}

void download_begin_as_known(struct download *d, uint64_t now_us)
{
    const struct profile *known = &d->sources[d->primary].known;
    if (known->setup_us > 0) {
        d->plan.setup_s = (double)known->setup_us / 1e6;
        d->plan.is_setup_known = true;
    }
    d->plan.expected_bps = (double)known->lane_bps;
    shares_begin(d, now_us);
}
