/* The driver: effects become requests, and what the wire brings becomes events. */
#include "tests/sim/fluid/fetch.h"

#include <math.h>

#include "base/assert.h"
#include "base/mem.h"
#include "tests/sim/fluid/fetch_internal.h"

enum {
    MIB = 1024 * 1024,
    START_US = NETWORK_SECOND_US,
    WRITE_SIZE = MIB,
    STEPS_AT_ONCE_MAX = 64 * PLAN_LANES_MAX, /* more is a loop */
    SEED = 1,
};

static const uint64_t always = UINT64_MAX;

/* What the server sends: nobody looks at it but the seam check, which copies it. */
static const unsigned char body[4 * MIB];

static void must(enum sg_status status)
{
    SG_ASSERT(status == SG_OK);
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* ---- events, effects ---- */

static void tell(struct fetch *f, struct event event)
{
    SG_ASSERT(f->queue_count < FETCH_QUEUE_MAX);
    event.now_us = f->now_us;
    f->queue[(f->queue_head + f->queue_count++) % FETCH_QUEUE_MAX] = event;
}

static void submit(struct fetch *f, int lane)
{
    struct request *r = &f->requests[lane];
    if (r->buffer_length == 0)
        return;
    tell(f, (struct event){
                .kind = EV_WRITTEN, .offset = r->buffer_offset, .n_bytes = r->buffer_length });
    r->buffer_length = 0;
}

static void open_lane(struct fetch *f, const struct effect *effect)
{
    struct request *r = &f->requests[effect->lane];
    SG_ASSERT(!r->is_open && effect->wants_range);
    uint64_t end = effect->end > 0 ? effect->end : f->network->total;
    *r = (struct request){ .is_open = true,
                           .number = f->wire.n_requests,
                           .source = effect->source,
                           .first = effect->first,
                           .end = end };
    wire_ask(&f->wire, effect->lane, effect->source);
}

static void close_lane(struct fetch *f, int lane)
{
    SG_ASSERT(f->requests[lane].is_open);
    submit(f, lane);
    f->requests[lane].is_open = false;
    if (f->wire.of_lane[lane] != NULL)
        wire_cut(&f->wire, lane);
}

static void carry_out(struct fetch *f, const struct effect *effect)
{
    switch (effect->kind) {
    case FX_REOPEN_PART:
        tell(f, (struct event){ .kind = EV_PART_OPENED });
        return;
    case FX_CREATE_PART:
    case FX_RESET_PART:
        must(job_record_set(&f->record.part_path, "part"));
        tell(f, (struct event){ .kind = EV_PART_READY });
        return;
    case FX_OPEN_LANE:
        open_lane(f, effect);
        return;
    case FX_CLOSE_LANE:
        close_lane(f, effect->lane);
        return;
    case FX_FLUSH_LANE:
        submit(f, effect->lane);
        return;
    case FX_CHECKPOINT:
        tell(f, (struct event){ .kind = EV_CHECKPOINTED });
        return;
    case FX_COMPARE:
        tell(f, (struct event){ .kind = EV_COMPARED });
        return;
    case FX_VERIFY:
        tell(f, (struct event){ .kind = EV_VERIFIED });
        return;
    case FX_FINISH:
        tell(f, (struct event){ .kind = EV_FINISHED });
        return;
    case FX_END:
        f->has_ended = true;
        return;
    }
}

/* Without the tuner: it is told again and again to begin with what it is to have. */
static void hold_lanes(struct fetch *f)
{
    int n = f->options->fixed_lanes;
    for (int i = 0; n > 0 && f->download.has_plan && i < f->download.n_sources; i++) {
        struct source *source = &f->download.sources[i];
        tuner_init(&source->tuner, n, n, f->now_us, source->taken_bytes);
    }
}

static void step(struct fetch *f, const struct event *event)
{
    struct effects effects;
    effects.count = 0;
    trace_event(f, event);
    download_step(&f->download, event, &effects);
    for (size_t i = 0; i < effects.count; i++) {
        trace_effect(f, &effects.items[i]);
        carry_out(f, &effects.items[i]);
    }
    hold_lanes(f);
    SG_ASSERT(f->steps_at_once++ < STEPS_AT_ONCE_MAX);
    SG_ASSERT(download_open_lanes(&f->download) <=
              f->download.config.max_lanes + f->download.n_sources - 1);
}

/* Steps until nothing is left to tell. */
static void settle(struct fetch *f)
{
    while (f->queue_count > 0 && !f->has_ended) {
        struct event event = f->queue[f->queue_head];
        f->queue_head = (f->queue_head + 1) % FETCH_QUEUE_MAX;
        f->queue_count--;
        step(f, &event);
    }
}

/* ---- what the wire brings ---- */

static struct reply reply_to(const struct fetch *f, const struct request *r)
{
    static char etag[] = "\"fluid\"";
    return (struct reply){ .http_status = 206,
                           .content_length = (int64_t)(r->end - r->first),
                           .has_range = true,
                           .range_first = r->first,
                           .range_last = r->end - 1,
                           .range_total = (int64_t)f->network->total,
                           .retry_after_ms = -1,
                           .etag = etag };
}

static void on_head(struct fetch *f, const struct wire_news *news, bool is_busy)
{
    struct request *r = &f->requests[news->lane];
    struct reply reply = reply_to(f, r);
    if (is_busy)
        reply = (struct reply){ .http_status = 429,
                                .content_length = -1,
                                .range_total = -1,
                                .retry_after_ms = f->network->servers[r->source].retry_after_ms };
    tell(f, (struct event){
                .kind = EV_HEAD, .lane = news->lane, .reply = &reply, .setup_us = news->setup_us });
    settle(f);
}

static void end_lane(struct fetch *f, int lane, enum sg_status status)
{
    tell(f, (struct event){ .kind = EV_LANE_END, .lane = lane, .status = status });
    settle(f);
}

static void on_news(struct fetch *f, const struct wire_news *news)
{
    switch (news->what) {
    case WIRE_HEAD:
        on_head(f, news, false);
        return;
    case WIRE_BUSY:
        on_head(f, news, true);
        return;
    case WIRE_REFUSED:
        end_lane(f, news->lane, SG_E_CONNECT);
        return;
    case WIRE_BROKEN:
        end_lane(f, news->lane, SG_E_RESET);
        return;
    case WIRE_NOTHING:
        return;
    }
}

static void keep(struct fetch *f, int lane, const struct download_take *take)
{
    struct request *r = &f->requests[lane];
    if (take->n_bytes == 0)
        return;
    if (r->buffer_length == 0)
        r->buffer_offset = take->offset;
    SG_ASSERT(r->buffer_offset + r->buffer_length == take->offset);
    r->buffer_length += take->n_bytes;
    f->taken_bytes += take->n_bytes;
    must(extents_add(&f->arrived, take->offset, take->offset + take->n_bytes));
    if (r->buffer_length >= WRITE_SIZE)
        submit(f, lane);
}

static void take_piece(struct fetch *f, int lane, uint64_t n)
{
    struct request *r = &f->requests[lane];
    struct download_take take = download_take(&f->download, lane, body, (size_t)n, f->now_us);
    wire_take(&f->wire, lane, n);
    r->sent += n;
    f->result.fetched += n;
    keep(f, lane, &take);
    if (take.is_lane_full) {
        submit(f, lane);
        tell(f, (struct event){ .kind = EV_LANE_FULL, .lane = lane });
    }
    settle(f);
}

/* Hands over what flowed on a lane; a lane whose request is through ends and leaves its connection
 * to the next. */
static void take_lane(struct fetch *f, int lane)
{
    struct request *r = &f->requests[lane];
    const int number = r->number;
    while (r->is_open && r->number == number && !f->has_ended) {
        uint64_t left = r->end - r->first - r->sent;
        uint64_t n = least(least(wire_ready(&f->wire, lane), left), sizeof body);
        if (n == 0 || !download_may_take(&f->download, lane))
            return;
        take_piece(f, lane, n);
        bool is_same = r->is_open && r->number == number && !f->has_ended;
        if (!is_same || n < left)
            continue;
        wire_end(&f->wire, lane);
        end_lane(f, lane, SG_OK);
        return;
    }
}

/* ---- time ---- */

/* How many bytes until something about the lane is decided: its range is complete, or its seam, or
 * its request. Where the driver steps there, finish times are exact. */
static uint64_t bytes_to_turn(const struct fetch *f, int lane)
{
    const struct request *r = &f->requests[lane];
    const struct lane *l = &f->download.lanes[lane];
    const struct plan_lane *range = &f->download.plan.lanes[lane];
    uint64_t at = r->first + r->sent;
    uint64_t turn = r->end;
    if (l->state == LANE_RECEIVING && range->is_busy && range->end > at)
        turn = least(turn, range->end);
    if (l->state == LANE_ENDING && l->tail_end > at)
        turn = least(turn, l->tail_end);
    return turn - at;
}

static uint64_t next_turn(struct fetch *f, int lane)
{
    double bps = wire_lane_bps(&f->wire, lane);
    if (bps <= 0.0)
        return always;
    double missing = (double)bytes_to_turn(f, lane) - f->wire.of_lane[lane]->credit_bytes;
    double wait_us = ceil(missing / bps * 1e6);
    return wait_us < 1e15 ? f->now_us + (uint64_t)(wait_us > 1.0 ? wait_us : 1.0) : always;
}

static uint64_t next_moment(struct fetch *f)
{
    uint64_t next_us = least(f->next_tick_us, f->now_us + f->options->step_us);
    next_us = least(next_us, wire_next(&f->wire));
    for (int i = 0; i < PLAN_LANES_MAX; i++) {
        if (f->requests[i].is_open)
            next_us = least(next_us, next_turn(f, i));
    }
    return next_us > f->now_us ? next_us : f->now_us;
}

static void check(const struct fetch *f)
{
    const struct download *d = &f->download;
    SG_ASSERT(!d->has_plan || plan_check(&d->plan, &f->arrived));
}

static void tick(struct fetch *f)
{
    if (f->now_us < f->next_tick_us)
        return;
    f->next_tick_us += DOWNLOAD_TICK_US;
    tell(f, (struct event){ .kind = EV_TICK });
    settle(f);
    if (!f->has_ended)
        check(f);
}

static void turn(struct fetch *f)
{
    uint64_t next_us = next_moment(f);
    if (next_us > f->now_us)
        f->steps_at_once = 0;
    wire_pass(&f->wire, next_us);
    f->now_us = next_us;
    for (int i = 0; i < PLAN_LANES_MAX && !f->has_ended; i++)
        take_lane(f, i);
    struct wire_news news;
    while (!f->has_ended && (news = wire_news(&f->wire)).what != WIRE_NOTHING)
        on_news(f, &news);
    if (!f->has_ended)
        tick(f);
    if (!f->has_ended)
        trace_state(f);
}

/* ---- runs ---- */

static struct download_config config_of(const struct fetch *f)
{
    int n = f->options->fixed_lanes;
    return (struct download_config){ .max_lanes = n > 0 ? n : NETWORK_LANES,
                                     .retries = 10,
                                     .stall_timeout_us = 10 * NETWORK_SECOND_US,
                                     .checkpoint_interval_us = NETWORK_SECOND_US,
                                     .checkpoint_bytes = 64 * MIB };
}

static bool is_over(const struct fetch *f)
{
    return f->now_us - f->start_us >= f->options->give_up_us;
}

/* One run of the download, up to its end or until time is up. */
static void run(struct fetch *f)
{
    struct download_config config = config_of(f);
    f->has_ended = false;
    f->next_tick_us = f->now_us + DOWNLOAD_TICK_US;
    f->queue_count = 0;
    must(download_init(&f->download, &f->record, &config, SEED));
    tell(f, (struct event){ .kind = EV_START });
    settle(f);
    while (!f->has_ended && !is_over(f))
        turn(f);
}

static void close_all(struct fetch *f)
{
    for (int i = 0; i < PLAN_LANES_MAX; i++) {
        if (f->requests[i].is_open)
            close_lane(f, i);
    }
}

/* Nothing is open while a job waits, but connections lie idle. */
static void wait_for_round(struct fetch *f, int64_t delay_ms)
{
    uint64_t until_us = f->now_us + (uint64_t)delay_ms * 1000;
    f->result.n_rounds++;
    while (f->now_us < until_us) {
        f->now_us = least(until_us, wire_next(&f->wire));
        wire_pass(&f->wire, f->now_us);
        (void)wire_news(&f->wire);
    }
}

static void check_end(const struct fetch *f)
{
    const struct job_record *record = &f->record;
    SG_ASSERT(extents_contain(&f->arrived, 0, f->network->total));
    SG_ASSERT(extents_contain(&record->extents, 0, f->network->total));
    SG_ASSERT(f->taken_bytes == f->network->total); /* each byte once */
}

static void run_rounds(struct fetch *f)
{
    for (;;) {
        run(f);
        struct download_outcome outcome = f->download.outcome;
        trace_end(f);
        close_all(f);
        download_fini(&f->download);
        f->result.is_done = f->has_ended && outcome.state == JOB_DONE;
        bool has_next = f->has_ended && outcome.state == JOB_WAITING && !is_over(f);
        if (!has_next)
            return;
        wait_for_round(f, outcome.delay_ms);
    }
}

static void set_mirrors(struct fetch *f)
{
    static const char mirrors[] = "http://b.test/\nhttp://c.test/\nhttp://d.test/";
    static const size_t line_length = sizeof "http://b.test/";
    if (f->network->n_sources == 1)
        return;
    f->record.mirrors = sg_strndup(mirrors, line_length * (size_t)(f->network->n_sources - 1) - 1);
    SG_ASSERT(f->record.mirrors != NULL);
}

struct fetch_result fetch_run(const struct network *network, const struct fetch_options *options)
{
    struct fetch *f = sg_alloc(sizeof *f);
    SG_ASSERT(f != NULL);
    f->network = network;
    f->options = options;
    f->start_us = f->now_us = START_US;
    job_record_init(&f->record);
    set_mirrors(f);
    wire_init(&f->wire, network, f->now_us);
    run_rounds(f);
    f->result.finish_us = f->now_us - f->start_us;
    f->result.n_opened = f->wire.n_opened;
    f->result.n_requests = f->wire.n_requests;
    if (f->result.is_done)
        check_end(f);
    struct fetch_result result = f->result;
    extents_fini(&f->arrived);
    job_record_fini(&f->record);
    sg_free(f);
    return result;
}
