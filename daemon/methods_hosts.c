/* Methods on what is remembered of servers. It tells where somebody was, so it is for those who may
 * change the settings. */
#include "daemon/methods.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

enum { PAGE_MAX = 1000 }; /* fits into one line of the channel */

static const cJSON *member(const cJSON *params, const char *name)
{
    return params != NULL ? cJSON_GetObjectItemCaseSensitive(params, name) : NULL;
}

static void add_known(cJSON *object, const char *name, int64_t value)
{
    if (value > 0)
        cJSON_AddNumberToObject(object, name, (double)value);
    else
        cJSON_AddNullToObject(object, name);
}

static void add_ranges(cJSON *object, enum profile_ranges ranges)
{
    if (ranges == PROFILE_RANGES_UNKNOWN)
        cJSON_AddNullToObject(object, "ranges");
    else
        cJSON_AddBoolToObject(object, "ranges", ranges == PROFILE_RANGES_SERVED);
}

static cJSON *host_json(const char *origin, const struct profile *profile)
{
    char seen[SG_ISO8601_SIZE];
    sg_format_iso8601(profile->seen_ms, seen);
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "host", origin);
    add_known(object, "useful", profile->useful_lanes);
    add_known(object, "tolerated", profile->tolerated_lanes);
    add_known(object, "rate", profile->total_bps);
    add_known(object, "lane_rate", profile->lane_bps);
    add_known(object, "setup_ms", (profile->setup_us + 999) / 1000);
    add_ranges(object, profile->ranges);
    cJSON_AddStringToObject(object, "seen", seen);
    return object;
}

static enum sg_status read_page(const cJSON *params, const char **out_after, double *out_limit,
                                struct sg_err *err)
{
    const cJSON *after = member(params, "after");
    const cJSON *limit = member(params, "limit");
    double number = cJSON_IsNumber(limit) ? limit->valuedouble : NAN;
    enum sg_status status = method_check_params(params, "after limit", err);
    if (status == SG_OK && after != NULL && !cJSON_IsString(after))
        status = sg_err_set(err, SG_E_INVALID, "'after' is the host that the last page ended with");
    if (status == SG_OK && limit != NULL &&
        (!(number >= 1 && number <= PAGE_MAX) || floor(number) < number))
        status = sg_err_set(err, SG_E_INVALID, "'limit' is a whole number from 1 to %d", PAGE_MAX);
    if (status != SG_OK)
        return status;
    *out_after = after != NULL ? after->valuestring : "";
    *out_limit = limit != NULL ? number : PAGE_MAX;
    return SG_OK;
}

void method_daemon_hosts(struct app *app, struct call *call, const cJSON *params)
{
    struct sg_err err;
    struct profile profile;
    const char *after;
    double limit;
    if (read_page(params, &after, &limit, &err) != SG_OK) {
        call_fail(call, &err);
        return;
    }
    cJSON *result = cJSON_CreateObject();
    cJSON *hosts = cJSON_AddArrayToObject(result, "hosts");
    const char *origin = engine_host_after(app_engine(app), after, &profile);
    for (double n = 0; origin != NULL && n < limit; n++) {
        cJSON_AddItemToArray(hosts, host_json(origin, &profile));
        origin = engine_host_after(app_engine(app), origin, &profile);
    }
    cJSON_AddBoolToObject(result, "more", origin != NULL);
    call_reply(call, result);
}

/* Hosts whose forgetting is on its way to the store. */
struct forgetting {
    struct call *call;
    size_t n;
};

static void reply_forgotten(struct call *call, size_t n)
{
    cJSON *result = cJSON_CreateObject();
    cJSON_AddNumberToObject(result, "forgotten", (double)n);
    call_reply(call, result);
}

static void on_forgotten(void *ctx, enum sg_status status, const struct sg_err *err)
{
    struct forgetting forgetting = *(struct forgetting *)ctx;
    sg_free(ctx);
    if (status != SG_OK)
        call_fail(forgetting.call, err);
    else
        reply_forgotten(forgetting.call, forgetting.n);
}

static enum sg_status forget(struct app *app, struct call *call, const char *which,
                             struct sg_err *err)
{
    struct forgetting *forgetting = sg_alloc(sizeof *forgetting);
    if (forgetting == NULL)
        return sg_err_set(err, SG_E_NOMEM, "out of memory");
    forgetting->call = call;
    enum sg_status status =
        engine_forget_hosts(app_engine(app), which, &forgetting->n, on_forgotten, forgetting);
    if (status == SG_OK && forgetting->n > 0)
        return SG_OK;
    sg_free(forgetting);
    if (status != SG_OK)
        return sg_err_set(err, status, "not all could be forgotten");
    if (which != NULL)
        return sg_err_set(err, SG_E_NOT_FOUND,
                          "nothing is known of '%s': 'seg status --hosts' shows all", which);
    reply_forgotten(call, 0);
    return SG_OK;
}

void method_daemon_forget_hosts(struct app *app, struct call *call, const cJSON *params)
{
    struct sg_err err;
    const cJSON *host = member(params, "host");
    enum sg_status status = method_check_params(params, "host", &err);
    if (status == SG_OK && host != NULL && !cJSON_IsString(host))
        status = sg_err_set(&err, SG_E_INVALID, "'host' is a host that daemon.hosts lists");
    if (status == SG_OK)
        status = forget(app, call, host != NULL ? host->valuestring : NULL, &err);
    if (status != SG_OK)
        call_fail(call, &err);
}
