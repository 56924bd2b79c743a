/* Events to subscribers. Changes of state go out as they are committed; progress goes out at each
 * subscriber's own pace, one message for all jobs that are active. What only the log is told comes
 * by here as well: the engine has one listener. */
#include "daemon/events.h"

#include <math.h>
#include <stdlib.h>

#include "base/list.h"
#include "base/mem.h"
#include "daemon/access.h"
#include "daemon/job_json.h"
#include "daemon/log.h"

struct events {
    struct app *app;
    struct sg_list subscriptions;
};

struct subscription {
    struct events *events;
    struct session *session;
    struct sg_list node;
    struct timer progress;
    uint32_t progress_ms; /* 0: none */
    int64_t *ids;         /* sorted; NULL: all jobs */
    size_t n_ids;
};

static int compare_ids(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static bool wants_id(const struct subscription *subscription, int64_t id)
{
    return subscription->ids == NULL ||
           bsearch(&id, subscription->ids, subscription->n_ids, sizeof id, compare_ids) != NULL;
}

static bool may_know(const struct subscription *subscription, const char *owner)
{
    return access_may_see(subscription->events->app, subscription->session, owner);
}

static bool wants(const struct subscription *subscription, const struct job *job)
{
    return wants_id(subscription, job_record_of(job)->id) &&
           may_know(subscription, job_record_of(job)->owner);
}

static void notify_job(struct subscription *subscription, const struct job *job)
{
    cJSON *params = cJSON_CreateObject();
    cJSON_AddItemToObject(params, "job", job_json(job));
    session_notify(subscription->session, "event.job", params, false);
}

static void on_job(void *ctx, struct job *job)
{
    struct events *events = ctx;
    app_review_sleep(events->app);
    SG_LIST_FOR_EACH(node, &events->subscriptions)
    {
        struct subscription *subscription = sg_container_of(node, struct subscription, node);
        if (wants(subscription, job))
            notify_job(subscription, job);
    }
}

static void on_removed(void *ctx, int64_t id, const char *owner)
{
    struct events *events = ctx;
    app_review_sleep(events->app);
    SG_LIST_FOR_EACH(node, &events->subscriptions)
    {
        struct subscription *subscription = sg_container_of(node, struct subscription, node);
        if (!wants_id(subscription, id) || !may_know(subscription, owner))
            continue;
        cJSON *params = cJSON_CreateObject();
        cJSON_AddNumberToObject(params, "id", (double)id);
        session_notify(subscription->session, "event.removed", params, false);
    }
}

static void on_warning(void *ctx, struct job *job, const struct sg_err *err)
{
    (void)ctx;
    log_line(LOG_WARNING, "job %lld: %s", (long long)job_record_of(job)->id, sg_err_text(err));
}

/* What a person who reads the log later wants to know of a job: its end, and what it waits for that
 * somebody may have to do something about. The rest of its way is for finding out why. */
static enum log_level level_of(const struct job_record *record)
{
    switch (record->state) {
    case JOB_FAILED:
        return LOG_WARNING;
    case JOB_DONE:
    case JOB_CANCELLED:
        return LOG_INFO;
    case JOB_WAITING:
        return record->reason == JOB_REASON_RETRY || record->reason == JOB_REASON_SCHEDULE
                   ? LOG_DEBUG
                   : LOG_INFO;
    default:
        return LOG_DEBUG;
    }
}

static void on_state(void *ctx, struct job *job)
{
    (void)ctx;
    const struct job_record *record = job_record_of(job);
    const char *reason = job_reason_word(record->reason);
    const char *message = record->error_message;
    log_line(level_of(record), "job %lld: %s%s%s%s%s", (long long)record->id,
             job_state_word(record->state), reason[0] != '\0' ? ": " : "", reason,
             message != NULL ? ": " : "", message != NULL ? message : "");
}

static void on_proxy_trouble(void *ctx, const char *trouble)
{
    (void)ctx;
    log_line(LOG_WARNING, "%s: downloads go on without it", trouble);
}

static void on_part(void *ctx, struct job *job)
{
    (void)ctx;
    const struct job_record *record = job_record_of(job);
    if (record->total >= 0)
        log_line(LOG_INFO, "job %lld: %s created for %lld bytes, allocation: %s",
                 (long long)record->id, record->part_path, (long long)record->total,
                 record->allocation);
    else
        log_line(LOG_INFO, "job %lld: %s created, allocation: %s", (long long)record->id,
                 record->part_path, record->allocation);
}

/* Only active jobs move: with thousands of others there is nothing to tell. */
static void send_progress(struct timer *timer)
{
    struct subscription *subscription = sg_container_of(timer, struct subscription, progress);
    struct app *app = subscription->events->app;
    timer_start(app_loop(app), timer, (uint64_t)subscription->progress_ms * 1000);
    if (engine_count(app_engine(app), JOB_ACTIVE) == 0 &&
        engine_count(app_engine(app), JOB_VERIFYING) == 0)
        return;
    cJSON *params = cJSON_CreateObject();
    cJSON *jobs = cJSON_AddArrayToObject(params, "jobs");
    struct job *job = NULL;
    while ((job = engine_next_active(app_engine(app), job)) != NULL) {
        if (wants(subscription, job))
            cJSON_AddItemToArray(jobs, job_json_progress(job));
    }
    session_notify(subscription->session, "event.progress", params, true);
}

struct events *events_create(struct app *app)
{
    static const struct engine_listener listener = { on_job,  on_removed, on_warning,
                                                     on_part, on_state,   on_proxy_trouble };
    struct events *events = sg_alloc(sizeof *events);
    if (events == NULL)
        return NULL;
    events->app = app;
    sg_list_init(&events->subscriptions);
    engine_listen(app_engine(app), &listener, events);
    return events;
}

void events_destroy(struct events *events)
{
    if (events == NULL)
        return;
    engine_listen(app_engine(events->app), NULL, NULL);
    sg_free(events);
}

static enum sg_status read_ids(const cJSON *jobs, struct subscription *subscription,
                               struct sg_err *err)
{
    if (jobs == NULL)
        return SG_OK;
    int n = cJSON_IsArray(jobs) ? cJSON_GetArraySize(jobs) : -1;
    if (n < 0 || n > EVENTS_JOBS_MAX)
        return sg_err_set(err, SG_E_INVALID, "'jobs' is a list of at most %d ids",
                          (int)EVENTS_JOBS_MAX);
    subscription->ids = sg_alloc_array((size_t)n + 1, sizeof(int64_t));
    if (subscription->ids == NULL)
        return sg_err_set(err, SG_E_NOMEM, "out of memory");
    for (const cJSON *item = jobs->child; item != NULL; item = item->next) {
        if (!cJSON_IsNumber(item) || floor(item->valuedouble) < item->valuedouble ||
            fabs(item->valuedouble) > 9e15)
            return sg_err_set(err, SG_E_INVALID, "'jobs' is a list of ids");
        subscription->ids[subscription->n_ids++] = (int64_t)item->valuedouble;
    }
    qsort(subscription->ids, subscription->n_ids, sizeof(int64_t), compare_ids);
    return SG_OK;
}

static enum sg_status read_interval(const cJSON *value, struct subscription *subscription,
                                    struct sg_err *err)
{
    if (value == NULL)
        return SG_OK;
    if (!cJSON_IsNumber(value) || !(value->valuedouble >= EVENTS_PROGRESS_MIN_MS &&
                                    value->valuedouble <= EVENTS_PROGRESS_MAX_MS))
        return sg_err_set(err, SG_E_INVALID, "'progress_ms' is a number from %d to %d",
                          (int)EVENTS_PROGRESS_MIN_MS, (int)EVENTS_PROGRESS_MAX_MS);
    subscription->progress_ms = (uint32_t)value->valuedouble;
    return SG_OK;
}

static void destroy(struct subscription *subscription)
{
    timer_stop(app_loop(subscription->events->app), &subscription->progress);
    sg_list_remove(&subscription->node);
    sg_free(subscription->ids);
    sg_free(subscription);
}

enum sg_status events_subscribe(struct events *events, struct session *session, const cJSON *params,
                                struct sg_err *err)
{
    struct subscription *subscription = sg_alloc(sizeof *subscription);
    if (subscription == NULL)
        return sg_err_set(err, SG_E_NOMEM, "out of memory");
    subscription->events = events;
    subscription->session = session;
    subscription->progress.fire = send_progress;
    sg_list_init(&subscription->node);
    enum sg_status status =
        read_ids(cJSON_GetObjectItemCaseSensitive(params, "jobs"), subscription, err);
    if (status == SG_OK)
        status = read_interval(cJSON_GetObjectItemCaseSensitive(params, "progress_ms"),
                               subscription, err);
    if (status != SG_OK) {
        destroy(subscription);
        return status;
    }
    events_unsubscribe(events, session);
    sg_list_insert(&events->subscriptions, &subscription->node);
    session_set_user(session, subscription);
    if (subscription->progress_ms > 0)
        timer_start(app_loop(events->app), &subscription->progress, 0);
    return SG_OK;
}

void events_unsubscribe(struct events *events, struct session *session)
{
    (void)events;
    struct subscription *subscription = session_user(session);
    if (subscription == NULL)
        return;
    session_set_user(session, NULL);
    destroy(subscription);
}
