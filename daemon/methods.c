/* The table of methods, and what they have in common. */
#include "daemon/methods.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "daemon/access.h"
#include "daemon/events.h"
#include "daemon/job_json.h"

static method_fn *const methods[METHOD_COUNT] = {
    [METHOD_DAEMON_INFO] = method_daemon_info,
    [METHOD_DAEMON_STATS] = method_daemon_stats,
    [METHOD_DAEMON_SHUTDOWN] = method_daemon_shutdown,
    [METHOD_DAEMON_LOG] = method_daemon_log,
    [METHOD_DAEMON_HOSTS] = method_daemon_hosts,
    [METHOD_DAEMON_FORGET_HOSTS] = method_daemon_forget_hosts,
    [METHOD_JOB_ADD] = method_job_add,
    [METHOD_JOB_GET] = method_job_get,
    [METHOD_JOB_LIST] = method_job_list,
    [METHOD_JOB_PAUSE] = method_job_pause,
    [METHOD_JOB_RESUME] = method_job_resume,
    [METHOD_JOB_CANCEL] = method_job_cancel,
    [METHOD_JOB_REMOVE] = method_job_remove,
    [METHOD_JOB_MOVE] = method_job_move,
    [METHOD_JOB_SET] = method_job_set,
    [METHOD_JOB_REFRESH] = method_job_refresh,
    [METHOD_JOB_VERIFY] = method_job_verify,
    [METHOD_SETTINGS_GET] = method_settings_get,
    [METHOD_SETTINGS_SET] = method_settings_set,
    [METHOD_EVENTS_SUBSCRIBE] = method_events_subscribe,
    [METHOD_EVENTS_UNSUBSCRIBE] = method_events_unsubscribe,
};

void methods_on_call(void *ctx, struct call *call, enum method method, const cJSON *params)
{
    struct app *app = ctx;
    app_touch(app);
    if (access_may_call(app, call_session(call), method))
        methods[method](app, call, params);
    else
        method_fail(call, SG_E_DENIED,
                    "%s is for administrators here: use a console that runs as administrator",
                    method_name(method));
}

void methods_on_caller(void *ctx, struct session *session)
{
    const struct app *app = ctx;
    const struct pipe_caller *caller = session_caller(session);
    engine_owner_came(app_engine(app), caller->sid, caller->right);
}

void methods_on_close(void *ctx, struct session *session)
{
    struct app *app = ctx;
    if (session_caller(session)->sid != NULL)
        engine_owner_left(app_engine(app), session_caller(session)->sid);
    events_unsubscribe(app_events(app), session);
}

void method_fail(struct call *call, enum sg_status status, const char *format, ...)
{
    struct sg_err err = { .status = status };
    va_list args;
    va_start(args, format);
    vsnprintf(err.message, sizeof err.message, format, args);
    va_end(args);
    call_fail(call, &err);
}

enum sg_status method_find_job(struct app *app, struct call *call, const cJSON *value,
                               struct job **out, struct sg_err *err)
{
    double number = cJSON_IsNumber(value) ? value->valuedouble : NAN;
    if (!(number >= 1 && number <= 9e15) || floor(number) < number)
        return sg_err_set(err, SG_E_INVALID, "an id is a whole number above 0");
    int64_t id = (int64_t)number;
    struct job *job = engine_job(app_engine(app), id);
    const struct session *session = call_session(call);
    if (job == NULL || session == NULL || !access_may_see(app, session, job_record_of(job)->owner))
        return sg_err_set(err, SG_E_NOT_FOUND,
                          "there is no job %lld: 'seg list' shows those there are", (long long)id);
    *out = job;
    return SG_OK;
}

static bool is_named(const char *names, const char *name)
{
    size_t length = strlen(name);
    while (*names != '\0') {
        size_t n = strcspn(names, " ");
        if (n == length && memcmp(names, name, n) == 0)
            return true;
        names += n + (names[n] == ' ');
    }
    return false;
}

enum sg_status method_check_params(const cJSON *params, const char *names, struct sg_err *err)
{
    for (const cJSON *item = params != NULL ? params->child : NULL; item != NULL;
         item = item->next) {
        if (!is_named(names, item->string))
            return sg_err_set(err, SG_E_INVALID, "there is no parameter '%s' here", item->string);
    }
    return SG_OK;
}

struct pending {
    struct app *app;
    struct call *call;
    enum pending_shape shape;
    size_t n_ids;
    int64_t ids[];
};

struct pending *pending_create(struct app *app, struct call *call, size_t n_max)
{
    struct pending *pending = sg_alloc(sizeof *pending + n_max * sizeof(int64_t));
    if (pending == NULL)
        return NULL;
    pending->app = app;
    pending->call = call;
    return pending;
}

void pending_note(struct pending *pending, int64_t id)
{
    pending->ids[pending->n_ids++] = id;
}

static cJSON *ids_of(const struct pending *pending)
{
    cJSON *array = cJSON_CreateArray();
    for (size_t i = 0; i < pending->n_ids; i++)
        cJSON_AddItemToArray(array, cJSON_CreateNumber((double)pending->ids[i]));
    return array;
}

static cJSON *jobs_of(const struct pending *pending)
{
    cJSON *array = cJSON_CreateArray();
    for (size_t i = 0; i < pending->n_ids; i++) {
        struct job *job = engine_job(app_engine(pending->app), pending->ids[i]);
        if (job != NULL)
            cJSON_AddItemToArray(array, job_json(job));
    }
    return array;
}

static cJSON *result_of(const struct pending *pending)
{
    static const char *const names[] = {
        [PENDING_JOBS] = "jobs", [PENDING_IDS] = "ids", [PENDING_REMOVED] = "removed"
    };
    bool is_ids = pending->shape == PENDING_IDS || pending->shape == PENDING_REMOVED;
    cJSON *array = is_ids ? ids_of(pending) : jobs_of(pending);
    if (pending->shape == PENDING_JOB) {
        cJSON *job = cJSON_DetachItemFromArray(array, 0);
        cJSON_Delete(array);
        return job;
    }
    cJSON *result = cJSON_CreateObject();
    cJSON_AddItemToObject(result, names[pending->shape], array);
    return result;
}

static void answer(void *ctx)
{
    struct pending *pending = ctx;
    call_reply(pending->call, result_of(pending));
    sg_free(pending);
}

void pending_answer(struct pending *pending, enum pending_shape shape)
{
    pending->shape = shape;
    if (engine_when_saved(app_engine(pending->app), answer, pending) == SG_OK)
        return;
    struct sg_err err = { .status = SG_E_NOMEM };
    pending_fail(pending, &err);
}

void pending_fail(struct pending *pending, const struct sg_err *err)
{
    call_fail(pending->call, err);
    sg_free(pending);
}
