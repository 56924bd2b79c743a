/* The phases of a download. */
#include "core/download.h"

#include <string.h>

#include "base/assert.h"
#include "core/download_internal.h"
#include "core/retry.h"

enum { RESTARTS_MAX = 3 };

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

static void move(struct download *d, enum download_phase phase)
{
    SG_ASSERT(may_move(d->phase, phase));
    d->phase = phase;
}

void download_emit(struct effects *fx, enum effect_kind kind)
{
    SG_ASSERT(fx->count < EFFECTS_MAX);
    fx->items[fx->count++] = (struct effect){ .kind = kind, .lane = -1 };
}

static void end(struct download *d, struct effects *fx)
{
    move(d, DOWNLOAD_ENDED);
    download_emit(fx, FX_END);
}

/* Gives the next step of jitter: a linear congruential generator is random enough for that. */
static uint64_t next_random(struct download *d)
{
    d->random = d->random * 6364136223846793005u + 1442695040888963407u;
    return d->random >> 16;
}

static bool is_drained(const struct download *d)
{
    return d->settled_bytes == d->taken_bytes && !d->is_syncing;
}

static void start_checkpoint(struct download *d, uint64_t now_us, struct effects *fx)
{
    if (extents_copy(&d->syncing, &d->written) != SG_OK)
        return; /* nothing is claimed; the next tick tries again */
    d->is_sync_due = false;
    d->last_sync_us = now_us;
    d->unsynced_bytes = 0;
    d->is_syncing = true;
    download_emit(fx, FX_CHECKPOINT);
}

/* The old version's bytes are not ours any more once a restart drained. */
static void begin_again(struct download *d, uint64_t now_us, struct effects *fx)
{
    plan_fini(&d->plan);
    d->has_plan = false;
    d->is_open_ended = false;
    move(d, DOWNLOAD_PROBING);
    lanes_probe(d, now_us, fx);
}

static void go_on_draining(struct download *d, uint64_t now_us, struct effects *fx)
{
    if (!is_drained(d))
        return;
    if (d->is_restarting && !d->has_outcome) {
        begin_again(d, now_us, fx);
        return;
    }
    if (!d->is_part_ready || d->is_restarting) {
        end(d, fx);
        return;
    }
    move(d, DOWNLOAD_SYNCING);
    start_checkpoint(d, now_us, fx);
    if (d->is_syncing)
        return;
    if (d->outcome.state == JOB_DONE)
        d->outcome = (struct download_outcome){ .state = JOB_FAILED, .err.status = SG_E_NOMEM };
    end(d, fx);
}

static void begin_draining(struct download *d, uint64_t now_us, struct effects *fx)
{
    lanes_close(d, now_us, fx);
    if (d->phase >= DOWNLOAD_DRAINING)
        return; /* a lane's range could not be noted: that failure drains already */
    move(d, DOWNLOAD_DRAINING);
    go_on_draining(d, now_us, fx);
}

void download_end(struct download *d, const struct download_outcome *outcome, uint64_t now_us,
                  struct effects *fx)
{
    if (d->has_outcome)
        return;
    d->outcome = *outcome;
    d->has_outcome = true;
    bool is_waiting_for_part = d->phase == DOWNLOAD_OPENING || d->phase == DOWNLOAD_CREATING;
    if (is_waiting_for_part)
        lanes_close(d, now_us, fx); /* the part file's answer comes; then it drains */
    else if (d->phase < DOWNLOAD_DRAINING)
        begin_draining(d, now_us, fx);
}

void download_fail(struct download *d, const struct sg_err *err, uint64_t now_us,
                   struct effects *fx)
{
    struct download_outcome outcome = { .state = JOB_FAILED, .err = *err };
    download_end(d, &outcome, now_us, fx);
}

void download_wait(struct download *d, enum job_reason reason, const struct sg_err *err,
                   uint64_t now_us, struct effects *fx)
{
    struct download_outcome outcome = { .state = JOB_WAITING, .reason = reason, .err = *err };
    download_end(d, &outcome, now_us, fx);
}

void download_end_round(struct download *d, const struct sg_err *err, int64_t retry_after_ms,
                        uint64_t now_us, struct effects *fx)
{
    if (err->status == SG_E_NETWORK) {
        download_wait(d, JOB_REASON_NETWORK, err, now_us, fx);
        return;
    }
    d->record->attempts++;
    if (d->record->attempts > d->config.retries) {
        download_fail(d, err, now_us, fx);
        return;
    }
    struct download_outcome outcome = {
        .state = JOB_WAITING,
        .reason = JOB_REASON_RETRY,
        .err = *err,
        .delay_ms = retry_delay_ms(d->record->attempts, next_random(d), retry_after_ms),
    };
    download_end(d, &outcome, now_us, fx);
}

void download_restart(struct download *d, uint64_t now_us, struct effects *fx)
{
    d->is_restarting = true;
    begin_draining(d, now_us, fx);
}

void download_changed(struct download *d, const struct sg_err *err, uint64_t now_us,
                      struct effects *fx)
{
    if (d->record->on_change == JOB_ON_CHANGE_FAIL || d->record->restarts >= RESTARTS_MAX) {
        download_fail(d, err, now_us, fx);
        return;
    }
    d->has_changed = true;
    download_restart(d, now_us, fx);
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
    tuner_init(&d->tuner, 0, has_ranges ? d->config.max_lanes : 1, ev->now_us);
    move(d, DOWNLOAD_CREATING);
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
    if (!plan_is_complete(&d->plan))
        lanes_open(d, now_us, fx);
    else if (lanes_in(d, LANE_ENDING) == 0)
        succeed(d, now_us, fx);
}

static struct download_outcome disk_outcome(const struct sg_err *err)
{
    bool is_full = err->status == SG_E_DISK_FULL;
    return (struct download_outcome){ .state = is_full ? JOB_WAITING : JOB_FAILED,
                                      .reason = is_full ? JOB_REASON_SPACE : JOB_REASON_NONE,
                                      .err = *err };
}

/* A failure after the last byte arrived turns success into failure; any other outcome stays. */
static void spoil(struct download *d, const struct sg_err *err)
{
    if (d->has_outcome && d->outcome.state == JOB_DONE)
        d->outcome = disk_outcome(err);
}

static struct sg_err error_of(const struct event *ev)
{
    struct sg_err err = { 0 };
    if (ev->err != NULL)
        err = *ev->err;
    err.status = ev->status;
    return err;
}

static void disk_failed(struct download *d, const struct sg_err *err, uint64_t now_us,
                        struct effects *fx)
{
    struct download_outcome outcome = disk_outcome(err);
    spoil(d, err);
    download_end(d, &outcome, now_us, fx);
}

/* Bytes that a failed write lost must be fetched again; but a disk that fails once will fail again,
 * so the download ends and the next run fetches them. */
static void on_written(struct download *d, const struct event *ev, struct effects *fx)
{
    struct sg_err err = error_of(ev);
    d->settled_bytes += ev->n_bytes;
    if (err.status == SG_OK) {
        err.status = extents_add(&d->written, ev->offset, ev->offset + ev->n_bytes);
        d->unsynced_bytes += ev->n_bytes;
    }
    if (err.status != SG_OK)
        disk_failed(d, &err, ev->now_us, fx);
    if (d->phase == DOWNLOAD_DRAINING)
        go_on_draining(d, ev->now_us, fx);
}

/* The last look before a file may be called done: every byte of it is durable. */
static bool is_whole(const struct job_record *record)
{
    return record->total >= 0 && extents_contain(&record->extents, 0, (uint64_t)record->total);
}

static void after_last_checkpoint(struct download *d, struct effects *fx)
{
    SG_ASSERT(d->outcome.state != JOB_DONE || is_whole(d->record));
    if (d->outcome.state != JOB_DONE) {
        end(d, fx);
    } else if (d->record->checksum != NULL) {
        move(d, DOWNLOAD_VERIFYING);
        download_emit(fx, FX_VERIFY);
    } else {
        move(d, DOWNLOAD_FINISHING);
        download_emit(fx, FX_FINISH);
    }
}

/* What a failed flush left unwritten is not known, and a later one may succeed without it: nothing
 * since the last good checkpoint is believed any more. */
static void distrust_unsynced(struct download *d)
{
    if (extents_copy(&d->written, &d->record->extents) != SG_OK)
        extents_clear(&d->written);
}

static void on_checkpointed(struct download *d, const struct event *ev, struct effects *fx)
{
    enum download_phase phase = d->phase; /* a failure may begin to drain */
    d->is_syncing = false;
    struct sg_err err = error_of(ev);
    if (err.status != SG_OK)
        distrust_unsynced(d);
    else
        err.status = extents_copy(&d->record->extents, &d->syncing);
    d->record->done = (int64_t)extents_total(&d->record->extents);
    if (err.status != SG_OK)
        disk_failed(d, &err, ev->now_us, fx);
    if (phase == DOWNLOAD_DRAINING)
        go_on_draining(d, ev->now_us, fx);
    else if (phase == DOWNLOAD_SYNCING)
        after_last_checkpoint(d, fx);
}

static void on_stop(struct download *d, const struct event *ev, struct effects *fx)
{
    bool is_rescued = d->has_outcome && d->outcome.state == JOB_DONE;
    if (is_rescued && d->phase < DOWNLOAD_FINISHING)
        d->outcome = *ev->outcome; /* complete but not finished yet: the next run finishes it */
    else
        download_end(d, ev->outcome, ev->now_us, fx);
}

static void in_idle(struct download *d, const struct event *ev, struct effects *fx)
{
    SG_ASSERT(ev->kind == EV_START);
    rate_start(&d->rate, ev->now_us);
    d->last_sync_us = ev->now_us;
    if (d->record->part_path != NULL) {
        move(d, DOWNLOAD_OPENING);
        download_emit(fx, FX_REOPEN_PART);
        return;
    }
    move(d, DOWNLOAD_PROBING);
    lanes_probe(d, ev->now_us, fx);
}

/* What an earlier run left can be used when its length is known; a download of unknown length
 * begins again. */
static enum sg_status resume_plan(struct download *d, uint64_t now_us)
{
    enum sg_status status = extents_copy(&d->written, &d->record->extents);
    if (status == SG_OK)
        status = plan_init(&d->plan, (uint64_t)d->record->total, &d->written);
    if (status == SG_OK) {
        d->has_plan = true;
        d->has_ranges = true;
        tuner_init(&d->tuner, 0, d->config.max_lanes, now_us);
    }
    return status;
}

static void in_opening(struct download *d, const struct event *ev, struct effects *fx)
{
    if (ev->kind != EV_PART_OPENED)
        return;
    struct sg_err err = error_of(ev);
    bool is_gone = err.status == SG_E_NOT_FOUND;
    bool can_resume = d->record->total >= 0 && d->record->extents.count > 0;
    d->is_part_ready = err.status == SG_OK;
    if (d->has_outcome) {
        begin_draining(d, ev->now_us, fx);
        return;
    }
    if (is_gone || (d->is_part_ready && !can_resume)) {
        move(d, DOWNLOAD_PROBING);
        lanes_probe(d, ev->now_us, fx);
        return;
    }
    move(d, DOWNLOAD_FETCHING);
    if (err.status == SG_OK)
        err.status = resume_plan(d, ev->now_us);
    if (err.status == SG_OK)
        go_on_fetching(d, ev->now_us, fx);
    else
        disk_failed(d, &err, ev->now_us, fx);
}

static void in_creating(struct download *d, const struct event *ev, struct effects *fx)
{
    if (ev->kind != EV_PART_READY)
        return;
    struct sg_err err = error_of(ev);
    d->is_part_ready = err.status == SG_OK;
    if (d->has_outcome) {
        begin_draining(d, ev->now_us, fx);
        return;
    }
    move(d, DOWNLOAD_FETCHING);
    if (err.status != SG_OK) {
        disk_failed(d, &err, ev->now_us, fx);
        return;
    }
    lanes_touch(d, ev->now_us); /* their silence was ours */
    go_on_fetching(d, ev->now_us, fx);
}

static void tick_checkpoint(struct download *d, uint64_t now_us, struct effects *fx)
{
    if (d->is_syncing || (d->unsynced_bytes == 0 && d->settled_bytes == d->taken_bytes))
        return;
    if (d->is_sync_due) {
        if (d->unsynced_bytes > 0)
            start_checkpoint(d, now_us, fx);
        return;
    }
    bool is_time = now_us - d->last_sync_us >= d->config.checkpoint_interval_us;
    if (!is_time && d->unsynced_bytes < d->config.checkpoint_bytes)
        return;
    /* what lies in buffers is written first, and claimed a tick later */
    d->is_sync_due = true;
    for (int i = 0; i < PLAN_LANES_MAX; i++) {
        if (d->lanes[i].state != LANE_RECEIVING)
            continue;
        download_emit(fx, FX_FLUSH_LANE);
        fx->items[fx->count - 1].lane = i;
    }
}

static void in_fetching(struct download *d, const struct event *ev, struct effects *fx)
{
    if (ev->kind == EV_TICK)
        tick_checkpoint(d, ev->now_us, fx);
    if (ev->kind == EV_TICK)
        lanes_tick(d, ev->now_us, fx);
    if (d->phase == DOWNLOAD_FETCHING)
        go_on_fetching(d, ev->now_us, fx);
}

static void in_verifying(struct download *d, const struct event *ev, struct effects *fx)
{
    if (ev->kind != EV_VERIFIED)
        return;
    struct sg_err err = error_of(ev);
    if (err.status != SG_OK)
        spoil(d, &err);
    if (d->outcome.state != JOB_DONE) {
        end(d, fx);
        return;
    }
    move(d, DOWNLOAD_FINISHING);
    download_emit(fx, FX_FINISH);
}

static void in_finishing(struct download *d, const struct event *ev, struct effects *fx)
{
    if (ev->kind != EV_FINISHED)
        return;
    struct sg_err err = error_of(ev);
    if (err.status != SG_OK)
        spoil(d, &err);
    end(d, fx);
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
        on_written(d, ev, fx);
    else if (ev->kind == EV_CHECKPOINTED)
        on_checkpointed(d, ev, fx);
    else if (ev->kind == EV_STOP)
        on_stop(d, ev, fx);
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
    return extents_copy(&d->written, &record->extents);
}

void download_fini(struct download *d)
{
    if (d->has_plan)
        plan_fini(&d->plan);
    extents_fini(&d->written);
    extents_fini(&d->syncing);
}

void download_set_max_lanes(struct download *d, int max_lanes)
{
    SG_ASSERT(max_lanes >= 1 && max_lanes <= PLAN_LANES_MAX);
    d->config.max_lanes = max_lanes;
    if (d->has_plan && d->has_ranges)
        tuner_set_ceiling(&d->tuner, max_lanes);
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
