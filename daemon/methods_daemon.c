/* Methods on the daemon itself, its settings, and subscriptions. */
#include "daemon/methods.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "daemon/access.h"
#include "daemon/events.h"
#include "daemon/log.h"
#include "daemon/process.h"
#include "daemon/proxy_info.h"
#include "daemon/settings.h"
#include "net/net.h"
#include "os/clock.h"

static const cJSON *member(const cJSON *params, const char *name)
{
    return params != NULL ? cJSON_GetObjectItemCaseSensitive(params, name) : NULL;
}

/* Refuses what a method without parameters was given; true when it did. */
static bool refuses_params(struct call *call, const cJSON *params)
{
    struct sg_err err;
    if (method_check_params(params, "", &err) == SG_OK)
        return false;
    call_fail(call, &err);
    return true;
}

static void add_notice(cJSON *result, const struct app *app)
{
    const struct sg_err *saving = engine_saving_error(app_engine(app));
    struct sg_buf text = { 0 };
    if (saving != NULL)
        sg_buf_printf(&text, "changes cannot be saved, and are tried again every second: %s",
                      sg_err_text(saving));
    else if (app_notice(app) != NULL)
        sg_buf_puts(&text, app_notice(app));
    if (text.length > 0)
        cJSON_AddStringToObject(result, "notice", text.data);
    else
        cJSON_AddNullToObject(result, "notice");
    sg_buf_fini(&text);
}

/* true, false, or null where the system does not say. */
static void add_network_cost(cJSON *result, const struct app *app)
{
    enum net_cost cost = engine_net_cost(app_engine(app));
    if (cost == NET_COST_UNKNOWN)
        cJSON_AddNullToObject(result, "metered");
    else
        cJSON_AddBoolToObject(result, "metered", cost == NET_COST_METERED);
}

void method_daemon_info(struct app *app, struct call *call, const cJSON *params)
{
    const struct app_options *options = app_options(app);
    if (refuses_params(call, params))
        return;
    struct process_usage usage;
    char started[SG_ISO8601_SIZE];
    process_usage(&usage);
    sg_format_iso8601(app_started_ms(app), started);
    cJSON *result = cJSON_CreateObject();
    cJSON_AddStringToObject(result, "version", SEGUE_VERSION);
    cJSON_AddNumberToObject(result, "pid", usage.pid);
    cJSON_AddStringToObject(result, "mode", options->mode == APP_SERVICE ? "service" : "user");
    cJSON_AddStringToObject(result, "pipe", options->pipe_name);
    cJSON_AddStringToObject(result, "data_dir", options->data_folder);
    cJSON_AddStringToObject(result, "started", started);
    cJSON_AddStringToObject(result, "curl", net_version());
    add_network_cost(result, app);
    add_notice(result, app);
    proxy_info_reply(app, call, result);
}

/* What so many of 100 turns stay below, in microseconds: the upper bound of a class of the
 * histogram. */
static double turn_us(const struct loop_stats *stats, unsigned percent)
{
    enum { CLASSES = sizeof stats->busy_histogram / sizeof stats->busy_histogram[0] };
    uint64_t below = 0;
    for (unsigned i = 0; i < CLASSES; i++) {
        uint64_t bound_us = UINT64_C(1) << i;
        below += stats->busy_histogram[i];
        if (below * 100 >= stats->turns * percent && bound_us < stats->longest_busy_us)
            return (double)bound_us;
    }
    return (double)stats->longest_busy_us;
}

static void add_turns(cJSON *result, const struct loop_stats *stats)
{
    cJSON_AddNumberToObject(result, "turns", (double)stats->turns);
    cJSON_AddNumberToObject(result, "busy_us", (double)stats->busy_us);
    cJSON *turn = cJSON_AddObjectToObject(result, "turn_us");
    cJSON_AddNumberToObject(turn, "p50", turn_us(stats, 50));
    cJSON_AddNumberToObject(turn, "p99", turn_us(stats, 99));
    cJSON_AddNumberToObject(turn, "max", (double)stats->longest_busy_us);
}

/* Of all jobs, which are counted already. */
static void count_all(struct engine *engine, uint64_t counts[JOB_STATE_COUNT])
{
    for (unsigned i = 0; i < JOB_STATE_COUNT; i++)
        counts[i] = engine_count(engine, (enum job_state)i);
}

static void count_own(struct app *app, const struct session *session,
                      uint64_t counts[JOB_STATE_COUNT])
{
    struct job *job = engine_job_after(app_engine(app), 0);
    for (; job != NULL; job = engine_job_after(app_engine(app), job_record_of(job)->id)) {
        if (access_may_see(app, session, job_record_of(job)->owner))
            counts[job_record_of(job)->state]++;
    }
}

static void add_counts(cJSON *result, struct app *app, const struct session *session)
{
    uint64_t counts[JOB_STATE_COUNT] = { 0 };
    cJSON *jobs = cJSON_AddObjectToObject(result, "jobs");
    if (access_sees_all(app, session))
        count_all(app_engine(app), counts);
    else
        count_own(app, session, counts);
    for (unsigned i = 0; i < JOB_STATE_COUNT; i++)
        cJSON_AddNumberToObject(jobs, job_state_word((enum job_state)i), (double)counts[i]);
}

void method_daemon_stats(struct app *app, struct call *call, const cJSON *params)
{
    if (refuses_params(call, params))
        return;
    struct process_usage usage;
    process_usage(&usage);
    cJSON *result = cJSON_CreateObject();
    int64_t uptime_ms = clock_wall_ms() - app_started_ms(app);
    cJSON_AddNumberToObject(result, "uptime_s", (double)(uptime_ms / 1000));
    cJSON_AddNumberToObject(result, "threads", usage.threads);
    cJSON_AddNumberToObject(result, "handles", usage.handles);
    cJSON_AddNumberToObject(result, "memory_bytes", (double)usage.memory_bytes);
    cJSON_AddNumberToObject(result, "memory_peak_bytes", (double)usage.peak_bytes);
    cJSON_AddNumberToObject(result, "cpu_ms", (double)usage.cpu_ms);
    cJSON_AddNumberToObject(result, "sessions", server_session_count(app_server(app)));
    add_counts(result, app, call_session(call));
    cJSON_AddNumberToObject(result, "rate", (double)engine_rate_bps(app_engine(app)));
    add_turns(result, loop_stats(app_loop(app)));
    call_reply(call, result);
}

void method_daemon_shutdown(struct app *app, struct call *call, const cJSON *params)
{
    if (refuses_params(call, params))
        return;
    if (app_options(app)->mode == APP_SERVICE) {
        method_fail(call, SG_E_DENIED,
                    "the service is stopped by Windows: use 'net stop Segue' as administrator");
        return;
    }
    log_line(LOG_INFO, "a caller asked for the end");
    app_stop(app);
    call_reply(call, NULL);
}

static const char *type_word(enum setting_type type)
{
    static const char *const words[] = { [SETTING_NUMBER] = "number",
                                         [SETTING_WORD] = "word",
                                         [SETTING_TEXT] = "text",
                                         [SETTING_FOLDER] = "folder" };
    return words[type];
}

static void add_value(cJSON *object, const char *name, const struct setting_info *info,
                      const char *text)
{
    uint64_t number;
    if (info->type == SETTING_NUMBER && sg_parse_u64(text, strlen(text), &number))
        cJSON_AddNumberToObject(object, name, (double)number);
    else
        cJSON_AddStringToObject(object, name, text);
}

/* What keeps the setting from having an effect on this machine, or null. */
static void add_note(cJSON *object, const struct app *app, enum setting setting)
{
    static const char unknown[] =
        "Windows does not say whether this network is metered: no job is held back";
    bool is_blind = setting == SET_METERED && engine_net_cost(app_engine(app)) == NET_COST_UNKNOWN;
    if (is_blind)
        cJSON_AddStringToObject(object, "note", unknown);
    else
        cJSON_AddNullToObject(object, "note");
}

static cJSON *setting_json(const struct app *app, enum setting setting)
{
    const struct settings *settings = app_settings(app);
    const struct setting_info *info = settings_info(setting);
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "name", info->name);
    char *shown = settings_shown(settings, setting);
    add_value(object, "value", info, shown != NULL ? shown : "");
    sg_free(shown);
    add_value(object, "default", info, info->standard);
    cJSON_AddStringToObject(object, "type", type_word(info->type));
    if (info->type == SETTING_NUMBER) {
        cJSON_AddNumberToObject(object, "min", (double)info->min);
        cJSON_AddNumberToObject(object, "max", (double)info->max);
        cJSON_AddStringToObject(object, "unit", info->unit);
    }
    if (info->type == SETTING_WORD)
        cJSON_AddStringToObject(object, "words", info->words);
    cJSON_AddStringToObject(object, "help", info->help);
    add_note(object, app, setting);
    return object;
}

/* All settings, or the one. */
static cJSON *settings_json(const struct app *app, enum setting only)
{
    cJSON *result = cJSON_CreateObject();
    cJSON *array = cJSON_AddArrayToObject(result, "settings");
    for (unsigned i = 0; i < SETTING_COUNT; i++) {
        if (only == SETTING_COUNT || only == (enum setting)i)
            cJSON_AddItemToArray(array, setting_json(app, (enum setting)i));
    }
    return result;
}

static enum sg_status find_setting(const cJSON *name, enum setting *out, struct sg_err *err)
{
    if (!cJSON_IsString(name))
        return sg_err_set(err, SG_E_INVALID, "'name' is the name of a setting");
    enum setting setting = settings_find(name->valuestring);
    if (setting == SETTING_COUNT)
        return sg_err_set(err, SG_E_NOT_FOUND, "there is no setting '%s': 'seg settings' shows all",
                          name->valuestring);
    *out = setting;
    return SG_OK;
}

void method_settings_get(struct app *app, struct call *call, const cJSON *params)
{
    struct sg_err err;
    enum setting only = SETTING_COUNT;
    const cJSON *name = member(params, "name");
    enum sg_status status = method_check_params(params, "name", &err);
    if (status == SG_OK && name != NULL)
        status = find_setting(name, &only, &err);
    if (status == SG_OK)
        call_reply(call, settings_json(app, only));
    else
        call_fail(call, &err);
}

/* A setting on its way to the store. */
struct setting_change {
    struct app *app;
    struct call *call;
    enum setting setting;
};

static void on_setting_kept(void *ctx, enum sg_status status, const struct sg_err *err)
{
    struct setting_change change = *(struct setting_change *)ctx;
    sg_free(ctx);
    if (status != SG_OK)
        call_fail(change.call, err);
    else
        call_reply(change.call, settings_json(change.app, change.setting));
}

static enum sg_status read_value(const cJSON *value, char text[32], const char **out,
                                 struct sg_err *err)
{
    bool is_whole = cJSON_IsNumber(value) && floor(value->valuedouble) >= value->valuedouble &&
                    fabs(value->valuedouble) <= 9e15;
    if (!cJSON_IsNull(value) && !cJSON_IsString(value) && !is_whole)
        return sg_err_set(err, SG_E_INVALID,
                          "'value' is a text, a whole number, or null for the default");
    *out = cJSON_IsString(value) ? value->valuestring : NULL;
    if (cJSON_IsNumber(value)) {
        snprintf(text, 32, "%.0f", value->valuedouble);
        *out = text;
    }
    return SG_OK;
}

static enum sg_status change_setting(struct app *app, enum setting setting, const char *value,
                                     struct sg_err *err)
{
    enum sg_status status = settings_set(app_settings(app), setting, value, err);
    if (status != SG_OK)
        return status;
    app_review_sleep(app);
    settings_apply_log_level(app_settings(app));
    bool is_service = app_options(app)->mode == APP_SERVICE;
    struct engine_config config = settings_engine_config(app_settings(app), is_service);
    status = engine_configure(app_engine(app), &config);
    return status == SG_OK ? SG_OK : sg_err_set(err, status, "the setting cannot be applied");
}

static enum sg_status keep_setting(struct app *app, struct call *call, enum setting setting,
                                   const char *value, struct sg_err *err)
{
    struct setting_change *change = sg_alloc(sizeof *change);
    if (change == NULL)
        return sg_err_set(err, SG_E_NOMEM, "out of memory");
    *change = (struct setting_change){ app, call, setting };
    enum sg_status status = store_put_setting(app_store(app), settings_info(setting)->name, value,
                                              on_setting_kept, change);
    if (status == SG_OK)
        return SG_OK;
    sg_free(change);
    return sg_err_set(err, status, "the setting cannot be kept");
}

void method_settings_set(struct app *app, struct call *call, const cJSON *params)
{
    struct sg_err err;
    enum setting setting = SETTING_COUNT;
    char number[32];
    const char *value = NULL;
    enum sg_status status = method_check_params(params, "name value", &err);
    if (status == SG_OK)
        status = find_setting(member(params, "name"), &setting, &err);
    if (status == SG_OK)
        status = read_value(member(params, "value"), number, &value, &err);
    if (status == SG_OK)
        status = change_setting(app, setting, value, &err);
    if (status == SG_OK)
        status = keep_setting(app, call, setting, value, &err);
    if (status != SG_OK)
        call_fail(call, &err);
}

void method_events_subscribe(struct app *app, struct call *call, const cJSON *params)
{
    struct sg_err err;
    struct session *session = call_session(call);
    enum sg_status status = method_check_params(params, "jobs progress_ms", &err);
    if (status == SG_OK && session != NULL)
        status = events_subscribe(app_events(app), session, params, &err);
    if (status == SG_OK)
        call_reply(call, NULL);
    else
        call_fail(call, &err);
}

void method_events_unsubscribe(struct app *app, struct call *call, const cJSON *params)
{
    struct session *session = call_session(call);
    if (refuses_params(call, params))
        return;
    if (session != NULL)
        events_unsubscribe(app_events(app), session);
    call_reply(call, NULL);
}
