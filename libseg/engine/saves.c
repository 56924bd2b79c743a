/* What is on its way to the store, and who waits for it. A change is numbered when it begins; a
 * waiter waits for those that were open when it came. */
#include "engine/engine_private.h"

#include "base/assert.h"
#include "base/mem.h"

enum { SAVE_AGAIN_US = 1000000 };

struct waiter {
    struct sg_list node;
    struct deferred deferred;
    uint64_t last_change; /* those up to here count */
    uint64_t remaining;
    void (*done)(void *ctx);
    void *ctx;
};

struct save {
    struct engine *engine;
    int64_t id;
    uint64_t change;
    uint64_t number; /* among the job's; 0: nobody is told */
};

static void fire(struct deferred *deferred)
{
    struct waiter *waiter = sg_container_of(deferred, struct waiter, deferred);
    void (*done)(void *ctx) = waiter->done;
    void *ctx = waiter->ctx;
    sg_free(waiter);
    done(ctx);
}

static void check_waiter(struct engine *engine, struct waiter *waiter)
{
    if (waiter->remaining > 0)
        return;
    sg_list_remove(&waiter->node);
    loop_defer(engine->loop, &waiter->deferred);
}

uint64_t change_begin(struct engine *engine)
{
    engine->open_changes++;
    return ++engine->last_change;
}

void change_end(struct engine *engine, uint64_t change)
{
    SG_ASSERT(engine->open_changes > 0);
    engine->open_changes--;
    SG_LIST_FOR_EACH(node, &engine->waiters)
    {
        struct waiter *waiter = sg_container_of(node, struct waiter, node);
        if (change > waiter->last_change)
            continue;
        waiter->remaining--;
        check_waiter(engine, waiter);
    }
    engine_check_stopped(engine);
}

enum sg_status engine_when_saved(struct engine *engine, void (*done)(void *ctx), void *ctx)
{
    struct waiter *waiter = sg_alloc(sizeof *waiter);
    if (waiter == NULL)
        return SG_E_NOMEM;
    waiter->deferred.run = fire;
    waiter->last_change = engine->last_change;
    waiter->remaining = engine->open_changes;
    waiter->done = done;
    waiter->ctx = ctx;
    sg_list_insert(&engine->waiters, &waiter->node);
    check_waiter(engine, waiter);
    return SG_OK;
}

static void announce_state(struct job *job)
{
    struct engine *engine = job->engine;
    if (job->told_state == job->record.state && job->told_reason == job->record.reason)
        return;
    job->told_state = job->record.state;
    job->told_reason = job->record.reason;
    if (engine->listener.on_state != NULL)
        engine->listener.on_state(engine->listener_ctx, job);
}

void job_announce(struct job *job)
{
    struct engine *engine = job->engine;
    if (!job->is_committed)
        return;
    if (engine->listener.on_job != NULL)
        engine->listener.on_job(engine->listener_ctx, job);
    announce_state(job);
}

static void mark_unsaved(struct job *job)
{
    job->is_unsaved = true;
    if (!timer_is_running(&job->engine->save_again))
        timer_start(job->engine->loop, &job->engine->save_again, SAVE_AGAIN_US);
}

void engine_note_saving(struct engine *engine, enum sg_status status, const struct sg_err *err)
{
    engine->saving_err = status == SG_OK ? (struct sg_err){ 0 } : *err;
}

const struct sg_err *engine_saving_error(const struct engine *engine)
{
    return engine->saving_err.status != SG_OK ? &engine->saving_err : NULL;
}

static void on_saved(void *ctx, enum sg_status status, const struct sg_err *err)
{
    struct save save = *(struct save *)ctx;
    sg_free(ctx);
    engine_note_saving(save.engine, status, err);
    struct job *job = engine_job(save.engine, save.id);
    if (job != NULL && status != SG_OK)
        mark_unsaved(job);
    else if (job != NULL && save.number > 0 && save.number == job->last_save)
        job_announce(job); /* an older save says nothing of what the job is by now */
    change_end(save.engine, save.change);
}

static enum sg_status submit(struct job *job, uint64_t change, bool is_quiet)
{
    struct save *save = sg_alloc(sizeof *save);
    if (save == NULL)
        return SG_E_NOMEM;
    *save = (struct save){
        .engine = job->engine,
        .id = job->record.id,
        .change = change,
        .number = is_quiet ? 0 : ++job->last_save,
    };
    const struct job_record *record = &job->record;
    enum sg_status status = store_put_jobs(job->engine->store, &record, 1, on_saved, save);
    if (status != SG_OK)
        sg_free(save);
    return status;
}

static void save(struct job *job, uint64_t change, bool is_quiet)
{
    job->is_unsaved = false;
    if (change == 0)
        change = change_begin(job->engine);
    if (submit(job, change, is_quiet) == SG_OK)
        return;
    mark_unsaved(job);
    change_end(job->engine, change);
}

void job_save(struct job *job, uint64_t change)
{
    save(job, change, false);
}

void job_save_quietly(struct job *job, uint64_t change)
{
    save(job, change, true);
}
