/* Random lives of a machine: servers, faults, a user who changes his mind, and the power going at
 * any moment, until everything is done. After every cut the ledger is checked, for the disk that
 * the machine goes on with and for others that the same cut could have left; at other moments it is
 * checked for the disk that a cut would have left then. In the end every file must be the server's.
 *
 * Lives are functions of their seeds: 1, 2, 3 and so on, until 10 000 moments were looked at.
 * SEGUE_SIM_CUTS=N looks at so many; SEGUE_SIM_SEED=N runs that one life and shows its trace, with
 * SEGUE_SIM_CUTS it begins with that one. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/sim/world.h"

enum {
    JOBS_MAX = 6,
    CUTS_MAX = 6,
    OUTCOMES = 3,
    GLIMPSE_EVERY = 20, /* changes of the disk */
    CALM_LONGEST_MS = 20 * 60 * 1000,
    CUTS_WANTED = 10000,
};

struct life {
    struct world *world;
    struct sim_dice dice;
    size_t n_jobs; /* that are to be added */
    uint64_t n_cuts;
    bool has_file_faults;
    bool has_database_faults;
    bool has_given_up;  /* a job; its file may be there: deleting it is not durable by itself */
    bool may_overwrite; /* then nothing is purged: it could be another job's */
};

static uint64_t present_seed;

/* ---- a world ---- */

static uint64_t between(struct life *life, uint64_t from, uint64_t to)
{
    return dice_between(&life->dice, from, to);
}

static bool chance(struct life *life, uint32_t permille)
{
    return dice_chance(&life->dice, permille);
}

/* Empty files, some of a few bytes, some of a page more or less, some larger. */
static uint64_t random_size(struct life *life)
{
    if (chance(life, 40))
        return 0;
    if (chance(life, 150))
        return between(life, 1, 9000);
    return between(life, 1, chance(life, 300) ? 3 << 20 : 600 << 10);
}

static void add_versions(struct life *life, struct share *share)
{
    while (share->n_versions < VERSIONS_MAX && chance(life, 250)) {
        uint64_t size = share->versions[share->n_versions - 1].size;
        uint64_t last_us = share->versions[share->n_versions - 1].from_us;
        if (chance(life, 500))
            size = random_size(life);
        share_change(share, size, last_us + between(life, 100, 4000) * 1000);
    }
}

static void add_share(struct life *life, struct server *server, size_t number)
{
    char name[40];
    snprintf(name, sizeof name, "file-%zu.bin", number);
    struct share *share = server_share(server, name, random_size(life));
    add_versions(life, share);
    share->ignores_ranges = chance(life, 100);
    share->is_chunked = chance(life, 100);
    share->has_no_etag = chance(life, 150);
    share->has_no_date = !share->has_no_etag && chance(life, 150);
    if (chance(life, 100))
        share->lies_until_us = between(life, 0, 5000) * 1000;
    if (chance(life, 150))
        share->expires_us = between(life, 1, 8000) * 1000;
}

static void add_server(struct life *life)
{
    struct server *server = internet_add_server(&life->world->internet);
    server->setup_us = between(life, 5, 200) * 1000;
    server->rtt_us = between(life, 1, 150) * 1000;
    server->connection_bps = between(life, 50, 2000) << 10;
    server->link_bps = chance(life, 500) ? between(life, 200, 4000) << 10 : 0;
    if (chance(life, 250))
        server->tolerated = (uint32_t)between(life, 1, 6);
    server->refusal = (enum refusal)between(life, REFUSE_429, REFUSE_RESET);
    server->retry_after_s = (uint32_t)between(life, 0, 2);
    server->slow_lane = (uint32_t)between(life, 0, 6);
    server->slow_bps = between(life, 1, 60) << 10;
    server->faults_until_us = between(life, 0, 15000) * 1000;
    server->reset_permille = (uint32_t)between(life, 0, 200);
    server->stall_permille = (uint32_t)between(life, 0, 100);
    server->short_permille = (uint32_t)between(life, 0, 100);
    server->error_permille = (uint32_t)between(life, 0, 150);
    server->connect_permille = (uint32_t)between(life, 0, 100);
}

static void set_up_servers(struct life *life)
{
    size_t n_servers = (size_t)between(life, 1, 3);
    for (size_t i = 0; i < n_servers; i++)
        add_server(life);
    for (size_t i = 0; i < life->n_jobs; i++)
        add_share(life, &life->world->internet.servers[between(life, 0, n_servers - 1)], i);
}

static void set_up_disk(struct life *life)
{
    static const enum file_allocation kinds[] = { FILE_ALLOC_NONE, FILE_ALLOC_SPARSE,
                                                  FILE_ALLOC_VALID_DATA, FILE_ALLOC_RESERVED };
    struct volume_nature *files = disk_volume(life->world->disk, VOLUME_DOWNLOADS);
    struct volume_nature *data = disk_volume(life->world->disk, VOLUME_DATA);
    life->has_file_faults = chance(life, 150);
    life->has_database_faults = chance(life, 100);
    files->allocation = kinds[between(life, 0, 3)];
    files->write_bps = between(life, 1, 200) << 20;
    files->latency_us = between(life, 1, 30000);
    files->flush_us = between(life, 1, 60000);
    data->flush_us = between(life, 1, 60000);
    files->forgets =
        chance(life, 500); /* SQLite could not bear it: the database's volume does not */
    files->at_once_permille = (uint32_t)between(life, 0, 1000);
    if (chance(life, 150))
        files->capacity_bytes = between(life, 1, 2000) << 10;
}

/* Faults of disks come and go with each start: a set of them that never ends would let nothing be
 * done. */
static void set_disk_faults(struct life *life, bool is_calm)
{
    struct volume_nature *files = disk_volume(life->world->disk, VOLUME_DOWNLOADS);
    struct volume_nature *data = disk_volume(life->world->disk, VOLUME_DATA);
    bool files_fail = life->has_file_faults && !is_calm;
    bool data_fails = life->has_database_faults && !is_calm;
    files->write_fails_permille = files_fail ? 20 : 0;
    files->flush_fails_permille = files_fail ? 100 : 0;
    data->write_fails_permille = data_fails ? 5 : 0;
    data->flush_fails_permille = data_fails ? 20 : 0;
}

static void set_up_settings(struct life *life)
{
    struct engine_config *config = &life->world->config;
    config->max_active = (uint32_t)between(life, 1, 4);
    config->max_connections = (uint32_t)between(life, 1, 12);
    config->max_connections_per_host = (uint32_t)between(life, 1, 12);
    config->memory_limit = between(life, 100, 4000) << 10;
    config->stall_timeout_ms = (uint32_t)between(life, 500, 5000);
    config->checkpoint_interval_ms = (uint32_t)between(life, 100, 1000);
}

/* ---- a user ---- */

static enum job_if_exists random_choice(struct life *life)
{
    if (life->may_overwrite && chance(life, 500))
        return JOB_IF_EXISTS_OVERWRITE;
    return chance(life, 200) ? JOB_IF_EXISTS_FAIL : JOB_IF_EXISTS_RENAME;
}

/* One job's file may take the place of another's, also of one that has its name but was not told to
 * be done. */
static void expect_overwriting(struct world *world, const char *url)
{
    bool is_shared = false;
    for (size_t i = 0; i + 1 < world->n_promises; i++)
        is_shared = is_shared || strcmp(world->promises[i].url, url) == 0;
    for (size_t i = 0; is_shared && i < world->n_promises; i++) {
        if (strcmp(world->promises[i].url, url) == 0)
            world->promises[i].may_lose_bytes = true;
    }
}

static void add_next(struct life *life)
{
    struct world *world = life->world;
    char url[80];
    size_t number = world->n_promises;
    struct job_record record;
    char name[40];
    if (number == life->n_jobs)
        return;
    if (chance(life, 200)) /* a file that was asked for before */
        number = (size_t)between(life, 0, number);
    snprintf(name, sizeof name, "file-%zu.bin", number);
    for (size_t i = 0; i < world->internet.n_servers; i++) {
        snprintf(url, sizeof url, "http://server-%zu/%s", i + 1, name);
        if (internet_find_share(&world->internet, url) != NULL)
            break;
    }
    job_record_init(&record);
    record.priority = (int64_t)between(life, 0, 4) - 2;
    record.if_exists = random_choice(life);
    world_add(world, url, &record);
    if (life->may_overwrite)
        expect_overwriting(world, url);
}

/* What was not answered before the cut is asked again. */
static void add_lost(struct life *life)
{
    struct world *world = life->world;
    for (size_t i = 0; i < world->n_promises; i++) {
        if (!world->promises[i].is_add_told)
            world_add_again(world, &world->promises[i], NULL);
    }
}

static void refresh(struct life *life, struct promise *promise, struct job *job)
{
    char url[96];
    struct engine *engine = life->world->engine;
    snprintf(url, sizeof url, "%s?fresh", promise->url);
    world_trace(life->world, "job %lld refreshed", (long long)promise->id);
    (void)!engine_refresh(engine, job, &(struct job_access){ .url = url }, NULL);
}

static void cancel(struct life *life, struct promise *promise, struct job *job)
{
    world_trace(life->world, "job %lld is to be cancelled", (long long)promise->id);
    promise->may_lose_bytes = true;
    promise->is_cancel_asked = true;
    life->has_given_up = true;
    (void)!engine_cancel(life->world->engine, job, NULL);
}

static void remove_job(struct life *life, struct promise *promise, struct job *job)
{
    world_trace(life->world, "job %lld is to be removed", (long long)promise->id);
    promise->may_lose_bytes = true;
    promise->is_removal_asked = true;
    life->has_given_up = true;
    bool purges = !life->may_overwrite && chance(life, 500);
    assert_int_equal(engine_remove(life->world->engine, job, purges, NULL), SG_OK);
}

/* A command may come at the wrong time: then it is refused. */
static void change_mind(struct life *life)
{
    struct world *world = life->world;
    if (world->n_promises == 0)
        return;
    struct promise *promise = &world->promises[between(life, 0, world->n_promises - 1)];
    struct job *job = world_job(world, promise);
    if (job == NULL)
        return;
    uint64_t what = between(life, 0, 99);
    if (what < 35)
        (void)!engine_pause(world->engine, job, NULL);
    else if (what < 75)
        (void)!engine_resume(world->engine, job, NULL);
    else if (what < 85)
        refresh(life, promise, job);
    else if (what < 90)
        (void)!engine_move(world->engine, job, NULL, what < 88, NULL);
    else if (what < 94)
        cancel(life, promise, job);
    else if (what < 97)
        remove_job(life, promise, job);
}

static void act(struct life *life)
{
    if (chance(life, 500))
        add_next(life);
    else if (chance(life, 300))
        change_mind(life);
}

/* ---- lives ---- */

/* Runs until the power goes, by itself after so many changes of the disk or else now. */
static void live_until_cut(struct life *life)
{
    struct world *world = life->world;
    uint64_t until_ms = world_ms() + between(life, 1, 4000);
    bool is_counted = chance(life, 600);
    if (is_counted)
        world_cut_after(world, between(life, 1, chance(life, 500) ? 60 : 500));
    if (!world_try_start(world))
        return;
    if (world_is_on(world))
        add_lost(life);
    while (world_is_on(world) && world_ms() < until_ms) {
        act(life);
        world_run_ms(world, between(life, 1, 300));
    }
    if (!world_is_on(world))
        return;
    if (chance(life, 200))
        world_stop(world);
    else
        world_cut(world);
}

/* True when it came to an end that the user can have wanted. */
static bool is_at_end(const struct promise *promise, const struct job_record *record)
{
    bool is_taken = record->error_code == SG_E_EXISTS && record->if_exists == JOB_IF_EXISTS_FAIL;
    switch (record->state) {
    case JOB_DONE:
        return true;
    case JOB_CANCELLED:
        return promise->is_cancel_asked;
    case JOB_FAILED:
        return is_taken;
    default:
        return false;
    }
}

static bool is_settled(struct world *world)
{
    return world_is_settled(world, is_at_end);
}

/* What needs somebody gets somebody. */
static void help(struct life *life, struct promise *promise)
{
    struct world *world = life->world;
    struct job *job = world_job(world, promise);
    if (job == NULL)
        return;
    const struct job_record *record = job_record_of(job);
    bool needs_link = record->error_code == SG_E_LINK || record->error_code == SG_E_HTTP;
    if (promise->is_removal_asked)
        remove_job(life, promise, job);
    else if (record->state == JOB_PAUSED || (record->state == JOB_FAILED && !needs_link))
        (void)!engine_resume(world->engine, job, NULL);
    else if (needs_link)
        refresh(life, promise, job);
}

/* Nothing fails any more: everything must come to its end. */
static void live_calmly(struct life *life)
{
    struct world *world = life->world;
    uint64_t until_ms = world_ms() + CALM_LONGEST_MS;
    disk_volume(world->disk, VOLUME_DOWNLOADS)->capacity_bytes = UINT64_C(1) << 34;
    set_disk_faults(life, true);
    world_cut_after(world, 0);
    world_start(world);
    add_lost(life);
    while (world->n_promises < life->n_jobs)
        add_next(life);
    while (!world_run_until(world, is_settled, world_ms() + 5000)) {
        if (world_ms() > until_ms)
            world_fail(world, "not everything comes to its end");
        for (size_t i = 0; i < world->n_promises; i++)
            help(life, &world->promises[i]);
    }
    world_stop(world);
    world_start(world); /* looks at every file once more */
    if (!life->has_given_up)
        world_check_strays(world);
}

/* What was looked at. */
struct looks {
    uint64_t n_lives;
    uint64_t n_cuts;
    uint64_t n_outcomes;
};

static void live(uint64_t seed, bool is_shown, struct looks *looks)
{
    struct life life = { .world = world_create(seed), .dice.state = seed };
    present_seed = seed;
    life.n_jobs = (size_t)between(&life, 1, JOBS_MAX);
    life.world->n_outcomes = OUTCOMES - 1;
    life.world->glimpse_every = GLIMPSE_EVERY;
    set_up_servers(&life);
    set_up_disk(&life);
    set_up_settings(&life);
    life.may_overwrite = chance(&life, 300);
    uint64_t n_cuts = between(&life, 1, CUTS_MAX);
    for (uint64_t i = 0; i < n_cuts; i++) {
        set_disk_faults(&life, chance(&life, 300));
        live_until_cut(&life);
    }
    live_calmly(&life);
    if (is_shown)
        fputs(life.world->trace.data, stdout);
    looks->n_lives++;
    looks->n_cuts += life.world->n_cuts;
    looks->n_outcomes += life.world->n_checked;
    world_destroy(life.world);
}

/* ---- the test ---- */

static uint64_t number_from(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

/* AddressSanitizer calls it when it has found something. */
void __asan_on_error(void);

/* A failed invariant ends the process: the seed is shown first. */
static void show_seed(int signal_number)
{
    char text[80];
    (void)signal_number;
    int length = snprintf(text, sizeof text, "rerun with SEGUE_SIM_SEED=%llu\n",
                          (unsigned long long)present_seed);
    (void)!write(STDERR_FILENO, text, (size_t)length);
}

void __asan_on_error(void)
{
    show_seed(0);
}

static double seconds_since(const struct timespec *start)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

static void power_cuts__at_any_moment__keep_every_promise(void **state)
{
    (void)state;
    struct timespec start;
    struct looks looks = { 0 };
    uint64_t seed = number_from("SEGUE_SIM_SEED", 1);
    bool is_one_life = getenv("SEGUE_SIM_SEED") != NULL && getenv("SEGUE_SIM_CUTS") == NULL;
    uint64_t wanted = is_one_life ? 1 : number_from("SEGUE_SIM_CUTS", CUTS_WANTED);
    clock_gettime(CLOCK_MONOTONIC, &start);
    while (looks.n_cuts < wanted)
        live(seed++, is_one_life, &looks);
    double seconds = seconds_since(&start);
    print_message("%llu power cuts with %llu outcomes in %llu lives, %.1f s, %.0f cuts/s\n",
                  (unsigned long long)looks.n_cuts, (unsigned long long)looks.n_outcomes,
                  (unsigned long long)looks.n_lives, seconds, (double)looks.n_cuts / seconds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(power_cuts__at_any_moment__keep_every_promise),
    };
    signal(SIGABRT, show_seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
