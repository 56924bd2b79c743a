/* The ledger of promises. It reads the disk by itself, without the code under test, except that the
 * records come through the store. */
#include "tests/sim/ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/mem.h"

struct promise *ledger_find(struct world *world, const char *key)
{
    for (size_t i = 0; key != NULL && i < world->n_promises; i++) {
        if (strcmp(world->promises[i].key, key) == 0)
            return &world->promises[i];
    }
    return NULL;
}

void ledger_removed(struct world *world, int64_t id)
{
    for (size_t i = 0; i < world->n_promises; i++) {
        if (world->promises[i].id == id)
            world->promises[i].is_removal_told = true;
    }
}

/* ---- adding ---- */

static void on_added(void *ctx, enum sg_status status, const struct sg_err *err, const int64_t *ids,
                     size_t n)
{
    struct world *world = ctx;
    if (world->is_dark)
        return;
    for (size_t i = 0; status == SG_OK && i < n; i++) {
        struct job *job = engine_job(world->engine, ids[i]);
        struct promise *promise = job != NULL ? ledger_find(world, job_record_of(job)->key) : NULL;
        if (promise == NULL)
            world_fail(world, "job %lld was added for nobody", (long long)ids[i]);
        if (promise->id != 0 && promise->id != ids[i])
            world_fail(world, "%s has a second job", promise->key);
        promise->id = ids[i];
        promise->is_add_told = true;
        world_trace(world, "job %lld added", (long long)ids[i]);
    }
    if (status != SG_OK)
        world_trace(world, "not added: %s", sg_err_text(err));
}

static void fill(struct world *world, struct job_record *record, const struct promise *promise)
{
    bool is_ok = job_record_set(&record->url, promise->url) == SG_OK &&
                 job_record_set(&record->key, promise->key) == SG_OK &&
                 job_record_set(&record->folder, "/downloads") == SG_OK;
    if (!is_ok)
        world_fail(world, "no memory");
}

static void write_down(struct world *world, const char *url, struct promise *promise)
{
    *promise = (struct promise){ .id = 0 };
    snprintf(promise->url, sizeof promise->url, "%s", url);
    snprintf(promise->key, sizeof promise->key, "key-%zu", world->n_promises);
}

void world_add_again(struct world *world, const struct promise *promise, struct job_record *record)
{
    struct job_record own;
    struct sg_err err = { 0 };
    job_record_init(&own);
    if (record == NULL)
        record = &own;
    sg_mem_spare_begin();
    fill(world, record, promise);
    sg_mem_spare_end();
    if (engine_add(world->engine, record, 1, on_added, world, &err) == SG_OK)
        return;
    if (!world->may_fail)
        world_fail(world, "adding: %s", sg_err_text(&err));
    world_trace(world, "not added: %s", sg_err_text(&err));
}

struct promise *world_add(struct world *world, const char *url, struct job_record *record)
{
    SG_ASSERT(world->n_promises < PROMISES_MAX);
    struct promise *promise = &world->promises[world->n_promises++];
    write_down(world, url, promise);
    world_add_again(world, promise, record);
    return promise;
}

struct job *world_job(struct world *world, const struct promise *promise)
{
    bool is_there = promise->is_add_told && world_is_on(world);
    return is_there ? engine_job(world->engine, promise->id) : NULL;
}

/* ---- files ---- */

enum { CHUNK = 65536 };

static struct node *find_node(const char *path)
{
    struct node *node;
    return path != NULL && disk_find(disk_mounted(), path, &node) == 0 ? node : NULL;
}

/* True when the file has [from, to) of this version. */
static bool has_bytes(const struct node *node, uint64_t version, uint64_t from, uint64_t to)
{
    static unsigned char chunk[CHUNK];
    while (from < to) {
        size_t n = to - from < CHUNK ? (size_t)(to - from) : CHUNK;
        if (node_read(node, from, chunk, n) < n || !version_has(version, from, chunk, n))
            return false;
        from += n;
    }
    return true;
}

static bool has_extents(const struct node *node, uint64_t version, const struct extents *extents)
{
    for (size_t i = 0; i < extents->count; i++) {
        if (!has_bytes(node, version, extents->items[i].from, extents->items[i].to))
            return false;
    }
    return true;
}

static struct share *share_of(struct world *world, const struct job_record *record)
{
    struct share *share = internet_find_share(&world->internet, record->url);
    if (share == NULL)
        world_fail(world, "nobody shares %s", record->url);
    return share;
}

/* True when the record can be about this version: the ETag is the version's number. */
static bool may_be(const struct job_record *record, const struct version *version)
{
    if (record->total >= 0 && (uint64_t)record->total != version->size)
        return false;
    return record->etag == NULL || strtoull(record->etag + 1, NULL, 16) == version->number;
}

/* The claims must be true of one version. */
static void check_extents(struct world *world, const struct job_record *record,
                          const struct node *node)
{
    const struct share *share = share_of(world, record);
    for (size_t i = 0; i < share->n_versions; i++) {
        if (may_be(record, &share->versions[i]) &&
            has_extents(node, share->versions[i].number, &record->extents))
            return;
    }
    world_fail(world, "%s claims %lld bytes in %zu ranges of %s that are not there", record->key,
               (long long)record->done, record->extents.count, record->part_path);
}

/* The part file, whatever it is called by now. */
static struct node *find_part(const struct job_record *record)
{
    const char *path;
    for (size_t i = 0; (path = disk_name(disk_mounted(), VOLUME_DOWNLOADS, i)) != NULL; i++) {
        struct node *node = find_node(path);
        if (node_number(node) == (uint64_t)record->part_id_low)
            return node;
    }
    return NULL;
}

static void check_claims(struct world *world, const struct job_record *record,
                         const struct promise *promise)
{
    if ((uint64_t)record->done != extents_total(&record->extents))
        world_fail(world, "%s has %lld bytes done, and other ranges", record->key,
                   (long long)record->done);
    if (record->extents.count == 0)
        return;
    struct node *node = find_part(record);
    if (node != NULL)
        check_extents(world, record, node);
    else if (!promise->may_lose_bytes)
        world_fail(world, "%s claims %lld bytes of %s, which is gone", record->key,
                   (long long)record->done, record->part_path);
}

static void check_whole(struct world *world, const struct job_record *record)
{
    const struct share *share = share_of(world, record);
    const struct node *node = find_node(record->path);
    if (node == NULL)
        world_fail(world, "%s is done, and %s is not there", record->key, record->path);
    for (size_t i = 0; i < share->n_versions; i++) {
        const struct version *version = &share->versions[i];
        if (version->size == node_size(node) && has_bytes(node, version->number, 0, version->size))
            return;
    }
    world_fail(world, "%s is done, and %s (%llu bytes) is no version of the file", record->key,
               record->path, (unsigned long long)node_size(node));
}

void world_check_file(struct world *world, const struct promise *promise)
{
    struct job *job = world_job(world, promise);
    if (job == NULL || job_record_of(job)->state != JOB_DONE)
        world_fail(world, "%s is %s, not done", promise->key, promise->state);
    check_whole(world, job_record_of(job));
}

static bool is_part(const char *path)
{
    static const char suffix[] = ".part";
    size_t length = strlen(path);
    return length >= sizeof suffix && strcmp(path + length - (sizeof suffix - 1), suffix) == 0;
}

static bool is_somebodys(struct world *world, const char *path)
{
    for (size_t i = 0; i < world->n_promises; i++) {
        const struct job *job = world_job(world, &world->promises[i]);
        const char *own = job != NULL ? job_record_of(job)->path : NULL;
        if (own != NULL && strcmp(own, path) == 0)
            return true;
    }
    return false;
}

void world_check_strays(struct world *world)
{
    const char *path;
    for (size_t i = 0; (path = disk_name(disk_mounted(), VOLUME_DOWNLOADS, i)) != NULL; i++) {
        if (!node_is_folder(find_node(path)) && !is_part(path) && !is_somebodys(world, path))
            world_fail(world, "%s is nobody's", path);
    }
}

/* ---- looking through the database ---- */

static void check_record(struct world *world, const struct job_record *record)
{
    struct promise *promise = ledger_find(world, record->key);
    if (promise == NULL)
        world_fail(world, "job %lld is nobody's", (long long)record->id);
    if (promise->n_seen++ > 0)
        world_fail(world, "%s is there twice", promise->key);
    if (promise->is_removal_told)
        world_fail(world, "%s was removed, and is there", promise->key);
    if (promise->id != 0 && promise->id != record->id)
        world_fail(world, "%s had the id %lld, now %lld", promise->key, (long long)promise->id,
                   (long long)record->id);
    if (promise->is_done_told && record->state != JOB_DONE)
        world_fail(world, "%s was done, now it is %s", promise->key, job_state_word(record->state));
    if (record->state != JOB_DONE)
        check_claims(world, record, promise);
    else if (!promise->is_removal_asked)
        check_whole(world, record);
}

/* Whoever asks for the job finds it, also when the answer to adding it was lost. */
static void learn_id(struct world *world, const struct job_record *record)
{
    struct promise *promise = ledger_find(world, record->key);
    promise->id = record->id;
    promise->is_add_told = true;
}

static bool take_checked(void *ctx, struct job_record *record)
{
    check_record(ctx, record);
    job_record_fini(record);
    return true;
}

static bool take_started(void *ctx, struct job_record *record)
{
    check_record(ctx, record);
    learn_id(ctx, record);
    job_record_fini(record);
    return true;
}

void ledger_check(struct world *world, struct store *store, bool is_start)
{
    int64_t next_id = 0;
    size_t n_damaged = 0;
    struct sg_err err = { 0 };
    for (size_t i = 0; i < world->n_promises; i++)
        world->promises[i].n_seen = 0;
    store_record_fn *take = is_start ? take_started : take_checked;
    if (store_load_jobs(store, take, world, &next_id, &n_damaged, &err) != SG_OK)
        world_fail(world, "the jobs could not be read: %s", sg_err_text(&err));
    if (n_damaged > 0)
        world_fail(world, "%zu jobs are damaged", n_damaged);
    for (size_t i = 0; i < world->n_promises; i++) {
        const struct promise *promise = &world->promises[i];
        bool is_due = promise->is_add_told && !promise->is_removal_asked;
        if (is_due && promise->n_seen == 0)
            world_fail(world, "%s is lost", promise->key);
    }
}
