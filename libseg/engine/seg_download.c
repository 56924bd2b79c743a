/* The library's public face, second half: objects that other threads may poll, wait for and cancel.
 * Callers' threads only post mail and read atomics. */
#include "engine/seg_private.h"

#include <stdatomic.h>

#include "base/mem.h"
#include "net/net.h"
#include "os/path.h"

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
void seg_download_finish(struct seg_download *download, enum seg_state state)
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
    seg_tell(&download->error, &err);
    download->path = sg_strdup(record->path);
}

void seg_download_refresh(struct seg_download *download, const struct job *job)
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
    seg_download_finish(download, state);
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
    timer_start(engine->loop, &engine->refresh, SEG_REFRESH_US);
    /* the same key again: what an earlier run left goes on */
    enum job_state state = job_record_of(job)->state;
    if (state == JOB_PAUSED || state == JOB_FAILED || state == JOB_CANCELLED)
        (void)!engine_resume(engine->engine, job, &err);
    seg_download_refresh(download, job);
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
    seg_tell(error, &request.err);
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
        seg_tell_status(error, SG_E_STATE);
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
