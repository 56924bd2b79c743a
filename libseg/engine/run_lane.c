/* The lanes of a run: bytes go from a transfer into a borrowed buffer, and from there to their
 * place in the part file. */
#include "engine/engine_private.h"

#include <string.h>

#include "base/assert.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/reply.h"
#include "os/clock.h"
#include "os/file.h"

static void report_written(struct run *run, const struct wbuf *buf, enum sg_status status,
                           const struct sg_err *err)
{
    struct event event = run_event(run, EV_WRITTEN);
    event.status = status;
    event.err = status != SG_OK ? err : NULL;
    event.offset = buf->offset;
    event.n_bytes = buf->length;
    run_feed(run, &event);
}

static void describe(struct run *run, const struct op *op, enum sg_status status,
                     struct sg_err *err)
{
    char text[256];
    os_error_text(op->os_error, text, sizeof text);
    sg_err_foreign(err, status, op->os_error, "writing %s failed: %s", run->job->record.part_path,
                   text);
}

/* The buffer goes back first; then the write is told, which may begin anything. */
static void finish_write(struct run *run, struct wbuf *buf, enum sg_status status)
{
    struct sg_err err = { .status = status };
    if (status != SG_OK)
        describe(run, &buf->op, status, &err);
    struct wbuf written = { .offset = buf->offset, .length = buf->length };
    wbuf_return(buf);
    report_written(run, &written, status, &err);
    engine_feed_starved(run->engine);
}

static void on_write_done(struct op *op, enum sg_status status, uint32_t n_bytes)
{
    (void)n_bytes; /* all or failed */
    struct wbuf *buf = sg_container_of(op, struct wbuf, op);
    struct run *run = buf->owner;
    finish_write(run, buf, status);
    run_op_end(run);
}

/* A write that finished at once, while a step is being carried out, is told after the step. */
static void on_written_at_once(struct run *run, struct wbuf *buf, enum sg_status status)
{
    if (!run->is_stepping) {
        finish_write(run, buf, status);
        return;
    }
    buf->status = status;
    sg_list_insert(&run->written, &buf->node);
}

void run_report_written(struct run *run)
{
    struct sg_list *node;
    while (!run->is_stepping && (node = sg_list_pop(&run->written)) != NULL) {
        struct wbuf *buf = sg_container_of(node, struct wbuf, node);
        finish_write(run, buf, buf->status);
    }
}

static void submit(struct lane_io *lane)
{
    struct run *run = lane->run;
    struct wbuf *buf = lane->buf;
    if (buf == NULL)
        return;
    lane->buf = NULL;
    if (buf->length == 0) {
        wbuf_return(buf);
        return;
    }
    buf->owner = run;
    buf->op.done = on_write_done;
    enum sg_status status = file_write(run->part, &buf->op, buf->offset, buf->data, buf->length);
    if (status == SG_PENDING)
        run_op_begin(run);
    else
        on_written_at_once(run, buf, status);
}

/* Stops reading from the transfer until a buffer is free. */
static bool wait_for_buffer(struct lane_io *lane)
{
    struct engine *engine = lane->run->engine;
    download_lane_paused(&lane->run->download, lane->number, true, loop_now_us(engine->loop));
    if (sg_list_is_empty(&lane->starved_node))
        sg_list_insert(&engine->starved, &lane->starved_node);
    return false;
}

/* Makes sure that `n_bytes` find room in the present buffer or, behind it, in `*spare`. */
static bool find_room(struct lane_io *lane, size_t n_bytes, struct wbuf **spare)
{
    *spare = NULL;
    struct pool *pool = lane->run->engine->pool;
    if (lane->buf == NULL)
        lane->buf = wbuf_borrow(pool);
    if (lane->buf == NULL)
        return false;
    if (lane->buf->capacity - lane->buf->length >= n_bytes)
        return true;
    *spare = wbuf_borrow(pool);
    return *spare != NULL;
}

static size_t fill(struct wbuf *buf, uint64_t offset, const unsigned char *data, size_t n_bytes)
{
    size_t room = buf->capacity - buf->length;
    size_t n = n_bytes < room ? n_bytes : room;
    if (buf->length == 0)
        buf->offset = offset;
    SG_ASSERT(buf->offset + buf->length == offset);
    memcpy(buf->data + buf->length, data, n);
    buf->length += (uint32_t)n;
    return n;
}

/* Copies what was taken; a full buffer is written at once. */
static void store(struct lane_io *lane, uint64_t offset, const unsigned char *data, size_t n_bytes,
                  struct wbuf *spare)
{
    size_t n = fill(lane->buf, offset, data, n_bytes);
    if (n < n_bytes) {
        submit(lane);
        lane->buf = spare;
        spare = NULL;
        fill(lane->buf, offset + n, data + n, n_bytes - n);
    }
    wbuf_return(spare);
    if (lane->buf->length == lane->buf->capacity)
        submit(lane);
}

/* Makes room for bytes of the lane's range; false when they have to wait. */
static bool prepare(struct lane_io *lane, size_t n_bytes, struct wbuf **spare)
{
    if (find_room(lane, n_bytes, spare))
        return true;
    submit(lane); /* it comes back, perhaps at once; and what came of it may close the lane */
    if (lane->xfer == NULL || find_room(lane, n_bytes, spare))
        return true;
    return wait_for_buffer(lane);
}

static void take(struct lane_io *lane, const unsigned char *data, size_t n_bytes,
                 struct wbuf *spare)
{
    struct run *run = lane->run;
    uint64_t now_us = loop_now_us(run->engine->loop);
    struct download_take take = download_take(&run->download, lane->number, data, n_bytes, now_us);
    limit_take(lane, n_bytes);
    run->is_stepping = true; /* what is written meanwhile is told below */
    if (take.n_bytes > 0)
        store(lane, take.offset, data + take.skipped, take.n_bytes, spare);
    else
        wbuf_return(spare);
    if (take.is_lane_full)
        submit(lane);
    run->is_stepping = false;
    run_op_begin(run); /* the run outlives this call whatever the steps do */
    if (take.is_lane_full) {
        struct event event = run_event(run, EV_LANE_FULL);
        event.lane = lane->number;
        run_feed(run, &event);
    }
    run_report_written(run);
    run_op_end(run);
}

/* Takes what may be taken now of bytes that were not taken before; true when that is all. What is
 * taken of the others is noted before, for the step that follows may open the lane anew. */
static bool take_part(struct lane_io *lane, const unsigned char *data, size_t n_bytes)
{
    bool is_written = lane->run->download.lanes[lane->number].state == LANE_RECEIVING;
    size_t n_may = is_written ? limit_ask(lane, n_bytes) : n_bytes;
    struct wbuf *spare = NULL;
    if (n_may == 0 || (is_written && !prepare(lane, n_may, &spare)))
        return false;
    lane->n_ahead = n_may < n_bytes ? lane->n_ahead + n_may : 0;
    if (lane->xfer != NULL)
        take(lane, data, n_may, spare);
    return n_may == n_bytes;
}

/* A transfer gives bytes again as long as some of them had to wait, perhaps in other portions. */
static bool on_data(void *ctx, const void *data, size_t n_bytes)
{
    struct lane_io *lane = ctx;
    if (!download_may_take(&lane->run->download, lane->number))
        return false; /* lanes_resume follows when the part file is there */
    if (n_bytes <= lane->n_ahead) {
        lane->n_ahead -= n_bytes;
        return true;
    }
    return take_part(lane, (const unsigned char *)data + lane->n_ahead, n_bytes - lane->n_ahead);
}

static enum sg_status remember_url(struct run *run, const char *url)
{
    struct job_record *record = &run->job->record;
    if (record->final_url != NULL && strcmp(record->final_url, url) == 0)
        return SG_OK;
    return job_record_set(&record->final_url, url);
}

static void feed_lane_end(struct lane_io *lane, enum sg_status status, const struct sg_err *err)
{
    struct event event = run_event(lane->run, EV_LANE_END);
    event.lane = lane->number;
    event.status = status;
    event.err = err;
    run_feed(lane->run, &event);
}

static void on_head(void *ctx, const struct xfer_head *head)
{
    struct lane_io *lane = ctx;
    struct run *run = lane->run;
    struct reply reply;
    struct sg_err err = { 0 };
    enum sg_status status =
        reply_parse(head->http_status, head->lines, head->length, clock_wall_ms(), &reply, &err);
    if (status != SG_OK) {
        feed_lane_end(lane, status, &err);
        return;
    }
    if (head->http_status / 100 == 2)
        run_meet_host(run, run->download.lanes[lane->number].source, head->url);
    bool is_first = lane->number == 0 && run->download.lanes[0].source == run->download.primary;
    if (is_first && remember_url(run, head->url) == SG_OK && reply.disposition != NULL)
        (void)!job_record_set(&run->suggested_name, reply.disposition);
    struct event event = run_event(run, EV_HEAD);
    event.lane = lane->number;
    event.reply = &reply;
    event.setup_us = head->setup_us + head->first_byte_us;
    run_feed(run, &event);
    reply_fini(&reply);
}

static void on_end(void *ctx, enum sg_status status, const struct sg_err *err)
{
    struct lane_io *lane = ctx;
    lane->xfer = NULL;
    feed_lane_end(lane, status, err);
}

static void on_start_failed(struct deferred *deferred)
{
    struct lane_io *lane = sg_container_of(deferred, struct lane_io, start_failed);
    if (lane->start_err.status == SG_OK)
        return; /* the lane was closed before it could be told */
    struct sg_err err = lane->start_err;
    lane->start_err.status = SG_OK;
    feed_lane_end(lane, err.status, &err);
}

void lanes_init(struct run *run)
{
    for (int i = 0; i < PLAN_LANES_MAX; i++) {
        run->lanes[i] =
            (struct lane_io){ .run = run, .number = i, .start_failed.run = on_start_failed };
        sg_list_init(&run->lanes[i].starved_node);
    }
}

/* The n-th line of a list, counted from 1. The caller's (sg_free); NULL: no memory. */
static char *line_of(const char *list, int n)
{
    size_t length = 0;
    const char *line = NULL;
    for (int i = 0; i < n; i++)
        line = sg_next_line(&list, &length);
    SG_ASSERT(line != NULL); /* core counted them */
    return sg_strndup(line, length);
}

/* What was given for the job's URL goes to no other server. */
static bool is_same_origin(const char *a, const char *b)
{
    char *first = net_url_origin(a);
    char *second = net_url_origin(b);
    bool is_same = first != NULL && second != NULL && strcmp(first, second) == 0;
    sg_free(first);
    sg_free(second);
    return is_same;
}

/* A paused transfer keeps what it read last, which is as much as waited in its socket, up to a MiB;
 * the more lanes there are, the less each of them needs to be fast. 0: as much as ever. */
static uint32_t wait_bytes(const struct engine *engine)
{
    enum { FEW = 32, MANY = 128, MOST_OF_FEW_MORE = 256 * 1024, MOST_OF_MANY = 64 * 1024 };
    if (engine->n_lanes <= FEW)
        return 0;
    return engine->n_lanes <= MANY ? MOST_OF_FEW_MORE : MOST_OF_MANY;
}

static enum sg_status start_transfer(struct lane_io *lane, const struct effect *effect,
                                     const char *url)
{
    static const struct xfer_events events = { on_head, on_data, on_end };
    const struct job_record *record = &lane->run->job->record;
    bool is_ours = effect->source == 0 || is_same_origin(url, record->url);
    struct xfer_request request = { .url = url,
                                    .headers = is_ours ? record->headers : NULL,
                                    .userinfo = is_ours ? record->userinfo : NULL,
                                    .cookies = is_ours ? record->cookies : NULL,
                                    .proxy = record->proxy,
                                    .may_downgrade = lane->run->engine->config.may_downgrade,
                                    .first = effect->first,
                                    .end = effect->end,
                                    .wants_range = effect->wants_range,
                                    .read_bytes = limit_read_bytes(lane->run),
                                    .wait_bytes = wait_bytes(lane->run->engine) };
    return xfer_start(lane->run->engine->net, &request, &events, lane, &lane->xfer,
                      &lane->start_err);
}

void lane_open(struct run *run, const struct effect *effect)
{
    const struct job_record *record = &run->job->record;
    struct lane_io *lane = &run->lanes[effect->lane];
    SG_ASSERT(lane->xfer == NULL && lane->buf == NULL);
    engine_count_lanes(run->engine, 1);
    lane->start_err = (struct sg_err){ 0 };
    lane->n_ahead = 0;
    char *mirror = effect->source > 0 ? line_of(record->mirrors, effect->source) : NULL;
    enum sg_status status = SG_E_NOMEM;
    if (effect->source == 0 || mirror != NULL)
        status = start_transfer(lane, effect, mirror != NULL ? mirror : record->url);
    sg_free(mirror);
    if (status == SG_OK)
        return;
    lane->start_err.status = status;
    loop_defer(run->engine->loop, &lane->start_failed);
}

void lane_shut(struct run *run, int number)
{
    struct lane_io *lane = &run->lanes[number];
    lane->start_err.status = SG_OK;
    sg_list_remove(&lane->starved_node);
    limit_leave(lane);
    xfer_cancel(lane->xfer);
    lane->xfer = NULL;
    submit(lane);
    engine_count_lanes(run->engine, -1);
    /* the buffer that this lane may have been woken for is free */
    engine_feed_starved(run->engine);
}

void lane_flush(struct run *run, int number)
{
    submit(&run->lanes[number]);
}

void lanes_resume(struct run *run)
{
    for (int i = 0; i < PLAN_LANES_MAX; i++) {
        if (run->lanes[i].xfer != NULL && sg_list_is_empty(&run->lanes[i].starved_node))
            xfer_resume(run->lanes[i].xfer);
    }
}
