/* The machine's life: starting, running, stopping, losing its power. A power cut takes effect on
 * the disk in the moment it comes: from then on the process is a ghost that works on a disk nobody
 * will see again, and is ended in good order only so that nothing of it leaks; that it can always
 * be ended is one more thing that is tested. */
#include "tests/sim/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/assert.h"
#include "base/mem.h"
#include "tests/sim/ledger.h"
#include "tests/sim/os/sim_net_watch.h"
#include "tests/sim/sim_vfs.h"

enum {
    STOP_LONGEST_MS = 5000,
    GHOST_LONGEST_MS = 60000, /* its disk may be full of faults */
    STEP_US = 1000000,
    TRACE_SHOWN = 6000,
};

static const char database[] = "/data/segue.db";

uint64_t world_ms(void)
{
    return sim_elapsed_us() / 1000;
}

/* ---- the trace ---- */

void world_trace(struct world *world, const char *format, ...)
{
    char line[256];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    sg_mem_spare_begin();
    sg_buf_printf(&world->trace, "[%7llu] %s\n", (unsigned long long)world_ms(), line);
    sg_mem_spare_end();
}

static void trace_network(void *ctx, const char *line)
{
    struct world *world = ctx;
    if (!world->is_dark)
        world_trace(world, "%s", line);
}

static uint64_t time_of_line(const char *trace, const char *inside)
{
    unsigned long long ms = 0;
    while (inside > trace && inside[-1] != '\n')
        inside--;
    SG_ASSERT(sscanf(inside, "[%llu]", &ms) == 1);
    return ms;
}

/* A match must end where a word does: "job 1" is not in "job 12". */
static const char *find(const char *trace, const char *text)
{
    size_t length = strlen(text);
    const char *found = trace;
    while ((found = strstr(found, text)) != NULL) {
        if (strchr(" \n+", found[length]) != NULL)
            return found;
        found += length;
    }
    return NULL;
}

uint64_t world_when_ms(const struct world *world, const char *text, uint64_t from_ms)
{
    const char *trace = world->trace.data != NULL ? world->trace.data : "";
    for (const char *at = trace; (at = find(at, text)) != NULL; at++) {
        uint64_t ms = time_of_line(trace, at);
        if (ms >= from_ms)
            return ms;
    }
    return UINT64_MAX;
}

size_t world_count(const struct world *world, const char *text)
{
    size_t n = 0;
    const char *at = world->trace.data != NULL ? world->trace.data : "";
    for (; (at = find(at, text)) != NULL; at++)
        n++;
    return n;
}

static bool is_broken_off;

/* LeakSanitizer asks whether it is to be quiet: a test that was broken off leaks everything
 * it had. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
    return is_broken_off;
}

void world_fail(struct world *world, const char *format, ...)
{
    is_broken_off = true;
    char what[512];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    size_t length = world->trace.length;
    size_t from = length > TRACE_SHOWN ? length - TRACE_SHOWN : 0;
    fprintf(stderr, "%s\nseed %llu, at %llu ms: %s\n", length > 0 ? world->trace.data + from : "",
            (unsigned long long)world->seed, (unsigned long long)world_ms(), what);
    fail();
    SG_UNREACHABLE("a failed test does not go on");
}

/* ---- what the engine tells ---- */

static void describe_state(const struct job_record *record, char *out, size_t size)
{
    bool is_waiting = record->state == JOB_WAITING;
    bool has_failed = record->state == JOB_FAILED;
    const char *why = is_waiting   ? job_reason_word(record->reason)
                      : has_failed ? sg_status_word(record->error_code)
                                   : "";
    snprintf(out, size, "%s%s%s", job_state_word(record->state), why[0] != '\0' ? " " : "", why);
}

static void on_job(void *ctx, struct job *job)
{
    struct world *world = ctx;
    const struct job_record *record = job_record_of(job);
    struct promise *promise = ledger_find(world, record->key);
    char state[sizeof promise->state];
    if (world->is_dark)
        return;
    describe_state(record, state, sizeof state);
    if (promise == NULL)
        world_fail(world, "job %lld was never asked for", (long long)record->id);
    if (strcmp(promise->state, state) != 0)
        world_trace(world, "job %lld %s", (long long)record->id, state);
    snprintf(promise->state, sizeof promise->state, "%s", state);
    promise->is_done_told = record->state == JOB_DONE;
}

static void on_removed(void *ctx, int64_t id, const char *owner)
{
    (void)owner;
    struct world *world = ctx;
    if (world->is_dark)
        return;
    world_trace(world, "job %lld removed", (long long)id);
    ledger_removed(world, id);
}

static void on_warning(void *ctx, struct job *job, const struct sg_err *err)
{
    struct world *world = ctx;
    if (!world->is_dark)
        world_trace(world, "job %lld warning: %s", (long long)job_record_of(job)->id,
                    sg_err_text(err));
}

/* ---- starting ---- */

static void ghost_ends(struct world *world);
static void await_glimpse(struct world *world);

/* A failure that the disk's faults or the story's own do not explain fails the test. */
static void note_failure(struct world *world, enum sg_status status, const struct sg_err *err)
{
    const struct volume_nature *nature = disk_volume(disk_mounted(), VOLUME_DATA);
    bool has_faults = nature->write_fails_permille + nature->flush_fails_permille > 0;
    bool is_fault = has_faults && (status == SG_E_IO || status == SG_E_DISK_FULL);
    if (!is_fault && !world->may_fail)
        world_fail(world, "Segue did not start: %s", sg_err_text(err));
    world_trace(world, "not started: %s", sg_err_text(err));
}

static enum sg_status start_engine(struct world *world, struct sg_err *err)
{
    static const struct engine_listener listener = { .on_job = on_job,
                                                     .on_removed = on_removed,
                                                     .on_warning = on_warning };
    size_t n_damaged = 0;
    world->config.net.max_idle_connections = 16;
    enum sg_status status =
        engine_create(world->loop, world->store, world->pool, &world->config, &world->engine, err);
    if (status != SG_OK)
        return status;
    engine_listen(world->engine, &listener, world);
    status = engine_load(world->engine, &n_damaged, err);
    if (n_damaged > 0)
        world_fail(world, "%zu jobs are damaged", n_damaged);
    if (status == SG_OK)
        engine_start(world->engine);
    return status;
}

static void check_ledger(struct world *world, struct store *store, bool is_start)
{
    sg_mem_spare_begin();
    ledger_check(world, store, is_start);
    sg_mem_spare_end();
}

static enum sg_status start_parts(struct world *world, struct sg_err *err)
{
    enum sg_status status = loop_create(&world->loop, err);
    if (status == SG_OK)
        status = store_open(world->loop, database, &world->store, err);
    if (status == SG_OK)
        status = work_pool_create(world->loop, &world->pool, err);
    if (status == SG_OK && !world->is_dark)
        check_ledger(world, world->store, true);
    return status == SG_OK ? start_engine(world, err) : status;
}

/* Of what is there, in good order. */
static void destroy_parts(struct world *world)
{
    engine_destroy(world->engine);
    world->engine = NULL;
    store_close(world->store);
    world->store = NULL;
    if (world->loop != NULL)
        loop_turn(world->loop, 0);
    work_pool_destroy(world->pool);
    world->pool = NULL;
    if (world->loop != NULL)
        loop_turn(world->loop, 0);
    loop_destroy(world->loop);
    world->loop = NULL;
}

bool world_try_start(struct world *world)
{
    struct sg_err err = { 0 };
    SG_ASSERT(!world_is_on(world));
    disk_mount(world->disk);
    internet_use(&world->internet);
    await_glimpse(world);
    enum sg_status status = start_parts(world, &err);
    if (status == SG_OK)
        world_trace(world, "started");
    else
        note_failure(world, status, &err);
    if (status != SG_OK)
        destroy_parts(world);
    if (world->is_dark)
        ghost_ends(world);
    return status == SG_OK;
}

void world_start(struct world *world)
{
    if (!world_try_start(world))
        world_fail(world, "Segue did not start");
}

bool world_is_on(const struct world *world)
{
    return world->engine != NULL;
}

bool world_is_settled(struct world *world, end_fn *is_at_end)
{
    for (size_t i = 0; i < world->n_promises; i++) {
        const struct promise *promise = &world->promises[i];
        const struct job *job = world_job(world, promise);
        if (!promise->is_add_told || (job == NULL) != promise->is_removal_asked)
            return false;
        if (job != NULL && !is_at_end(promise, job_record_of(job)))
            return false;
    }
    return true;
}

/* ---- stopping ---- */

static void on_stopped(void *ctx)
{
    struct world *world = ctx;
    world->is_stopped = true;
}

static void stop_engine(struct world *world, uint64_t longest_ms)
{
    uint64_t until_ms = world_ms() + longest_ms;
    world->is_stopped = false;
    engine_stop(world->engine, on_stopped, world);
    while (!world->is_stopped) {
        if (world_ms() > until_ms)
            world_fail(world, "the engine does not stop");
        loop_turn(world->loop, STEP_US);
    }
}

static void switch_off(struct world *world, uint64_t longest_ms)
{
    stop_engine(world, longest_ms);
    destroy_parts(world);
}

void world_stop(struct world *world)
{
    world_trace(world, "stopping");
    switch_off(world, STOP_LONGEST_MS);
    if (world->is_dark)
        ghost_ends(world);
    else
        world_trace(world, "stopped");
}

/* ---- power cuts ---- */

/* Other ways in which the same cut could have ended are only looked at. */
static void look_at_outcome(struct world *world, struct disk *outcome)
{
    struct loop *loop = NULL;
    struct store *store = NULL;
    struct sg_err err = { 0 };
    struct volume_nature *nature = disk_volume(outcome, VOLUME_DATA);
    nature->write_fails_permille = 0;
    nature->flush_fails_permille = 0;
    struct disk *before = disk_mount(outcome);
    assert_int_equal(loop_create(&loop, NULL), SG_OK);
    if (store_open(loop, database, &store, &err) != SG_OK)
        world_fail(world, "the database could not be opened: %s", sg_err_text(&err));
    ledger_check(world, store, false);
    store_close(store);
    loop_turn(loop, 0);
    loop_destroy(loop);
    disk_mount(before);
    disk_destroy(outcome);
    world->n_checked++;
}

/* In the middle of an operation nothing can be looked at: that is for later. */
static void on_glimpse(void *ctx)
{
    struct world *world = ctx;
    await_glimpse(world);
    if (world->is_dark || world->n_glimpses == GLIMPSES_MAX)
        return;
    struct glimpse *glimpse = &world->glimpses[world->n_glimpses++];
    glimpse->disk = disk_after_cut(world->disk, &world->glimpse_dice);
    memcpy(glimpse->promises, world->promises, sizeof glimpse->promises);
    glimpse->n_promises = world->n_promises;
    world->n_cuts++;
}

static void await_glimpse(struct world *world)
{
    uint64_t every = world->glimpse_every;
    if (every > 0)
        disk_glimpse_after(world->disk, dice_between(&world->glimpse_dice, 1, 2 * every - 1),
                           on_glimpse, world);
}

static void swap_promises(struct world *world, struct glimpse *glimpse)
{
    struct promise promises[PROMISES_MAX];
    size_t n_promises = world->n_promises;
    memcpy(promises, world->promises, sizeof promises);
    memcpy(world->promises, glimpse->promises, sizeof promises);
    memcpy(glimpse->promises, promises, sizeof promises);
    world->n_promises = glimpse->n_promises;
    glimpse->n_promises = n_promises;
}

static void look_at_glimpses(struct world *world)
{
    while (world->n_glimpses > 0) {
        struct glimpse *glimpse = &world->glimpses[world->n_glimpses - 1];
        swap_promises(world, glimpse);
        look_at_outcome(world, glimpse->disk);
        swap_promises(world, glimpse);
        world->n_glimpses--;
    }
}

static void on_cut(void *ctx)
{
    struct world *world = ctx;
    if (world->is_dark)
        return;
    world_trace(world, "power cut");
    world->n_cuts++;
    world->is_dark = true;
    world->left = disk_after_cut(world->disk, &world->cut_dice);
    for (uint32_t i = 0; i < world->n_outcomes; i++)
        world->outcomes[i] = disk_after_cut(world->disk, &world->cut_dice);
}

/* The process is ended, and the machine has the disk that the cut left. */
static void ghost_ends(struct world *world)
{
    if (world_is_on(world))
        switch_off(world, GHOST_LONGEST_MS);
    disk_mount(NULL);
    disk_destroy(world->disk);
    world->disk = world->left;
    world->left = NULL;
    world->is_dark = false;
    world->n_checked++; /* with the next start */
    look_at_glimpses(world);
    for (uint32_t i = 0; i < world->n_outcomes; i++)
        look_at_outcome(world, world->outcomes[i]);
    disk_mount(world->disk);
}

void world_cut(struct world *world)
{
    on_cut(world);
    ghost_ends(world);
}

void world_cut_after(struct world *world, uint64_t n_operations)
{
    disk_cut_after(world->disk, n_operations, on_cut, world);
}

/* ---- time ---- */

/* One turn; false when the power went. */
static bool turn(struct world *world, uint64_t until_us)
{
    uint64_t now_us = sim_elapsed_us();
    uint64_t left_us = until_us > now_us ? until_us - now_us : 0;
    loop_turn(world->loop, left_us < STEP_US ? left_us : STEP_US);
    if (world->is_dark)
        ghost_ends(world);
    else
        look_at_glimpses(world);
    return world_is_on(world);
}

void world_run_ms(struct world *world, uint64_t duration_ms)
{
    uint64_t until_us = sim_elapsed_us() + duration_ms * 1000;
    while (world_is_on(world) && sim_elapsed_us() < until_us && turn(world, until_us))
        continue;
}

bool world_run_until(struct world *world, bool (*is_true)(struct world *world),
                     uint64_t deadline_ms)
{
    uint64_t until_us = deadline_ms * 1000;
    while (world_is_on(world)) {
        if (is_true(world))
            return true;
        if (sim_elapsed_us() >= until_us || !turn(world, until_us))
            return false;
    }
    return false;
}

uint64_t world_await(struct world *world, const char *text, uint64_t deadline_ms)
{
    size_t seen = 0;
    uint64_t from_ms = world_ms();
    for (;;) {
        if (world->trace.length != seen) {
            uint64_t at_ms = world_when_ms(world, text, from_ms);
            if (at_ms != UINT64_MAX)
                return at_ms;
            seen = world->trace.length;
        }
        if (world_ms() >= deadline_ms || !turn(world, deadline_ms * 1000))
            world_fail(world, "it never came to \"%s\"", text);
    }
}

/* ---- the world ---- */

struct world *world_create(uint64_t seed)
{
    int64_t live_before = sg_mem_live();
    struct world *world = sg_alloc(sizeof *world);
    assert_non_null(world);
    world->live_before = live_before;
    world->seed = seed;
    sim_clock_reset(seed);
    sim_net_set_up(true);
    world->dice.state = seed ^ UINT64_C(0x5702);
    world->cut_dice.state = seed ^ UINT64_C(0xC07);
    world->glimpse_dice.state = seed ^ UINT64_C(0x611);
    world->internet.dice.state = seed ^ UINT64_C(0x1EE7);
    world->internet.trace = trace_network;
    world->internet.trace_ctx = world;
    world->disk = disk_create(seed ^ UINT64_C(0xD15C));
    for (int i = 0; i < VOLUME_COUNT; i++)
        disk_volume(world->disk, (enum volume_number)i)->at_once_permille = 250;
    world->config = (struct engine_config){ .max_active = 4,
                                            .max_connections = 16,
                                            .max_connections_per_host = 16,
                                            .memory_limit = 8 << 20,
                                            .retries = 10,
                                            .stall_timeout_ms = 10000,
                                            .checkpoint_interval_ms = 1000,
                                            .zone_mark = true };
    sim_vfs_use();
    return world;
}

void world_destroy(struct world *world)
{
    if (world_is_on(world))
        world_stop(world);
    look_at_glimpses(world);
    disk_mount(NULL);
    disk_destroy(world->disk);
    int64_t live_before = world->live_before;
    internet_use(NULL);
    sg_buf_fini(&world->trace);
    sg_free(world);
    assert_int_equal(sg_mem_live(), live_before);
}
