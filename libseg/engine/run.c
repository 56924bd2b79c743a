/* One active job: events become steps, effects become calls. It knows how things are done, never
 * why: that is core/download. */
#include "engine/engine_private.h"

#include <string.h>

#include "base/assert.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "os/clock.h"

enum {
    CHECKPOINT_BYTES = 64 * 1024 * 1024,
    REMEMBER_TICKS = 60 * 1000000 / DOWNLOAD_TICK_US, /* a minute */
};

struct event run_event(const struct run *run, enum event_kind kind)
{
    return (struct event){ .kind = kind, .now_us = loop_now_us(run->engine->loop), .lane = -1 };
}

static void destroy(struct run *run)
{
    for (int i = 0; i < PLAN_LANES_MAX; i++)
        SG_ASSERT(run->lanes[i].xfer == NULL && run->lanes[i].buf == NULL);
    timer_stop(run->engine->loop, &run->tick);
    sg_list_remove(&run->node);
    limit_close(run);
    download_fini(&run->download);
    for (int i = 0; i < SOURCES_MAX; i++)
        sg_free(run->served_by[i]);
    sg_free(run->origin);
    sg_free(run->origins);
    sg_free(run->suggested_name);
    sg_free(run);
}

/* The end, outside of any callback of the run. */
static void reap(struct deferred *deferred)
{
    struct run *run = sg_container_of(deferred, struct run, reap);
    struct engine *engine = run->engine;
    struct job *job = run->job;
    if (run->part != NULL) {
        run_close_part(run);
        return; /* closing is an operation: it comes back here */
    }
    struct download_outcome outcome = run->download.outcome;
    run_remember_hosts(run);
    job_keep_sources(job, &run->download);
    destroy(run);
    engine->n_runs--;
    job->run = NULL;
    engine_run_ended(engine, job, &outcome);
}

static void check_ended(struct run *run)
{
    if (run->download.phase == DOWNLOAD_ENDED && run->ops_pending == 0)
        loop_defer(run->engine->loop, &run->reap);
}

void run_op_begin(struct run *run)
{
    run->ops_pending++;
}

void run_op_end(struct run *run)
{
    SG_ASSERT(run->ops_pending > 0);
    run->ops_pending--;
    check_ended(run);
}

static void do_verify(struct run *run)
{
    job_enter(run->job, JOB_VERIFYING, JOB_REASON_NONE, NULL, 0, 0);
    run_verify(run);
}

static void do_effect(struct run *run, const struct effect *effect)
{
    switch (effect->kind) {
    case FX_REOPEN_PART:
        run_reopen_part(run);
        return;
    case FX_CREATE_PART:
        run_create_part(run);
        return;
    case FX_RESET_PART:
        run_reset_part(run);
        return;
    case FX_OPEN_LANE:
        lane_open(run, effect);
        return;
    case FX_CLOSE_LANE:
        lane_shut(run, effect->lane);
        return;
    case FX_FLUSH_LANE:
        lane_flush(run, effect->lane);
        return;
    case FX_CHECKPOINT:
        run_checkpoint(run);
        return;
    case FX_COMPARE:
        run_compare(run);
        return;
    case FX_VERIFY:
        do_verify(run);
        return;
    case FX_FINISH:
        run_finish(run);
        return;
    case FX_END:
        check_ended(run);
        return;
    }
    SG_UNREACHABLE("no such effect");
}

void run_feed(struct run *run, const struct event *event)
{
    struct effects effects;
    bool has_fetched = !run_may_fetch(run);
    effects.count = 0;
    SG_ASSERT(!run->is_stepping);
    run->is_stepping = true;
    download_step(&run->download, event, &effects);
    for (size_t i = 0; i < effects.count; i++)
        do_effect(run, &effects.items[i]);
    run->is_stepping = false;
    if (!has_fetched && !run_may_fetch(run))
        engine_admit_later(run->engine); /* its place is free */
    run_report_written(run);
}

bool run_may_fetch(const struct run *run)
{
    return run->download.phase < DOWNLOAD_SYNCING;
}

static void on_tick(struct timer *timer)
{
    struct run *run = sg_container_of(timer, struct run, tick);
    timer_start(run->engine->loop, &run->tick, DOWNLOAD_TICK_US);
    download_set_limited(&run->download, limit_is_felt(run));
    if (++run->n_ticks % REMEMBER_TICKS == 0)
        run_remember_hosts(run);
    struct event event = run_event(run, EV_TICK);
    run_feed(run, &event);
}

static struct download_config config_of(const struct engine *engine)
{
    return (struct download_config){
        .max_lanes = 1, /* engine_rebalance says how many */
        .retries = engine->config.retries,
        .stall_timeout_us = (uint64_t)engine->config.stall_timeout_ms * 1000,
        .checkpoint_interval_us = (uint64_t)engine->config.checkpoint_interval_ms * 1000,
        .checkpoint_bytes = CHECKPOINT_BYTES,
    };
}

static bool append_origin(struct sg_buf *list, const char *url, size_t length)
{
    char *copy = sg_strndup(url, length);
    char *origin = copy != NULL ? net_url_origin(copy) : NULL;
    if (origin != NULL)
        sg_buf_printf(list, "%s\n", origin);
    sg_free(origin);
    sg_free(copy);
    return origin != NULL && !list->is_failed;
}

/* NULL when memory ran out. */
static char *origins_of(const struct job_record *record)
{
    struct sg_buf list = { 0 };
    size_t length;
    const char *mirrors = record->mirrors;
    bool is_whole = append_origin(&list, record->url, strlen(record->url));
    for (const char *line; is_whole && (line = sg_next_line(&mirrors, &length)) != NULL;)
        is_whole = append_origin(&list, line, length);
    if (is_whole)
        return sg_buf_take(&list);
    sg_buf_fini(&list);
    return NULL;
}

static void free_young(struct run *run)
{
    if (run != NULL) {
        sg_free(run->origin);
        sg_free(run->origins);
    }
    sg_free(run);
}

enum sg_status run_start(struct job *job)
{
    struct engine *engine = job->engine;
    struct run *run = sg_alloc(sizeof *run);
    if (run != NULL) {
        run->origin = net_url_origin(job->record.url);
        run->origins = origins_of(&job->record);
    }
    if (run == NULL || run->origin == NULL || run->origins == NULL) {
        free_young(run);
        return SG_E_NOMEM;
    }
    struct download_config config = config_of(engine);
    enum sg_status status = download_init(&run->download, &job->record, &config, clock_random());
    if (status != SG_OK) {
        free_young(run);
        return status;
    }
    run->engine = engine;
    run->job = job;
    run->tick.fire = on_tick;
    run->reap.run = reap;
    run->finish_again.fire = run_finish_again;
    run->claim_again.fire = run_claim_again;
    sg_list_init(&run->written);
    lanes_init(run);
    limit_open(run);
    sg_list_insert(&engine->runs, &run->node);
    engine->n_runs++;
    job->run = run;
    run_recall_hosts(run);
    engine_rebalance(engine);
    timer_start(engine->loop, &run->tick, DOWNLOAD_TICK_US);
    struct event event = run_event(run, EV_START);
    run_feed(run, &event);
    return SG_OK;
}

void run_stop(struct run *run)
{
    struct download_outcome outcome = { .state = JOB_QUEUED };
    struct event event = run_event(run, EV_STOP);
    event.outcome = &outcome;
    run_feed(run, &event);
    run_stop_verifying(run);
}

/* Display. */

void job_progress(const struct job *job, struct job_progress *out)
{
    *out = (struct job_progress){ .received = (uint64_t)job->record.done };
    if (job->run == NULL)
        return;
    const struct download *download = &job->run->download;
    uint64_t now_us = loop_now_us(job->engine->loop);
    out->received = download_received(download);
    out->rate_bps = (uint64_t)download_rate_bps(download, now_us);
    out->lanes = (uint32_t)download_open_lanes(download);
    out->verified = atomic_load(&job->run->hash_watch.n_bytes);
}

static const char *lane_word(enum lane_state state)
{
    return state == LANE_ASKING ? "asking" : state == LANE_RECEIVING ? "receiving" : "ending";
}

size_t job_lanes(const struct job *job, struct job_lane *out, size_t max)
{
    size_t n = 0;
    if (job->run == NULL || !job->run->download.has_plan)
        return 0;
    const struct download *download = &job->run->download;
    uint64_t now_us = loop_now_us(job->engine->loop);
    for (int i = 0; i < PLAN_LANES_MAX && n < max; i++) {
        const struct plan_lane *range = &download->plan.lanes[i];
        if (download->lanes[i].state == LANE_FREE)
            continue;
        out[n++] = (struct job_lane){
            .number = i,
            .start = range->start,
            .pos = range->pos,
            .end = range->end,
            .rate_bps = range->is_receiving ? (uint64_t)rate_bps(&range->rate, now_us) : 0,
            .state = lane_word(download->lanes[i].state),
        };
    }
    return n;
}
