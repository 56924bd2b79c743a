/* Rate limits: of all jobs together, and of each. A lane that may not take bytes now stops reading
 * from its transfer; it goes on, in order of waiting, when the limits let something pass. */
#include "engine/engine_private.h"

enum { LIMIT_TICK_US = 20 * 1000 };

static void on_tick(struct timer *timer)
{
    struct engine *engine = sg_container_of(timer, struct engine, limit_tick);
    uint64_t now_us = loop_now_us(engine->loop);
    struct sg_list waiting;
    sg_list_init(&waiting);
    /* those that are refused again wait for the next tick, behind the others */
    struct sg_list *node;
    while ((node = sg_list_pop(&engine->throttled)) != NULL)
        sg_list_insert(&waiting, node);
    while ((node = sg_list_pop(&waiting)) != NULL) {
        struct lane_io *lane = sg_container_of(node, struct lane_io, throttled_node);
        if (limit_may_pass(lane)) {
            download_lane_paused(&lane->run->download, lane->number, false, now_us);
            xfer_resume(lane->xfer);
        } else {
            sg_list_insert(&engine->throttled, node);
        }
    }
    if (!sg_list_is_empty(&engine->throttled))
        timer_start(engine->loop, timer, LIMIT_TICK_US);
}

void limit_init(struct engine *engine)
{
    sg_list_init(&engine->throttled);
    engine->limit_tick.fire = on_tick;
    limit_configure(engine);
}

void limit_configure(struct engine *engine)
{
    bucket_set_rate(&engine->bucket, engine->config.limit_bps, loop_now_us(engine->loop));
}

void limit_configure_run(struct run *run)
{
    bucket_set_rate(&run->bucket, (uint64_t)run->job->record.limit_bps,
                    loop_now_us(run->engine->loop));
}

bool limit_may_pass(struct lane_io *lane)
{
    struct engine *engine = lane->run->engine;
    uint64_t now_us = loop_now_us(engine->loop);
    return bucket_may_pass(&engine->bucket, now_us) && bucket_may_pass(&lane->run->bucket, now_us);
}

void limit_take(struct lane_io *lane, uint64_t n_bytes)
{
    bucket_take(&lane->run->engine->bucket, n_bytes);
    bucket_take(&lane->run->bucket, n_bytes);
}

void limit_wait(struct lane_io *lane)
{
    struct engine *engine = lane->run->engine;
    download_lane_paused(&lane->run->download, lane->number, true, loop_now_us(engine->loop));
    sg_list_remove(&lane->throttled_node); /* it may wait already */
    sg_list_insert(&engine->throttled, &lane->throttled_node);
    if (!timer_is_running(&engine->limit_tick))
        timer_start(engine->loop, &engine->limit_tick, LIMIT_TICK_US);
}
