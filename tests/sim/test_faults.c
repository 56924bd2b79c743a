/* The stories once more, each with one thing that fails: the first allocation, the second, and so
 * on; likewise of a disk's operations. Afterwards nothing fails any more, Segue is stopped (or the
 * power goes) and started again: what was told to be done must be whole, and everything else must
 * come to the end that the story has without a fault.
 *
 * Of a story's many allocations a part is tried in every run. SEGUE_SIM_FAULTS=all tries each;
 * SEGUE_SIM_FAULTS=STORY:FAULT:N runs that one and shows its trace. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "os/path.h"
#include "tests/sim/world.h"

enum {
    KIB = 1024,
    MIB = 1024 * KIB,
    RUNS_MOST = 40, /* of one story with one kind of fault */
    STARTS_MOST = 3,
    RECOVERY_LONGEST_MS = 20 * 60 * 1000,
};

/* ---- what fails ---- */

enum fault {
    FAULT_MEMORY,
    FAULT_FILE_WRITE,
    FAULT_FILE_FLUSH,
    FAULT_FILE_OPEN,
    FAULT_FILE_RESERVE,
    FAULT_FILE_NAME,
    FAULT_STORE_WRITE,
    FAULT_STORE_FLUSH,
    FAULT_STORE_OPEN,
    FAULT_COUNT
};

static const char *const fault_words[] = {
    [FAULT_MEMORY] = "memory",         [FAULT_FILE_WRITE] = "file-write",
    [FAULT_FILE_FLUSH] = "file-flush", [FAULT_FILE_OPEN] = "file-open",
    [FAULT_FILE_RESERVE] = "reserve",  [FAULT_FILE_NAME] = "name",
    [FAULT_STORE_WRITE] = "db-write",  [FAULT_STORE_FLUSH] = "db-flush",
    [FAULT_STORE_OPEN] = "db-open",
};

/* The counter of what is left until it fails; of memory there is none here. */
static uint64_t *counter_of(struct world *world, enum fault fault)
{
    struct volume_nature *files = disk_volume(world->disk, VOLUME_DOWNLOADS);
    struct volume_nature *data = disk_volume(world->disk, VOLUME_DATA);
    uint64_t *counters[] = {
        [FAULT_FILE_WRITE] = &files->write_fails_in,
        [FAULT_FILE_FLUSH] = &files->flush_fails_in,
        [FAULT_FILE_OPEN] = &files->open_fails_in,
        [FAULT_FILE_RESERVE] = &files->reserve_fails_in,
        [FAULT_FILE_NAME] = &files->name_fails_in,
        [FAULT_STORE_WRITE] = &data->write_fails_in,
        [FAULT_STORE_FLUSH] = &data->flush_fails_in,
        [FAULT_STORE_OPEN] = &data->open_fails_in,
    };
    return counters[fault];
}

/* The n-th from now fails, n from 1; nothing with 0. */
static void arm(struct world *world, enum fault fault, uint64_t n)
{
    if (fault != FAULT_MEMORY)
        *counter_of(world, fault) = n;
    else if (n > 0)
        sg_mem_fail_once_after(n - 1);
    else
        sg_mem_fail_after(UINT64_MAX);
}

/* How many are left until it fails; 0: it has failed. */
static uint64_t left_of(struct world *world, enum fault fault)
{
    if (fault != FAULT_MEMORY)
        return *counter_of(world, fault);
    return sg_mem_left() == UINT64_MAX ? 0 : sg_mem_left() + 1;
}

/* ---- telling a story that may go wrong anywhere ---- */

/* The fault may be in starting; there is only one. */
static void start(struct world *world)
{
    for (int i = 0; i < STARTS_MOST; i++) {
        if (world_try_start(world))
            return;
    }
    world_fail(world, "Segue does not start any more");
}

static void restart(struct world *world, bool is_cut)
{
    if (is_cut)
        world_cut(world);
    else
        world_stop(world);
    start(world);
}

static struct server *begin(struct world *world, uint64_t size)
{
    struct server *server = internet_add_server(&world->internet);
    server->link_bps = 4 * MIB;
    server_share(server, "file.bin", size);
    start(world);
    return server;
}

static struct promise *add(struct world *world, struct job_record *record)
{
    struct promise *promise = world_add(world, "http://server-1/file.bin", record);
    world_run_ms(world, 100);
    return promise;
}

static struct promise *add_checked(struct world *world, const char *checksum)
{
    struct job_record record;
    job_record_init(&record);
    sg_mem_spare_begin();
    assert_int_equal(job_record_set(&record.checksum, checksum), SG_OK);
    sg_mem_spare_end();
    return add(world, &record);
}

typedef enum sg_status command_fn(struct engine *engine, struct job *job, struct sg_err *err);

/* A command that may be refused. */
static void tell(struct world *world, const struct promise *promise, command_fn *command)
{
    struct job *job = world_job(world, promise);
    if (job != NULL)
        (void)!command(world->engine, job, NULL);
}

static void cancel(struct world *world, struct promise *promise)
{
    promise->may_lose_bytes = promise->is_cancel_asked = true;
    tell(world, promise, engine_cancel);
}

static void remove_job(struct world *world, struct promise *promise, bool purges)
{
    struct job *job = world_job(world, promise);
    promise->may_lose_bytes = promise->is_removal_asked = true;
    if (job != NULL)
        (void)!engine_remove(world->engine, job, purges, NULL);
}

static void refresh(struct world *world, const struct promise *promise)
{
    struct job *job = world_job(world, promise);
    if (job != NULL)
        (void)!engine_refresh(world->engine, job,
                              &(struct job_access){ .url = "http://server-1/file.bin?fresh" },
                              NULL);
}

/* ---- the stories ---- */

static void several_lanes(struct world *world)
{
    begin(world, 2 * MIB);
    add(world, NULL);
    world_run_ms(world, 3000);
}

static void tiny_and_empty(struct world *world)
{
    struct server *server = begin(world, 0);
    server_share(server, "byte.bin", 1);
    add(world, NULL);
    world_add(world, "http://server-1/byte.bin", NULL);
    world_run_ms(world, 1000);
}

static void length_unknown(struct world *world)
{
    struct server *server = begin(world, 600 * KIB + 77);
    server->shares[0].is_chunked = true;
    server->shares[0].ignores_ranges = true;
    add(world, NULL);
    world_run_ms(world, 2000);
}

static void same_name_thrice(struct world *world)
{
    begin(world, 100 * KIB);
    for (int i = 0; i < 3; i++)
        add(world, NULL);
    world_run_ms(world, 1000);
}

static void pause_and_resume(struct world *world)
{
    begin(world, 2 * MIB);
    struct promise *job = add(world, NULL);
    world_run_ms(world, 300);
    tell(world, job, engine_pause);
    world_run_ms(world, 1000);
    tell(world, job, engine_resume);
    world_run_ms(world, 2000);
}

static void cancel_running(struct world *world)
{
    begin(world, 2 * MIB);
    struct promise *job = add(world, NULL);
    world_run_ms(world, 300);
    cancel(world, job);
    world_run_ms(world, 500);
}

static void remove_and_purge(struct world *world)
{
    begin(world, 100 * KIB);
    struct promise *kept = add(world, NULL);
    struct promise *purged = add(world, NULL);
    world_run_ms(world, 1000);
    struct promise *running = add(world, NULL);
    remove_job(world, kept, false);
    remove_job(world, purged, true);
    remove_job(world, running, false);
    world_run_ms(world, 500);
}

static void stop_and_start(struct world *world)
{
    begin(world, 2 * MIB);
    add(world, NULL);
    world_run_ms(world, 400);
    restart(world, false);
    world_run_ms(world, 2000);
}

static void power_cut(struct world *world)
{
    world->config.checkpoint_interval_ms = 200;
    begin(world, 2 * MIB);
    add(world, NULL);
    world_run_ms(world, 400);
    restart(world, true);
    world_run_ms(world, 2000);
}

static void name_is_taken_meanwhile(struct world *world)
{
    struct node *node;
    begin(world, 200 * KIB);
    add(world, NULL);
    sg_mem_spare_begin();
    if (disk_make(world->disk, "/downloads/file.bin", false, &node) == 0)
        disk_flush_names(world->disk, VOLUME_DOWNLOADS);
    sg_mem_spare_end();
    world_run_ms(world, 1000);
}

static void file_changes(struct world *world)
{
    struct server *server = begin(world, 2 * MIB);
    share_change(&server->shares[0], 1 * MIB, 500 * 1000);
    add(world, NULL);
    world_run_ms(world, 4000);
}

static void link_expires(struct world *world)
{
    struct server *server = begin(world, 2 * MIB);
    server->shares[0].expires_us = 400 * 1000;
    struct promise *job = add(world, NULL);
    world_run_ms(world, 2000);
    refresh(world, job);
    world_run_ms(world, 2000);
}

static void server_falters(struct world *world)
{
    struct server *server = begin(world, 2 * MIB);
    server->tolerated = 2;
    server->faults_until_us = 5000 * 1000;
    server->reset_permille = 200;
    server->error_permille = 200;
    add(world, NULL);
    world_run_ms(world, 6000);
}

static void disk_is_full(struct world *world)
{
    struct volume_nature *files = disk_volume(world->disk, VOLUME_DOWNLOADS);
    files->allocation = FILE_ALLOC_SPARSE;
    files->capacity_bytes = 1 * MIB;
    begin(world, 2 * MIB);
    add(world, NULL);
    world_run_ms(world, 3000);
    disk_volume(world->disk, VOLUME_DOWNLOADS)->capacity_bytes = 64 * MIB;
    world_run_ms(world, 12000);
}

static void few_buffers(struct world *world)
{
    world->config.memory_limit = 100 * KIB;
    begin(world, 600 * KIB);
    add(world, NULL);
    world_run_ms(world, 2000);
}

static void checksum_of_another_file(struct world *world)
{
    begin(world, 200 * KIB);
    add_checked(world, "md5:00112233445566778899aabbccddeeff");
    world_run_ms(world, 1000);
}

static const struct story {
    const char *name;
    void (*tell)(struct world *world);
    enum sg_status end; /* SG_OK: done, as far as wanted */
    bool has_others;    /* who put files there, too */
} stories[] = {
    { "several-lanes", several_lanes, SG_OK, false },
    { "tiny-and-empty", tiny_and_empty, SG_OK, false },
    { "length-unknown", length_unknown, SG_OK, false },
    { "same-name-thrice", same_name_thrice, SG_OK, false },
    { "pause-and-resume", pause_and_resume, SG_OK, false },
    { "cancel-running", cancel_running, SG_OK, false },
    { "remove-and-purge", remove_and_purge, SG_OK, false },
    { "stop-and-start", stop_and_start, SG_OK, false },
    { "power-cut", power_cut, SG_OK, false },
    { "name-is-taken", name_is_taken_meanwhile, SG_OK, true },
    { "file-changes", file_changes, SG_OK, false },
    { "link-expires", link_expires, SG_OK, false },
    { "server-falters", server_falters, SG_OK, false },
    { "disk-is-full", disk_is_full, SG_OK, false },
    { "few-buffers", few_buffers, SG_OK, false },
    { "checksum-differs", checksum_of_another_file, SG_E_CHECKSUM, false },
};

enum { STORIES = sizeof stories / sizeof stories[0] };

/* ---- afterwards ---- */

static const struct story *present;

static bool is_at_end(const struct promise *promise, const struct job_record *record)
{
    if (record->state == JOB_CANCELLED)
        return promise->is_cancel_asked;
    if (record->state == JOB_FAILED)
        return present->end != SG_OK && record->error_code == present->end;
    return record->state == JOB_DONE;
}

static bool is_settled(struct world *world)
{
    return world_is_settled(world, is_at_end);
}

/* What needs somebody gets somebody. */
static void help(struct world *world, struct promise *promise)
{
    struct job *job = world_job(world, promise);
    if (!promise->is_add_told)
        world_add_again(world, promise, NULL);
    if (job == NULL || is_at_end(promise, job_record_of(job)) != promise->is_removal_asked)
        return;
    const struct job_record *record = job_record_of(job);
    if (promise->is_removal_asked)
        remove_job(world, promise, false);
    else if (promise->is_cancel_asked)
        tell(world, promise, engine_cancel);
    else if (record->error_code == SG_E_LINK || record->error_code == SG_E_HTTP)
        refresh(world, promise);
    else if (record->state == JOB_PAUSED || record->state == JOB_FAILED)
        tell(world, promise, engine_resume);
}

/* No finished file may be left that is nobody's. What was given up may be: deleting it is tried
 * once. */
static void check_strays(struct world *world)
{
    bool may_be_others = present->has_others;
    for (size_t i = 0; i < world->n_promises; i++)
        may_be_others = may_be_others || world->promises[i].may_lose_bytes;
    if (!may_be_others)
        world_check_strays(world);
}

static void recover(struct world *world, bool is_cut)
{
    uint64_t until_ms = world_ms() + RECOVERY_LONGEST_MS;
    restart(world, is_cut);
    while (!world_run_until(world, is_settled, world_ms() + 2000)) {
        if (world_ms() > until_ms)
            world_fail(world, "it does not come to its end");
        for (size_t i = 0; i < world->n_promises; i++)
            help(world, &world->promises[i]);
    }
    restart(world, false); /* looks at every file once more */
    check_strays(world);
}

/* ---- the test ---- */

struct point {
    const struct story *story;
    enum fault fault;
    uint64_t n;
};

static struct point present_point;

/* Tells the story. How many more of that kind would have been needed to reach the fault; 0: it was
 * reached. */
static uint64_t run(const struct point *point, bool is_shown)
{
    present_point = *point;
    present = point->story;
    struct world *world = world_create(1);
    world->may_fail = true;
    arm(world, point->fault, point->n);
    point->story->tell(world);
    uint64_t left = left_of(world, point->fault);
    arm(world, point->fault, 0);
    recover(world, point->n % 2 == 1);
    if (is_shown)
        fputs(world->trace.data, stdout);
    world_destroy(world);
    return left;
}

static uint64_t count_of(const struct story *story, enum fault fault)
{
    static const uint64_t many = 1 << 30;
    return many - run(&(struct point){ story, fault, many }, false);
}

/* So many points there are of one kind in all stories, and so many were tried. */
struct tally {
    uint64_t n_points;
    uint64_t n_runs;
};

/* All of them, or as many as there is time for, spread evenly: another part for each story. */
static void run_all(const struct story *story, enum fault fault, uint64_t most, struct tally *tally)
{
    uint64_t count = count_of(story, fault);
    uint64_t step = count > most ? (count + most - 1) / most : 1;
    uint64_t first = 1 + (uint64_t)(story - stories) % step;
    for (uint64_t n = first; n <= count; n += step, tally->n_runs++)
        run(&(struct point){ story, fault, n }, false);
    tally->n_points += count;
}

static bool wanted_point(struct point *out)
{
    char story[32], fault[16];
    unsigned long long n;
    const char *text = getenv("SEGUE_SIM_FAULTS");
    if (text == NULL || sscanf(text, "%31[^:]:%15[^:]:%llu", story, fault, &n) != 3)
        return false;
    *out = (struct point){ .n = n };
    for (size_t i = 0; i < STORIES; i++) {
        if (strcmp(stories[i].name, story) == 0)
            out->story = &stories[i];
    }
    while (out->fault < FAULT_COUNT && strcmp(fault_words[out->fault], fault) != 0)
        out->fault++;
    assert_true(out->story != NULL && out->fault < FAULT_COUNT);
    return true;
}

/* AddressSanitizer calls it when it has found something. */
void __asan_on_error(void);

/* A failure ends the process, or is in the middle of the test's output: how to see it again. */
static void show_point(int signal_number)
{
    char text[120];
    (void)signal_number;
    if (present_point.story == NULL)
        return;
    int length = snprintf(text, sizeof text, "rerun with SEGUE_SIM_FAULTS=%s:%s:%llu\n",
                          present_point.story->name, fault_words[present_point.fault],
                          (unsigned long long)present_point.n);
    (void)!write(STDERR_FILENO, text, (size_t)length);
}

void __asan_on_error(void)
{
    show_point(0);
}

static int tear_down(void **state)
{
    (void)state;
    show_point(0);
    return 0;
}

static void any_single_fault__in_any_story__is_survived(void **state)
{
    struct point only;
    struct tally tallies[FAULT_COUNT] = { { 0 } };
    const char *wanted = getenv("SEGUE_SIM_FAULTS");
    bool is_all = wanted != NULL && strcmp(wanted, "all") == 0;
    (void)state;
    if (wanted_point(&only)) {
        run(&only, true);
        return;
    }
    for (size_t i = 0; i < STORIES; i++) {
        for (enum fault fault = FAULT_MEMORY; fault < FAULT_COUNT; fault++)
            run_all(&stories[i], fault, is_all ? UINT64_MAX : RUNS_MOST, &tallies[fault]);
    }
    present_point.story = NULL;
    for (size_t fault = 0; fault < FAULT_COUNT; fault++)
        print_message("%s: %llu of %llu points\n", fault_words[fault],
                      (unsigned long long)tallies[fault].n_runs,
                      (unsigned long long)tallies[fault].n_points);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(any_single_fault__in_any_story__is_survived, tear_down),
    };
    signal(SIGABRT, show_point);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
