/* Verifying on request: the file of a job is hashed again, on a work thread, and compared with what
 * the job knows of its digest. The job itself is left alone, whatever comes out. */
#include "engine/engine_private.h"

#include <string.h>

#include "base/mem.h"
#include "core/digest_header.h"
#include "engine/hash.h"
#include "engine/turns.h"
#include "os/file.h"

struct verification {
    struct engine *engine;
    struct sg_list node;
    struct turn turn;
    engine_verify_fn *done;
    void *ctx;
    int64_t id;
    bool is_wanted; /* there is something to compare with */
    bool is_declared;
    uint8_t wanted[DIGEST_SIZE_MAX];

    /* the work thread's while it runs */
    struct work work;
    struct hash_watch watch;
    struct actor actor;
    char *path;
    struct file_id file;
    uint64_t size;
    enum digest_kind kind;
    uint8_t found[DIGEST_SIZE_MAX];
    enum sg_status status;
    struct sg_err err;
};

static void destroy(struct verification *v)
{
    sg_list_remove(&v->node);
    actor_fini(&v->actor);
    sg_free(v->path);
    sg_free(v);
}

/* The system's own words do not say what to do. */
static enum sg_status advise(struct verification *v, enum sg_status status)
{
    if (status == SG_E_NOT_FOUND || status == SG_E_NO_FOLDER)
        return sg_err_set(&v->err, SG_E_NOT_FOUND, "the file %s is gone: download it again",
                          v->path);
    if (status == SG_E_IN_USE)
        return sg_err_set(&v->err, status, "another program holds %s: close it there and try again",
                          v->path);
    return status;
}

static enum sg_status check_size(struct verification *v, struct file *file)
{
    uint64_t size;
    enum sg_status status = file_size(file, &size, &v->err);
    if (status == SG_OK && size != v->size)
        status = sg_err_set(&v->err, SG_E_CHECKSUM,
                            "%s has %llu bytes and had %llu: it was changed after the download",
                            v->path, (unsigned long long)size, (unsigned long long)v->size);
    return status;
}

static void hash(struct work *work)
{
    struct verification *v = sg_container_of(work, struct verification, work);
    struct file *file;
    v->status =
        actor_open(&v->actor, v->engine->loop, v->path, FILE_READ_ONLY, &v->file, &file, &v->err);
    if (v->status != SG_OK) {
        v->status = advise(v, v->status);
        return;
    }
    v->status = check_size(v, file);
    if (v->status == SG_OK)
        v->status = hash_file(file, v->path, v->size, v->kind, &v->watch, v->found, &v->err);
    file_close(file);
}

static void tell(struct verification *v)
{
    char wanted[DIGEST_HEX_SIZE];
    char found[DIGEST_HEX_SIZE];
    if (v->status != SG_OK) {
        v->done(v->ctx, v->status, &v->err, NULL);
        return;
    }
    size_t size = digest_size(v->kind);
    digest_to_hex(v->wanted, size, wanted);
    digest_to_hex(v->found, size, found);
    const struct verify_result result = {
        .id = v->id,
        .path = v->path,
        .algorithm = digest_word(v->kind),
        .wanted = v->is_wanted ? wanted : NULL,
        .is_declared = v->is_declared,
        .found = found,
        .is_right = v->is_wanted && memcmp(v->wanted, v->found, size) == 0,
    };
    v->done(v->ctx, SG_OK, NULL, &result);
}

static void on_hashed(struct work *work)
{
    struct verification *v = sg_container_of(work, struct verification, work);
    struct engine *engine = v->engine;
    turn_end(&engine->turns, &v->turn);
    engine->n_verifications--;
    tell(v);
    destroy(v);
    engine_check_stopped(engine);
}

/* Takes this digest to compare with, if it is there and of the algorithm asked for. */
static bool want(struct verification *v, const char *text, bool is_declared, const char *algorithm)
{
    enum digest_kind kind;
    uint8_t bytes[DIGEST_SIZE_MAX];
    if (text == NULL || !digest_parse(text, &kind, bytes))
        return false;
    if (algorithm != NULL && strcmp(algorithm, digest_word(kind)) != 0)
        return false;
    v->is_wanted = true;
    v->is_declared = is_declared;
    v->kind = kind;
    memcpy(v->wanted, bytes, digest_size(kind));
    return true;
}

static enum sg_status choose_digest(struct verification *v, const struct job_record *record,
                                    const char *algorithm, struct sg_err *err)
{
    if (want(v, record->checksum, false, algorithm) || want(v, record->digest, true, algorithm))
        return SG_OK;
    v->kind = DIGEST_SHA256;
    if (algorithm != NULL && !digest_kind_from_word(algorithm, strlen(algorithm), &v->kind))
        return sg_err_set(err, SG_E_INVALID,
                          "'%s' is no algorithm: give sha256, sha512, sha1 or md5", algorithm);
    return SG_OK;
}

/* A finished file, or a complete one that was refused its name; NULL: there is none. */
static const char *path_of(const struct job *job)
{
    const struct job_record *record = &job->record;
    if (record->state == JOB_DONE)
        return record->path;
    bool is_refused = record->state == JOB_FAILED && record->error_code == SG_E_CHECKSUM;
    return is_refused ? record->part_path : NULL;
}

static enum sg_status check(const struct engine *engine, const struct job *job, struct sg_err *err)
{
    if (engine->is_stopping)
        return sg_err_set(err, SG_E_CLOSED, "segd is stopping");
    if (path_of(job) == NULL || job->record.total < 0)
        return sg_err_set(err, SG_E_STATE,
                          "job %lld is %s: it can be verified when its file is complete",
                          (long long)job->record.id, job_state_word(job->record.state));
    if (engine->n_verifications >= ENGINE_VERIFICATIONS_MAX)
        return sg_err_set(err, SG_E_LIMIT, "%d files are being verified: try again later",
                          (int)ENGINE_VERIFICATIONS_MAX);
    return SG_OK;
}

enum sg_status engine_verify(struct engine *engine, struct job *job, const char *algorithm,
                             engine_verify_fn *done, void *ctx, struct verification **out,
                             struct sg_err *err)
{
    enum sg_status status = check(engine, job, err);
    if (status != SG_OK)
        return status;
    struct verification *v = sg_alloc(sizeof *v);
    if (v == NULL)
        return sg_err_set(err, SG_E_NOMEM, "out of memory");
    v->path = sg_strdup(path_of(job));
    status = v->path != NULL ? choose_digest(v, &job->record, algorithm, err)
                             : sg_err_set(err, SG_E_NOMEM, "out of memory");
    if (status != SG_OK) {
        destroy(v);
        return status;
    }
    v->engine = engine;
    v->actor = job_actor(job);
    v->file = part_id(&job->record);
    v->id = job->record.id;
    v->size = (uint64_t)job->record.total;
    v->done = done;
    v->ctx = ctx;
    v->work.run = hash;
    v->work.done = on_hashed;
    sg_list_insert(&engine->verifications, &v->node);
    engine->n_verifications++;
    *out = v;
    turn_begin(&engine->turns, &v->turn, TURN_OF_REQUEST, &v->work);
    return SG_OK;
}

void engine_verify_cancel(struct verification *v)
{
    atomic_store(&v->watch.is_cancelled, true);
    turn_hurry(&v->engine->turns, &v->turn);
}

void verifications_cancel(struct engine *engine, int64_t id)
{
    SG_LIST_FOR_EACH(node, &engine->verifications)
    {
        struct verification *v = sg_container_of(node, struct verification, node);
        if (id == 0 || v->id == id)
            engine_verify_cancel(v);
    }
}
