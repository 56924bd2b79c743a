/* The part file of a run: each effect is a blocking task on a work thread, and where the store has
 * to know, a commit in between. The order is what recovery relies on: a record is committed before
 * the first byte of what it describes is written, and ranges are committed after they were flushed.
 */
#include "engine/engine_private.h"

#include <string.h>

#include "base/mem.h"
#include "core/http_date.h"
#include "core/name.h"
#include "core/zone.h"
#include "engine/room.h"
#include "os/file.h"

enum {
    FINISH_AGAIN_US = 500 * 1000, /* scanners hold a new file for a moment */
    FINISH_PATIENCE_US = 30 * 1000 * 1000,
    CLAIM_AGAIN_US = 1000000
};

static bool grows_as_written(const struct job_record *record)
{
    const char *none = file_allocation_word(FILE_ALLOC_NONE);
    bool is_reserved = record->allocation == NULL || strcmp(record->allocation, none) != 0;
    return !is_reserved && !part_is_small(record->total);
}

void run_feed_part(struct run *run, enum event_kind kind, enum sg_status status,
                   const struct sg_err *err)
{
    struct event event = run_event(run, kind);
    event.status = status;
    event.err = status != SG_OK ? err : NULL;
    event.is_ascending = grows_as_written(&run->job->record);
    run_feed(run, &event);
}

static void perform(struct work *work)
{
    struct part_work *part = sg_container_of(work, struct part_work, work);
    part->status = part->perform(&part->task);
    if (part->status != part->task.err.status)
        part->task.err = (struct sg_err){ .status = part->status };
}

static void on_performed(struct work *work)
{
    struct part_work *part = sg_container_of(work, struct part_work, work);
    struct run *run = part->run;
    struct part_task task = part->task; /* `done` may begin the next operation */
    part->done(run, &task, part->status);
    part_task_fini(&task);
    run_op_end(run);
}

static enum sg_status out_of_memory(struct part_task *task)
{
    return sg_err_set(&task->err, SG_E_NOMEM, "out of memory");
}

/* Makes an operation ready; what it needs besides the record is filled in before `submit`. Also a
 * failure to do so is told by `done`, later. */
struct part_task *run_part_prepare(struct run *run, part_fn *perform_fn, part_done_fn *done)
{
    struct part_work *part = &run->part_work;
    *part = (struct part_work){ .run = run, .perform = perform_fn, .done = done };
    if (part_task_init(&part->task, run->engine->loop, &run->job->record) != SG_OK)
        part->perform = out_of_memory;
    part->task.actor = job_actor(run->job);
    part->task.file = run->part;
    part->work.run = perform;
    part->work.done = on_performed;
    return &part->task;
}

/* From here on the operation is the work thread's, until `done`. */
void run_part_submit(struct run *run)
{
    run_op_begin(run);
    work_submit(run->engine->work_pool, &run->part_work.work);
}

void run_part_start(struct run *run, part_fn *perform_fn, part_done_fn *done)
{
    run_part_prepare(run, perform_fn, done);
    run_part_submit(run);
}

static void on_reopened(struct run *run, struct part_task *task, enum sg_status status)
{
    struct job_record *record = &run->job->record;
    run->part = task->file;
    if (status == SG_OK)
        status = job_record_set(&record->part_path, task->part_path);
    if (status == SG_OK)
        status = job_record_set(&record->path, task->path);
    run_feed_part(run, EV_PART_OPENED, status, &task->err);
}

void run_reopen_part(struct run *run)
{
    run_part_start(run, part_reopen, on_reopened);
}

/* Commits what is known about the part file; then, and not before, bytes may go into it. */
enum sg_status run_commit(struct run *run, store_done_fn *done)
{
    const struct job_record *record = &run->job->record;
    enum sg_status status = store_put_jobs(run->engine->store, &record, 1, done, run);
    if (status == SG_OK)
        run_op_begin(run);
    return status;
}

static void on_emptied(struct run *run, struct part_task *task, enum sg_status status)
{
    const char *allocation = file_allocation_word(task->allocation);
    if (status == SG_OK)
        status = job_record_set(&run->job->record.allocation, allocation);
    run_feed_part(run, EV_PART_READY, status, &task->err);
    if (status == SG_OK)
        lanes_resume(run);
}

static void on_claims_dropped(void *ctx, enum sg_status status, const struct sg_err *err)
{
    struct run *run = ctx;
    if (status == SG_OK)
        run_part_start(run, part_reset, on_emptied);
    else
        run_feed_part(run, EV_PART_READY, status, err);
    run_op_end(run);
}

/* What the store claims of the old version is taken back before the file is touched. */
void run_reset_part(struct run *run)
{
    struct job_record *record = &run->job->record;
    extents_clear(&record->extents);
    record->done = 0;
    if (run_commit(run, on_claims_dropped) != SG_OK)
        run_part_start(run, out_of_memory, on_emptied);
}

/* A database that has no room or is held by others for a while. */
static bool may_work_later(enum sg_status status)
{
    return status == SG_E_DISK_FULL || status == SG_E_LOCKED || status == SG_E_IO ||
           status == SG_E_DENIED || status == SG_E_DB || status == SG_E_NOMEM;
}

/* It ends in any case: only what is complete waits for its claim to be committed. */
static bool is_ending(const struct download *download)
{
    return download->has_outcome && download->outcome.state != JOB_DONE;
}

static void on_progress_committed(void *ctx, enum sg_status status, const struct sg_err *err);

static enum sg_status claim(struct run *run)
{
    return store_put_progress(run->engine->store, run->job->record.id, &run->download.syncing,
                              on_progress_committed, run);
}

/* What was flushed is on the disk, whether the database says so yet or not: so the download goes on
 * meanwhile, and one that ends keeps it in its record, which is saved as soon as that works. */
static void on_progress_committed(void *ctx, enum sg_status status, const struct sg_err *err)
{
    struct run *run = ctx;
    engine_note_saving(run->engine, status, err);
    if (may_work_later(status) && !is_ending(&run->download)) {
        timer_start(run->engine->loop, &run->claim_again, CLAIM_AGAIN_US);
        return;
    }
    run_feed_part(run, EV_CHECKPOINTED, may_work_later(status) ? SG_OK : status, err);
    run_op_end(run);
}

void run_claim_again(struct timer *timer)
{
    struct run *run = sg_container_of(timer, struct run, claim_again);
    struct sg_err err = { 0 };
    enum sg_status status = claim(run);
    if (status != SG_OK) /* no memory */
        on_progress_committed(run, sg_err_set(&err, status, "the progress cannot be saved"), &err);
}

static void on_flushed(struct run *run, struct part_task *task, enum sg_status status)
{
    if (status == SG_OK)
        status = claim(run);
    if (status == SG_OK)
        run_op_begin(run); /* until it worked, or the download ends */
    else
        run_feed_part(run, EV_CHECKPOINTED, status, &task->err);
}

static enum sg_status flush(struct part_task *task)
{
    return file_flush(task->file, &task->err);
}

void run_checkpoint(struct run *run)
{
    run_part_start(run, flush, on_flushed);
}

static void on_verified(struct run *run, struct part_task *task, enum sg_status status)
{
    turn_end(&run->engine->turns, &run->turn);
    run_feed_part(run, EV_VERIFIED, status, &task->err);
}

void run_verify(struct run *run)
{
    struct part_task *task = run_part_prepare(run, part_verify, on_verified);
    task->watch = &run->hash_watch;
    run_op_begin(run);
    turn_begin(&run->engine->turns, &run->turn, TURN_OF_DOWNLOAD, &run->part_work.work);
}

void run_stop_verifying(struct run *run)
{
    atomic_store(&run->hash_watch.is_cancelled, true);
    turn_hurry(&run->engine->turns, &run->turn);
}

enum sg_status run_take_names(struct run *run, const struct part_task *task)
{
    struct job_record *record = &run->job->record;
    if (task->path == NULL || task->part_path == NULL)
        return SG_OK; /* there was no memory to begin with */
    enum sg_status status = job_record_set(&record->path, task->path);
    return status == SG_OK ? job_record_set(&record->part_path, task->part_path) : status;
}

void run_warn(struct run *run, const struct part_task *task)
{
    if (task->warning.status != SG_OK && run->engine->listener.on_warning != NULL)
        run->engine->listener.on_warning(run->engine->listener_ctx, run->job, &task->warning);
}

static void on_finished(struct run *run, struct part_task *task, enum sg_status status)
{
    uint64_t now_us = loop_now_us(run->engine->loop);
    run->part = task->file;
    if (status == SG_E_IN_USE && now_us < run->finish_until_us) {
        timer_start(run->engine->loop, &run->finish_again, FINISH_AGAIN_US);
        return;
    }
    run_warn(run, task);
    enum sg_status named = run_take_names(run, task); /* it may have its name and have failed */
    run_feed_part(run, EV_FINISHED, status == SG_OK ? named : status, &task->err);
    run_op_end(run);
}

void run_make_mark(struct run *run, struct part_task *task)
{
    const struct job_record *record = &run->job->record;
    if (!run->engine->config.zone_mark)
        return;
    const char *url = record->final_url != NULL ? record->final_url : record->url;
    task->mark = zone_mark(url, record->headers);
    if (task->mark == NULL)
        sg_err_set(&task->warning, SG_E_NOMEM, "the mark of the web could not be made");
}

static void finish(struct run *run)
{
    struct part_task *task = run_part_prepare(run, part_finish, on_finished);
    const char *modified = run->job->record.last_modified;
    if (modified != NULL && !http_date_parse(modified, strlen(modified), &task->modified_ms))
        task->modified_ms = 0;
    run_make_mark(run, task);
    run_part_submit(run);
}

void run_finish_again(struct timer *timer)
{
    finish(sg_container_of(timer, struct run, finish_again));
}

void run_finish(struct run *run)
{
    run->finish_until_us = loop_now_us(run->engine->loop) + FINISH_PATIENCE_US;
    run_op_begin(run); /* until it worked or patience ended */
    finish(run);
}

static enum sg_status close_file(struct part_task *task)
{
    file_close(task->file);
    return SG_OK;
}

static void on_closed(struct run *run, struct part_task *task, enum sg_status status)
{
    struct download_outcome *outcome = &run->download.outcome;
    run->part = NULL;
    if (outcome->reason == JOB_REASON_SPACE && status == outcome->err.status)
        outcome->err = task->err;
}

/* The failed write knew only that the disk is full; by now everything is settled, and how much is
 * missing can be told. */
static enum sg_status close_full(struct part_task *task)
{
    bool is_owner = actor_try(&task->actor);
    room_explain(task->folder, task->part_path, task->total, task->done, &task->err);
    if (is_owner)
        actor_end(&task->actor);
    file_close(task->file);
    return task->err.status;
}

void run_close_part(struct run *run)
{
    const struct download_outcome *outcome = &run->download.outcome;
    struct part_work *part = &run->part_work;
    run_part_prepare(run, close_file, on_closed);
    bool has_memory = part->perform == close_file; /* else the file must not stay open */
    part->perform = has_memory && outcome->reason == JOB_REASON_SPACE ? close_full : close_file;
    part->task.err = outcome->err;
    run_part_submit(run);
}
