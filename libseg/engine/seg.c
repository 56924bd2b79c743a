/* The library's public face, first half: an engine on a thread of its own. Callers' threads only
 * post mail and read atomics; everything else happens on the engine's thread. */
#include "engine/seg_private.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/mem.h"
#include "engine/engine.h"
#include "net/net.h"
#include "os/clock.h"
#include "os/path.h"
#include "os/thread.h"

enum {
    DEFAULT_ACTIVE = 4,
    DEFAULT_CONNECTIONS = 16,
    DEFAULT_MEMORY = 64 * 1024 * 1024,
    RETRIES = 10,
    STALL_TIMEOUT_MS = 10000,
    CHECKPOINT_INTERVAL_MS = 1000,
    CONNECT_TIMEOUT_MS = 30000,
    IDLE_CONNECTIONS = 64,
};

void seg_tell(struct seg_error *error, const struct sg_err *err)
{
    if (error == NULL)
        return;
    snprintf(error->code, sizeof error->code, "%s", sg_status_word(err->status));
    snprintf(error->message, sizeof error->message, "%s", sg_err_text(err));
}

void seg_tell_status(struct seg_error *error, enum sg_status status)
{
    struct sg_err err = { .status = status };
    seg_tell(error, &err);
}

static void on_job(void *ctx, struct job *job)
{
    struct seg_engine *engine = ctx;
    int64_t id = job_record_of(job)->id;
    SG_LIST_FOR_EACH(node, &engine->downloads)
    {
        struct seg_download *download = sg_container_of(node, struct seg_download, node);
        if (download->id == id)
            seg_download_refresh(download, job);
    }
}

static void on_refresh(struct timer *timer)
{
    struct seg_engine *engine = sg_container_of(timer, struct seg_engine, refresh);
    SG_LIST_FOR_EACH(node, &engine->downloads)
    {
        struct seg_download *download = sg_container_of(node, struct seg_download, node);
        struct job *job = engine_job(engine->engine, download->id);
        if (job != NULL && job_record_of(job)->state == JOB_ACTIVE)
            seg_download_refresh(download, job);
    }
    if (!sg_list_is_empty(&engine->downloads))
        timer_start(engine->loop, timer, SEG_REFRESH_US);
}

static void run_thread(void *ctx)
{
    struct seg_engine *engine = ctx;
    engine_start(engine->engine);
    loop_run(engine->loop);
}

static uint32_t or_default(uint32_t value, uint32_t standard)
{
    return value > 0 ? value : standard;
}

static struct engine_config config_of(const struct seg_engine_options *options)
{
    uint32_t connections = or_default(options->max_connections, DEFAULT_CONNECTIONS);
    return (struct engine_config){
        .max_active = or_default(options->max_active, DEFAULT_ACTIVE),
        .max_connections = connections < ENGINE_LANES_MAX ? connections : ENGINE_LANES_MAX,
        .max_connections_per_host = connections,
        .memory_limit = options->memory_limit > 0 ? options->memory_limit : DEFAULT_MEMORY,
        .retries = RETRIES,
        .stall_timeout_ms = STALL_TIMEOUT_MS,
        .checkpoint_interval_ms = CHECKPOINT_INTERVAL_MS,
        .zone_mark = !options->has_no_zone_mark,
        .net = { .ca_file = options->ca_file,
                 .connect_timeout_ms = CONNECT_TIMEOUT_MS,
                 .max_idle_connections = IDLE_CONNECTIONS },
    };
}

/* The database's path: in the caller's folder, which is locked, or a file of ours. */
static enum sg_status choose_database(struct seg_engine *engine, const char *folder, char **out,
                                      struct sg_err *err)
{
    char name[48] = "segue.db";
    char *temporary = NULL;
    enum sg_status status;
    if (folder == NULL) {
        status = path_known(PATH_TEMP, &temporary, err);
        snprintf(name, sizeof name, "segue-%016llx.db", (unsigned long long)clock_random());
    } else {
        status = path_make_folders(folder, err);
    }
    if (status == SG_OK) {
        *out = path_join(folder != NULL ? folder : temporary, name);
        status = *out != NULL ? SG_OK : sg_err_set(err, SG_E_NOMEM, "out of memory");
    }
    sg_free(temporary);
    if (status == SG_OK && folder == NULL)
        engine->temporary = sg_strdup(*out);
    return status;
}

static enum sg_status lock_folder(struct seg_engine *engine, const char *folder, struct sg_err *err)
{
    if (folder == NULL)
        return SG_OK;
    char *path = path_join(folder, "segue.lock");
    enum sg_status status = path != NULL ? path_lock(path, &engine->lock, err)
                                         : sg_err_set(err, SG_E_NOMEM, "out of memory");
    sg_free(path);
    return status;
}

static enum sg_status open_parts(struct seg_engine *engine,
                                 const struct seg_engine_options *options, struct sg_err *err)
{
    static const struct engine_listener listener = { .on_job = on_job };
    struct engine_config config = config_of(options);
    char *database = NULL;
    size_t damaged;
    enum sg_status status = loop_create(&engine->loop, err);
    if (status == SG_OK)
        status = choose_database(engine, options->data_folder, &database, err);
    if (status == SG_OK)
        status = lock_folder(engine, options->data_folder, err);
    if (status == SG_OK)
        status = store_open(engine->loop, database, &engine->store, err);
    sg_free(database);
    if (status == SG_OK)
        status = work_pool_create(engine->loop, &engine->work_pool, err);
    if (status == SG_OK)
        status = engine_create(engine->loop, engine->store, engine->work_pool, &config,
                               &engine->engine, err);
    if (status == SG_OK)
        status = engine_load(engine->engine, &damaged, err);
    if (status != SG_OK)
        return status;
    engine_listen(engine->engine, &listener, engine);
    return thread_start("segue engine", run_thread, engine, &engine->thread, err);
}

/* A database that was only ours goes, with the log beside it. */
static void remove_temporary(const char *database)
{
    struct sg_buf log = { 0 };
    sg_buf_printf(&log, "%s-wal", database);
    (void)!path_remove(database, NULL);
    if (!log.is_failed)
        (void)!path_remove(log.data, NULL);
    sg_buf_fini(&log);
}

static void close_parts(struct seg_engine *engine)
{
    engine_destroy(engine->engine);
    store_close(engine->store);
    work_pool_destroy(engine->work_pool);
    if (engine->loop != NULL)
        loop_turn(engine->loop, 0);
    loop_destroy(engine->loop);
    if (engine->temporary != NULL)
        remove_temporary(engine->temporary);
    path_unlock(engine->lock);
    sg_free(engine->temporary);
    sg_free(engine);
}

bool seg_engine_open(const struct seg_engine_options *options, struct seg_engine **out,
                     struct seg_error *error)
{
    static const struct seg_engine_options standard = { 0 };
    struct sg_err err = { 0 };
    struct seg_engine *engine = sg_alloc(sizeof *engine);
    if (engine == NULL) {
        seg_tell_status(error, SG_E_NOMEM);
        return false;
    }
    sg_list_init(&engine->downloads);
    engine->refresh.fire = on_refresh;
    if (open_parts(engine, options != NULL ? options : &standard, &err) != SG_OK) {
        seg_tell(error, &err);
        close_parts(engine);
        return false;
    }
    *out = engine;
    return true;
}

/* Closing. */

struct closing {
    struct mail mail;
    struct seg_engine *engine;
};

static void on_engine_stopped(void *ctx)
{
    struct seg_engine *engine = ctx;
    SG_LIST_FOR_EACH(node, &engine->downloads)
    {
        struct seg_download *download = sg_container_of(node, struct seg_download, node);
        seg_tell_status(&download->error, SG_E_CLOSED);
        seg_download_finish(download, SEG_STOPPED);
    }
    timer_stop(engine->loop, &engine->refresh);
    loop_stop(engine->loop);
}

static void begin_close(struct mail *mail)
{
    struct closing *closing = sg_container_of(mail, struct closing, mail);
    engine_stop(closing->engine->engine, on_engine_stopped, closing->engine);
}

void seg_engine_close(struct seg_engine *engine)
{
    if (engine == NULL)
        return;
    /* lives until the thread has ended, so it may stand here */
    struct closing closing = { .mail.deliver = begin_close, .engine = engine };
    loop_post(engine->loop, &closing.mail);
    thread_join(engine->thread);
    close_parts(engine);
}
