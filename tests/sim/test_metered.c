/* Stories of a machine whose network becomes metered, and another one again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/sim/os/sim_net_cost.h"
#include "tests/sim/story.h"

/* A machine that runs and is to obey, and a server with "file.bin". */
static int set_up_metered(void **state)
{
    set_up(state);
    struct world *world = *state;
    sim_net_set_cost(NET_COST_UNKNOWN);
    serve_file(world, 8 * MIB);
    world->config.metered = JOB_METERED_PAUSE;
    world_start(world);
    return 0;
}

static void change(struct world *world, const struct promise *job, enum job_metered choice)
{
    const struct job_change change = {
        .priority = INT64_MIN, .limit_bps = -1, .max_lanes = -1, .metered = (int)choice
    };
    assert_int_equal(engine_change(world->engine, world_job(world, job), &change, NULL), SG_OK);
}

static struct promise *add_that(struct world *world, enum job_metered choice)
{
    struct job_record record;
    job_record_init(&record);
    record.metered = choice;
    return add_with(world, "http://server-1/file.bin", &record);
}

static void network_becomes_metered__jobs_stop_and_keep_what_they_have__and_go_on_after_it(
    void **state)
{
    struct world *world = *state;
    struct server *server = &world->internet.servers[0];
    struct promise *jobs[] = { add(world), add(world), add(world) };
    world_run_ms(world, 1000);
    sim_net_set_cost(NET_COST_METERED);
    world_run_ms(world, 200);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(jobs[i]->state, "waiting metered");
        assert_int_equal(job_record_of(world_job(world, jobs[i]))->error_code, SG_E_METERED);
    }
    uint64_t sent = server->n_sent;
    world_run_ms(world, 20 * 60000);
    assert_int_equal(server->n_sent, sent);

    sim_net_set_cost(NET_COST_FREE);
    uint64_t back_ms = world_ms();
    world_run_ms(world, 200);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(jobs[i]->state, "active");
        assert_int_equal(job_record_of(world_job(world, jobs[i]))->attempts, 0);
    }
    while (engine_count(world->engine, JOB_DONE) < 3)
        world_run_ms(world, 10);
    for (size_t i = 0; i < 3; i++)
        world_check_file(world, jobs[i]);
    assert_in_range(world_ms() - back_ms, 3000, 7500);
    assert_in_range(server->n_sent, 24 * MIB, 24 * MIB + 3 * 256 * KIB);
}

static void network__unknown__holds_nobody_back(void **state)
{
    struct world *world = *state;
    struct promise *job = add(world);
    world_await(world, "job 1 done", A_WHILE_MS);
    world_check_file(world, job);
}

static void network__metered__only_who_must_wait_waits(void **state)
{
    struct world *world = *state;
    sim_net_set_cost(NET_COST_METERED);
    struct promise *obeys = add_that(world, JOB_METERED_AS_SET);
    struct promise *ignores = add_that(world, JOB_METERED_IGNORE);
    world_await(world, "job 2 done", A_WHILE_MS);
    world_check_file(world, ignores);
    assert_string_equal(obeys->state, "waiting metered");
    change(world, obeys, JOB_METERED_IGNORE);
    world_await(world, "job 1 done", world_ms() + A_WHILE_MS);
    world_check_file(world, obeys);
}

static void job__is_to_wait_from_now_on__stops_on_a_metered_network(void **state)
{
    struct world *world = *state;
    sim_net_set_cost(NET_COST_METERED);
    struct promise *job = add_that(world, JOB_METERED_IGNORE);
    world_run_ms(world, 1000);
    assert_string_equal(job->state, "active");
    change(world, job, JOB_METERED_PAUSE);
    world_run_ms(world, 200);
    assert_string_equal(job->state, "waiting metered");
}

static void setting__is_changed__jobs_follow_at_once(void **state)
{
    struct world *world = *state;
    sim_net_set_cost(NET_COST_METERED);
    struct promise *job = add(world);
    world_run_ms(world, 1000);
    assert_string_equal(job->state, "waiting metered");
    world->config.metered = JOB_METERED_IGNORE;
    assert_int_equal(engine_configure(world->engine, &world->config), SG_OK);
    world_run_ms(world, 200);
    assert_string_equal(job->state, "active");
    world->config.metered = JOB_METERED_PAUSE;
    assert_int_equal(engine_configure(world->engine, &world->config), SG_OK);
    world_run_ms(world, 200);
    assert_string_equal(job->state, "waiting metered");
}

static void machine_restarts__jobs_still_wait__and_go_on_where_it_is_free(void **state)
{
    struct world *world = *state;
    struct promise *job = add(world);
    world_run_ms(world, 1000);
    sim_net_set_cost(NET_COST_METERED);
    world_run_ms(world, 200);
    world_stop(world);
    world_start(world);
    world_run_ms(world, 1000);
    assert_int_equal(job_record_of(world_job(world, job))->reason, JOB_REASON_METERED);
    world_stop(world);
    sim_net_set_cost(NET_COST_FREE);
    world_start(world);
    world_await(world, "job 1 done", world_ms() + A_WHILE_MS);
    world_check_file(world, job);
}

/* Back before the last write has ended: nobody is left behind. */
static void network__metered_for_a_moment__job_goes_on(void **state)
{
    struct world *world = *state;
    struct promise *job = add(world);
    world_run_ms(world, 1000);
    for (int i = 0; i < 20; i++) {
        sim_net_set_cost(NET_COST_METERED);
        world_run_ms(world, (uint64_t)i);
        sim_net_set_cost(NET_COST_FREE);
        world_run_ms(world, 20);
    }
    world_await(world, "job 1 done", world_ms() + A_WHILE_MS);
    world_check_file(world, job);
}

static void job__waits_and_is_paused_or_cancelled__obeys_its_user(void **state)
{
    struct world *world = *state;
    sim_net_set_cost(NET_COST_METERED);
    struct promise *paused = add(world);
    struct promise *cancelled = add(world);
    world_run_ms(world, 1000);
    assert_int_equal(engine_pause(world->engine, world_job(world, paused), NULL), SG_OK);
    cancelled->is_cancel_asked = true;
    assert_int_equal(engine_cancel(world->engine, world_job(world, cancelled), NULL), SG_OK);
    sim_net_set_cost(NET_COST_FREE);
    world_run_ms(world, 5000);
    assert_string_equal(paused->state, "paused");
    assert_string_equal(cancelled->state, "cancelled");
    sim_net_set_cost(NET_COST_METERED);
    world_run_ms(world, 200);
    assert_int_equal(engine_resume(world->engine, world_job(world, paused), NULL), SG_OK);
    world_run_ms(world, 200);
    assert_string_equal(paused->state, "waiting metered");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up_metered, tear_down)
        CASE(network_becomes_metered__jobs_stop_and_keep_what_they_have__and_go_on_after_it),
        CASE(network__unknown__holds_nobody_back),
        CASE(network__metered__only_who_must_wait_waits),
        CASE(job__is_to_wait_from_now_on__stops_on_a_metered_network),
        CASE(setting__is_changed__jobs_follow_at_once),
        CASE(machine_restarts__jobs_still_wait__and_go_on_where_it_is_free),
        CASE(network__metered_for_a_moment__job_goes_on),
        CASE(job__waits_and_is_paused_or_cancelled__obeys_its_user),
#undef CASE
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
