/* The engine's life, the queue, and the sharing of connections and buffers. */
#include "engine/engine.h"

#include <string.h>

#include "base/assert.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/lifecycle.h"
#include "engine/engine_private.h"
#include "os/clock.h"

enum {
    NETWORK_AGAIN_MS = 30000,
    SETTLING_MAX = 16,    /* runs beside max_active that fetch nothing any more */
    HELD_AT_A_TIME = 256, /* queued jobs that a metered network makes wait, in one turn */
};

static struct job *first_queued(const struct engine *engine)
{
    struct sg_heap_node *node = sg_heap_first(&engine->queue);
    return node != NULL ? sg_container_of(node, struct job, queue_node) : NULL;
}

static uint32_t runs_that_fetch(const struct engine *engine)
{
    uint32_t n = 0;
    SG_LIST_FOR_EACH(node, &engine->runs)
    n += run_may_fetch(sg_container_of(node, struct run, node));
    return n;
}

/* What is only flushed, verified and named takes no place: with small files that is most of a job's
 * life. */
static bool has_place(const struct engine *engine)
{
    uint32_t max_active = engine->config.max_active;
    return engine->n_runs < max_active + SETTLING_MAX && runs_that_fetch(engine) < max_active;
}

static void admit(struct deferred *deferred)
{
    struct engine *engine = sg_container_of(deferred, struct engine, admit_later);
    if (!engine->is_started || engine->is_stopping)
        return;
    struct job *job;
    int n_held = 0;
    while (has_place(engine) && (job = first_queued(engine)) != NULL) {
        if (job_lacks_owner(job)) {
            job_wait_for_owner(job);
            continue;
        }
        if (n_held == HELD_AT_A_TIME) {
            metered_review(engine); /* admits again, in another turn */
            break;
        }
        if (metered_holds(job)) {
            n_held++;
            continue;
        }
        job_enter(job, JOB_ACTIVE, JOB_REASON_NONE, NULL, 0, 0);
        enum sg_status status = run_start(job);
        if (status == SG_OK)
            continue;
        struct sg_err err = { .status = status };
        job_enter(job, JOB_FAILED, JOB_REASON_NONE, &err, 0, 0);
    }
    engine_rebalance(engine);
}

void engine_admit_later(struct engine *engine)
{
    loop_defer(engine->loop, &engine->admit_later);
}

static bool may_ask(const struct run *run, const char *origin, size_t length)
{
    size_t n;
    const char *list = run->origins;
    for (const char *line; (line = sg_next_line(&list, &n)) != NULL;) {
        if (n == length && memcmp(line, origin, length) == 0)
            return true;
    }
    return false;
}

static uint32_t runs_to(const struct engine *engine, const char *origin, size_t length)
{
    uint32_t n = 0;
    SG_LIST_FOR_EACH(node, &engine->runs)
    {
        const struct run *run = sg_container_of(node, struct run, node);
        n += run_may_fetch(run) && may_ask(run, origin, length);
    }
    return n;
}

uint32_t engine_runs_to(const struct engine *engine, const char *origin)
{
    return runs_to(engine, origin, strlen(origin));
}

/* All lanes may be at one of the servers that the run may ask, so it gets what the one has to give
 * that most runs may ask. */
static uint32_t share_of(const struct engine *engine, const struct run *run)
{
    uint32_t most_runs = 1;
    size_t length;
    const char *list = run->origins;
    for (const char *line; (line = sg_next_line(&list, &length)) != NULL;) {
        uint32_t n = runs_to(engine, line, length);
        if (n > most_runs)
            most_runs = n;
    }
    return engine->config.max_connections_per_host / most_runs;
}

/* Those that are open stay: a limit that is changed costs no connection. */
static uint32_t most_lanes_under_limit(const struct run *run)
{
    uint32_t n_open = (uint32_t)download_open_lanes(&run->download);
    uint32_t n_useful = limit_lanes(run);
    return n_open > n_useful ? n_open : n_useful;
}

static int lanes_for(const struct engine *engine, const struct run *run)
{
    uint32_t share = share_of(engine, run);
    uint32_t own = run->job->record.max_lanes > 0 ? (uint32_t)run->job->record.max_lanes
                                                  : engine->config.max_connections;
    uint32_t lanes = share < own ? share : own;
    uint32_t limited = most_lanes_under_limit(run);
    if (lanes > limited)
        lanes = limited;
    if (lanes > PLAN_LANES_MAX)
        lanes = PLAN_LANES_MAX;
    return lanes > 0 ? (int)lanes : 1;
}

void engine_rebalance(struct engine *engine)
{
    SG_LIST_FOR_EACH(node, &engine->runs)
    {
        struct run *run = sg_container_of(node, struct run, node);
        download_set_max_lanes(&run->download, lanes_for(engine, run));
    }
}

void engine_count_lanes(struct engine *engine, int delta)
{
    engine->n_lanes = (uint32_t)((int)engine->n_lanes + delta);
    pool_set_lanes(engine->pool, engine->n_lanes);
}

void engine_feed_starved(struct engine *engine)
{
    struct sg_list *node = sg_list_pop(&engine->starved);
    if (node == NULL)
        return;
    struct lane_io *lane = sg_container_of(node, struct lane_io, starved_node);
    download_lane_paused(&lane->run->download, lane->number, false, loop_now_us(engine->loop));
    xfer_resume(lane->xfer);
}

static uint64_t delay_of(const struct download_outcome *outcome)
{
    switch (outcome->reason) {
    case JOB_REASON_RETRY:
        return (uint64_t)outcome->delay_ms;
    case JOB_REASON_NETWORK:
        return NETWORK_AGAIN_MS;
    default:
        return 0;
    }
}

/* A finished download stays finished whatever was wanted of it meanwhile, except to forget it. */
static void enter_desired(struct job *job, enum desire desire,
                          const struct download_outcome *outcome, uint64_t change)
{
    static const enum job_state states[] = {
        [DESIRE_QUEUE] = JOB_QUEUED, [DESIRE_PAUSE] = JOB_PAUSED, [DESIRE_CANCEL] = JOB_CANCELLED
    };
    const struct sg_err *err = outcome->err.status != SG_OK ? &outcome->err : NULL;
    struct sg_err metered;
    if (desire == DESIRE_REMOVE)
        job_forget(job, change);
    else if (desire == DESIRE_NONE || outcome->state == JOB_DONE)
        job_enter(job, outcome->state, outcome->reason, err, delay_of(outcome), change);
    else if (desire == DESIRE_METERED) {
        metered_explain(job, &metered);
        job_enter(job, JOB_WAITING, JOB_REASON_METERED, &metered, 0, change);
    } else
        job_enter(job, states[desire], JOB_REASON_NONE, NULL, 0, change);
}

void engine_run_ended(struct engine *engine, struct job *job,
                      const struct download_outcome *outcome)
{
    enum desire desire = job->desire;
    uint64_t change = job->change;
    job->desire = DESIRE_NONE;
    job->change = 0;
    enter_desired(job, desire, outcome, change);
    engine_admit_later(engine);
    engine_check_stopped(engine);
}

void engine_check_stopped(struct engine *engine)
{
    if (engine->is_stopping && engine->n_runs == 0 && engine->open_changes == 0 &&
        engine->n_verifications == 0)
        loop_defer(engine->loop, &engine->tell_stopped);
}

static void tell_stopped(struct deferred *deferred)
{
    struct engine *engine = sg_container_of(deferred, struct engine, tell_stopped);
    void (*stopped)(void *ctx) = engine->stopped;
    if (stopped == NULL || engine->open_changes > 0)
        return; /* told already, or not yet */
    engine->stopped = NULL;
    stopped(engine->stopped_ctx);
}

static void save_again(struct timer *timer)
{
    struct engine *engine = sg_container_of(timer, struct engine, save_again);
    for (size_t i = 0; i < engine->n_jobs; i++) {
        if (engine->jobs[i]->is_unsaved)
            job_save(engine->jobs[i], 0);
    }
}

static void on_proxy_trouble(void *ctx, const char *trouble)
{
    struct engine *engine = ctx;
    if (engine->listener.on_proxy_trouble != NULL)
        engine->listener.on_proxy_trouble(engine->listener_ctx, trouble);
}

static enum sg_status create_parts(struct engine *engine, struct sg_err *err)
{
    engine->pool = pool_create(engine->config.memory_limit);
    if (engine->pool == NULL)
        return sg_err_set(err, SG_E_NOMEM, "out of memory");
    enum sg_status status = net_create(engine->loop, &engine->config.net, &engine->net, err);
    if (status == SG_OK)
        net_listen_trouble(engine->net, on_proxy_trouble, engine);
    return status;
}

enum sg_status engine_create(struct loop *loop, struct store *store, struct work_pool *work_pool,
                             const struct engine_config *config, struct engine **out,
                             struct sg_err *err)
{
    struct engine *engine = sg_alloc(sizeof *engine);
    if (engine == NULL)
        return sg_err_set(err, SG_E_NOMEM, "out of memory");
    engine->loop = loop;
    engine->store = store;
    engine->hosts.store = store;
    engine->work_pool = work_pool;
    engine->config = *config;
    engine->next_id = 1;
    engine->save_again.fire = save_again;
    engine->admit_later.run = admit;
    engine->tell_stopped.run = tell_stopped;
    sg_list_init(&engine->runs);
    sg_list_init(&engine->starved);
    sg_list_init(&engine->owners);
    sg_list_init(&engine->waiters);
    sg_list_init(&engine->verifications);
    turns_init(&engine->turns, work_pool);
    limit_init(engine);
    network_init(engine);
    metered_init(engine);
    room_init(engine);
    enum sg_status status = create_parts(engine, err);
    engine->config.net = (struct net_config){ 0 }; /* net has its own copy */
    if (status != SG_OK) {
        engine_destroy(engine);
        return status;
    }
    *out = engine;
    return SG_OK;
}

void engine_start(struct engine *engine)
{
    engine->is_started = true;
    engine_admit_later(engine);
}

void engine_stop(struct engine *engine, void (*stopped)(void *ctx), void *ctx)
{
    engine->is_stopping = true;
    engine->stopped = stopped;
    engine->stopped_ctx = ctx;
    SG_LIST_FOR_EACH(node, &engine->runs)
    run_stop(sg_container_of(node, struct run, node));
    verifications_cancel(engine, 0);
    engine_check_stopped(engine); /* nothing may be running */
}

void engine_destroy(struct engine *engine)
{
    if (engine == NULL)
        return;
    SG_ASSERT(engine->n_runs == 0 && engine->n_verifications == 0);
    while (engine->n_jobs > 0)
        job_destroy(engine->jobs[engine->n_jobs - 1]);
    timer_stop(engine->loop, &engine->save_again);
    timer_stop(engine->loop, &engine->limit_tick);
    network_fini(engine);
    metered_fini(engine);
    room_fini(engine);
    owners_fini(&engine->owners);
    hosts_fini(&engine->hosts);
    sg_list_remove(&engine->admit_later.node); /* it may be destroyed before it is done */
    sg_list_remove(&engine->tell_stopped.node);
    net_destroy(engine->net);
    pool_destroy(engine->pool);
    sg_table_fini(&engine->keys);
    sg_free(engine->jobs);
    sg_free(engine);
}

enum sg_status engine_configure(struct engine *engine, const struct engine_config *config)
{
    enum sg_status status = net_configure(engine->net, &config->net);
    if (status != SG_OK)
        return status;
    engine->config = *config;
    engine->config.net = (struct net_config){ 0 };
    pool_set_limit(engine->pool, config->memory_limit);
    limit_configure(engine);
    engine_rebalance(engine);
    engine_admit_later(engine);
    metered_review(engine);
    return SG_OK;
}

/* A step frees no run: they end in a later part of the turn. */
void engine_woke(struct engine *engine)
{
    SG_LIST_FOR_EACH(node, &engine->runs)
    {
        struct run *run = sg_container_of(node, struct run, node);
        struct event event = run_event(run, EV_WOKE);
        run_feed(run, &event);
    }
    network_changed(engine);
}

void engine_listen(struct engine *engine, const struct engine_listener *listener, void *ctx)
{
    engine->listener = listener != NULL ? *listener : (struct engine_listener){ 0 };
    engine->listener_ctx = ctx;
}

struct job *engine_next_active(struct engine *engine, const struct job *job)
{
    struct sg_list *next = job != NULL ? job->run->node.next : engine->runs.next;
    return next != &engine->runs ? sg_container_of(next, struct run, node)->job : NULL;
}

uint64_t engine_count(const struct engine *engine, enum job_state state)
{
    return engine->counts[state];
}

uint64_t engine_rate_bps(const struct engine *engine)
{
    uint64_t sum = 0;
    SG_LIST_FOR_EACH(node, &engine->runs)
    {
        struct job_progress progress;
        job_progress(sg_container_of(node, struct run, node)->job, &progress);
        sum += progress.rate_bps;
    }
    return sum;
}

const char *engine_host_after(const struct engine *engine, const char *origin, struct profile *out)
{
    return hosts_after(&engine->hosts, origin, clock_wall_ms(), out);
}

enum sg_status engine_forget_hosts(struct engine *engine, const char *which, size_t *out_n,
                                   store_done_fn *done, void *ctx)
{
    return hosts_forget(&engine->hosts, which, out_n, done, ctx);
}
