/* Adding jobs: numbered at once, visible and queued once they are committed. */
#include "engine/engine_private.h"

#include <string.h>

#include "base/mem.h"
#include "core/digest_header.h"
#include "core/lifecycle.h"
#include "core/name.h"
#include "os/clock.h"

struct add_call {
    struct engine *engine;
    engine_add_fn *done;
    void *ctx;
    size_t n;
    int64_t *ids;
    int64_t first_new; /* ids from here on are new */
    uint64_t change;
};

static void finish_add(struct add_call *call, enum sg_status status, const struct sg_err *err)
{
    if (call->done != NULL)
        call->done(call->ctx, status, err, call->ids, call->n);
    sg_free(call->ids);
    sg_free(call);
}

static void commit_new(struct add_call *call)
{
    for (size_t i = 0; i < call->n; i++) {
        struct job *job = engine_job(call->engine, call->ids[i]);
        if (job == NULL || job->is_committed || call->ids[i] < call->first_new)
            continue;
        job->is_committed = true;
        job_schedule(job, 0);
        job_announce(job);
    }
}

static void drop_new(struct add_call *call)
{
    for (size_t i = 0; i < call->n; i++) {
        struct job *job = engine_job(call->engine, call->ids[i]);
        if (job != NULL && call->ids[i] >= call->first_new)
            job_destroy(job);
    }
}

static void on_added(void *ctx, enum sg_status status, const struct sg_err *err)
{
    struct add_call *call = ctx;
    struct engine *engine = call->engine;
    if (status == SG_OK)
        commit_new(call);
    else
        drop_new(call);
    uint64_t change = call->change;
    finish_add(call, status, err);
    change_end(engine, change);
}

static void on_nothing_added(void *ctx)
{
    finish_add(ctx, SG_OK, NULL);
}

static bool is_same(const char *a, const char *b)
{
    return a != NULL && b != NULL ? strcmp(a, b) == 0 : a == b;
}

static struct job *find_key(const struct engine *engine, const struct job_record *record)
{
    if (record->key == NULL)
        return NULL;
    struct sg_table_node *node = sg_table_first(&engine->keys, sg_table_hash(record->key));
    for (; node != NULL; node = sg_table_next(node)) {
        struct job *job = sg_container_of(node, struct job, key_node);
        if (is_same(job->record.key, record->key) && is_same(job->record.owner, record->owner))
            return job;
    }
    return NULL;
}

static void prepare_new(struct engine *engine, struct job_record *record)
{
    bool is_later = record->not_before_ms > clock_wall_ms();
    record->id = engine->next_id++;
    record->rank = engine->last_rank + JOB_RANK_STEP;
    record->added_ms = clock_wall_ms();
    if (record->state == JOB_PAUSED)
        return;
    record->state = is_later ? JOB_WAITING : JOB_QUEUED;
    record->reason = is_later ? JOB_REASON_SCHEDULE : JOB_REASON_NONE;
}

static enum sg_status insert_new(struct engine *engine, struct job_record *record, int64_t *out_id)
{
    struct job *known = find_key(engine, record);
    if (known != NULL) {
        *out_id = known->record.id;
        return SG_OK;
    }
    prepare_new(engine, record);
    *out_id = record->id;
    struct job *job = job_create(engine, record);
    if (job == NULL)
        return SG_E_NOMEM;
    enum sg_status status = engine_insert(engine, job);
    if (status != SG_OK)
        job_destroy(job);
    return status;
}

enum sg_status engine_check(const struct job_record *record, struct sg_err *err)
{
    enum digest_kind kind;
    uint8_t bytes[DIGEST_SIZE_MAX];
    if (record->name != NULL && !name_is_safe(record->name))
        return sg_err_set(err, SG_E_INVALID,
                          "'%s' is no file name: give one that Windows allows, without a folder",
                          record->name);
    if (record->checksum != NULL && !digest_parse(record->checksum, &kind, bytes))
        return sg_err_set(err, SG_E_INVALID,
                          "'%s' is no checksum: give sha256:HEX (or sha512, sha1, md5)",
                          record->checksum);
    return SG_OK;
}

/* Hands the new jobs to the store; the caller drops them when this fails. */
static enum sg_status submit_new(struct add_call *call)
{
    struct engine *engine = call->engine;
    size_t n = (size_t)(engine->next_id - call->first_new);
    size_t first = engine->n_jobs - n; /* new ids are the highest */
    if (n == 0)
        return engine_when_saved(engine, on_nothing_added,
                                 call); /* the known ones may be on their way */
    const struct job_record **records = sg_alloc_array(n, sizeof(struct job_record *));
    if (records == NULL)
        return SG_E_NOMEM;
    for (size_t i = 0; i < n; i++)
        records[i] = &engine->jobs[first + i]->record;
    enum sg_status status = store_put_jobs(engine->store, records, n, on_added, call);
    sg_free(records);
    if (status == SG_OK)
        call->change = change_begin(engine);
    return status;
}

enum sg_status engine_add(struct engine *engine, struct job_record *records, size_t n,
                          engine_add_fn *done, void *ctx, struct sg_err *err)
{
    struct add_call *call = sg_alloc(sizeof *call);
    int64_t *ids = sg_alloc_array(n, sizeof *ids);
    enum sg_status status = call != NULL && ids != NULL ? SG_OK : SG_E_NOMEM;
    if (status == SG_OK)
        *call = (struct add_call){
            .engine = engine, .done = done, .ctx = ctx, .ids = ids, .first_new = engine->next_id
        };
    for (size_t i = 0; i < n; i++) {
        if (status == SG_OK)
            status = insert_new(engine, &records[i], &ids[i]);
        if (status == SG_OK)
            call->n++;
        job_record_fini(&records[i]);
    }
    if (status == SG_OK)
        status = submit_new(call);
    if (status == SG_OK)
        return SG_OK;
    if (call != NULL)
        drop_new(call);
    sg_free(ids);
    sg_free(call);
    return sg_err_set(err, status, "the jobs could not be added");
}
