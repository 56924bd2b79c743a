/* What users do to jobs. A job that is running winds down first; what it becomes then was decided
 * here. */
#include "engine/engine_private.h"

#include <string.h>

#include "base/mem.h"
#include "core/lifecycle.h"
#include "os/clock.h"

bool engine_may_move(enum job_state from, enum job_state to)
{
    return job_may_move(from, to);
}

static enum sg_status refuse(const struct job *job, const char *what, struct sg_err *err)
{
    return sg_err_set(err, SG_E_STATE, "job %lld is %s: it cannot be %s", (long long)job->record.id,
                      job_state_word(job->record.state), what);
}

/* The run's end carries out `desire`; until then the change is open. */
static void wind_down(struct job *job, enum desire desire)
{
    job->desire = desire;
    if (job->change == 0)
        job->change = change_begin(job->engine);
    run_stop(job->run);
}

enum sg_status engine_pause(struct engine *engine, struct job *job, struct sg_err *err)
{
    (void)engine;
    if (job->run != NULL) {
        wind_down(job, DESIRE_PAUSE);
        return SG_OK;
    }
    if (job->record.state == JOB_PAUSED)
        return SG_OK;
    if (job_state_is_final(job->record.state) || !job_may_move(job->record.state, JOB_PAUSED))
        return refuse(job, "paused", err);
    job_enter(job, JOB_PAUSED, JOB_REASON_NONE, NULL, 0, 0);
    return SG_OK;
}

enum sg_status engine_resume(struct engine *engine, struct job *job, struct sg_err *err)
{
    (void)engine;
    if (job->run != NULL) {
        if (job->desire != DESIRE_NONE)
            job->desire = DESIRE_QUEUE;
        return SG_OK;
    }
    if (job->record.state == JOB_QUEUED)
        return SG_OK;
    if (!job_may_move(job->record.state, JOB_QUEUED))
        return refuse(job, "resumed", err);
    if (job->record.state == JOB_CANCELLED)
        job_record_forget_part(&job->record); /* it is being deleted */
    job->record.attempts = 0;
    job->record.restarts = 0;
    job->record.not_before_ms = 0;
    job_enter(job, JOB_QUEUED, JOB_REASON_NONE, NULL, 0, 0);
    return SG_OK;
}

enum sg_status engine_cancel(struct engine *engine, struct job *job, struct sg_err *err)
{
    (void)engine;
    if (job->run != NULL) {
        wind_down(job, DESIRE_CANCEL);
        return SG_OK;
    }
    if (job->record.state == JOB_CANCELLED)
        return SG_OK;
    if (!job_may_move(job->record.state, JOB_CANCELLED))
        return refuse(job, "cancelled", err);
    job_enter(job, JOB_CANCELLED, JOB_REASON_NONE, NULL, 0, 0);
    return SG_OK;
}

enum sg_status engine_remove(struct engine *engine, struct job *job, bool purges,
                             struct sg_err *err)
{
    (void)engine;
    (void)err;
    job->purges = purges;
    if (job->run != NULL)
        wind_down(job, DESIRE_REMOVE);
    else
        job_forget(job, 0);
    return SG_OK;
}

/* A rank between `before` and its predecessor; that of `before` where nothing lies between. */
static int64_t rank_before(const struct engine *engine, const struct job *job,
                           const struct job *before)
{
    int64_t below = INT64_MIN; /* the greatest rank below `before` */
    for (size_t i = 0; i < engine->n_jobs; i++) {
        const struct job *other = engine->jobs[i];
        int64_t rank = other->record.rank;
        if (other != job && rank < before->record.rank && rank > below)
            below = rank;
    }
    if (below == INT64_MIN)
        return before->record.rank - JOB_RANK_STEP;
    return below + (before->record.rank - below + 1) / 2;
}

static void requeue(struct job *job)
{
    if (job->record.state != JOB_QUEUED)
        return;
    sg_heap_remove(&job->engine->queue, &job->queue_node);
    job_schedule(job, 0);
}

static void place(struct engine *engine, struct job *job, int64_t rank)
{
    job->record.rank = rank;
    if (rank > engine->last_rank)
        engine->last_rank = rank;
    if (rank < engine->first_rank)
        engine->first_rank = rank;
    requeue(job);
    job_save(job, 0);
}

/* Makes room below `before` where ranks lie too close together: it and what is behind move up. */
static void spread_ranks(struct engine *engine, const struct job *before)
{
    int64_t first = before->record.rank;
    for (size_t i = 0; i < engine->n_jobs; i++) {
        struct job *job = engine->jobs[i];
        if (job->record.rank >= first)
            place(engine, job, job->record.rank + JOB_RANK_STEP);
    }
}

enum sg_status engine_move(struct engine *engine, struct job *job, struct job *before,
                           bool to_front, struct sg_err *err)
{
    if (job_state_is_final(job->record.state))
        return refuse(job, "moved", err);
    if (before == job)
        return SG_OK;
    if (before == NULL) {
        place(engine, job,
              to_front ? engine->first_rank - JOB_RANK_STEP : engine->last_rank + JOB_RANK_STEP);
        return SG_OK;
    }
    job->record.priority = before->record.priority; /* else the order could not show it */
    int64_t rank = rank_before(engine, job, before);
    if (before->record.rank - rank < 1) {
        spread_ranks(engine, before);
        rank = rank_before(engine, job, before);
    }
    place(engine, job, rank);
    return SG_OK;
}

enum sg_status engine_change(struct engine *engine, struct job *job,
                             const struct job_change *change, struct sg_err *err)
{
    if (job->record.state == JOB_DONE) /* the others may be resumed, with this */
        return refuse(job, "changed", err);
    if (change->priority != INT64_MIN)
        job->record.priority = change->priority;
    if (change->limit_bps >= 0)
        job->record.limit_bps = change->limit_bps;
    if (change->max_lanes >= 0)
        job->record.max_lanes = change->max_lanes;
    if (change->metered >= 0)
        job->record.metered = (enum job_metered)change->metered;
    requeue(job);
    metered_review(engine);
    engine_rebalance(engine);
    if (job->run != NULL)
        limit_configure_run(job->run);
    job_save(job, 0);
    return SG_OK;
}

/* Secrets for one server are none of another's. No memory to find out counts as another. */
static bool is_other_server(const char *url, const char *other)
{
    char *first = net_url_origin(url);
    char *second = net_url_origin(other);
    bool is_other = first == NULL || second == NULL || strcmp(first, second) != 0;
    sg_free(first);
    sg_free(second);
    return is_other;
}

/* Replaces all that is given, or nothing. */
static enum sg_status take_access(struct job_record *record, const struct job_access *access)
{
    bool forgets = access->url != NULL && is_other_server(record->url, access->url);
    const char *kept = forgets ? "" : NULL;
    const struct {
        char **field;
        const char *text;
    } changes[] = {
        { &record->url, access->url },
        { &record->headers, access->headers != NULL ? access->headers : kept },
        { &record->userinfo, access->userinfo != NULL ? access->userinfo : kept },
        { &record->cookies, access->cookies != NULL ? access->cookies : kept },
        { &record->proxy, access->proxy },
    };
    enum { N = sizeof changes / sizeof changes[0] };
    char *copies[N] = { NULL };
    bool is_whole = true;
    for (size_t i = 0; i < N; i++) {
        bool has_text = changes[i].text != NULL && changes[i].text[0] != '\0';
        copies[i] = has_text ? sg_strdup(changes[i].text) : NULL;
        is_whole = is_whole && (!has_text || copies[i] != NULL);
    }
    for (size_t i = 0; i < N; i++) {
        char *old = copies[i];
        if (is_whole && changes[i].text != NULL) {
            old = *changes[i].field;
            *changes[i].field = copies[i];
        }
        sg_free_secret(old);
    }
    return is_whole ? SG_OK : SG_E_NOMEM;
}

enum sg_status engine_refresh(struct engine *engine, struct job *job,
                              const struct job_access *access, struct sg_err *err)
{
    if (job->record.state == JOB_DONE || job->record.state == JOB_CANCELLED)
        return refuse(job, "given another address or login", err);
    enum sg_status status = take_access(&job->record, access);
    if (status != SG_OK)
        return sg_err_set(err, status, "out of memory");
    if (job->run != NULL) {
        wind_down(job, DESIRE_QUEUE); /* its lanes begin again with what is new */
        return SG_OK;
    }
    if (job->record.state == JOB_PAUSED || job->record.state == JOB_QUEUED) {
        job_save(job, 0);
        return SG_OK;
    }
    return engine_resume(engine, job, err);
}
