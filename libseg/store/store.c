/* The store's queue and its thread. Calls become requests; what was asked for since the last group
 * becomes the next group, which the thread carries out as one transaction, and whose callbacks the
 * loop delivers in order. Knows nothing of SQL.
 *
 *   waiting ─► group (on the thread, or nothing) ─► callbacks
 *
 * A group is started by mail to ourselves, not by the call that asks: all that one turn of the loop
 * asks for goes into one transaction. Everything that comes back is mail too, so that it comes in
 * the order it was posted; the store frees itself in its last one. */
#include "store/store.h"

#include "base/assert.h"
#include "base/buf.h"
#include "base/list.h"
#include "base/mem.h"
#include "core/checkpoint.h"
#include "os/work.h"
#include "store/store_private.h"

struct request;

typedef enum sg_status apply_fn(struct db *db, const struct request *request, struct sg_err *err);

/* One call. It owns copies of what it was given; which members are in use depends on `apply`. */
struct request {
    struct sg_list node;
    apply_fn *apply;
    store_done_fn *done;
    void *ctx;

    struct job_record *records;
    size_t n_records;
    int64_t id;
    int64_t done_bytes;
    struct sg_buf ranges;
    char *name;
    char *value;
    struct profile profile;
    bool has_profile;

    enum sg_status status;
    struct sg_err *err; /* of a failure; NULL where there was no memory for it */
};

struct store {
    struct loop *loop;
    struct worker *worker;
    struct mail kick;
    struct mail closed;

    /* loop thread only */
    struct sg_list waiting;
    bool is_kicked;
    bool is_closing;
    bool is_running; /* from the submission of `work` to its `done` */

    /* the store's thread while is_running, else the loop thread */
    struct work work;
    struct sg_list group;
    struct db db;
};

/* ---- requests ---- */

static void free_payload(struct request *request)
{
    for (size_t i = 0; i < request->n_records; i++)
        job_record_fini(&request->records[i]);
    sg_free(request->records);
    request->records = NULL;
    request->n_records = 0;
    sg_buf_fini(&request->ranges);
    sg_free(request->name);
    request->name = NULL;
    sg_free_secret(request->value); /* it may be one */
    request->value = NULL;
}

static void free_request(struct request *request)
{
    free_payload(request);
    sg_free(request->err);
    sg_free(request);
}

static struct request *create_request(apply_fn *apply, store_done_fn *done, void *ctx)
{
    struct request *request = sg_alloc(sizeof *request);
    if (request == NULL)
        return NULL;
    request->apply = apply;
    request->done = done;
    request->ctx = ctx;
    return request;
}

static enum sg_status apply_put_jobs(struct db *db, const struct request *request,
                                     struct sg_err *err)
{
    enum sg_status status = SG_OK;
    for (size_t i = 0; status == SG_OK && i < request->n_records; i++)
        status = db_put_job(db, &request->records[i], err);
    return status;
}

static enum sg_status apply_put_progress(struct db *db, const struct request *request,
                                         struct sg_err *err)
{
    return db_put_progress(db, request->id, request->done_bytes, &request->ranges, err);
}

static enum sg_status apply_delete_job(struct db *db, const struct request *request,
                                       struct sg_err *err)
{
    return db_delete_job(db, request->id, err);
}

static enum sg_status apply_put_setting(struct db *db, const struct request *request,
                                        struct sg_err *err)
{
    return db_put_setting(db, request->name, request->value, err);
}

static enum sg_status apply_put_host(struct db *db, const struct request *request,
                                     struct sg_err *err)
{
    return db_put_host(db, request->name, request->has_profile ? &request->profile : NULL, err);
}

/* ---- a group, on the store's thread ---- */

static struct request *request_of(struct sg_list *node)
{
    return sg_container_of(node, struct request, node);
}

static enum sg_status apply_all(struct db *db, struct sg_list *group)
{
    enum sg_status status = SG_OK;
    SG_LIST_FOR_EACH(node, group)
    {
        if (status == SG_OK)
            status = request_of(node)->apply(db, request_of(node), NULL);
    }
    return status;
}

/* All requests in one transaction. */
static enum sg_status commit_together(struct db *db, struct sg_list *group)
{
    enum sg_status status = db_begin(db, NULL);
    if (status == SG_OK)
        status = apply_all(db, group);
    if (status == SG_OK)
        status = db_commit(db, NULL);
    if (status != SG_OK)
        db_rollback(db);
    return status;
}

static void keep_error(struct request *request, const struct sg_err *err)
{
    request->err = sg_alloc(sizeof *request->err);
    if (request->err != NULL)
        *request->err = *err;
}

static void commit_alone(struct db *db, struct request *request)
{
    struct sg_err err = { 0 };
    enum sg_status status = db_begin(db, &err);
    if (status == SG_OK)
        status = request->apply(db, request, &err);
    if (status == SG_OK)
        status = db_commit(db, &err);
    if (status != SG_OK) {
        db_rollback(db);
        keep_error(request, &err);
    }
    request->status = status;
}

/* One request that fails takes the others' transaction with it: then each gets its own, and only
 * the guilty one is refused. */
static void commit_group(struct db *db, struct sg_list *group)
{
    bool is_single = group->next->next == group;
    bool is_done = !is_single && commit_together(db, group) == SG_OK;
    SG_LIST_FOR_EACH(node, group)
    {
        struct request *request = request_of(node);
        if (!is_done)
            commit_alone(db, request);
        free_payload(request); /* here, to keep it off the loop thread */
    }
}

static void run_group(struct work *work)
{
    struct store *store = sg_container_of(work, struct store, work);
    commit_group(&store->db, &store->group);
}

/* ---- the queue, on the loop thread ---- */

static void move_all(struct sg_list *from, struct sg_list *to)
{
    struct sg_list *node;
    sg_list_init(to);
    while ((node = sg_list_pop(from)) != NULL)
        sg_list_insert(to, node);
}

static void deliver(struct sg_list *finished)
{
    struct sg_list *node;
    while ((node = sg_list_pop(finished)) != NULL) {
        struct request *request = request_of(node);
        struct sg_err err = { .status = request->status };
        if (request->done != NULL)
            request->done(request->ctx, request->status,
                          request->err != NULL ? request->err : &err);
        free_request(request);
    }
}

static void start_group(struct store *store)
{
    if (store->is_running || sg_list_is_empty(&store->waiting))
        return;
    move_all(&store->waiting, &store->group);
    store->is_running = true;
    worker_submit(store->worker, &store->work);
}

/* The next group is started first: the thread works while callbacks run. */
static void on_group_done(struct work *work)
{
    struct store *store = sg_container_of(work, struct store, work);
    struct sg_list finished;
    move_all(&store->group, &finished);
    store->is_running = false;
    if (!store->is_closing)
        start_group(store);

    deliver(&finished); /* may close the store: touch nothing of ours after this */
}

static void on_kick(struct mail *mail)
{
    struct store *store = sg_container_of(mail, struct store, kick);
    store->is_kicked = false;
    if (!store->is_closing)
        start_group(store);
}

/* While a group runs its end will take what is waiting. */
static void enqueue(struct store *store, struct request *request)
{
    SG_ASSERT(!store->is_closing);
    sg_list_insert(&store->waiting, &request->node);
    if (store->is_kicked || store->is_running)
        return;
    store->is_kicked = true;
    loop_post(store->loop, &store->kick);
}

static void on_closed(struct mail *mail)
{
    struct store *store = sg_container_of(mail, struct store, closed);
    deliver(&store->waiting);
    sg_free(store);
}

/* ---- opening and closing ---- */

static enum sg_status start(struct store *store, const char *path, struct sg_err *err)
{
    enum sg_status status = db_open(&store->db, path, err);
    if (status == SG_OK)
        status = worker_create(store->loop, "store", &store->worker, err);
    if (status != SG_OK)
        db_close(&store->db);
    return status;
}

enum sg_status store_open(struct loop *loop, const char *path, struct store **out,
                          struct sg_err *err)
{
    struct store *store = sg_alloc(sizeof *store);
    if (store == NULL)
        return sg_err_set(err, SG_E_NOMEM, "opening the database");
    store->loop = loop;
    store->kick.deliver = on_kick;
    store->closed.deliver = on_closed;
    store->work.run = run_group;
    store->work.done = on_group_done;
    sg_list_init(&store->waiting);
    sg_list_init(&store->group);
    enum sg_status status = start(store, path, err);
    if (status != SG_OK) {
        sg_free(store);
        return status;
    }
    *out = store;
    return SG_OK;
}

/* Mail on its way (a kick, the end of a group) comes before `closed`: the store is still there. */
void store_close(struct store *store)
{
    if (store == NULL)
        return;
    store->is_closing = true;
    worker_destroy(store->worker);
    if (!sg_list_is_empty(&store->waiting))
        commit_group(&store->db, &store->waiting);
    db_close(&store->db);
    loop_post(store->loop, &store->closed);
}

enum store_trouble store_trouble(const struct store *store)
{
    return store->db.trouble;
}

/* ---- the calls ---- */

static void assert_idle(const struct store *store)
{
    SG_ASSERT(!store->is_running && sg_list_is_empty(&store->waiting));
}

enum sg_status store_load_jobs(struct store *store, store_record_fn *take, void *ctx,
                               int64_t *out_next_id, size_t *out_damaged, struct sg_err *err)
{
    assert_idle(store);
    return db_load_jobs(&store->db, take, ctx, out_next_id, out_damaged, err);
}

enum sg_status store_load_settings(struct store *store, store_setting_fn *take, void *ctx,
                                   struct sg_err *err)
{
    assert_idle(store);
    return db_load_settings(&store->db, take, ctx, err);
}

enum sg_status store_load_hosts(struct store *store, store_host_fn *take, void *ctx,
                                struct sg_err *err)
{
    assert_idle(store);
    return db_load_hosts(&store->db, take, ctx, err);
}

static enum sg_status copy_records(struct request *request, const struct job_record *const *records,
                                   size_t n)
{
    request->records = sg_alloc_array(n, sizeof *request->records);
    if (n > 0 && request->records == NULL)
        return SG_E_NOMEM;
    for (; request->n_records < n; request->n_records++) {
        size_t i = request->n_records;
        enum sg_status status = job_record_copy(&request->records[i], records[i]);
        if (status != SG_OK)
            return status;
    }
    return SG_OK;
}

enum sg_status store_put_jobs(struct store *store, const struct job_record *const *records,
                              size_t n, store_done_fn *done, void *ctx)
{
    struct request *request = create_request(apply_put_jobs, done, ctx);
    if (request == NULL)
        return SG_E_NOMEM;
    enum sg_status status = copy_records(request, records, n);
    if (status != SG_OK) {
        free_request(request);
        return status;
    }
    enqueue(store, request);
    return SG_OK;
}

enum sg_status store_put_progress(struct store *store, int64_t id, const struct extents *durable,
                                  store_done_fn *done, void *ctx)
{
    struct request *request = create_request(apply_put_progress, done, ctx);
    if (request == NULL)
        return SG_E_NOMEM;
    request->id = id;
    request->done_bytes = (int64_t)extents_total(durable);
    checkpoint_encode(durable, &request->ranges);
    if (request->ranges.is_failed) {
        free_request(request);
        return SG_E_NOMEM;
    }
    enqueue(store, request);
    return SG_OK;
}

enum sg_status store_delete_job(struct store *store, int64_t id, store_done_fn *done, void *ctx)
{
    struct request *request = create_request(apply_delete_job, done, ctx);
    if (request == NULL)
        return SG_E_NOMEM;
    request->id = id;
    enqueue(store, request);
    return SG_OK;
}

enum sg_status store_put_setting(struct store *store, const char *name, const char *value,
                                 store_done_fn *done, void *ctx)
{
    struct request *request = create_request(apply_put_setting, done, ctx);
    if (request == NULL)
        return SG_E_NOMEM;
    request->name = sg_strdup(name);
    request->value = sg_strdup(value);
    if (request->name == NULL || (value != NULL && request->value == NULL)) {
        free_request(request);
        return SG_E_NOMEM;
    }
    enqueue(store, request);
    return SG_OK;
}

enum sg_status store_put_host(struct store *store, const char *origin,
                              const struct profile *profile, store_done_fn *done, void *ctx)
{
    struct request *request = create_request(apply_put_host, done, ctx);
    if (request == NULL)
        return SG_E_NOMEM;
    request->name = sg_strdup(origin);
    if (request->name == NULL) {
        free_request(request);
        return SG_E_NOMEM;
    }
    request->has_profile = profile != NULL;
    if (profile != NULL)
        request->profile = *profile;
    enqueue(store, request);
    return SG_OK;
}
