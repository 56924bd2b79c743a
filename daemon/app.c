/* Opening, running and closing the daemon. */
#include "daemon/app.h"

#include <stdatomic.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "daemon/awake.h"
#include "daemon/crash.h"
#include "daemon/data.h"
#include "daemon/event_log.h"
#include "daemon/events.h"
#include "daemon/log.h"
#include "daemon/log_calls.h"
#include "daemon/log_writer.h"
#include "daemon/methods.h"
#include "daemon/owner.h"
#include "daemon/process.h"
#include "daemon/settings.h"
#include "os/clock.h"
#include "os/path.h"
#include "os/power.h"
#include "os/work.h"

enum { IDLE_CHECK_US = 10 * 1000 * 1000 };

struct app {
    struct app_options options;
    char *pipe_name;
    char *data_folder;
    struct loop *loop;
    struct path_lock *lock;
    struct store *store;
    struct work_pool *work_pool;
    struct data_notice notice;
    struct settings *settings;
    struct engine *engine;
    struct events *events;
    struct awake *awake;             /* NULL where the system has no such thing */
    struct power_watch *power_watch; /* likewise */
    struct log_calls *log_calls;
    struct log_writer *log_writer;
    struct server *server;
    int64_t started_ms;
    uint64_t last_used_us;
    struct timer idle;
    struct mail stop_mail;
    atomic_flag is_stop_posted;
};

/* The file NAME in the data folder; the caller's. */
static char *data_file(const struct app *app, const char *name)
{
    return path_join(app->data_folder, name);
}

static enum sg_status lock_data(struct app *app, struct sg_err *err)
{
    enum sg_status status = path_make_folders(app->data_folder, err);
    if (status != SG_OK)
        return sg_err_prefix(err, status, "the data folder %s cannot be used", app->data_folder);
    status = app->options.mode == APP_SERVICE ? owner_check(app->data_folder, err) : SG_OK;
    if (status != SG_OK)
        return status;
    char *path = data_file(app, "segue.lock");
    if (path == NULL)
        return sg_err_set(err, SG_E_NOMEM, "out of memory");
    status = path_lock(path, &app->lock, err);
    sg_free(path);
    if (status == SG_E_LOCKED)
        return sg_err_set(err, status, "another segd uses %s: stop it, or set SEGUE_DATA",
                          app->data_folder);
    if (status != SG_OK)
        return sg_err_prefix(err, status, "the data folder %s cannot be written to",
                             app->data_folder);
    return SG_OK;
}

static void take_setting(void *ctx, const char *name, const char *value)
{
    struct app *app = ctx;
    struct sg_err err;
    if (strcmp(name, DATA_NOTICE_SETTING) == 0)
        data_notice_read(&app->notice, value);
    enum setting setting = settings_find(name);
    if (setting == SETTING_COUNT)
        return; /* of another version: it stays in the store */
    if (settings_set(app->settings, setting, value, &err) != SG_OK)
        log_line(LOG_WARNING, "a stored setting is ignored: %s", sg_err_text(&err));
}

static enum sg_status open_engine(struct app *app, struct sg_err *err)
{
    struct engine_config config;
    size_t damaged = 0;
    app->settings = settings_create();
    if (app->settings == NULL)
        return sg_err_set(err, SG_E_NOMEM, "out of memory");
    enum sg_status status = store_load_settings(app->store, take_setting, app, err);
    if (status != SG_OK)
        return status;
    settings_apply_log_level(app->settings);
    config = settings_engine_config(app->settings, app->options.mode == APP_SERVICE);
    status = engine_create(app->loop, app->store, app->work_pool, &config, &app->engine, err);
    if (status == SG_OK && app->options.mode == APP_SERVICE)
        engine_act_for_owners(app->engine);
    if (status == SG_OK)
        status = engine_load(app->engine, &damaged, err);
    if (damaged > 0)
        log_line(LOG_WARNING, "%u rows of the database make no sense and were left alone",
                 (unsigned)damaged);
    return status;
}

static void close_engine(struct app *app)
{
    engine_destroy(app->engine);
    app->engine = NULL;
    settings_destroy(app->settings);
    app->settings = NULL;
    store_close(app->store);
    app->store = NULL;
    loop_turn(app->loop, 0); /* what the store left to deliver */
}

static enum sg_status open_data(struct app *app, struct sg_err *err)
{
    enum sg_status status = data_open(app->loop, app->data_folder, &app->store, &app->notice, err);
    return status == SG_OK ? open_engine(app, err) : status;
}

/* Some damage is noticed only when the jobs are read. */
static enum sg_status open_or_salvage_data(struct app *app, struct sg_err *err)
{
    enum sg_status status = open_data(app, err);
    if (status != SG_E_DAMAGED || app->store == NULL)
        return status;
    struct sg_err why = *err;
    close_engine(app);
    status = data_salvage(app->data_folder, sg_err_text(&why), &app->notice, err);
    return status == SG_OK ? open_data(app, err) : status;
}

/* Keeps the notice for the next starts, until somebody takes the damaged file away. */
static void keep_notice(struct app *app)
{
    if (!app->notice.is_stale)
        return;
    char *value = data_notice_write(&app->notice);
    if (store_put_setting(app->store, DATA_NOTICE_SETTING, value, NULL, NULL) != SG_OK)
        log_line(LOG_WARNING, "the notice about the database cannot be kept");
    sg_free(value);
}

static void on_woke(void *ctx)
{
    struct app *app = ctx;
    log_line(LOG_INFO, "the machine woke up: connections are looked at");
    engine_woke(app->engine);
}

static void open_power(struct app *app)
{
    struct sg_err err;
    if (power_watch_open(app->loop, on_woke, app, &app->power_watch, &err) != SG_OK)
        log_line(LOG_INFO, "a sleep is known by the clock alone: %s", sg_err_text(&err));
    if (awake_create(app->loop, AWAKE_LOOK_MS, &app->awake, &err) != SG_OK)
        log_line(LOG_INFO, "nothing keeps the machine awake: %s", sg_err_text(&err));
}

static enum sg_status open_channel(struct app *app, struct sg_err *err)
{
    app->events = events_create(app);
    app->log_calls = log_calls_create(app);
    if (app->events == NULL || app->log_calls == NULL)
        return sg_err_set(err, SG_E_NOMEM, "out of memory");
    struct server_handler handler = { .on_call = methods_on_call,
                                      .on_close = methods_on_close,
                                      .on_caller = methods_on_caller,
                                      .identify = app->options.identify };
    enum pipe_access access =
        app->options.mode == APP_SERVICE ? PIPE_ACCESS_LOCAL_USERS : PIPE_ACCESS_OWNER;
    enum sg_status status =
        server_open(app->loop, app->pipe_name, access, &handler, app, &app->server, err);
    if (status == SG_E_IN_USE)
        return sg_err_set(err, status, "the pipe %s is taken by another program", app->pipe_name);
    return status;
}

static bool is_idle(const struct app *app)
{
    return server_session_count(app->server) == 0 && engine_count(app->engine, JOB_QUEUED) == 0 &&
           engine_count(app->engine, JOB_ACTIVE) == 0 &&
           engine_count(app->engine, JOB_VERIFYING) == 0 &&
           engine_count(app->engine, JOB_WAITING) == 0;
}

static void check_idle(struct timer *timer)
{
    struct app *app = sg_container_of(timer, struct app, idle);
    uint64_t now_us = loop_now_us(app->loop);
    if (!is_idle(app))
        app->last_used_us = now_us;
    if (now_us - app->last_used_us >= (uint64_t)APP_IDLE_S * 1000000)
        app_stop(app);
    else
        timer_start(app->loop, &app->idle, IDLE_CHECK_US);
}

static void on_channel_closed(void *ctx)
{
    struct app *app = ctx;
    app->server = NULL;
    loop_stop(app->loop);
}

static void on_engine_stopped(void *ctx)
{
    struct app *app = ctx;
    server_close(app->server, on_channel_closed, app);
}

static void begin_stop(struct mail *mail)
{
    struct app *app = sg_container_of(mail, struct app, stop_mail);
    timer_stop(app->loop, &app->idle);
    engine_stop(app->engine, on_engine_stopped, app);
}

static void open_log(struct app *app)
{
    log_open(app->data_folder);
    crash_tell_last(app->data_folder);
    crash_guard(app->data_folder);
}

static enum sg_status open_parts(struct app *app, struct sg_err *err)
{
    process_enable_fast_room();
    enum sg_status status = loop_create(&app->loop, err);
    if (status == SG_OK)
        status = lock_data(app, err);
    if (status == SG_OK)
        open_log(app);
    if (status == SG_OK)
        status = work_pool_create(app->loop, &app->work_pool, err);
    if (status == SG_OK)
        app->log_writer = log_writer_create(app->loop, app->work_pool);
    if (status == SG_OK)
        status = open_or_salvage_data(app, err);
    if (status == SG_OK)
        status = open_channel(app, err);
    if (status == SG_OK)
        open_power(app);
    return status;
}

enum sg_status app_open(const struct app_options *options, struct app **out, struct sg_err *err)
{
    struct app *app = sg_alloc(sizeof *app);
    if (app == NULL)
        return sg_err_set(err, SG_E_NOMEM, "out of memory");
    app->pipe_name = sg_strdup(options->pipe_name);
    app->data_folder = sg_strdup(options->data_folder);
    app->options = *options;
    app->options.pipe_name = app->pipe_name;
    app->options.data_folder = app->data_folder;
    app->started_ms = clock_wall_ms();
    app->idle.fire = check_idle;
    app->stop_mail.deliver = begin_stop;
    atomic_flag_clear(&app->is_stop_posted);
    enum sg_status status = app->pipe_name != NULL && app->data_folder != NULL
                                ? open_parts(app, err)
                                : sg_err_set(err, SG_E_NOMEM, "out of memory");
    if (status != SG_OK) {
        app_close(app);
        return status;
    }
    *out = app;
    return SG_OK;
}

void app_run(struct app *app)
{
    event_report(EVENT_STARTED, "segd %s serves %s with data in %s", SEGUE_VERSION, app->pipe_name,
                 app->data_folder);
    log_flush(); /* who waits for us may look there */
    app_touch(app);
    keep_notice(app);
    if (app->options.ends_when_idle)
        timer_start(app->loop, &app->idle, IDLE_CHECK_US);
    engine_start(app->engine);
    if (app->options.ready != NULL)
        app->options.ready(app->options.ctx);
    loop_run(app->loop);
    event_report(EVENT_STOPPED, "segd has stopped");
}

void app_stop(struct app *app)
{
    if (!atomic_flag_test_and_set(&app->is_stop_posted))
        loop_post(app->loop, &app->stop_mail);
}

static void discard_server(void *ctx)
{
    struct app *app = ctx;
    app->server = NULL;
}

void app_close(struct app *app)
{
    if (app == NULL)
        return;
    if (app->server != NULL) {
        server_close(app->server, discard_server, app);
        while (app->server != NULL)
            loop_turn(app->loop, UINT64_MAX);
    }
    power_watch_close(app->power_watch);
    awake_destroy(app->awake);
    log_calls_destroy(app->log_calls);
    events_destroy(app->events);
    engine_destroy(app->engine);
    store_close(app->store);
    log_writer_stop(app->log_writer);
    work_pool_destroy(app->work_pool);
    settings_destroy(app->settings);
    if (app->loop != NULL)
        loop_turn(app->loop, 0); /* what the closed parts left to deliver */
    log_writer_destroy(app->log_writer);
    loop_destroy(app->loop);
    crash_unguard();
    log_close();
    path_unlock(app->lock);
    data_notice_fini(&app->notice);
    sg_free(app->pipe_name);
    sg_free(app->data_folder);
    sg_free(app);
}

struct loop *app_loop(const struct app *app)
{
    return app->loop;
}

struct engine *app_engine(const struct app *app)
{
    return app->engine;
}

struct store *app_store(const struct app *app)
{
    return app->store;
}

const char *app_notice(const struct app *app)
{
    return app->notice.text;
}

struct settings *app_settings(const struct app *app)
{
    return app->settings;
}

struct server *app_server(const struct app *app)
{
    return app->server;
}

struct events *app_events(const struct app *app)
{
    return app->events;
}

struct log_calls *app_log_calls(const struct app *app)
{
    return app->log_calls;
}

struct work_pool *app_work_pool(const struct app *app)
{
    return app->work_pool;
}

const struct app_options *app_options(const struct app *app)
{
    return &app->options;
}

int64_t app_started_ms(const struct app *app)
{
    return app->started_ms;
}

void app_review_sleep(struct app *app)
{
    uint64_t n_running =
        engine_count(app->engine, JOB_ACTIVE) + engine_count(app->engine, JOB_VERIFYING);
    awake_want(app->awake,
               n_running > 0 && strcmp(settings_text(app->settings, SET_KEEP_AWAKE), "on") == 0);
}

void app_touch(struct app *app)
{
    app->last_used_us = loop_now_us(app->loop);
}
