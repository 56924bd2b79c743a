/* Stories of the engine with its store, on a simulated machine and network: what happens, and when.
 * Times are virtual, so they are exact; they are compared with what arithmetic says, not with what
 * the code happened to do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "os/path.h"
#include "tests/sim/story.h"

/* A machine that runs, and a server with "file.bin". */
static struct server *begin(struct world *world, uint64_t size)
{
    struct server *server = serve_file(world, size);
    world_start(world);
    return server;
}

static uint64_t when(struct world *world, const char *text)
{
    uint64_t ms = world_when_ms(world, text, 0);
    if (ms == UINT64_MAX)
        world_fail(world, "there is no \"%s\"", text);
    return ms;
}

static uint32_t lanes_of(struct world *world, const struct promise *promise)
{
    struct job_progress progress;
    job_progress(world_job(world, promise), &progress);
    return progress.lanes;
}

static uint64_t received_of(struct world *world, const struct promise *promise)
{
    struct job_progress progress;
    job_progress(world_job(world, promise), &progress);
    return progress.received;
}

static uint64_t took_ms(struct world *world)
{
    return when(world, "job 1 done") - when(world, "job 1 active");
}

/* A lane whose tail was taken may get a delivery more than it keeps. */
static void assert_sent_once(const struct server *server, uint64_t size)
{
    assert_in_range(server->n_sent, size, size + 256 * KIB);
}

/* ---- speed ---- */

static void one_job__one_server__is_fetched_at_the_speed_of_the_link(void **state)
{
    struct world *world = *state;
    struct server *server = begin(world, 16 * MIB);
    struct promise *job = add(world);
    world_await(world, "job 1 done", A_WHILE_MS);
    world_check_file(world, job);
    assert_in_range(took_ms(world), 4000, 4600);
    assert_sent_once(server, 16 * MIB);
}

static void one_job__no_limit_but_each_connections__opens_sixteen_lanes(void **state)
{
    struct world *world = *state;
    struct server *server = begin(world, 128 * MIB);
    server->link_bps = 0;
    struct promise *job = add(world);
    world_run_ms(world, 2500);
    assert_int_equal(lanes_of(world, job), 16);
    world_await(world, "job 1 done", A_WHILE_MS);
    world_check_file(world, job);
    assert_int_equal(server->n_most, 16);
    assert_in_range(took_ms(world), 4000, 5500); /* sixteen lanes of 2 MiB/s, and finding them */
}

static void slow_lane__others_are_fast__is_robbed(void **state)
{
    struct world *world = *state;
    world->config.max_connections = 4;
    struct server *server = begin(world, 32 * MIB);
    server->link_bps = 0;
    server->slow_lane = 2;
    server->slow_bps = 50 * KIB;
    struct promise *job = add(world);
    world_await(world, "job 1 done", A_WHILE_MS);
    world_check_file(world, job);
    assert_in_range(took_ms(world), 4000, 5400); /* what three of 2 MiB/s do together */
    assert_sent_once(server, 32 * MIB);
}

static void length_unknown__is_fetched_to_its_end(void **state)
{
    struct world *world = *state;
    struct server *server = internet_add_server(&world->internet);
    struct share *share = server_share(server, "file.bin", 3 * MIB + 77);
    share->is_chunked = true;
    share->ignores_ranges = true;
    world_start(world);
    struct promise *job = add(world);
    world_await(world, "job 1 done", A_WHILE_MS);
    world_check_file(world, job);
    assert_int_equal(server->n_most, 1);
}

/* ---- the queue ---- */

static size_t count_with_lanes(struct world *world, size_t n_jobs)
{
    size_t n = 0;
    for (size_t i = 0; i < n_jobs; i++) {
        struct job_progress progress;
        job_progress(world_job(world, &world->promises[i]), &progress);
        n += progress.lanes > 0;
    }
    return n;
}

static void twenty_jobs__four_at_a_time__run_in_order_of_priority(void **state)
{
    struct world *world = *state;
    begin(world, 1 * MIB);
    for (int i = 0; i < 20; i++) {
        struct job_record record;
        job_record_init(&record);
        record.state = JOB_PAUSED;
        record.priority = i % 2;
        add_with(world, "http://server-1/file.bin", &record);
    }
    for (size_t i = 0; i < 20; i++)
        assert_int_equal(engine_resume(world->engine, world_job(world, &world->promises[i]), NULL),
                         SG_OK);
    uint64_t last_ms = 0;
    for (int i = 0; i < 20; i++) {
        char text[32];
        int id = i < 10 ? 2 * (i + 1) : 2 * (i - 10) + 1; /* the even ones have priority 1 */
        snprintf(text, sizeof text, "job %d active", id);
        uint64_t ms = world_await(world, text, A_WHILE_MS);
        assert_true(ms >= last_ms);
        last_ms = ms;
        assert_in_range(count_with_lanes(world, 20), 1, 4);
    }
    while (engine_count(world->engine, JOB_DONE) < 20)
        world_run_ms(world, 10);
    for (size_t i = 0; i < 20; i++)
        world_check_file(world, &world->promises[i]);
    assert_in_range(world_ms(), 5000, 12000);
}

/* What has all its bytes asks nothing of the network while its file is flushed and named. */
static void one_at_a_time__the_first_only_settles__the_next_one_begins(void **state)
{
    struct world *world = *state;
    world->config.max_active = 1;
    begin(world, 1 * MIB);
    disk_volume(world->disk, VOLUME_DOWNLOADS)->flush_us = 20 * 1000 * 1000;
    struct promise *first = add(world);
    struct promise *second = add(world);
    world_await(world, "job 2 active", A_WHILE_MS);
    assert_int_equal(lanes_of(world, first), 0);
    assert_int_equal(engine_count(world->engine, JOB_DONE), 0);
    while (engine_count(world->engine, JOB_DONE) < 2)
        world_run_ms(world, 100);
    world_check_file(world, first);
    world_check_file(world, second);
}

static void pause__then_resume__goes_on_where_it_was(void **state)
{
    struct world *world = *state;
    struct server *server = begin(world, 8 * MIB);
    struct promise *job = add(world);
    world_run_ms(world, 1500);
    assert_int_equal(engine_pause(world->engine, world_job(world, job), NULL), SG_OK);
    world_await(world, "job 1 paused", world_ms() + 500);
    uint64_t had = received_of(world, job);
    assert_in_range(had, 1 * MIB, 7 * MIB);
    world_run_ms(world, 10000);
    assert_int_equal(received_of(world, job), had);
    assert_int_equal(engine_resume(world->engine, world_job(world, job), NULL), SG_OK);
    world_await(world, "job 1 done", A_WHILE_MS);
    world_check_file(world, job);
    assert_sent_once(server, 8 * MIB);
}

static void cancel__running_job__deletes_its_part_file(void **state)
{
    struct world *world = *state;
    begin(world, 8 * MIB);
    struct promise *job = add(world);
    world_run_ms(world, 1500);
    assert_true(path_exists("/downloads/file.bin.part"));
    job->may_lose_bytes = true;
    assert_int_equal(engine_cancel(world->engine, world_job(world, job), NULL), SG_OK);
    world_await(world, "job 1 cancelled", world_ms() + 500);
    world_run_ms(world, 100);
    assert_false(path_exists("/downloads/file.bin.part"));
    assert_int_equal(received_of(world, job), 0);
}

static void remove__finished_job__leaves_its_file_unless_purged(void **state)
{
    struct world *world = *state;
    begin(world, 1 * MIB);
    struct promise *kept = add(world);
    struct promise *purged = add(world);
    world_await(world, "job 1 done", A_WHILE_MS);
    if (world_count(world, "job 2 done") == 0)
        world_await(world, "job 2 done", A_WHILE_MS);
    kept->is_removal_asked = purged->is_removal_asked = true;
    assert_int_equal(engine_remove(world->engine, world_job(world, kept), false, NULL), SG_OK);
    assert_int_equal(engine_remove(world->engine, world_job(world, purged), true, NULL), SG_OK);
    world_await(world, "job 2 removed", world_ms() + 500);
    world_run_ms(world, 100);
    assert_true(path_exists("/downloads/file.bin"));
    assert_false(path_exists("/downloads/file (2).bin"));
}

/* The part file is gone, and another job's has its name by now. */
static void cancel__job_whose_part_file_was_replaced__leaves_the_others(void **state)
{
    struct world *world = *state;
    begin(world, 8 * MIB);
    struct promise *job = add(world);
    world_run_ms(world, 1500);
    assert_int_equal(engine_pause(world->engine, world_job(world, job), NULL), SG_OK);
    world_await(world, "job 1 paused", A_WHILE_MS);
    assert_int_equal(path_remove("/downloads/file.bin.part", NULL), SG_OK);
    struct promise *other = add(world);
    world_run_ms(world, 1500);
    assert_true(path_exists("/downloads/file.bin.part"));
    job->may_lose_bytes = true;
    assert_int_equal(engine_cancel(world->engine, world_job(world, job), NULL), SG_OK);
    world_run_ms(world, 100);
    assert_true(path_exists("/downloads/file.bin.part"));
    world_await(world, "job 2 done", A_WHILE_MS);
    world_check_file(world, other);
}

/* ---- stopping and crashing ---- */

static void stop__while_bytes_flow__loses_none_of_them(void **state)
{
    struct world *world = *state;
    struct server *server = begin(world, 8 * MIB);
    struct promise *job = add(world);
    world_run_ms(world, 1500);
    uint64_t before_ms = world_ms();
    world_stop(world);
    assert_in_range(world_ms() - before_ms, 0, 200);
    world_start(world);
    world_await(world, "job 1 done", A_WHILE_MS);
    world_check_file(world, job);
    assert_sent_once(server, 8 * MIB);
}

static void stop__right_after_the_start__is_possible(void **state)
{
    struct world *world = *state;
    begin(world, 1 * MIB);
    world_stop(world);
    world_start(world);
}

static void power_cut__while_bytes_flow__costs_at_most_a_checkpoint(void **state)
{
    struct world *world = *state;
    struct server *server = begin(world, 32 * MIB);
    struct promise *job = add(world);
    world_run_ms(world, 5000);
    world_cut(world);
    world_start(world);
    world_await(world, "job 1 done", A_WHILE_MS);
    world_check_file(world, job);
    assert_in_range(server->n_sent, 32 * MIB, 32 * MIB + 4 * MIB * 3 / 2);
}

/* Somebody takes the name while the file is on its way: it gets a number, and wherever the power
 * goes it is neither fetched twice nor forgotten. */
static void fetch_and_cut_after(uint64_t n_operations)
{
    struct node *node;
    struct world *world = world_create(n_operations);
    begin(world, 100 * KIB);
    struct promise *job = add(world);
    world_run_ms(world, 110);
    assert_int_equal(disk_make(world->disk, "/downloads/file.bin", false, &node), 0);
    disk_flush_names(world->disk, VOLUME_DOWNLOADS);
    world_cut_after(world, n_operations);
    world_run_ms(world, 2000);
    if (!world_is_on(world))
        world_start(world);
    world_run_ms(world, 5000);
    world_check_file(world, job);
    assert_false(path_exists("/downloads/file (3).bin"));
    world_cut_after(world, 0);
    world_destroy(world);
}

static void power_cut__at_each_step_of_finishing__leaves_one_file(void **state)
{
    (void)state;
    for (uint64_t n = 1; n < 60; n++)
        fetch_and_cut_after(n);
}

/* ---- servers ---- */

static void file_changes__on_the_server__is_fetched_anew(void **state)
{
    struct world *world = *state;
    struct server *server = begin(world, 8 * MIB);
    share_change(&server->shares[0], 6 * MIB, 150 * 1000);
    struct promise *job = add(world);
    world_await(world, "job 1 done", A_WHILE_MS);
    world_check_file(world, job);
    const struct job_record *record = job_record_of(world_job(world, job));
    assert_int_equal(record->restarts, 1);
    assert_int_equal(record->total, 6 * MIB);
}

/* Half of the requests fail: the change is found again and again before the new file begins. */
static void file_changes__and_the_server_falters__counts_one_change(void **state)
{
    struct world *world = *state;
    struct server *server = begin(world, 8 * MIB);
    share_change(&server->shares[0], 6 * MIB, 600 * 1000);
    struct promise *job = add(world);
    world_run_ms(world, 550);
    assert_int_equal(engine_pause(world->engine, world_job(world, job), NULL), SG_OK);
    world_await(world, "job 1 paused", A_WHILE_MS);
    server->faults_until_us = 3600 * 1000000ull;
    server->error_permille = 700;
    assert_int_equal(engine_resume(world->engine, world_job(world, job), NULL), SG_OK);
    world_await(world, "job 1 done", 10 * A_WHILE_MS);
    world_check_file(world, job);
    assert_true(world_count(world, "job 1 waiting retry") > 1);
    assert_int_equal(job_record_of(world_job(world, job))->restarts, 1);
}

static void link_expires__in_mid_download__waits_for_another_one(void **state)
{
    struct world *world = *state;
    struct server *server = begin(world, 8 * MIB);
    server->shares[0].expires_us = 1000 * 1000;
    server->reset_permille = 1000;
    server->faults_until_us = 2000 * 1000;
    struct promise *job = add(world);
    world_await(world, "job 1 waiting link", A_WHILE_MS);
    world_run_ms(world, 60000);
    assert_string_equal(job->state, "waiting link");
    const struct job_access access = { .url = "http://server-1/file.bin?fresh" };
    assert_int_equal(engine_refresh(world->engine, world_job(world, job), &access, NULL), SG_OK);
    world_await(world, "job 1 done", A_WHILE_MS * 2);
    world_check_file(world, job);
    assert_in_range(server->n_sent, 8 * MIB, 8 * MIB + 256 * KIB);
}

static void link_works_once__is_good_for_the_lane_that_has_it(void **state)
{
    struct world *world = *state;
    struct server *server = begin(world, 8 * MIB);
    server->shares[0].expires_us = 150 * 1000; /* when the first reply has begun */
    struct promise *job = add(world);
    world_await(world, "job 1 done", A_WHILE_MS);
    world_check_file(world, job);
    assert_sent_once(server, 8 * MIB);
}

static void server_tolerates_three__others_get_429__steps_down_and_keeps_every_byte(void **state)
{
    struct world *world = *state;
    struct server *server = begin(world, 24 * MIB);
    server->link_bps = 0;
    server->tolerated = 3;
    struct promise *job = add(world);
    world_await(world, "job 1 done", A_WHILE_MS);
    world_check_file(world, job);
    assert_int_equal(server->n_most, 3);
    assert_in_range(took_ms(world), 4000, 5200); /* three lanes of 2 MiB/s */
    assert_sent_once(server, 24 * MIB);
}

static void server_away__for_a_minute__is_asked_again(void **state)
{
    struct world *world = *state;
    struct server *server = begin(world, 1 * MIB);
    server->faults_until_us = 60 * 1000 * 1000;
    server->connect_permille = 1000;
    struct promise *job = add(world);
    world_await(world, "job 1 waiting retry", A_WHILE_MS);
    world_await(world, "job 1 done", A_WHILE_MS * 2);
    world_check_file(world, job);
    assert_in_range(when(world, "job 1 done"), 60000, 130000);
}

static void server_falls_silent__after_the_stall_time__is_asked_again(void **state)
{
    struct world *world = *state;
    world->config.max_connections = 1;
    struct server *server = begin(world, 1 * MIB);
    server->faults_until_us = 1000 * 1000;
    server->stall_permille = 1000;
    struct promise *job = add(world);
    world_await(world, "job 1 done", A_WHILE_MS);
    world_check_file(world, job);
    assert_in_range(took_ms(world), 10000, 13000);
}

/* ---- disks ---- */

/* Buffers for one lane and a half; a lane that waits for one must be woken by whoever gives one
 * back, also when that is the lane itself, whose write was finished at once. */
static void fetch_with_few_buffers(uint32_t at_once_permille, uint32_t max_lanes)
{
    struct world *world = world_create(at_once_permille);
    world->config.max_connections = max_lanes;
    world->config.memory_limit = 100 * KIB;
    struct server *server = begin(world, 1 * MIB);
    server->connection_bps = 300 * KIB; /* deliveries do not fill buffers exactly */
    disk_volume(world->disk, VOLUME_DOWNLOADS)->at_once_permille = at_once_permille;
    struct promise *job = add(world);
    world_await(world, "job 1 done", A_WHILE_MS);
    world_check_file(world, job);
    assert_sent_once(server, 1 * MIB);
    assert_in_range(took_ms(world), 3400, 3950); /* as one lane with all the buffers it wants */
    world_destroy(world);
}

static void few_buffers__writes_finish_at_once_or_later__no_lane_waits_for_ever(void **state)
{
    (void)state;
    for (uint32_t permille = 0; permille <= 1000; permille += 100)
        fetch_with_few_buffers(permille, 1 + permille % 300 / 100);
}

static void flush_fails__job_fails__and_claims_nothing_of_it(void **state)
{
    struct world *world = *state;
    begin(world, 32 * MIB);
    struct volume_nature *files = disk_volume(world->disk, VOLUME_DOWNLOADS);
    files->forgets = true;
    files->flush_fails_in = 2;
    struct promise *job = add(world);
    world_await(world, "job 1 failed io_error", A_WHILE_MS);
    world_cut(world);
    world_start(world); /* checks the claims */
    assert_int_equal(engine_resume(world->engine, world_job(world, job), NULL), SG_OK);
    world_await(world, "job 1 done", A_WHILE_MS);
    world_check_file(world, job);
}

static void database_fails__when_the_job_is_done__tells_it_only_once_it_is_noted(void **state)
{
    struct world *world = *state;
    begin(world, 4 * MIB);
    struct volume_nature *data = disk_volume(world->disk, VOLUME_DATA);
    struct promise *job = add(world);
    while (!path_exists("/downloads/file.bin"))
        loop_turn(world->loop, 100); /* a millisecond is enough for the commit too */
    data->flush_fails_permille = 1000;
    world_run_ms(world, 10000);
    assert_string_equal(job->state, "active");
    data->flush_fails_permille = 0;
    world_await(world, "job 1 done", world_ms() + 2000);
    world_check_file(world, job);
}

/* Started or not, the next start finds a database as it should be. */
static void make_database_with_fault(uint64_t write_fails_in, uint64_t flush_fails_in)
{
    struct world *world = world_create(1);
    struct server *server = internet_add_server(&world->internet);
    server_share(server, "file.bin", 1000);
    struct volume_nature *data = disk_volume(world->disk, VOLUME_DATA);
    data->write_fails_in = write_fails_in;
    data->flush_fails_in = flush_fails_in;
    data->flush_fails_permille = 1; /* says that there are faults */
    if (!world_try_start(world)) {
        data->write_fails_in = data->flush_fails_in = 0;
        world_start(world);
    }
    data->flush_fails_permille = 0;
    data->write_fails_in = data->flush_fails_in = 0;
    add(world);
    assert_true(path_exists("/data/segue.db-wal"));
    world_destroy(world);
}

static void database_fails__while_it_is_made__is_made_the_next_time(void **state)
{
    (void)state;
    for (uint64_t n = 1; n < 16; n++) {
        make_database_with_fault(n, 0);
        make_database_with_fault(0, n);
    }
}

static void checksum__of_another_file__is_a_mismatch_and_keeps_the_part(void **state)
{
    struct world *world = *state;
    struct job_record record;
    begin(world, 1 * MIB);
    job_record_init(&record);
    assert_int_equal(job_record_set(&record.checksum, "md5:00112233445566778899aabbccddeeff"),
                     SG_OK);
    add_with(world, "http://server-1/file.bin", &record);
    world_await(world, "job 1 failed checksum_mismatch", A_WHILE_MS);
    assert_true(path_exists("/downloads/file.bin.part"));
    assert_false(path_exists("/downloads/file.bin"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        CASE(one_job__one_server__is_fetched_at_the_speed_of_the_link),
        CASE(one_job__no_limit_but_each_connections__opens_sixteen_lanes),
        CASE(slow_lane__others_are_fast__is_robbed),
        CASE(length_unknown__is_fetched_to_its_end),
        CASE(twenty_jobs__four_at_a_time__run_in_order_of_priority),
        CASE(one_at_a_time__the_first_only_settles__the_next_one_begins),
        CASE(pause__then_resume__goes_on_where_it_was),
        CASE(cancel__running_job__deletes_its_part_file),
        CASE(remove__finished_job__leaves_its_file_unless_purged),
        CASE(cancel__job_whose_part_file_was_replaced__leaves_the_others),
        CASE(stop__while_bytes_flow__loses_none_of_them),
        CASE(stop__right_after_the_start__is_possible),
        CASE(power_cut__while_bytes_flow__costs_at_most_a_checkpoint),
        cmocka_unit_test(power_cut__at_each_step_of_finishing__leaves_one_file),
        CASE(file_changes__on_the_server__is_fetched_anew),
        CASE(file_changes__and_the_server_falters__counts_one_change),
        CASE(link_expires__in_mid_download__waits_for_another_one),
        CASE(link_works_once__is_good_for_the_lane_that_has_it),
        CASE(server_tolerates_three__others_get_429__steps_down_and_keeps_every_byte),
        CASE(server_away__for_a_minute__is_asked_again),
        CASE(server_falls_silent__after_the_stall_time__is_asked_again),
        cmocka_unit_test(few_buffers__writes_finish_at_once_or_later__no_lane_waits_for_ever),
        CASE(flush_fails__job_fails__and_claims_nothing_of_it),
        CASE(database_fails__when_the_job_is_done__tells_it_only_once_it_is_noted),
        cmocka_unit_test(database_fails__while_it_is_made__is_made_the_next_time),
        CASE(checksum__of_another_file__is_a_mismatch_and_keeps_the_part),
#undef CASE
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
