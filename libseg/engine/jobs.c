/* The table of jobs: adding, finding, forgetting, and what keeps queue and timers in step with a
 * job's state. */
#include "engine/engine_private.h"

#include <string.h>

#include "base/assert.h"
#include "base/mem.h"
#include "core/lifecycle.h"
#include "os/clock.h"

/* The place of the first job with an id of at least `id`. */
static size_t place_of(const struct engine *engine, int64_t id)
{
    size_t low = 0;
    size_t high = engine->n_jobs;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (engine->jobs[middle]->record.id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct job *engine_job(struct engine *engine, int64_t id)
{
    size_t place = place_of(engine, id);
    bool is_found = place < engine->n_jobs && engine->jobs[place]->record.id == id;
    return is_found ? engine->jobs[place] : NULL;
}

struct job *engine_job_after(struct engine *engine, int64_t id)
{
    size_t place = id < INT64_MAX ? place_of(engine, id + 1) : engine->n_jobs;
    while (place < engine->n_jobs && !engine->jobs[place]->is_committed)
        place++;
    return place < engine->n_jobs ? engine->jobs[place] : NULL;
}

const struct job_record *job_record_of(const struct job *job)
{
    return &job->record;
}

static void unschedule(struct job *job)
{
    sg_heap_remove(&job->engine->queue, &job->queue_node);
    timer_stop(job->engine->loop, &job->wake);
    sg_list_remove(&job->wait_node);
}

static uint64_t schedule_delay_ms(const struct job_record *record)
{
    int64_t delay = record->not_before_ms - clock_wall_ms();
    return delay > 0 ? (uint64_t)delay : 0;
}

/* By the wall clock it may be too early: the timer counts from the turn's beginning, and people set
 * clocks back. */
static void on_wake(struct timer *timer)
{
    struct job *job = sg_container_of(timer, struct job, wake);
    if (job->record.reason == JOB_REASON_SCHEDULE && schedule_delay_ms(&job->record) > 0)
        job_schedule(job, 0);
    else
        job_enter(job, JOB_QUEUED, JOB_REASON_NONE, NULL, 0, 0);
}

void job_schedule(struct job *job, uint64_t delay_ms)
{
    struct engine *engine = job->engine;
    if (job->record.state == JOB_QUEUED) {
        sg_heap_insert(&engine->queue, &job->queue_node, job_queue_key(&job->record));
        engine_admit_later(engine);
        return;
    }
    if (job->record.state != JOB_WAITING || job->record.reason == JOB_REASON_LINK ||
        job_lacks_owner(job))
        return;
    if (job->record.reason == JOB_REASON_SPACE) {
        room_wait(job);
        return;
    }
    if (job->record.reason == JOB_REASON_METERED) {
        metered_wait(job);
        return;
    }
    if (job->record.reason == JOB_REASON_SCHEDULE)
        delay_ms = schedule_delay_ms(&job->record);
    timer_start(engine->loop, &job->wake, delay_ms * 1000);
}

void job_enter(struct job *job, enum job_state state, enum job_reason reason,
               const struct sg_err *err, uint64_t delay_ms, uint64_t change)
{
    struct engine *engine = job->engine;
    unschedule(job);
    enum job_state before = job->record.state;
    engine->counts[before]--;
    job_move(&job->record, state, reason, err, clock_wall_ms());
    engine->counts[state]++;
    if (state == JOB_CANCELLED)
        job_discard_part(job);
    job_tell_owner(job, before); /* behind that: it may have been his last one */
    job_schedule(job, delay_ms);
    job_save(job, change);
}

struct job *job_create(struct engine *engine, struct job_record *record)
{
    struct job *job = sg_alloc(sizeof *job);
    if (job == NULL)
        return NULL;
    job->engine = engine;
    job->record = *record;
    job_record_init(record);
    job->wake.fire = on_wake;
    sg_list_init(&job->wait_node);
    if (job_join_owner(job) == SG_OK)
        return job;
    *record = job->record;
    sg_free(job);
    return NULL;
}

static enum sg_status make_room(struct engine *engine)
{
    if (engine->n_jobs < engine->jobs_capacity)
        return SG_OK;
    size_t capacity = engine->jobs_capacity > 0 ? engine->jobs_capacity * 2 : 64;
    struct job **jobs = sg_realloc(engine->jobs, capacity * sizeof(struct job *));
    if (jobs == NULL)
        return SG_E_NOMEM;
    engine->jobs = jobs;
    engine->jobs_capacity = capacity;
    return SG_OK;
}

static enum sg_status note_key(struct engine *engine, struct job *job)
{
    const char *key = job->record.key;
    if (key == NULL)
        return SG_OK;
    return sg_table_insert(&engine->keys, &job->key_node, sg_table_hash(key));
}

enum sg_status engine_insert(struct engine *engine, struct job *job)
{
    if (make_room(engine) != SG_OK || note_key(engine, job) != SG_OK)
        return SG_E_NOMEM;
    SG_ASSERT(engine->n_jobs == 0 || engine->jobs[engine->n_jobs - 1]->record.id < job->record.id);
    engine->jobs[engine->n_jobs++] = job;
    engine->counts[job->record.state]++;
    if (job->record.rank > engine->last_rank)
        engine->last_rank = job->record.rank;
    if (job->record.rank < engine->first_rank)
        engine->first_rank = job->record.rank;
    return SG_OK;
}

void job_destroy(struct job *job)
{
    struct engine *engine = job->engine;
    SG_ASSERT(job->run == NULL);
    unschedule(job);
    size_t place = place_of(engine, job->record.id);
    if (place < engine->n_jobs && engine->jobs[place] == job) {
        engine->n_jobs--;
        memmove(engine->jobs + place, engine->jobs + place + 1,
                (engine->n_jobs - place) * sizeof(struct job *));
        engine->counts[job->record.state]--;
        sg_table_remove(&engine->keys, &job->key_node);
    }
    job_forget_sources(job);
    job_leave_owner(job);
    job_record_fini(&job->record);
    sg_free(job);
}

struct loading {
    struct engine *engine;
    bool is_out_of_memory;
};

static bool take_loaded(void *ctx, struct job_record *record)
{
    struct loading *loading = ctx;
    if (record->state == JOB_ACTIVE || record->state == JOB_VERIFYING)
        record->state = JOB_QUEUED; /* what the crash or the stop interrupted */
    struct job *job = job_create(loading->engine, record);
    if (job == NULL || engine_insert(loading->engine, job) != SG_OK) {
        if (job != NULL)
            job_destroy(job);
        job_record_fini(record);
        loading->is_out_of_memory = true;
        return false;
    }
    job->is_committed = true;
    job->told_state = job->record.state;
    job->told_reason = job->record.reason;
    job_schedule(job, 0);
    if (job->record.state == JOB_CANCELLED)
        job_discard_part(job); /* a crash may have come before it was gone */
    return true;
}

enum sg_status engine_load(struct engine *engine, size_t *out_damaged, struct sg_err *err)
{
    struct loading loading = { .engine = engine };
    enum sg_status status =
        store_load_jobs(engine->store, take_loaded, &loading, &engine->next_id, out_damaged, err);
    if (status == SG_OK && loading.is_out_of_memory)
        status = sg_err_set(err, SG_E_NOMEM, "out of memory");
    if (status == SG_OK)
        status = hosts_load(&engine->hosts, clock_wall_ms(), err);
    return status;
}
