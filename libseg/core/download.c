/* The phases of a download. */
#include "core/download.h"

#include "base/assert.h"
#include "core/download_internal.h"

/* Stands for the total while it is not known: no server sends more. */
static const uint64_t open_end = INT64_MAX;

static const char *const phase_words[] = {
#define X(code, word) [code] = word,
    DOWNLOAD_PHASE_TABLE(X)
#undef X
};

const char *download_phase_word(enum download_phase phase)
{
    SG_ASSERT((unsigned)phase < DOWNLOAD_PHASE_COUNT);
    return phase_words[phase];
}

static bool may_move(enum download_phase from, enum download_phase to)
{
    static const unsigned followers[DOWNLOAD_PHASE_COUNT] = {
        [DOWNLOAD_IDLE] = 1u << DOWNLOAD_OPENING | 1u << DOWNLOAD_PROBING,
        [DOWNLOAD_OPENING] =
            1u << DOWNLOAD_FETCHING | 1u << DOWNLOAD_PROBING | 1u << DOWNLOAD_DRAINING,
        [DOWNLOAD_PROBING] = 1u << DOWNLOAD_CREATING | 1u << DOWNLOAD_DRAINING,
        [DOWNLOAD_CREATING] = 1u << DOWNLOAD_FETCHING | 1u << DOWNLOAD_DRAINING,
        [DOWNLOAD_FETCHING] = 1u << DOWNLOAD_DRAINING,
        [DOWNLOAD_DRAINING] =
            1u << DOWNLOAD_SYNCING | 1u << DOWNLOAD_PROBING | 1u << DOWNLOAD_ENDED,
        [DOWNLOAD_SYNCING] =
            1u << DOWNLOAD_VERIFYING | 1u << DOWNLOAD_FINISHING | 1u << DOWNLOAD_ENDED,
        [DOWNLOAD_VERIFYING] = 1u << DOWNLOAD_FINISHING | 1u << DOWNLOAD_ENDED,
        [DOWNLOAD_FINISHING] = 1u << DOWNLOAD_ENDED,
    };
    return (followers[from] & 1u << to) != 0;
}

void download_move(struct download *d, enum download_phase phase)
{
    SG_ASSERT(may_move(d->phase, phase));
    d->phase = phase;
}

void download_emit(struct effects *fx, enum effect_kind kind)
{
    SG_ASSERT(fx->count < EFFECTS_MAX);
    fx->items[fx->count++] = (struct effect){ .kind = kind, .lane = -1 };
}

/* Remembers the version that the reply describes. Claims of another version's bytes go first: under
 * the new validators they would be lies. */
static enum sg_status remember(struct job_record *record, const struct reply *reply, int64_t total)
{
    extents_clear(&record->extents);
    record->done = 0;
    record->total = total;
    enum sg_status status = job_record_set(&record->etag, reply->etag);
    if (status == SG_OK)
        status = job_record_set(&record->last_modified, reply->last_modified);
    if (status == SG_OK)
        status = job_record_set(&record->digest, reply->digest);
    return status;
}

void download_learn(struct download *d, const struct event *ev, int64_t total, bool has_ranges,
                    struct effects *fx)
{
    static const struct extents nothing = { 0 };
    enum sg_status status = remember(d->record, ev->reply, total);
    if (status == SG_OK)
        status = plan_init(&d->plan, total >= 0 ? (uint64_t)total : open_end, &nothing);
    if (status != SG_OK) {
        struct sg_err err = { .status = status };
        download_fail(d, &err, ev->now_us, fx);
        return;
    }
    if (d->has_changed)
        d->record->restarts++; /* not before: until now only the old version was given up */
    d->has_changed = false;
    d->has_plan = true;
    d->has_ranges = has_ranges;
    d->is_open_ended = total < 0;
    extents_clear(&d->written);
    download_begin_as_known(d, ev->now_us);
    download_move(d, DOWNLOAD_CREATING);
    download_emit(fx, d->is_part_ready ? FX_RESET_PART : FX_CREATE_PART);
    d->is_part_ready = false;
    d->is_restarting = false;
}

static void succeed(struct download *d, uint64_t now_us, struct effects *fx)
{
    struct download_outcome outcome = { .state = JOB_DONE };
    download_end(d, &outcome, now_us, fx);
}

/* Transfers whose range is complete are given the moment they need to end by themselves, so that
 * their connections can serve the next download. */
static void go_on_fetching(struct download *d, uint64_t now_us, struct effects *fx)
{
    if (!plan_is_complete(&d->plan) && sources_are_lost(d))
        download_end(d, &d->lost, now_us, fx);
    else if (!plan_is_complete(&d->plan))
        lanes_open(d, now_us, fx);
    else if (!rechecks_are_done(d))
        rechecks_ask(d, now_us, fx);
    else if (lanes_in(d, LANE_ENDING) == 0 && seams_are_compared(d, fx))
        succeed(d, now_us, fx);
}

static void in_idle(struct download *d, const struct event *ev, struct effects *fx)
{
    SG_ASSERT(ev->kind == EV_START);
    rate_start(&d->rate, ev->now_us);
    d->last_byte_us = ev->now_us;
    d->last_sync_us = ev->now_us;
    d->watched_us = ev->now_us;
    if (d->record->part_path != NULL) {
        download_move(d, DOWNLOAD_OPENING);
        download_emit(fx, FX_REOPEN_PART);
        return;
    }
    download_move(d, DOWNLOAD_PROBING);
    lanes_probe(d, ev->now_us, fx);
}

/* Files whose room could not be reserved grow as they are written. */
static enum sg_status order_plan(struct download *d, const struct event *ev)
{
    return ev->is_ascending && d->has_ranges ? plan_ascend(&d->plan) : SG_OK;
}

/* What an earlier run left can be used when its length is known; a download of unknown length
 * begins again. */
static enum sg_status resume_plan(struct download *d, const struct event *ev)
{
    enum sg_status status = extents_copy(&d->written, &d->record->extents);
    if (status == SG_OK)
        status = plan_init(&d->plan, (uint64_t)d->record->total, &d->written);
    if (status == SG_OK) {
        d->has_plan = true;
        d->has_ranges = true;
        download_begin_as_known(d, ev->now_us);
        status = order_plan(d, ev);
    }
    return status;
}

static void in_opening(struct download *d, const struct event *ev, struct effects *fx)
{
    if (ev->kind != EV_PART_OPENED)
        return;
    struct sg_err err = download_error_of(ev);
    bool is_gone = err.status == SG_E_NOT_FOUND;
    bool can_resume = d->record->total >= 0 && d->record->extents.count > 0;
    d->is_part_ready = err.status == SG_OK;
    if (d->has_outcome) {
        download_drain(d, ev->now_us, fx);
        return;
    }
    if (is_gone || (d->is_part_ready && !can_resume)) {
        download_move(d, DOWNLOAD_PROBING);
        lanes_probe(d, ev->now_us, fx);
        return;
    }
    download_move(d, DOWNLOAD_FETCHING);
    lanes_touch(d, ev->now_us);
    if (err.status == SG_OK)
        err.status = resume_plan(d, ev);
    if (err.status == SG_OK)
        go_on_fetching(d, ev->now_us, fx);
    else if (err.status == SG_E_IN_USE) /* scanners hold files for a moment */
        download_part_held(d, &err, ev->now_us, fx);
    else
        download_disk_failed(d, &err, ev->now_us, fx);
}

/* Opening lanes takes as long as making a file: both at once. What they bring waits in their
 * sockets. Once is enough: lanes that fail meanwhile are asked for again when the file is there. */
static void open_ahead(struct download *d, const struct event *ev, struct effects *fx)
{
    bool is_first_answer = ev->kind == EV_HEAD && download_open_lanes(d) == 1;
    if (is_first_answer && d->has_ranges && !d->has_outcome)
        lanes_open(d, ev->now_us, fx);
}

/* Those behind the first piece are not wanted where files grow as they are written. */
static void close_ahead(struct download *d, uint64_t now_us, struct effects *fx)
{
    for (int i = 0; i < PLAN_LANES_MAX; i++) {
        if (d->plan.lanes[i].is_busy && d->plan.lanes[i].start > 0)
            lane_close(d, i, now_us, fx);
    }
}

static void in_creating(struct download *d, const struct event *ev, struct effects *fx)
{
    if (ev->kind != EV_PART_READY) {
        open_ahead(d, ev, fx);
        return;
    }
    struct sg_err err = download_error_of(ev);
    d->is_part_ready = err.status == SG_OK;
    if (d->has_outcome) {
        download_drain(d, ev->now_us, fx);
        return;
    }
    download_move(d, DOWNLOAD_FETCHING);
    if (ev->is_ascending)
        close_ahead(d, ev->now_us, fx);
    if (err.status == SG_OK)
        err.status = order_plan(d, ev);
    if (err.status != SG_OK) {
        download_disk_failed(d, &err, ev->now_us, fx);
        return;
    }
    lanes_touch(d, ev->now_us); /* their silence was ours */
    plan_measure_anew(&d->plan, ev->now_us);
    shares_measure_anew(d, ev->now_us);
    go_on_fetching(d, ev->now_us, fx);
}

static void in_fetching(struct download *d, const struct event *ev, struct effects *fx)
{
    lanes_close_doomed(d, ev->now_us, fx);
    if (ev->kind == EV_TICK)
        sight_tick(d, ev->now_us);
    if (ev->kind == EV_TICK)
        download_tick_checkpoint(d, ev->now_us, fx);
    if (ev->kind == EV_TICK)
        lanes_tick(d, ev->now_us, fx);
    if (ev->kind == EV_TICK && d->phase == DOWNLOAD_FETCHING)
        (void)seams_are_compared(d, fx);
    if (d->phase == DOWNLOAD_FETCHING)
        go_on_fetching(d, ev->now_us, fx);
}

static void in_verifying(struct download *d, const struct event *ev, struct effects *fx)
{
    if (ev->kind != EV_VERIFIED)
        return;
    struct sg_err err = download_error_of(ev);
    if (err.status != SG_OK)
        download_spoil(d, &err);
    if (d->outcome.state != JOB_DONE) {
        download_finish(d, fx);
        return;
    }
    download_move(d, DOWNLOAD_FINISHING);
    download_emit(fx, FX_FINISH);
}

static void in_finishing(struct download *d, const struct event *ev, struct effects *fx)
{
    if (ev->kind != EV_FINISHED)
        return;
    struct sg_err err = download_error_of(ev);
    if (err.status != SG_OK)
        download_spoil(d, &err);
    download_finish(d, fx);
}

/* Events of lanes come in every phase before draining; a lane that was closed sends none. */
static void on_lane_event(struct download *d, const struct event *ev, struct effects *fx)
{
    if (ev->kind == EV_HEAD)
        lane_on_head(d, ev, fx);
    else if (ev->kind == EV_LANE_FULL)
        lane_on_full(d, ev, fx);
    else if (ev->kind == EV_LANE_END)
        lane_on_end(d, ev, fx);
}

static void in_phase(struct download *d, const struct event *ev, struct effects *fx)
{
    switch (d->phase) {
    case DOWNLOAD_IDLE:
        in_idle(d, ev, fx);
        return;
    case DOWNLOAD_OPENING:
        in_opening(d, ev, fx);
        return;
    case DOWNLOAD_CREATING:
        in_creating(d, ev, fx);
        return;
    case DOWNLOAD_FETCHING:
        in_fetching(d, ev, fx);
        return;
    case DOWNLOAD_VERIFYING:
        in_verifying(d, ev, fx);
        return;
    case DOWNLOAD_FINISHING:
        in_finishing(d, ev, fx);
        return;
    case DOWNLOAD_PROBING:
        if (ev->kind == EV_TICK)
            lanes_tick(d, ev->now_us, fx);
        return;
    case DOWNLOAD_DRAINING:
    case DOWNLOAD_SYNCING:
    case DOWNLOAD_ENDED:
        return;
    case DOWNLOAD_PHASE_COUNT:
        break;
    }
    SG_UNREACHABLE("no such phase");
}

void download_step(struct download *d, const struct event *ev, struct effects *fx)
{
    if (ev->kind == EV_WRITTEN)
        download_on_written(d, ev, fx);
    else if (ev->kind == EV_CHECKPOINTED)
        download_on_checkpointed(d, ev, fx);
    else if (ev->kind == EV_COMPARED)
        download_on_compared(d, ev, fx);
    else if (ev->kind == EV_STOP)
        download_on_stop(d, ev, fx);
    else if (ev->kind == EV_WOKE)
        lanes_woke(d, ev->now_us);
    else
        on_lane_event(d, ev, fx);
    if (d->phase < DOWNLOAD_DRAINING || ev->kind == EV_VERIFIED || ev->kind == EV_FINISHED)
        in_phase(d, ev, fx);
}

enum sg_status download_init(struct download *d, struct job_record *record,
                             const struct download_config *config, uint64_t seed)
{
    *d = (struct download){ .record = record, .config = *config, .random = seed };
    SG_ASSERT(config->max_lanes >= 1 && config->max_lanes <= PLAN_LANES_MAX);
    sources_init(d);
    return extents_copy(&d->written, &record->extents);
}

void download_fini(struct download *d)
{
    if (d->has_plan)
        plan_fini(&d->plan);
    extents_fini(&d->written);
    extents_fini(&d->syncing);
    sources_fini(d);
    seams_clear(&d->seams);
    seam_batch_clear(&d->comparing);
}

void download_set_max_lanes(struct download *d, int max_lanes)
{
    SG_ASSERT(max_lanes >= 1 && max_lanes <= PLAN_LANES_MAX);
    d->config.max_lanes = max_lanes;
    shares_changed(d);
}

void download_set_limited(struct download *d, bool is_limited)
{
    d->is_limited = is_limited;
}

uint64_t download_received(const struct download *d)
{
    if (!d->has_plan || d->is_restarting)
        return (uint64_t)d->record->done;
    return d->plan.total - plan_remaining(&d->plan);
}

double download_rate_bps(const struct download *d, uint64_t now_us)
{
    return rate_bps(&d->rate, now_us);
}
