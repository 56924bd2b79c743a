/* Rate limits: of all jobs together, and of each. core/share.h decides who may take how much; a
 * lane that may not take what arrived stops reading from its transfer, and one timer lets those go
 * on whose turn it is. It runs only while somebody waits. */
#include "engine/engine_private.h"

enum {
    LIMIT_TICK_US = 20 * 1000,
    LIMIT_FELT_US = 500 * 1000,
    /* More lanes would only divide what one can carry alone. */
    LANE_BPS_MIN = 64 * 1024,
    /* Of what a lane reads at a time: less is not delivered at a time, more gains nothing. */
    READ_BYTES_MIN = 16 * 1024,
    READ_BYTES_MAX = 1024 * 1024,
    READS_PER_SECOND = 16,
};

static struct lane_io *lane_of(struct sg_list *node)
{
    return sg_container_of(node, struct lane_io, taker.node);
}

static void go_on(struct lane_io *lane)
{
    struct run *run = lane->run;
    if (lane->xfer == NULL || !sg_list_is_empty(&lane->starved_node))
        return;
    download_lane_paused(&run->download, lane->number, false, loop_now_us(run->engine->loop));
    xfer_resume(lane->xfer);
}

static void on_tick(struct timer *timer)
{
    struct engine *engine = sg_container_of(timer, struct engine, limit_tick);
    struct sg_list woken;
    sg_list_init(&woken);
    if (share_deal(&engine->share, loop_now_us(engine->loop), &woken))
        timer_start(engine->loop, timer, LIMIT_TICK_US);
    for (struct sg_list *node; (node = sg_list_pop(&woken)) != NULL;)
        go_on(lane_of(node));
}

/* Those who wait may go on sooner under another limit. */
static void deal_now(struct engine *engine)
{
    timer_start(engine->loop, &engine->limit_tick, 0);
}

void limit_init(struct engine *engine)
{
    share_init(&engine->share);
    engine->limit_tick.fire = on_tick;
    limit_configure(engine);
}

void limit_configure(struct engine *engine)
{
    share_set_rate(&engine->share, engine->config.limit_bps, loop_now_us(engine->loop));
    deal_now(engine);
}

void limit_open(struct run *run)
{
    share_group_open(&run->engine->share, &run->share);
    for (int i = 0; i < PLAN_LANES_MAX; i++)
        share_taker_open(&run->share, &run->lanes[i].taker);
    limit_configure_run(run);
}

void limit_close(struct run *run)
{
    share_group_close(&run->share);
}

void limit_configure_run(struct run *run)
{
    share_group_set_rate(&run->share, (uint64_t)run->job->record.limit_bps,
                         loop_now_us(run->engine->loop));
    deal_now(run->engine);
}

static uint64_t lanes_under(uint64_t rate_bps)
{
    if (rate_bps == 0)
        return UINT32_MAX;
    return rate_bps > LANE_BPS_MIN ? rate_bps / LANE_BPS_MIN : 1;
}

uint32_t limit_read_bytes(const struct run *run)
{
    uint64_t own = (uint64_t)run->job->record.limit_bps;
    uint64_t all = run->engine->config.limit_bps;
    uint64_t limit = own > 0 && (own < all || all == 0) ? own : all;
    uint64_t n_bytes = limit / READS_PER_SECOND;
    if (limit == 0 || n_bytes >= READ_BYTES_MAX)
        return 0;
    return n_bytes > READ_BYTES_MIN ? (uint32_t)n_bytes : READ_BYTES_MIN;
}

uint32_t limit_lanes(const struct run *run)
{
    const struct engine *engine = run->engine;
    uint64_t own = lanes_under((uint64_t)run->job->record.limit_bps);
    uint64_t all = lanes_under(engine->config.limit_bps);
    if (engine->config.limit_bps > 0 && engine->n_runs > 0)
        all = lanes_under(engine->config.limit_bps / engine->n_runs);
    uint64_t lanes = own < all ? own : all;
    return lanes < UINT32_MAX ? (uint32_t)lanes : UINT32_MAX;
}

bool limit_is_felt(const struct run *run)
{
    return run->held_us > 0 && loop_now_us(run->engine->loop) - run->held_us < LIMIT_FELT_US;
}

size_t limit_ask(struct lane_io *lane, size_t n_bytes)
{
    struct run *run = lane->run;
    struct engine *engine = run->engine;
    uint64_t now_us = loop_now_us(engine->loop);
    size_t n_may = (size_t)share_ask(&lane->taker, n_bytes, now_us);
    if (n_may == n_bytes)
        return n_may;
    run->held_us = now_us;
    download_lane_paused(&run->download, lane->number, true, now_us);
    if (!timer_is_running(&engine->limit_tick))
        timer_start(engine->loop, &engine->limit_tick, LIMIT_TICK_US);
    return n_may;
}

void limit_take(struct lane_io *lane, size_t n_bytes)
{
    share_charge(&lane->taker, n_bytes);
}

void limit_leave(struct lane_io *lane)
{
    share_taker_leave(&lane->taker);
}
