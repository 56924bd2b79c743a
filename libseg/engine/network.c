/* The network's coming back: jobs that wait because servers could not be reached go on at once, by
 * the proxies that are right in it.
 *
 * A link that comes and goes is looked at once a second at the most. An address is often there
 * before the route out is, which nobody tells of, so a look that finds no network is followed by a
 * few more. Jobs would be woken by their timers anyway: nothing depends on being told. */
#include "engine/engine_private.h"

#include "os/net_cost.h"
#include "os/net_watch.h"

enum { LOOKS_MAX = 4, LOOK_APART_US = 1000 * 1000 };

static bool is_unreachable(enum sg_status status)
{
    return status == SG_E_CONNECT || status == SG_E_DNS || status == SG_E_TIMEOUT;
}

/* A round that is cut short here does not count, or a restless link would use up a job's rounds
 * within seconds. */
static void wake(struct job *job)
{
    struct job_record *record = &job->record;
    if (record->state != JOB_WAITING)
        return;
    bool is_retry = record->reason == JOB_REASON_RETRY && is_unreachable(record->error_code);
    if (!is_retry && record->reason != JOB_REASON_NETWORK)
        return;
    if (is_retry && record->attempts > 0)
        record->attempts--;
    job_enter(job, JOB_QUEUED, JOB_REASON_NONE, NULL, 0, 0);
}

static void look(struct timer *timer)
{
    struct engine *engine = sg_container_of(timer, struct engine, network_look);
    engine->network_looked_us = loop_now_us(engine->loop);
    if (engine->is_stopping)
        return;
    if (!net_is_up()) {
        if (++engine->n_network_looks < LOOKS_MAX)
            timer_start(engine->loop, timer,
                        (uint64_t)LOOK_APART_US << (engine->n_network_looks - 1));
        return;
    }
    for (size_t i = 0; i < engine->n_jobs && engine->counts[JOB_WAITING] > 0; i++)
        wake(engine->jobs[i]);
}

void network_changed(struct engine *engine)
{
    uint64_t since_us = loop_now_us(engine->loop) - engine->network_looked_us;
    engine->n_network_looks = 0;
    net_cost_look(engine->cost_watch);
    net_network_changed(engine->net);
    timer_start(engine->loop, &engine->network_look,
                since_us < LOOK_APART_US ? LOOK_APART_US - since_us : 0);
}

static void on_change(void *ctx)
{
    network_changed(ctx);
}

void network_init(struct engine *engine)
{
    struct sg_err ignored;
    engine->network_look.fire = look;
    if (net_watch_open(engine->loop, on_change, engine, &engine->net_watch, &ignored) != SG_OK)
        engine->net_watch = NULL; /* the jobs' timers are left */
}

void network_fini(struct engine *engine)
{
    net_watch_close(engine->net_watch);
    timer_stop(engine->loop, &engine->network_look);
}
