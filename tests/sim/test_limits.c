/* Stories of rate limits, in virtual time: what jobs get is counted every second and compared with
 * the limit and with fair shares of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/sim/story.h"

enum { JOBS_MAX = 8, SECONDS = 10 };

/* A server that is faster than any limit here, with a file that no story comes to the end of. */
static struct server *serve(struct world *world, uint64_t connection_bps)
{
    struct server *server = internet_add_server(&world->internet);
    server->connection_bps = connection_bps;
    server_share(server, "file.bin", 3000ull * MIB);
    return server;
}

static struct promise *add_job(struct world *world, const char *url, int64_t lanes, int64_t limit)
{
    struct job_record record;
    job_record_init(&record);
    record.max_lanes = lanes;
    record.limit_bps = limit;
    return add_with(world, url, &record);
}

static struct promise *add_usual(struct world *world, int64_t lanes)
{
    return add_job(world, "http://server-1/file.bin", lanes, 0);
}

static struct job_progress progress_of(struct world *world, const struct promise *promise)
{
    struct job_progress progress;
    job_progress(world_job(world, promise), &progress);
    return progress;
}

static void set_limit(struct world *world, uint64_t limit_bps)
{
    world->config.limit_bps = limit_bps;
    assert_int_equal(engine_configure(world->engine, &world->config), SG_OK);
}

/* What came of every job within some seconds. */
struct tally {
    uint64_t by_job[JOBS_MAX];
    uint64_t all;
    uint64_t most;  /* in one second */
    uint64_t least; /* likewise */
};

static uint64_t received_of_all(struct world *world, uint64_t *by_job)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < world->n_promises; i++) {
        by_job[i] = progress_of(world, &world->promises[i]).received;
        sum += by_job[i];
    }
    return sum;
}

static struct tally count_seconds(struct world *world, int n)
{
    struct tally tally = { .least = UINT64_MAX };
    uint64_t before[JOBS_MAX];
    uint64_t start = received_of_all(world, before);
    uint64_t last = start;
    for (int i = 0; i < n; i++) {
        world_run_ms(world, 1000);
        uint64_t now = received_of_all(world, tally.by_job);
        tally.most = now - last > tally.most ? now - last : tally.most;
        tally.least = now - last < tally.least ? now - last : tally.least;
        last = now;
    }
    for (size_t i = 0; i < world->n_promises; i++)
        tally.by_job[i] -= before[i];
    tally.all = last - start;
    return tally;
}

static void check_near(struct world *world, uint64_t value, uint64_t wanted, const char *what)
{
    if (value < wanted - wanted * 3 / 100 || value > wanted + wanted * 3 / 100)
        world_fail(world, "%s is %llu, not %llu", what, (unsigned long long)value,
                   (unsigned long long)wanted);
}

/* Three percent over ten seconds, and no second that shows. */
static void check_limit(struct world *world, const struct tally *tally, uint64_t limit_bps)
{
    check_near(world, tally->all, limit_bps * SECONDS, "what came in ten seconds");
    if (tally->most > limit_bps + limit_bps / 10 || tally->least < limit_bps * 8 / 10)
        world_fail(world, "seconds have from %llu to %llu", (unsigned long long)tally->least,
                   (unsigned long long)tally->most);
}

static void follow(struct world *world, uint64_t limit_bps, const int *lanes, int n_jobs)
{
    serve(world, 200 * MIB);
    world->config.limit_bps = limit_bps;
    world->config.max_connections_per_host = 64;
    world_start(world);
    for (int i = 0; i < n_jobs; i++)
        add_usual(world, lanes[i]);
    world_run_ms(world, 3000);
    struct tally tally = count_seconds(world, SECONDS);
    check_limit(world, &tally, limit_bps);
    for (int i = 0; i < n_jobs; i++)
        check_near(world, tally.by_job[i], limit_bps * SECONDS / (uint64_t)n_jobs, "a job's part");
}

static void one_job__ten_kib__is_held_to_it(void **state)
{
    follow(*state, 10 * KIB, (const int[]){ 16 }, 1);
}

static void one_job__one_mib__is_held_to_it(void **state)
{
    follow(*state, MIB, (const int[]){ 16 }, 1);
}

static void one_job__a_hundred_mib_and_many_lanes__is_held_to_it(void **state)
{
    follow(*state, 100 * MIB, (const int[]){ 64 }, 1);
}

static void jobs_with_sixteen_lanes_and_one__get_the_same(void **state)
{
    follow(*state, 4 * MIB, (const int[]){ 16, 1, 4 }, 3);
}

static void jobs_under_a_low_limit__get_the_same(void **state)
{
    follow(*state, 30 * KIB, (const int[]){ 16, 1, 4 }, 3);
}

/* What one cannot use, by its own limit or its server, the others get. */
static void jobs_that_need_less__leave_it_to_the_others(void **state)
{
    struct world *world = *state;
    serve(world, 20 * MIB);
    struct server *slow = serve(world, 100 * KIB);
    slow->link_bps = 100 * KIB;
    world->config.limit_bps = 2 * MIB;
    world_start(world);
    add_job(world, "http://server-1/file.bin", 8, 200 * KIB);
    add_job(world, "http://server-2/file.bin", 2, 0);
    add_usual(world, 8);
    add_usual(world, 1);
    world_run_ms(world, 3000);
    struct tally tally = count_seconds(world, SECONDS);
    check_limit(world, &tally, 2 * MIB);
    check_near(world, tally.by_job[0], 2000 * KIB, "the limited job");
    uint64_t slow_bytes = tally.by_job[1];
    assert_in_range(slow_bytes, 800 * KIB, 1000 * KIB);
    uint64_t rest = 20 * MIB - 2000 * KIB - slow_bytes;
    check_near(world, tally.by_job[2], rest / 2, "the third");
    check_near(world, tally.by_job[3], rest / 2, "the fourth");
}

/* Their limits have nothing to do with each other. */
static void jobs_with_limits_of_their_own__are_held_to_them(void **state)
{
    struct world *world = *state;
    serve(world, 8 * MIB);
    world_start(world);
    add_job(world, "http://server-1/file.bin", 4, 50 * KIB);
    add_job(world, "http://server-1/file.bin", 4, 3 * MIB);
    add_usual(world, 4);
    world_run_ms(world, 4000);
    struct tally tally = count_seconds(world, SECONDS);
    check_near(world, tally.by_job[0], 500 * KIB, "the first");
    check_near(world, tally.by_job[1], 30 * MIB, "the second");
    assert_true(tally.by_job[2] > 200 * MIB);
}

/* Half a second later at most, and nobody connects again. */
static void limit_changed_while_running__holds_at_once(void **state)
{
    struct world *world = *state;
    struct server *server = serve(world, 4 * MIB);
    world_start(world);
    struct promise *job = add_usual(world, 4);
    world_run_ms(world, 5000);
    uint32_t n_connections = server->n_ever;
    static const uint64_t limits[] = { 2 * MIB, 200 * KIB, 8 * MIB };
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        set_limit(world, limits[i]);
        world_run_ms(world, 500);
        struct tally tally = count_seconds(world, SECONDS);
        check_limit(world, &tally, limits[i]);
    }
    set_limit(world, 0);
    world_run_ms(world, 500);
    assert_true(count_seconds(world, 4).all > 60 * MIB);
    struct job_change change = { .priority = INT64_MIN, .limit_bps = MIB, .max_lanes = -1 };
    assert_int_equal(engine_change(world->engine, world_job(world, job), &change, NULL), SG_OK);
    world_run_ms(world, 500);
    struct tally tally = count_seconds(world, SECONDS);
    check_limit(world, &tally, MIB);
    assert_int_equal(server->n_ever, n_connections);
}

/* More lanes would bring nothing: what is tried without a limit is not tried under one. */
static void low_limit__few_lanes_are_opened(void **state)
{
    struct world *world = *state;
    struct server *server = serve(world, 4 * MIB);
    world->config.limit_bps = 100 * KIB;
    world_start(world);
    struct promise *job = add_usual(world, 16);
    world_run_ms(world, 60000);
    assert_int_equal(progress_of(world, job).lanes, 1);
    assert_int_equal(server->n_ever, 1);
    set_limit(world, 2 * MIB);
    world_run_ms(world, 60000);
    assert_true(progress_of(world, job).lanes <= 2); /* as a download begins */
}

/* Lanes that wait for their turn longer than the server may be silent. */
static void limit_of_a_few_bytes__nobody_is_taken_for_stalled(void **state)
{
    struct world *world = *state;
    struct server *server = serve(world, 4 * MIB);
    world_start(world);
    struct promise *job = add_usual(world, 16);
    world_run_ms(world, 3000);
    uint32_t n_connections = server->n_ever;
    set_limit(world, 100);
    world_run_ms(world, 120000);
    assert_int_equal(server->n_ever, n_connections);
    assert_int_equal(job_record_of(world_job(world, job))->attempts, 0);
    set_limit(world, 0);
    world_run_ms(world, 1000);
    assert_true(count_seconds(world, 2).all > 8 * MIB);
}

/* The end of a file that came under a limit is the server's. */
static void limited_job__comes_to_its_end__has_the_file(void **state)
{
    struct world *world = *state;
    serve_file(world, 3 * MIB + 77);
    world->config.limit_bps = MIB;
    world_start(world);
    struct promise *job = add(world);
    world_await(world, "job 1 done", A_WHILE_MS);
    world_check_file(world, job);
    uint64_t took_ms =
        world_when_ms(world, "job 1 done", 0) - world_when_ms(world, "job 1 active", 0);
    assert_in_range(took_ms, 2900, 3500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_job__ten_kib__is_held_to_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_job__one_mib__is_held_to_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_job__a_hundred_mib_and_many_lanes__is_held_to_it,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(jobs_with_sixteen_lanes_and_one__get_the_same, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(jobs_under_a_low_limit__get_the_same, set_up, tear_down),
        cmocka_unit_test_setup_teardown(jobs_that_need_less__leave_it_to_the_others, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(jobs_with_limits_of_their_own__are_held_to_them, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(limit_changed_while_running__holds_at_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(low_limit__few_lanes_are_opened, set_up, tear_down),
        cmocka_unit_test_setup_teardown(limit_of_a_few_bytes__nobody_is_taken_for_stalled, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(limited_job__comes_to_its_end__has_the_file, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
