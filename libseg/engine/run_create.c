/* A new part file: its name is chosen and committed, it is made and its identity is committed, room
 * is reserved. Then, and not before, bytes may go into it. A crash after any of these leaves
 * nothing behind that the next start cannot tell from other people's files. */
#include "engine/engine_private.h"

#include <string.h>

#include "base/mem.h"
#include "core/name.h"
#include "os/file.h"

enum { CHOICES_MAX = 100 }; /* names that others took between choosing and making */

static void choose(struct run *run);

/* A name out of what the server, the URL after redirects, and the URL say, in that order. */
static char *suggested_name(const struct run *run)
{
    const struct job_record *record = &run->job->record;
    char *raw = NULL;
    if (run->suggested_name != NULL)
        raw = name_from_disposition(run->suggested_name);
    if (raw == NULL && record->final_url != NULL)
        raw = net_url_file_name(record->final_url);
    if (raw == NULL || raw[0] == '\0') {
        sg_free(raw);
        raw = net_url_file_name(record->url);
    }
    char *safe = raw != NULL ? name_sanitize(raw) : NULL;
    sg_free(raw);
    return safe;
}

static void fail(struct run *run, enum sg_status status, const struct sg_err *err)
{
    bool is_about_it = err != NULL && err->status == status;
    run_feed_part(run, EV_PART_READY, status, is_about_it ? err : NULL);
}

static void tell_part(struct job *job)
{
    struct engine *engine = job->engine;
    if (engine->listener.on_part != NULL)
        engine->listener.on_part(engine->listener_ctx, job);
}

static void begin(struct run *run)
{
    tell_part(run->job);
    run_feed_part(run, EV_PART_READY, SG_OK, NULL);
    lanes_resume(run);
}

static void on_reserved(struct run *run, struct part_task *task, enum sg_status status)
{
    struct job_record *record = &run->job->record;
    run->part = task->file;
    if (status == SG_OK)
        status = job_record_set(&record->allocation, file_allocation_word(task->allocation));
    if (run->part == NULL)
        job_record_forget_part(record);
    if (status != SG_OK) {
        fail(run, status, &task->err);
        return;
    }
    job_save(run->job, 0);
    begin(run);
}

static void on_identity_committed(void *ctx, enum sg_status status, const struct sg_err *err)
{
    struct run *run = ctx;
    if (status != SG_OK)
        fail(run, status, err);
    else if (part_is_small(run->job->record.total))
        begin(run);
    else
        run_part_start(run, part_reserve, on_reserved);
    run_op_end(run);
}

static enum sg_status note_made(struct job_record *record, const struct file_id *id)
{
    record->part_volume = (int64_t)id->volume;
    memcpy(&record->part_id_low, id->id, 8);
    memcpy(&record->part_id_high, id->id + 8, 8);
    if (!part_is_small(record->total))
        return SG_OK; /* room is reserved first */
    return job_record_set(&record->allocation, file_allocation_word(FILE_ALLOC_NONE));
}

static void on_created(struct run *run, struct part_task *task, enum sg_status status)
{
    if (status == SG_E_EXISTS && run->n_choices < CHOICES_MAX) {
        choose(run);
        return;
    }
    run->part = task->file;
    run_warn(run, task);
    if (status == SG_OK)
        status = run_take_names(run, task);
    if (status != SG_OK)
        job_record_forget_part(&run->job->record);
    if (status == SG_OK)
        status = note_made(&run->job->record, &task->id);
    if (status == SG_OK)
        status = run_commit(run, on_identity_committed);
    if (status != SG_OK)
        fail(run, status, &task->err);
}

/* In the service the owner, who may set the mark, may not be there at the end. */
static void create(struct run *run)
{
    struct part_task *task = run_part_prepare(run, part_create, on_created);
    if (run->engine->acts_for_owners)
        run_make_mark(run, task);
    run_part_submit(run);
}

static void on_path_committed(void *ctx, enum sg_status status, const struct sg_err *err)
{
    struct run *run = ctx;
    if (status == SG_OK)
        create(run);
    else
        fail(run, status, err);
    run_op_end(run);
}

static void on_chosen(struct run *run, struct part_task *task, enum sg_status status)
{
    struct job_record *record = &run->job->record;
    if (status == SG_OK) {
        job_record_forget_part(record);
        status = job_record_set(&record->path, task->path);
    }
    if (status == SG_OK)
        status = job_record_set(&record->part_path, task->part_path);
    if (status == SG_OK)
        status = run_commit(run, on_path_committed);
    if (status != SG_OK)
        fail(run, status, &task->err);
}

static void choose(struct run *run)
{
    const char *wanted = run->job->record.name;
    struct part_task *task = run_part_prepare(run, part_choose, on_chosen);
    task->name = wanted != NULL ? sg_strdup(wanted) : suggested_name(run);
    run->n_choices++;
    run_part_submit(run);
}

void run_create_part(struct run *run)
{
    run->n_choices = 0;
    choose(run);
}
