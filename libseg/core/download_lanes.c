/* The lanes of a download: opening them on ranges of the plan, taking what they bring, closing
 * them. A lane's range is the plan's business; a lane is the request on top of it, which asks for a
 * little more on both sides: the seams. */
#include "core/download_internal.h"

#include "base/assert.h"

enum {
    SEAM_PART = 64,
    SEAM_LEAST = 512,
    BUFFERED_US = 1000 * 1000, /* after a sleep: what comes later was sent after it */
};

static void emit_lane(struct effects *fx, enum effect_kind kind, int lane)
{
    download_emit(fx, kind);
    fx->items[fx->count - 1].lane = lane;
}

/* Opens a lane for [first, end) of a source. */
static struct lane *ask(struct download *d, int lane, int source, uint64_t first, uint64_t end,
                        uint64_t now_us, struct effects *fx)
{
    struct lane *l = &d->lanes[lane];
    int64_t failures = l->failures;
    *l = (struct lane){ .state = LANE_ASKING,
                        .source = source,
                        .first = first,
                        .end = end,
                        .pos = first,
                        .wants_range = !d->asks_whole,
                        .last_byte_us = now_us,
                        .failures = failures };
    emit_lane(fx, FX_OPEN_LANE, lane);
    struct effect *effect = &fx->items[fx->count - 1];
    effect->source = source;
    effect->first = first;
    effect->end = end;
    effect->wants_range = l->wants_range;
    return l;
}

void lane_ask_proof(struct download *d, int lane, int source, uint64_t first, uint64_t end,
                    uint64_t now_us, struct effects *fx)
{
    ask(d, lane, source, first, end, now_us, fx)->is_proof = true;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* What may be fetched twice for a range of this length: a seam is to cost little. */
static uint64_t seam_for(uint64_t length)
{
    uint64_t part = length / SEAM_PART;
    if (part < SEAM_LEAST)
        return SEAM_LEAST;
    return least(part, SEAM_SIZE);
}

/* Asks for the lane's range, for a seam behind it, and for one before it when those bytes came by
 * another request. A lane that just failed asks for no bytes that do not bring it forward: where
 * connections break after a few KiB it would never get anywhere. */
static void ask_for_range(struct download *d, int lane, uint64_t now_us, struct effects *fx)
{
    const struct plan_lane *range = &d->plan.lanes[lane];
    bool is_eager = d->lanes[lane].failures > 0;
    uint64_t seam = seam_for(range->end - range->start);
    uint64_t lead = is_eager ? 0 : plan_arrived_before(&d->plan, range->start, seam);
    uint64_t end = least(range->end + seam, d->plan.total);
    ask(d, lane, range->source, range->start - lead, end, now_us, fx);
}

/* Gives the lane's range back. A plan without memory to note it cannot go on safely. */
static void give_back(struct download *d, int lane, uint64_t now_us, struct effects *fx)
{
    if (!d->has_plan || !d->plan.lanes[lane].is_busy)
        return;
    struct sg_err err = { .status = plan_release(&d->plan, lane, now_us) };
    if (err.status != SG_OK)
        download_fail(d, &err, now_us, fx);
}

void lane_close(struct download *d, int lane, uint64_t now_us, struct effects *fx)
{
    if (d->lanes[lane].state == LANE_FREE)
        return;
    d->lanes[lane].state = LANE_FREE;
    emit_lane(fx, FX_CLOSE_LANE, lane);
    give_back(d, lane, now_us, fx);
}

void lanes_close(struct download *d, uint64_t now_us, struct effects *fx)
{
    for (int i = 0; i < PLAN_LANES_MAX; i++)
        lane_close(d, i, now_us, fx);
}

void lanes_probe(struct download *d, uint64_t now_us, struct effects *fx)
{
    ask(d, 0, d->primary, 0, 0, now_us, fx);
}

int lanes_in(const struct download *d, enum lane_state state)
{
    int n = 0;
    for (int i = 0; i < PLAN_LANES_MAX; i++)
        n += d->lanes[i].state == state;
    return n;
}

void lanes_flush(struct download *d, struct effects *fx)
{
    for (int i = 0; i < PLAN_LANES_MAX; i++) {
        if (d->lanes[i].state == LANE_RECEIVING)
            emit_lane(fx, FX_FLUSH_LANE, i);
    }
}

void lanes_touch(struct download *d, uint64_t now_us)
{
    d->last_byte_us = now_us;
    for (int i = 0; i < PLAN_LANES_MAX; i++)
        d->lanes[i].last_byte_us = now_us;
}

void lanes_woke(struct download *d, uint64_t now_us)
{
    lanes_touch(d, now_us);
    d->woke_us = now_us;
    for (int i = 0; i < PLAN_LANES_MAX; i++)
        d->lanes[i].is_stale = d->lanes[i].state != LANE_FREE;
    if (!d->has_plan)
        return;
    plan_measure_anew(&d->plan, now_us);
    shares_measure_anew(d, now_us);
}

void lane_heard(struct download *d, struct lane *l, uint64_t now_us)
{
    l->last_byte_us = now_us;
    if (now_us - d->woke_us >= BUFFERED_US)
        l->is_stale = false;
}

int lanes_free(const struct download *d, uint64_t now_us)
{
    for (int i = 0; i < PLAN_LANES_MAX; i++) {
        if (d->lanes[i].state == LANE_FREE && d->lanes[i].not_before_us <= now_us)
            return i;
    }
    return -1;
}

static int lane_that_did_well(const struct download *d)
{
    for (int i = 0; i < PLAN_LANES_MAX; i++) {
        if (d->lanes[i].received > 0 && d->lanes[i].failures == 0)
            return i;
    }
    return -1;
}

/* The lane to open next, and on which source; false: none. One that did well goes on even when
 * those that back off take up all that are wanted: else nothing would be fetched until they are
 * through. */
static bool next_lane(const struct download *d, uint64_t now_us, int *lane, int *source)
{
    *source = shares_pick(d, now_us);
    *lane = *source >= 0 ? lanes_free(d, now_us) : -1;
    if (*source < 0 && download_open_lanes(d) == 0) {
        *source = shares_pick_any(d, now_us);
        *lane = lane_that_did_well(d);
    }
    return *lane >= 0 && *source >= 0;
}

/* A lane that lost all of its range, which another asks for. */
static void drop_victim(struct download *d, int lane, struct effects *fx)
{
    bool has_asked = d->lanes[lane].state != LANE_ASSIGNED;
    d->lanes[lane].state = LANE_FREE;
    if (has_asked)
        emit_lane(fx, FX_CLOSE_LANE, lane); /* it is free from the next step on */
}

/* Lanes that are opened together ask when each has its range, for the first ones are halved by
 * those that follow: who asks for more than it gets loses its connection. */
static void ask_assigned(struct download *d, uint64_t now_us, struct effects *fx)
{
    for (int i = 0; i < PLAN_LANES_MAX; i++) {
        if (d->lanes[i].state == LANE_ASSIGNED)
            ask_for_range(d, i, now_us, fx);
    }
}

void lanes_open(struct download *d, uint64_t now_us, struct effects *fx)
{
    struct plan_grant grant = { .is_victim_dropped = false };
    int lane;
    int source;
    sources_prove(d, now_us, fx);
    rechecks_ask(d, now_us, fx);
    d->plan.lanes_soon = lanes_in(d, LANE_ENDING);
    while (!grant.is_victim_dropped && next_lane(d, now_us, &lane, &source) &&
           plan_assign(&d->plan, lane, source, now_us, &grant)) {
        if (grant.is_victim_dropped)
            drop_victim(d, grant.victim, fx);
        d->lanes[lane].state = LANE_ASSIGNED;
        d->lanes[lane].source = source;
    }
    ask_assigned(d, now_us, fx);
}

uint64_t lane_asked_end(const struct download *d, const struct lane *l)
{
    return l->end > 0 ? l->end : d->plan.total;
}

/* The range is complete, and the request goes on: what follows is this lane's as long as it is to
 * do, or its owner has not been answered. Nobody gets it sooner, and a link that works only once
 * depends on it. */
static void extend(struct download *d, int lane, uint64_t n_more, uint64_t now_us)
{
    const struct plan_lane *range = &d->plan.lanes[lane];
    if (range->end - range->pos > n_more)
        return;
    uint64_t limit = lane_asked_end(d, &d->lanes[lane]);
    plan_extend(&d->plan, lane, limit);
    if (range->end - range->pos > n_more)
        return;
    int owner = plan_take_over(&d->plan, lane, limit, now_us);
    if (owner < 0)
        return;
    struct lane *l = &d->lanes[owner];
    l->state = LANE_ENDING;
    l->tail_end = l->pos;
    l->is_doomed = true;
}

void lanes_close_doomed(struct download *d, uint64_t now_us, struct effects *fx)
{
    for (int i = 0; i < PLAN_LANES_MAX; i++) {
        if (d->lanes[i].state == LANE_ENDING && d->lanes[i].is_doomed)
            lane_close(d, i, now_us, fx);
    }
}

bool download_may_take(const struct download *d, int lane)
{
    enum lane_state state = d->lanes[lane].state;
    return d->is_part_ready && d->phase == DOWNLOAD_FETCHING &&
           (state == LANE_RECEIVING || state == LANE_ENDING);
}

/* What comes before the range came by another request already. */
static size_t take_lead(struct download *d, struct lane *l, uint64_t start, const void *data,
                        size_t n_bytes)
{
    if (l->pos >= start)
        return 0;
    size_t n = (size_t)least(start - l->pos, n_bytes);
    (void)seams_put(&d->seams, SEAM_NO_PROOF, l->pos, data, n);
    l->pos += n;
    l->received += n;
    return n;
}

static void take_range(struct download *d, int lane, size_t n_bytes, uint64_t now_us,
                       struct download_take *take)
{
    struct lane *l = &d->lanes[lane];
    const struct plan_lane *range = &d->plan.lanes[lane];
    if (n_bytes == 0)
        return;
    extend(d, lane, n_bytes, now_us);
    d->last_byte_us = now_us;
    take->offset = range->pos;
    take->n_bytes = (size_t)least(range->end - range->pos, n_bytes);
    take->is_lane_full = plan_advance(&d->plan, lane, now_us, take->n_bytes);
    if (take->is_lane_full)
        l->tail_end = least(range->end + seam_for(range->end - range->start), lane_asked_end(d, l));
    rate_add(&d->rate, now_us, take->n_bytes);
    d->taken_bytes += take->n_bytes;
    d->sources[l->source].taken_bytes += take->n_bytes;
    d->bad_answers = 0;
    d->has_spared = false;
    if (d->has_ranges)
        d->record->attempts = 0; /* without ranges no byte is progress that lasts */
    l->received += take->n_bytes;
    l->pos += take->n_bytes;
}

/* What comes behind the range comes by another request too. True when that is all of it. */
static bool take_tail(struct download *d, struct lane *l, const void *data, size_t n_bytes)
{
    size_t n = (size_t)least(l->tail_end - l->pos, n_bytes);
    (void)seams_put(&d->seams, SEAM_NO_PROOF, l->pos, data, n);
    l->pos += n;
    return n > 0 && l->pos == l->tail_end;
}

/* Nothing of a proof goes into the file. */
static void take_proof(struct download *d, struct lane *l, const void *data, size_t n_bytes)
{
    size_t n = (size_t)least(l->end - l->pos, n_bytes);
    int proof = l->source != d->primary ? l->source : SEAM_NO_PROOF;
    if (seams_put(&d->seams, proof, l->pos, data, n))
        l->pos += n;
}

struct download_take download_take(struct download *d, int lane, const void *data, size_t n_bytes,
                                   uint64_t now_us)
{
    SG_ASSERT(download_may_take(d, lane));
    struct lane *l = &d->lanes[lane];
    const unsigned char *bytes = data;
    struct download_take take = { 0 };
    lane_heard(d, l, now_us);
    if (l->is_proof) {
        take_proof(d, l, data, n_bytes);
        return take;
    }
    if (l->state == LANE_RECEIVING) {
        take.skipped = take_lead(d, l, d->plan.lanes[lane].start, data, n_bytes);
        take_range(d, lane, n_bytes - take.skipped, now_us, &take);
    }
    size_t used = take.skipped + take.n_bytes;
    if (take.is_lane_full || l->state == LANE_ENDING)
        take.is_lane_full |= take_tail(d, l, bytes + used, n_bytes - used);
    return take;
}

/* A lane that asked for exactly its range and its seam ends by itself, and its connection can be
 * used again; one whose tail was taken by another is cut off. */
void lane_on_full(struct download *d, const struct event *ev, struct effects *fx)
{
    struct lane *l = &d->lanes[ev->lane];
    if (l->state != LANE_RECEIVING && l->state != LANE_ENDING)
        return; /* the download ended between the last byte and this event */
    l->failures = 0;
    l->state = LANE_ENDING;
    if (l->pos == l->tail_end && l->tail_end < lane_asked_end(d, l))
        lane_close(d, ev->lane, ev->now_us, fx);
}

void download_lane_paused(struct download *d, int lane, bool is_paused, uint64_t now_us)
{
    d->lanes[lane].is_paused = is_paused;
    d->lanes[lane].last_byte_us = now_us;
}

int download_open_lanes(const struct download *d)
{
    return PLAN_LANES_MAX - lanes_in(d, LANE_FREE);
}
