/* Files and rows of jobs that nobody wants any more: first the file goes, then what names it. */
#include "engine/engine_private.h"

#include "base/mem.h"

/* Deleting a job's file on a work thread, since its folder may be slow, as part of a change. */
struct deletion {
    struct work work;
    struct engine *engine;
    struct actor actor;
    char *path;
    struct file_id id;
    int64_t job;
    uint64_t change;
    struct removal *removal; /* of the job with it; NULL: the job stays */
};

/* A job on its way out: what is left of it when its object is gone. */
struct removal {
    struct engine *engine;
    int64_t id;
    char *owner;
    uint64_t change;
};

static void delete_file(struct work *work)
{
    struct deletion *deletion = sg_container_of(work, struct deletion, work);
    part_delete(&deletion->actor, deletion->engine->loop, deletion->path, &deletion->id);
}

static void free_deletion(struct deletion *deletion)
{
    actor_fini(&deletion->actor);
    sg_free(deletion->path);
    sg_free(deletion);
}

/* False without memory: then the file stays. */
static bool delete_later(struct job *job, const char *path, work_fn *done, uint64_t change,
                         struct removal *removal)
{
    struct deletion *deletion = sg_alloc(sizeof *deletion);
    if (deletion == NULL)
        return false;
    *deletion = (struct deletion){ .work = { .run = delete_file, .done = done },
                                   .engine = job->engine,
                                   .actor = job_actor(job),
                                   .path = sg_strdup(path),
                                   .id = part_id(&job->record),
                                   .job = job->record.id,
                                   .change = change,
                                   .removal = removal };
    if (deletion->path == NULL) {
        free_deletion(deletion);
        return false;
    }
    work_submit(job->engine->work_pool, &deletion->work);
    return true;
}

static void on_discarded(struct work *work)
{
    struct deletion *deletion = sg_container_of(work, struct deletion, work);
    struct engine *engine = deletion->engine;
    uint64_t change = deletion->change;
    struct job *job = engine_job(engine, deletion->job);
    free_deletion(deletion);
    if (job == NULL || job->record.state != JOB_CANCELLED) {
        change_end(engine, change);
        return;
    }
    job_record_forget_part(&job->record);
    job_save_quietly(job, change);
}

/* The record names the part file until it is gone: after a crash it is deleted again. */
void job_discard_part(struct job *job)
{
    struct job_record *record = &job->record;
    record->done = 0;
    extents_clear(&record->extents);
    if (record->part_path == NULL)
        return;
    uint64_t change = change_begin(job->engine);
    if (!delete_later(job, record->part_path, on_discarded, change, NULL))
        change_end(job->engine, change);
}

static void free_removal(struct removal *removal)
{
    sg_free(removal->owner);
    sg_free(removal);
}

static void on_forgotten(void *ctx, enum sg_status status, const struct sg_err *err)
{
    (void)err;
    struct removal *removal = ctx;
    struct engine *engine = removal->engine;
    uint64_t change = removal->change;
    /* a row that could not be deleted comes back with the next start, and can be removed again */
    if (status == SG_OK && engine->listener.on_removed != NULL)
        engine->listener.on_removed(engine->listener_ctx, removal->id, removal->owner);
    free_removal(removal);
    change_end(engine, change);
}

static void forget_row(struct removal *removal)
{
    struct engine *engine = removal->engine;
    uint64_t change = removal->change;
    if (store_delete_job(engine->store, removal->id, on_forgotten, removal) == SG_OK)
        return;
    free_removal(removal);
    change_end(engine, change);
}

static void on_file_gone(struct work *work)
{
    struct deletion *deletion = sg_container_of(work, struct deletion, work);
    struct removal *removal = deletion->removal;
    free_deletion(deletion);
    forget_row(removal);
}

/* NULL without memory: then the row stays, and comes back with the next start. */
static struct removal *removal_create(struct job *job, uint64_t change)
{
    struct removal *removal = sg_alloc(sizeof *removal);
    if (removal == NULL)
        return NULL;
    *removal = (struct removal){ .engine = job->engine, .id = job->record.id, .change = change };
    if (job_record_set(&removal->owner, job->record.owner) == SG_OK)
        return removal;
    free_removal(removal);
    return NULL;
}

/* The file goes first: a crash in between leaves a job without a file, not a file without a job. */
void job_forget(struct job *job, uint64_t change)
{
    struct engine *engine = job->engine;
    const struct job_record *record = &job->record;
    const char *path = record->state != JOB_DONE ? record->part_path
                       : job->purges             ? record->path
                                                 : NULL;
    verifications_cancel(engine, record->id);
    if (change == 0)
        change = change_begin(engine);
    struct removal *removal = removal_create(job, change);
    if (removal == NULL)
        change_end(engine, change);
    else if (path == NULL || !delete_later(job, path, on_file_gone, change, removal))
        forget_row(removal);
    job_destroy(job);
}
