/* Jobs that must not use a metered network: they wait, and go on at once when it is another one, or
 * they may. core/metered.h decides about each. What runs is at most a few dozen jobs and is judged
 * at once; of the others, which may be many thousands, only so many move in one turn: those in the
 * queue when their turn comes (engine.c), those that wait in a list of their own. */
#include "engine/engine_private.h"

#include "core/metered.h"
#include "os/net_cost.h"

enum { RELEASED_AT_A_TIME = 256 };

static enum metered_step judge(const struct job *job)
{
    const struct engine *engine = job->engine;
    return metered_step(&job->record, engine->config.metered,
                        net_cost_now(engine->cost_watch) == NET_COST_METERED);
}

void metered_explain(const struct job *job, struct sg_err *err)
{
    (void)!sg_err_set(err, SG_E_METERED,
                      "this network is metered: the job goes on in another one, or with"
                      " 'seg set %lld metered=ignore' or 'seg settings metered ignore'",
                      (long long)job->record.id);
}

/* One that ends by itself, or for another reason, is left to that. */
static void stop(struct job *job)
{
    if (job->desire != DESIRE_NONE || job->run->download.has_outcome)
        return;
    job->desire = DESIRE_METERED;
    run_stop(job->run);
}

/* Stopping takes no run out of the list: they end in a later part of the turn. */
static void review_runs(struct engine *engine)
{
    SG_LIST_FOR_EACH(node, &engine->runs)
    {
        struct job *job = sg_container_of(node, struct run, node)->job;
        if (judge(job) == METERED_STOP)
            stop(job);
    }
}

static void release_some(struct engine *engine)
{
    int n_left = RELEASED_AT_A_TIME;
    SG_LIST_FOR_EACH(node, &engine->held_by_cost)
    {
        struct job *job = sg_container_of(node, struct job, wait_node);
        if (judge(job) != METERED_RELEASE)
            continue;
        if (n_left-- == 0) {
            metered_review(engine);
            return;
        }
        job_enter(job, JOB_QUEUED, JOB_REASON_NONE, NULL, 0, 0);
    }
}

static void on_review(struct timer *timer)
{
    struct engine *engine = sg_container_of(timer, struct engine, metered_look);
    if (engine->is_stopping)
        return;
    review_runs(engine);
    release_some(engine);
    engine_admit_later(engine);
}

void metered_review(struct engine *engine)
{
    timer_start(engine->loop, &engine->metered_look, 0);
}

bool metered_holds(struct job *job)
{
    struct sg_err err;
    if (judge(job) != METERED_HOLD)
        return false;
    metered_explain(job, &err);
    job_enter(job, JOB_WAITING, JOB_REASON_METERED, &err, 0, 0);
    return true;
}

/* It may have become another network while the job wound down. */
void metered_wait(struct job *job)
{
    sg_list_insert(&job->engine->held_by_cost, &job->wait_node);
    if (judge(job) == METERED_RELEASE)
        metered_review(job->engine);
}

static void on_cost(void *ctx)
{
    metered_review(ctx);
}

void metered_init(struct engine *engine)
{
    struct sg_err ignored;
    sg_list_init(&engine->held_by_cost);
    engine->metered_look.fire = on_review;
    if (net_cost_open(engine->loop, engine->work_pool, on_cost, engine, &engine->cost_watch,
                      &ignored) != SG_OK)
        engine->cost_watch = NULL; /* then it is unknown, and said to be */
}

void metered_fini(struct engine *engine)
{
    net_cost_close(engine->cost_watch);
    timer_stop(engine->loop, &engine->metered_look);
}

enum net_cost engine_net_cost(const struct engine *engine)
{
    return net_cost_now(engine->cost_watch);
}
