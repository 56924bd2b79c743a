/* The made-up world of a download: virtual time in turns of 10 ms, transfers, and a disk in memory
 * whose bytes are compared in the end. */
#include "tests/unit/download_driver.h"

#include <string.h>

#include "base/assert.h"
#include "base/mem.h"
#include "tests/unit/download_driver_internal.h"

enum {
    PIECE = 16 * KIB, /* what arrives at once */
    SCRAMBLED = 0xEE,
    DEADLINE_S = 3600,
    REQUESTS_PER_TURN_MAX = 2 * PLAN_LANES_MAX, /* more is hammering */
};

static void must(enum sg_status status)
{
    SG_ASSERT(status == SG_OK);
}

static enum sg_status strike(struct fault *fault)
{
    if (fault->status == SG_OK)
        return SG_OK;
    if (fault->after > 0) {
        fault->after--;
        return SG_OK;
    }
    enum sg_status status = fault->status;
    if (fault->is_once)
        fault->status = SG_OK;
    return status;
}

/* ---- the disk ---- */

static void commit(struct driver *d)
{
    job_record_fini(&d->committed);
    must(job_record_copy(&d->committed, &d->record));
    driver_check_claims(d, &d->committed);
}

static void scramble(struct driver *d, uint64_t from, uint64_t to)
{
    memset(d->disk + from, SCRAMBLED, (size_t)(to - from));
    must(extents_remove(&d->on_disk, from, to));
}

/* What was written and not flushed is lost. */
static void lose_unflushed(struct driver *d, const struct extents *written)
{
    struct extents lost = { 0 };
    must(extents_copy(&lost, written));
    for (size_t i = 0; i < d->flushed.count; i++)
        must(extents_remove(&lost, d->flushed.items[i].from, d->flushed.items[i].to));
    for (size_t i = 0; i < lost.count; i++)
        scramble(d, lost.items[i].from, lost.items[i].to);
    extents_fini(&lost);
}

static void empty_part(struct driver *d)
{
    for (int i = 0; i < DRIVER_VERSIONS && d->disk == NULL; i++)
        d->disk_size = d->origin.totals[i] > d->disk_size ? d->origin.totals[i] : d->disk_size;
    if (d->disk == NULL)
        d->disk = sg_alloc((size_t)d->disk_size + 1);
    SG_ASSERT(d->disk != NULL);
    for (size_t i = 0; i < d->on_disk.count; i++) {
        const struct extent *item = &d->on_disk.items[i];
        memset(d->disk + item->from, SCRAMBLED, (size_t)(item->to - item->from));
    }
    extents_clear(&d->on_disk);
    extents_clear(&d->flushed);
}

static void submit(struct driver *d, struct fake_lane *lane)
{
    if (lane->buffer_length == 0)
        return;
    SG_ASSERT(d->n_writes < DRIVER_WRITES_MAX);
    d->writes[d->n_writes++] = (struct fake_write){ .offset = lane->buffer_offset,
                                                    .length = lane->buffer_length,
                                                    .source = lane->buffer_source,
                                                    .version = lane->answer.version,
                                                    .due_us = d->now_us + d->write_delay_us };
    lane->buffer_length = 0;
}

static void buffer(struct driver *d, struct fake_lane *lane, uint64_t offset, uint64_t n)
{
    SG_ASSERT(d->has_part && offset + n <= d->disk_size);
    if (lane->buffer_length == 0) {
        lane->buffer_offset = offset;
        lane->buffer_source = lane->answer.body_first + lane->sent;
    }
    SG_ASSERT(lane->buffer_offset + lane->buffer_length == offset);
    lane->buffer_length += n;
    if (lane->buffer_length >= d->buffer_bytes)
        submit(d, lane);
}

/* ---- effects ---- */

static void begin(struct driver *d, struct fake_work *work, enum effect_kind kind)
{
    SG_ASSERT(!work->is_pending);
    *work = (struct fake_work){ true, kind, d->now_us + d->work_delay_us };
}

static void open_lane(struct driver *d, const struct effect *effect)
{
    struct fake_lane *lane = &d->lanes[effect->lane];
    SG_ASSERT(!lane->is_open);
    SG_ASSERT(effect->end == 0 || effect->first < effect->end);
    *lane = (struct fake_lane){ .is_open = true,
                                .source = effect->source,
                                .first = effect->first,
                                .end = effect->end,
                                .wants_range = effect->wants_range,
                                .asked_us = d->now_us };
    driver_answer(d, lane->first, lane->end, lane->wants_range, &lane->answer);
    d->n_requests++;
    d->n_open++;
    d->most_open = d->n_open > d->most_open ? d->n_open : d->most_open;
    if (d->on_request != NULL)
        d->on_request(d, effect->lane, &lane->answer);
}

static void close_lane(struct driver *d, int number)
{
    struct fake_lane *lane = &d->lanes[number];
    SG_ASSERT(lane->is_open);
    submit(d, lane);
    lane->is_open = false;
    d->n_open--;
}

static void start_flush(struct driver *d)
{
    SG_ASSERT(d->has_part && driver_is_subset(&d->download.syncing, &d->on_disk));
    must(extents_copy(&d->flushing, &d->on_disk));
    begin(d, &d->sync_work, FX_CHECKPOINT);
}

static void end_run(struct driver *d)
{
    d->outcome = d->download.outcome;
    d->is_running = false;
    driver_check_end(d);
    commit(d);
}

static void carry_out(struct driver *d, const struct effect *effect)
{
    switch (effect->kind) {
    case FX_RESET_PART:
        commit(d);
        begin(d, &d->part_work, effect->kind);
        return;
    case FX_REOPEN_PART:
    case FX_CREATE_PART:
        begin(d, &d->part_work, effect->kind);
        return;
    case FX_OPEN_LANE:
        open_lane(d, effect);
        return;
    case FX_CLOSE_LANE:
        close_lane(d, effect->lane);
        return;
    case FX_FLUSH_LANE:
        submit(d, &d->lanes[effect->lane]);
        return;
    case FX_CHECKPOINT:
        start_flush(d);
        return;
    case FX_COMPARE:
        begin(d, &d->compare_work, effect->kind);
        return;
    case FX_VERIFY:
    case FX_FINISH:
        begin(d, &d->last_work, effect->kind);
        return;
    case FX_END:
        end_run(d);
        return;
    }
}

static void step(struct driver *d, struct event *event)
{
    struct effects effects;
    effects.count = 0;
    event->now_us = d->now_us;
    SG_ASSERT(d->is_running);
    bool had_plan = d->download.has_plan;
    download_step(&d->download, event, &effects);
    d->n_steps++;
    if (!had_plan && d->download.has_plan)
        must(extents_copy(&d->arrived, &d->download.written));
    for (size_t i = 0; i < effects.count; i++)
        carry_out(d, &effects.items[i]);
    driver_check(d);
}

static void step_status(struct driver *d, enum event_kind kind, enum sg_status status)
{
    struct sg_err err = { .status = status };
    step(d, &(struct event){ .kind = kind, .status = status, .err = &err });
}

/* ---- what comes of them ---- */

static bool is_due(const struct driver *d, const struct fake_work *work)
{
    return d->is_running && work->is_pending && work->due_us <= d->now_us;
}

static void step_part(struct driver *d, enum event_kind kind, enum sg_status status)
{
    struct sg_err err = { .status = status };
    step(d, &(struct event){
                .kind = kind, .status = status, .err = &err, .is_ascending = d->is_ascending });
}

static void on_part(struct driver *d)
{
    d->part_work.is_pending = false;
    if (d->part_work.kind == FX_REOPEN_PART) {
        enum sg_status status = d->has_part ? strike(&d->open) : SG_E_NOT_FOUND;
        step_part(d, EV_PART_OPENED, status);
        return;
    }
    enum sg_status status = strike(&d->create);
    if (status == SG_OK) {
        d->n_resets += d->part_work.kind == FX_RESET_PART;
        d->has_part = true;
        empty_part(d);
        must(job_record_set(&d->record.part_path, "file.part"));
        commit(d);
    }
    step_part(d, EV_PART_READY, status);
}

static void on_flushed(struct driver *d)
{
    d->sync_work.is_pending = false;
    enum sg_status status = strike(&d->flush);
    if (status != SG_OK) {
        lose_unflushed(d, &d->flushing);
        step_status(d, EV_CHECKPOINTED, status);
        return;
    }
    for (size_t i = 0; i < d->flushing.count; i++)
        must(extents_add(&d->flushed, d->flushing.items[i].from, d->flushing.items[i].to));
    d->n_checkpoints++;
    must(extents_copy(&d->committed.extents, &d->download.syncing));
    d->committed.done = (int64_t)extents_total(&d->committed.extents);
    driver_check_claims(d, &d->committed);
    step_status(d, EV_CHECKPOINTED, SG_OK);
}

static bool is_on_disk(struct driver *d, const struct seam *seam)
{
    if (!extents_contain(&d->on_disk, seam->offset, seam->offset + seam->length))
        return false; /* a flush failed meanwhile */
    d->compared_bytes += seam->length;
    return memcmp(d->disk + seam->offset, seam->bytes, seam->length) == 0;
}

static void on_compared(struct driver *d)
{
    const struct seam_batch *batch = &d->download.comparing;
    struct sg_err err = { .status = strike(&d->compare) };
    struct event event = { .kind = EV_COMPARED, .status = err.status, .err = &err };
    d->compare_work.is_pending = false;
    SG_ASSERT(batch->count > 0);
    for (size_t i = 0; i < batch->count && err.status == SG_OK; i++)
        event.differing |= (uint32_t)!is_on_disk(d, &batch->items[i]) << i;
    step(d, &event);
}

static enum sg_status verified(struct driver *d)
{
    enum sg_status status = strike(&d->verify);
    const char *wanted = job_record_wanted_digest(&d->record); /* the version's number */
    int version = wanted[0] - '0';
    if (status == SG_OK && !driver_has_version(d, version))
        status = SG_E_CHECKSUM;
    return status;
}

static void on_last_work(struct driver *d)
{
    d->last_work.is_pending = false;
    if (d->last_work.kind == FX_VERIFY) {
        step_status(d, EV_VERIFIED, verified(d));
        return;
    }
    enum sg_status status = strike(&d->finish);
    d->is_finished = status == SG_OK;
    step_status(d, EV_FINISHED, status);
}

static void do_work(struct driver *d)
{
    if (is_due(d, &d->part_work))
        on_part(d);
    if (is_due(d, &d->sync_work))
        on_flushed(d);
    if (is_due(d, &d->compare_work))
        on_compared(d);
    if (is_due(d, &d->last_work))
        on_last_work(d);
}

/* How far the disk's end is from the first byte that it lacks. */
static void note_distance(struct driver *d)
{
    const struct extents *on_disk = &d->on_disk;
    struct extent gap = { 0 };
    uint64_t end = on_disk->items[on_disk->count - 1].to;
    if (extents_gap(on_disk, 0, end, &gap) && end - gap.from > d->furthest)
        d->furthest = end - gap.from;
}

static void end_write(struct driver *d, const struct fake_write *write)
{
    struct event event = { .kind = EV_WRITTEN, .offset = write->offset, .n_bytes = write->length };
    event.status = strike(&d->write);
    if (event.status == SG_OK) {
        memcpy(d->disk + write->offset, origin_bytes(write->version, write->source),
               (size_t)write->length);
        must(extents_add(&d->on_disk, write->offset, write->offset + write->length));
        note_distance(d);
    } else {
        scramble(d, write->offset, write->offset + write->length);
    }
    step(d, &event);
}

static void do_writes(struct driver *d)
{
    for (size_t i = 0; i < d->n_writes;) {
        struct fake_write write = d->writes[i];
        if (write.due_us > d->now_us) {
            i++;
            continue;
        }
        d->n_writes--;
        memmove(&d->writes[i], &d->writes[i + 1], (d->n_writes - i) * sizeof d->writes[0]);
        end_write(d, &write);
    }
}

/* ---- the server ---- */

static void end_lane(struct driver *d, int number, enum sg_status status)
{
    struct sg_err err = { .status = status };
    d->lanes[number].is_over = true;
    step(d, &(struct event){ .kind = EV_LANE_END, .lane = number, .status = status, .err = &err });
}

static void reply_to(struct driver *d, int number)
{
    struct fake_lane *lane = &d->lanes[number];
    uint64_t waited_us = d->now_us - lane->asked_us;
    if (lane->answer.delay_us == UINT64_MAX || waited_us < lane->answer.delay_us)
        return;
    if (lane->answer.failure != SG_OK) {
        end_lane(d, number, lane->answer.failure);
        return;
    }
    lane->has_replied = true;
    step(d, &(struct event){ .kind = EV_HEAD,
                             .lane = number,
                             .reply = &lane->answer.reply,
                             .setup_us = waited_us });
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Hands `n` bytes to the download. */
static void hand_over(struct driver *d, int number, uint64_t n)
{
    struct fake_lane *lane = &d->lanes[number];
    uint64_t source = lane->answer.body_first + lane->sent;
    struct download_take take = download_take(
        &d->download, number, origin_bytes(lane->answer.version, source), (size_t)n, d->now_us);
    bool is_full = lane->is_full || take.is_lane_full;
    bool is_all_taken = take.skipped + take.n_bytes == n;
    SG_ASSERT(take.skipped + take.n_bytes <= n);
    SG_ASSERT(is_all_taken || is_full || d->download.lanes[number].is_proof);
    lane->sent += take.skipped;
    if (take.n_bytes > 0) {
        must(extents_add(&d->arrived, take.offset, take.offset + take.n_bytes));
        buffer(d, lane, take.offset, take.n_bytes);
    }
    d->taken_bytes += take.n_bytes;
    lane->sent += n - take.skipped;
    lane->is_full = is_full;
    if (!take.is_lane_full)
        return;
    if (d->writes_at_once) {
        submit(d, lane);
        do_writes(d);
    }
    step(d, &(struct event){ .kind = EV_LANE_FULL, .lane = number });
}

static void send_body(struct driver *d, int number)
{
    struct fake_lane *lane = &d->lanes[number];
    lane->credit_bytes += (double)lane->answer.rate_bps * DRIVER_TURN_US / SECOND;
    while (lane->is_open && !lane->is_held_back) {
        uint64_t left = lane->answer.body_length - lane->sent;
        uint64_t n = least(least(PIECE, left), (uint64_t)lane->credit_bytes);
        if (n == 0)
            break;
        if (!download_may_take(&d->download, number))
            break;
        lane->credit_bytes -= (double)n;
        hand_over(d, number, n);
    }
    if (lane->credit_bytes > (double)lane->answer.rate_bps)
        lane->credit_bytes = (double)lane->answer.rate_bps; /* buffers underneath have an end */
    bool is_sent = lane->is_open && lane->sent == lane->answer.body_length;
    if (is_sent && lane->answer.body_end != SG_PENDING)
        end_lane(d, number, lane->answer.body_end);
}

static void serve(struct driver *d)
{
    for (int i = 0; i < PLAN_LANES_MAX && d->is_running; i++) {
        struct fake_lane *lane = &d->lanes[i];
        if (lane->is_open && !lane->has_replied)
            reply_to(d, i);
        else if (lane->is_open)
            send_body(d, i);
    }
}

/* ---- time ---- */

static void tick(struct driver *d)
{
    if (!d->is_running || d->now_us - d->last_tick_us < DOWNLOAD_TICK_US)
        return;
    d->last_tick_us = d->now_us;
    step(d, &(struct event){ .kind = EV_TICK });
}

struct driver *driver_create(uint64_t total, int max_lanes)
{
    struct driver *d = sg_alloc(sizeof *d);
    SG_ASSERT(d != NULL && total <= DRIVER_FILE_MAX);
    job_record_init(&d->record);
    job_record_init(&d->committed);
    d->config = (struct download_config){ .max_lanes = max_lanes,
                                          .retries = 10,
                                          .stall_timeout_us = 10 * SECOND,
                                          .checkpoint_interval_us = SECOND,
                                          .checkpoint_bytes = 64 * MIB };
    for (int i = 0; i < DRIVER_VERSIONS; i++)
        d->origin.totals[i] = total;
    d->origin.rate_bps = 4 * MIB;
    d->origin.delay_us = 20 * MS;
    d->buffer_bytes = 256 * KIB;
    d->write_delay_us = 5 * MS;
    d->work_delay_us = 15 * MS;
    d->now_us = SECOND;
    return d;
}

void driver_destroy(struct driver *d)
{
    if (d->is_running)
        download_fini(&d->download);
    job_record_fini(&d->record);
    job_record_fini(&d->committed);
    extents_fini(&d->on_disk);
    extents_fini(&d->flushing);
    extents_fini(&d->flushed);
    extents_fini(&d->arrived);
    sg_free(d->disk);
    sg_free(d);
}

void driver_start(struct driver *d)
{
    SG_ASSERT(!d->is_running);
    must(download_init(&d->download, &d->record, &d->config, d->seed++));
    d->is_running = true;
    d->last_tick_us = d->now_us;
    step(d, &(struct event){ .kind = EV_START });
}

bool driver_turn(struct driver *d)
{
    int requests_before = d->n_requests;
    d->now_us += DRIVER_TURN_US;
    do_work(d);
    do_writes(d);
    serve(d);
    tick(d);
    SG_ASSERT(d->n_requests - requests_before <= REQUESTS_PER_TURN_MAX);
    if (d->is_running)
        return true;
    download_fini(&d->download);
    return false;
}

bool driver_run(struct driver *d, unsigned seconds)
{
    uint64_t end_us = d->now_us + (uint64_t)seconds * SECOND;
    while (d->is_running) {
        if (d->now_us >= end_us)
            return false;
        driver_turn(d);
    }
    return true;
}

bool driver_run_to_phase(struct driver *d, enum download_phase phase)
{
    uint64_t end_us = d->now_us + (uint64_t)DEADLINE_S * SECOND;
    while (d->is_running && d->download.phase != phase && d->now_us < end_us)
        driver_turn(d);
    return d->is_running && d->download.phase == phase;
}

bool driver_run_to_bytes(struct driver *d, uint64_t bytes)
{
    uint64_t end_us = d->now_us + (uint64_t)DEADLINE_S * SECOND;
    while (d->is_running && d->download.taken_bytes < bytes && d->now_us < end_us)
        driver_turn(d);
    return d->is_running && d->download.taken_bytes >= bytes;
}

bool driver_run_job(struct driver *d, int rounds, unsigned seconds)
{
    for (int i = 0; i < rounds; i++) {
        driver_start(d);
        if (!driver_run(d, seconds))
            return false;
        if (d->outcome.state != JOB_WAITING || d->outcome.reason != JOB_REASON_RETRY)
            return true;
        d->now_us += (uint64_t)d->outcome.delay_ms * MS;
    }
    return false;
}

void driver_stop(struct driver *d, enum job_state state)
{
    struct download_outcome outcome = { .state = state };
    step(d, &(struct event){ .kind = EV_STOP, .outcome = &outcome });
    if (!d->is_running)
        download_fini(&d->download);
}

void driver_crash(struct driver *d)
{
    download_fini(&d->download);
    d->is_running = false;
    d->n_writes = 0;
    d->n_open = 0;
    for (int i = 0; i < PLAN_LANES_MAX; i++)
        d->lanes[i].is_open = false;
    d->part_work.is_pending = false;
    d->sync_work.is_pending = false;
    d->compare_work.is_pending = false;
    d->last_work.is_pending = false;
    lose_unflushed(d, &d->on_disk);
    job_record_fini(&d->record);
    must(job_record_copy(&d->record, &d->committed));
    driver_check_claims(d, &d->record);
}

void driver_abort_lane(struct driver *d, int lane, enum sg_status status)
{
    if (d->is_running && d->lanes[lane].is_open && !d->lanes[lane].is_over)
        end_lane(d, lane, status);
    if (!d->is_running)
        download_fini(&d->download);
}

void driver_wake(struct driver *d)
{
    step(d, &(struct event){ .kind = EV_WOKE });
}
