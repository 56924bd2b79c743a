/* The library's public face: an engine on a thread of its own, and objects that other threads may
 * poll, wait for and cancel. Callers' threads only post mail and read atomics; everything else
 * happens on the engine's thread. */
#include "seg.h"

#include <stdatomic.h>
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
    REFRESH_US = 50 * 1000,
};

struct seg_engine {
    struct loop *loop;
    struct work_pool *work_pool;
    struct store *store;
    struct engine *engine;
    struct thread *thread;
    struct path_lock *lock;
    char *temporary; /* database that goes with the engine; NULL: it stays */
    /* engine thread only */
    struct sg_list downloads;
    struct timer refresh;
};

struct seg_download {
    struct seg_engine *engine;
    seg_finished_fn *finished;
    void *context;
    struct signal *over;
    uint64_t started_us;
    atomic_uint refs; /* the caller's, the engine's, and one for each message under way */
    atomic_uint state;
    atomic_uint_fast64_t bytes;
    atomic_int_fast64_t total;
    atomic_uint_fast64_t rate;
    atomic_uint_fast64_t connections;
    atomic_uint_fast64_t ended_us; /* 0: not yet */
    /* engine thread only */
    int64_t id;
    struct sg_list node;
    /* written before `over` is set, read after */
    struct seg_error error;
    char *path;
};

static void tell(struct seg_error *error, const struct sg_err *err)
{
    if (error == NULL)
        return;
    snprintf(error->code, sizeof error->code, "%s", sg_status_word(err->status));
    snprintf(error->message, sizeof error->message, "%s", sg_err_text(err));
}

static void tell_status(struct seg_error *error, enum sg_status status)
{
    struct sg_err err = { .status = status };
    tell(error, &err);
}

static void unref(struct seg_download *download)
{
    if (atomic_fetch_sub(&download->refs, 1) > 1)
        return;
    signal_destroy(download->over);
    sg_free(download->path);
    sg_free(download);
}

static enum seg_state public_state(enum job_state state)
{
    switch (state) {
    case JOB_ACTIVE:
    case JOB_VERIFYING:
        return SEG_ACTIVE;
    case JOB_DONE:
        return SEG_DONE;
    case JOB_FAILED:
    case JOB_CANCELLED:
    case JOB_PAUSED:
        return SEG_STOPPED;
    default:
        return SEG_QUEUED;
    }
}

/* The last thing the engine does with a download. */
static void finish(struct seg_download *download, enum seg_state state)
{
    atomic_store(&download->ended_us, loop_now_us(download->engine->loop));
    atomic_store(&download->state, state);
    sg_list_remove(&download->node);
    signal_set(download->over);
    if (download->finished != NULL)
        download->finished(download->context, download);
    unref(download);
}

static void keep_result(struct seg_download *download, const struct job_record *record)
{
    struct sg_err err = { .status = record->error_code };
    if (record->state == JOB_CANCELLED)
        err.status = SG_E_CANCELLED;
    if (record->error_message != NULL)
        sg_err_set(&err, err.status, "%s", record->error_message);
    tell(&download->error, &err);
    download->path = sg_strdup(record->path);
}

static void refresh_one(struct seg_download *download, const struct job *job)
{
    const struct job_record *record = job_record_of(job);
    struct job_progress progress;
    job_progress(job, &progress);
    atomic_store(&download->bytes, progress.received);
    atomic_store(&download->total, record->total);
    atomic_store(&download->rate, progress.rate_bps);
    atomic_store(&download->connections, progress.lanes);
    enum seg_state state = public_state(record->state);
    if (state < SEG_DONE) {
        atomic_store(&download->state, state);
        return;
    }
    keep_result(download, record);
    finish(download, state);
}

static void on_job(void *ctx, struct job *job)
{
    struct seg_engine *engine = ctx;
    int64_t id = job_record_of(job)->id;
    SG_LIST_FOR_EACH(node, &engine->downloads)
    {
        struct seg_download *download = sg_container_of(node, struct seg_download, node);
        if (download->id == id)
            refresh_one(download, job);
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
            refresh_one(download, job);
    }
    if (!sg_list_is_empty(&engine->downloads))
        timer_start(engine->loop, timer, REFRESH_US);
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
        tell_status(error, SG_E_NOMEM);
        return false;
    }
    sg_list_init(&engine->downloads);
    engine->refresh.fire = on_refresh;
    if (open_parts(engine, options != NULL ? options : &standard, &err) != SG_OK) {
        tell(error, &err);
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
        tell_status(&download->error, SG_E_CLOSED);
        finish(download, SEG_STOPPED);
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

/* Starting. The caller waits for `started`; the request stands on its stack until then. */

struct start_request {
    struct mail mail;
    struct seg_download *download;
    struct job_record record;
    struct signal *started;
    enum sg_status status;
    struct sg_err err;
};

static void link_download(struct seg_download *download, int64_t id)
{
    struct seg_engine *engine = download->engine;
    struct sg_err err;
    struct job *job = engine_job(engine->engine, id);
    download->id = id;
    sg_list_insert(&engine->downloads, &download->node);
    timer_start(engine->loop, &engine->refresh, REFRESH_US);
    /* the same key again: what an earlier run left goes on */
    enum job_state state = job_record_of(job)->state;
    if (state == JOB_PAUSED || state == JOB_FAILED || state == JOB_CANCELLED)
        (void)!engine_resume(engine->engine, job, &err);
    refresh_one(download, job);
}

static void on_added(void *ctx, enum sg_status status, const struct sg_err *err, const int64_t *ids,
                     size_t n)
{
    (void)n;
    struct start_request *request = ctx;
    request->status = status;
    if (status == SG_OK)
        link_download(request->download, ids[0]);
    else if (err != NULL)
        request->err = *err;
    signal_set(request->started);
}

static void begin_start(struct mail *mail)
{
    struct start_request *request = sg_container_of(mail, struct start_request, mail);
    request->status = engine_add(request->download->engine->engine, &request->record, 1, on_added,
                                 request, &request->err);
    if (request->status != SG_OK)
        signal_set(request->started);
}

static enum sg_status read_options(const struct seg_options *options, struct job_record *record,
                                   struct sg_err *err)
{
    record->max_lanes =
        options->connections < ENGINE_LANES_MAX ? options->connections : ENGINE_LANES_MAX;
    record->if_exists = options->replaces ? JOB_IF_EXISTS_OVERWRITE : JOB_IF_EXISTS_RENAME;
    enum sg_status status = job_record_set(&record->name, options->name);
    if (status == SG_OK)
        status = job_record_set(&record->checksum, options->checksum);
    if (status == SG_OK)
        status = job_record_set(&record->key, options->key);
    if (status == SG_OK)
        status = job_record_set(&record->headers, options->headers);
    return status == SG_OK ? engine_check(record, err) : sg_err_set(err, status, "out of memory");
}

static enum sg_status describe_job(const char *url, const char *folder,
                                   const struct seg_options *options, struct job_record *record,
                                   struct sg_err *err)
{
    enum sg_status status = net_url_check(url, &record->url, &record->userinfo, err);
    if (status == SG_OK)
        status = path_absolute(folder, &record->folder, err);
    if (status == SG_OK)
        status = path_check_writable(record->folder, err);
    if (status == SG_OK)
        status = read_options(options, record, err);
    return status;
}

static struct seg_download *create_download(struct seg_engine *engine,
                                            const struct seg_options *options)
{
    struct seg_download *download = sg_alloc(sizeof *download);
    if (download == NULL || signal_create(&download->over, NULL) != SG_OK) {
        sg_free(download);
        return NULL;
    }
    download->engine = engine;
    download->finished = options->finished;
    download->context = options->context;
    download->started_us = loop_clock_us(engine->loop);
    atomic_init(&download->refs, 2);
    atomic_init(&download->total, -1);
    sg_list_init(&download->node);
    return download;
}

static void discard_download(struct seg_download *download)
{
    if (download == NULL)
        return;
    unref(download);
    unref(download);
}

bool seg_start(struct seg_engine *engine, const char *url, const char *folder,
               const struct seg_options *options, struct seg_download **out,
               struct seg_error *error)
{
    static const struct seg_options standard = { 0 };
    if (options == NULL)
        options = &standard;
    struct start_request request = { .mail.deliver = begin_start };
    job_record_init(&request.record);
    request.status = describe_job(url, folder, options, &request.record, &request.err);
    if (request.status == SG_OK)
        request.status = signal_create(&request.started, &request.err);
    if (request.status == SG_OK) {
        request.download = create_download(engine, options);
        if (request.download == NULL)
            request.status = sg_err_set(&request.err, SG_E_NOMEM, "out of memory");
    }
    if (request.status == SG_OK) {
        loop_post(engine->loop, &request.mail);
        signal_wait(request.started, UINT32_MAX);
    }
    signal_destroy(request.started);
    job_record_fini(&request.record);
    if (request.status == SG_OK) {
        *out = request.download;
        return true;
    }
    tell(error, &request.err);
    discard_download(request.download);
    return false;
}

void seg_progress(const struct seg_download *download, struct seg_progress *out)
{
    uint64_t ended_us = atomic_load(&download->ended_us);
    uint64_t now_us = ended_us > 0 ? ended_us : loop_clock_us(download->engine->loop);
    *out = (struct seg_progress){
        .state = (enum seg_state)atomic_load(&download->state),
        .bytes = atomic_load(&download->bytes),
        .total = atomic_load(&download->total),
        .seconds = (double)(now_us - download->started_us) / 1e6,
        .rate = atomic_load(&download->rate),
        .connections = (uint32_t)atomic_load(&download->connections),
    };
}

bool seg_wait(struct seg_download *download, uint32_t timeout_ms)
{
    return signal_wait(download->over, timeout_ms);
}

struct cancellation {
    struct mail mail;
    struct seg_download *download;
};

static void begin_cancel(struct mail *mail)
{
    struct cancellation *cancellation = sg_container_of(mail, struct cancellation, mail);
    struct seg_download *download = cancellation->download;
    struct engine *engine = download->engine->engine;
    struct sg_err err;
    struct job *job = engine_job(engine, download->id);
    if (job != NULL)
        (void)!engine_cancel(engine, job, &err); /* refused when it is over: nothing to do then */
    unref(download);
    sg_free(cancellation);
}

void seg_cancel(struct seg_download *download)
{
    struct cancellation *cancellation = sg_alloc(sizeof *cancellation);
    if (cancellation == NULL)
        return;
    atomic_fetch_add(&download->refs, 1);
    cancellation->download = download;
    cancellation->mail.deliver = begin_cancel;
    loop_post(download->engine->loop, &cancellation->mail);
}

bool seg_result(struct seg_download *download, const char **path, struct seg_error *error)
{
    if (!signal_wait(download->over, 0)) {
        tell_status(error, SG_E_STATE);
        return false;
    }
    if (atomic_load(&download->state) == SEG_DONE) {
        if (path != NULL)
            *path = download->path;
        return true;
    }
    if (error != NULL)
        *error = download->error;
    return false;
}

void seg_release(struct seg_download *download)
{
    if (download != NULL)
        unref(download);
}
