/* How many lanes each source gets. Every source has a tuner of its own, for a slow mirror says
 * nothing about a fast one. Together they have at most the download's number of lanes: each a
 * share, and what one does not need is left to the others. A new source begins with a few, for
 * nobody knows whether lanes are worth more there; shares move to where they are. */
#include "core/download_internal.h"

enum { MOVE_US = 500 * 1000, TRIAL_LANES = 2 };

static const double worth_moving = 1.25; /* so much faster has another source to be */

static bool is_in_use(const struct lane *l, uint64_t now_us)
{
    return l->state != LANE_FREE || l->not_before_us > now_us;
}

/* Lanes of a source that are open, and those that count as such because they back off. */
static int lanes_used(const struct download *d, int source, uint64_t now_us)
{
    int n = 0;
    for (int i = 0; i < PLAN_LANES_MAX; i++)
        n += d->lanes[i].source == source && is_in_use(&d->lanes[i], now_us);
    return n;
}

int lanes_receiving(const struct download *d, int source)
{
    int n = 0;
    for (int i = 0; i < PLAN_LANES_MAX; i++)
        n += d->lanes[i].source == source && d->lanes[i].state == LANE_RECEIVING;
    return n;
}

static int lanes_allowed(const struct download *d)
{
    return d->has_ranges ? d->config.max_lanes : 1;
}

/* The trusted source with the largest share, other than `but`; -1: none. */
static int richest(const struct download *d, int but)
{
    int best = -1;
    for (int i = 0; i < d->n_sources; i++) {
        const struct source *source = &d->sources[i];
        bool is_candidate = i != but && source->state == SOURCE_TRUSTED;
        if (is_candidate && (best < 0 || source->share > d->sources[best].share))
            best = i;
    }
    return best;
}

static int shares_given(const struct download *d)
{
    int sum = 0;
    for (int i = 0; i < d->n_sources; i++)
        sum += d->sources[i].state == SOURCE_TRUSTED ? d->sources[i].share : 0;
    return sum;
}

/* After a source came or went, or another number of lanes is allowed: all of them are given, and
 * none is given twice, but that each source has one. */
static void deal_again(struct download *d)
{
    int surplus = shares_given(d) - lanes_allowed(d);
    int source = richest(d, -1);
    if (source < 0)
        return;
    if (surplus < 0)
        d->sources[source].share -= surplus;
    for (; surplus > 0 && d->sources[source].share > 1; surplus--) {
        d->sources[source].share--;
        source = richest(d, -1);
    }
}

/* What a source is known to need; before that, its share. */
static int need_of(const struct source *source)
{
    if (source->state != SOURCE_TRUSTED)
        return 0;
    return tuner_useful(&source->tuner) > 0 ? tuner_target(&source->tuner) : source->share;
}

static void set_ceilings(struct download *d)
{
    int needed = 0;
    deal_again(d);
    for (int i = 0; i < d->n_sources; i++)
        needed += need_of(&d->sources[i]);
    for (int i = 0; i < d->n_sources; i++) {
        struct source *source = &d->sources[i];
        int left = lanes_allowed(d) - (needed - need_of(source));
        tuner_set_ceiling(&source->tuner, left > source->share ? left : source->share);
    }
}

/* Sources that would profit from more lanes, and those that have lanes to give. */
static bool is_hungry(const struct download *d, const struct source *source)
{
    const struct tuner *tuner = &source->tuner;
    return source->state == SOURCE_TRUSTED && tuner->is_settled &&
           tuner_target(tuner) >= tuner->ceiling && tuner->ceiling < lanes_allowed(d);
}

static bool can_give(const struct source *source)
{
    return source->state == SOURCE_TRUSTED && source->share > 1;
}

/* Where all lanes are in use, those of a slow source are worth more at a fast one. */
static void move_share(struct download *d, uint64_t now_us)
{
    int fast = -1;
    int slow = -1;
    double most_bps = 0.0;
    double least_bps = 0.0;
    for (int i = 0; i < d->n_sources; i++) {
        double bps = plan_typical_bps(&d->plan, i, now_us);
        if (bps > most_bps && is_hungry(d, &d->sources[i])) {
            fast = i;
            most_bps = bps;
        }
        if (bps > 0.0 && can_give(&d->sources[i]) && (slow < 0 || bps < least_bps)) {
            slow = i;
            least_bps = bps;
        }
    }
    if (fast < 0 || slow < 0 || most_bps < least_bps * worth_moving)
        return;
    int n = (d->sources[slow].share + 1) / 2;
    d->sources[fast].share += n;
    d->sources[slow].share -= n;
    d->shared_us = now_us;
}

void shares_begin(struct download *d, uint64_t now_us)
{
    for (int i = 0; i < d->n_sources; i++)
        shares_admit(d, i, now_us);
}

void shares_admit(struct download *d, int source, uint64_t now_us)
{
    struct source *s = &d->sources[source];
    s->share = shares_given(d) == 0 ? lanes_allowed(d) : TRIAL_LANES;
    deal_again(d);
    tuner_init(&s->tuner, profile_start_lanes(&s->known), s->share, now_us, s->taken_bytes);
    if (s->known.tolerated_lanes > 0)
        tuner_remember_refusal(&s->tuner, now_us, (int)s->known.tolerated_lanes);
    set_ceilings(d);
}

void shares_changed(struct download *d)
{
    if (d->has_plan)
        set_ceilings(d);
}

void shares_refused(struct download *d, int source, int64_t retry_after_ms, uint64_t now_us)
{
    if (d->has_plan)
        tuner_refused(&d->sources[source].tuner, now_us, lanes_receiving(d, source),
                      retry_after_ms);
}

/* The lane that a source can spare most easily: the one that brings least. */
static int slowest_of(const struct download *d, int source, uint64_t now_us)
{
    int slowest = -1;
    double least_bps = 0.0;
    for (int i = 0; i < PLAN_LANES_MAX; i++) {
        const struct lane *l = &d->lanes[i];
        if (l->source != source || l->state != LANE_RECEIVING || l->is_proof)
            continue;
        double bps = rate_bps(&d->plan.lanes[i].rate, now_us);
        if (slowest < 0 || bps < least_bps) {
            slowest = i;
            least_bps = bps;
        }
    }
    return slowest;
}

static bool may_serve(const struct source *source, uint64_t now_us)
{
    return source->state == SOURCE_TRUSTED && source->not_before_us <= now_us;
}

static int all_used(const struct download *d, uint64_t now_us)
{
    int n = 0;
    for (int i = 0; i < d->n_sources; i++)
        n += lanes_used(d, i, now_us);
    return n;
}

/* How full a source's number of lanes is; 1 and above: it wants no more. */
static double fullness(const struct download *d, int source, uint64_t now_us)
{
    return (double)lanes_used(d, source, now_us) / tuner_target(&d->sources[source].tuner);
}

/* True when a source wants lanes and there are none left. */
static bool is_one_short(const struct download *d, uint64_t now_us)
{
    if (all_used(d, now_us) < lanes_allowed(d))
        return false;
    for (int i = 0; i < d->n_sources; i++) {
        if (may_serve(&d->sources[i], now_us) && fullness(d, i, now_us) < 1.0)
            return true;
    }
    return false;
}

/* A source that wants lanes gets those that another has beyond what it wants. One at a time changes
 * hands, so that the line is never empty. */
static void give_way(struct download *d, int source, uint64_t now_us, struct effects *fx)
{
    const struct tuner *tuner = &d->sources[source].tuner;
    int most = is_one_short(d, now_us) ? tuner_target(tuner) : tuner->ceiling;
    if (lanes_used(d, source, now_us) <= most)
        return;
    int lane = slowest_of(d, source, now_us);
    if (lane >= 0)
        lane_close(d, lane, now_us, fx);
}

static struct tuner_view view_of(const struct download *d, int source, uint64_t now_us)
{
    return (struct tuner_view){ .now_us = now_us,
                                .bytes = d->sources[source].taken_bytes,
                                .left = plan_remaining(&d->plan),
                                .receiving = lanes_receiving(d, source),
                                .setup_us = (uint64_t)(d->plan.setup_s * 1e6) };
}

/* Under a rate limit more lanes would bring nothing, and fewer neither. */
static void tune(struct download *d, int source, uint64_t now_us)
{
    struct tuner_view view = view_of(d, source, now_us);
    if (d->is_limited)
        tuner_skip(&d->sources[source].tuner, &view);
    else
        tuner_tick(&d->sources[source].tuner, &view);
}

void shares_measure_anew(struct download *d, uint64_t now_us)
{
    for (int i = 0; i < d->n_sources; i++) {
        struct tuner_view view = view_of(d, i, now_us);
        tuner_skip(&d->sources[i].tuner, &view);
    }
}

void shares_tick(struct download *d, uint64_t now_us, struct effects *fx)
{
    for (int i = 0; i < d->n_sources; i++) {
        struct source *source = &d->sources[i];
        if (source->state != SOURCE_TRUSTED)
            continue;
        tune(d, i, now_us);
        give_way(d, i, now_us, fx);
    }
    uint64_t patience_us = MOVE_US + 2 * (uint64_t)(d->plan.setup_s * 1e6);
    if (d->n_sources > 1 && !d->is_limited && now_us - d->shared_us >= patience_us)
        move_share(d, now_us);
    set_ceilings(d);
}

int shares_pick(const struct download *d, uint64_t now_us)
{
    int best = -1;
    double least = 1.0;
    int used = all_used(d, now_us);
    for (int i = 0; i < d->n_sources && used < lanes_allowed(d); i++) {
        double full = fullness(d, i, now_us);
        if (full < least && may_serve(&d->sources[i], now_us)) {
            best = i;
            least = full;
        }
    }
    return best;
}

int shares_pick_any(const struct download *d, uint64_t now_us)
{
    for (int i = 0; i < d->n_sources; i++) {
        if (may_serve(&d->sources[i], now_us))
            return i;
    }
    return -1;
}
