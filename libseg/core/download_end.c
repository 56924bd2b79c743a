/* Where bytes become durable and downloads come to their end: writes, checkpoints, outcomes,
 * draining, and the way back to a probe when the server's file changed. */
#include "core/download_internal.h"

#include <string.h>

#include "base/assert.h"
#include "core/retry.h"

enum { RESTARTS_MAX = 3 };

void download_finish(struct download *d, struct effects *fx)
{
    download_move(d, DOWNLOAD_ENDED);
    download_emit(fx, FX_END);
}

/* A linear congruential generator is random enough for that. */
uint64_t download_random(struct download *d)
{
    d->random = d->random * 6364136223846793005u + 1442695040888963407u;
    return d->random >> 16;
}

static bool is_drained(const struct download *d)
{
    return d->settled_bytes == d->taken_bytes && !d->is_syncing && !d->is_comparing;
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

/* Takes back what the store claims of bytes that proved wrong. True while that is under way. */
static bool disown(struct download *d, uint64_t now_us, struct effects *fx)
{
    if (!d->must_disown)
        return false;
    d->must_disown = false;
    start_checkpoint(d, now_us, fx);
    return d->is_syncing;
}

/* The old version's bytes are not ours any more once a restart drained. */
static void begin_again(struct download *d, uint64_t now_us, struct effects *fx)
{
    plan_fini(&d->plan);
    d->has_plan = false;
    d->is_open_ended = false;
    d->has_spared = false;
    sources_begin_again(d);
    download_move(d, DOWNLOAD_PROBING);
    lanes_probe(d, now_us, fx);
}

void download_go_on_draining(struct download *d, uint64_t now_us, struct effects *fx)
{
    if (!is_drained(d))
        return;
    if (d->is_restarting && !d->has_outcome) {
        if (!disown(d, now_us, fx))
            begin_again(d, now_us, fx);
        return;
    }
    if (!d->is_part_ready || d->is_restarting) {
        download_finish(d, fx);
        return;
    }
    download_move(d, DOWNLOAD_SYNCING);
    start_checkpoint(d, now_us, fx);
    if (d->is_syncing)
        return;
    if (d->outcome.state == JOB_DONE)
        d->outcome = (struct download_outcome){ .state = JOB_FAILED, .err.status = SG_E_NOMEM };
    download_finish(d, fx);
}

void download_drain(struct download *d, uint64_t now_us, struct effects *fx)
{
    lanes_close(d, now_us, fx);
    if (d->phase >= DOWNLOAD_DRAINING)
        return; /* a lane's range could not be noted: that failure drains already */
    download_move(d, DOWNLOAD_DRAINING);
    seams_clear(&d->seams);
    rechecks_forget(d);
    download_go_on_draining(d, now_us, fx);
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
        download_drain(d, now_us, fx);
}

/* The server failed us: perhaps a mirror has the file. */
void download_give_up(struct download *d, const struct download_outcome *outcome, uint64_t now_us,
                      struct effects *fx)
{
    if (!sources_take_over(d, outcome, now_us, fx))
        download_end(d, outcome, now_us, fx);
}

static void end_failed(struct download *d, const struct sg_err *err, uint64_t now_us,
                       struct effects *fx)
{
    struct download_outcome outcome = { .state = JOB_FAILED, .err = *err };
    download_end(d, &outcome, now_us, fx);
}

void download_fail(struct download *d, const struct sg_err *err, uint64_t now_us,
                   struct effects *fx)
{
    struct download_outcome outcome = { .state = JOB_FAILED, .err = *err };
    download_give_up(d, &outcome, now_us, fx);
}

/* Another try after a while, or the end when there were too many. */
static struct download_outcome next_round(struct download *d, const struct sg_err *err,
                                          int64_t retry_after_ms)
{
    struct download_outcome outcome = { .state = JOB_FAILED, .err = *err };
    d->record->attempts++;
    if (d->record->attempts > d->config.retries)
        return outcome;
    outcome.state = JOB_WAITING;
    outcome.reason = JOB_REASON_RETRY;
    outcome.delay_ms = retry_delay_ms(d->record->attempts, download_random(d), retry_after_ms);
    return outcome;
}

void download_end_round(struct download *d, const struct sg_err *err, int64_t retry_after_ms,
                        uint64_t now_us, struct effects *fx)
{
    if (err->status == SG_E_NETWORK) {
        struct download_outcome no_network = { .state = JOB_WAITING,
                                               .reason = JOB_REASON_NETWORK,
                                               .err = *err };
        download_end(d, &no_network, now_us, fx);
        return;
    }
    struct download_outcome outcome =
        d->has_spared ? d->spared : next_round(d, err, retry_after_ms);
    download_give_up(d, &outcome, now_us, fx);
}

void download_part_held(struct download *d, const struct sg_err *err, uint64_t now_us,
                        struct effects *fx)
{
    struct download_outcome outcome = next_round(d, err, 0);
    download_end(d, &outcome, now_us, fx);
}

void download_restart(struct download *d, uint64_t now_us, struct effects *fx)
{
    d->is_restarting = true;
    download_drain(d, now_us, fx);
}

void download_changed(struct download *d, const struct sg_err *err, uint64_t now_us,
                      struct effects *fx)
{
    if (d->record->on_change == JOB_ON_CHANGE_FAIL || d->record->restarts >= RESTARTS_MAX) {
        end_failed(d, err, now_us, fx);
        return;
    }
    d->has_changed = true;
    download_restart(d, now_us, fx);
}

static struct download_outcome disk_outcome(const struct sg_err *err)
{
    enum job_reason reason = err->status == SG_E_DISK_FULL ? JOB_REASON_SPACE
                             : err->status == SG_E_OWNER   ? JOB_REASON_OWNER
                                                           : JOB_REASON_NONE;
    return (struct download_outcome){ .state = reason != JOB_REASON_NONE ? JOB_WAITING : JOB_FAILED,
                                      .reason = reason,
                                      .err = *err };
}

/* A failure after the last byte arrived turns success into failure; any other outcome stays. */
void download_spoil(struct download *d, const struct sg_err *err)
{
    if (d->has_outcome && d->outcome.state == JOB_DONE)
        d->outcome = disk_outcome(err);
}

struct sg_err download_error_of(const struct event *ev)
{
    struct sg_err err = { 0 };
    if (ev->err != NULL)
        err = *ev->err;
    err.status = ev->status;
    return err;
}

void download_disk_failed(struct download *d, const struct sg_err *err, uint64_t now_us,
                          struct effects *fx)
{
    struct download_outcome outcome = disk_outcome(err);
    download_spoil(d, err);
    download_end(d, &outcome, now_us, fx);
}

/* Bytes that a failed write lost must be fetched again; but a disk that fails once will fail again,
 * so the download ends and the next run fetches them. */
void download_on_written(struct download *d, const struct event *ev, struct effects *fx)
{
    struct sg_err err = download_error_of(ev);
    d->settled_bytes += ev->n_bytes;
    if (err.status == SG_OK && !d->must_disown) {
        err.status = extents_add(&d->written, ev->offset, ev->offset + ev->n_bytes);
        d->unsynced_bytes += ev->n_bytes;
    }
    if (err.status != SG_OK)
        download_disk_failed(d, &err, ev->now_us, fx);
    if (d->phase == DOWNLOAD_DRAINING)
        download_go_on_draining(d, ev->now_us, fx);
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
        download_finish(d, fx);
    } else if (job_record_wanted_digest(d->record) != NULL) {
        download_move(d, DOWNLOAD_VERIFYING);
        download_emit(fx, FX_VERIFY);
    } else {
        download_move(d, DOWNLOAD_FINISHING);
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

void download_on_checkpointed(struct download *d, const struct event *ev, struct effects *fx)
{
    enum download_phase phase = d->phase; /* a failure may begin to drain */
    d->is_syncing = false;
    struct sg_err err = download_error_of(ev);
    if (err.status != SG_OK)
        distrust_unsynced(d);
    else
        err.status = extents_copy(&d->record->extents, &d->syncing);
    d->record->done = (int64_t)extents_total(&d->record->extents);
    if (err.status != SG_OK)
        download_disk_failed(d, &err, ev->now_us, fx);
    if (phase == DOWNLOAD_DRAINING)
        download_go_on_draining(d, ev->now_us, fx);
    else if (phase == DOWNLOAD_SYNCING)
        after_last_checkpoint(d, fx);
}

void download_on_stop(struct download *d, const struct event *ev, struct effects *fx)
{
    bool is_rescued = d->has_outcome && d->outcome.state == JOB_DONE;
    if (is_rescued && d->phase < DOWNLOAD_FINISHING)
        d->outcome = *ev->outcome; /* complete but not finished yet: the next run finishes it */
    else
        download_end(d, ev->outcome, ev->now_us, fx);
}

void download_tick_checkpoint(struct download *d, uint64_t now_us, struct effects *fx)
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
    lanes_flush(d, fx);
}
