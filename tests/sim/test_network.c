/* Stories of a machine whose network goes and comes: who waits, and when they go on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/sim/os/sim_net_watch.h"
#include "tests/sim/story.h"

/* A machine that runs, and a server with "file.bin". */
static int set_up_network(void **state)
{
    set_up(state);
    serve_file(*state, 8 * MIB);
    world_start(*state);
    return 0;
}

static void network_goes__jobs_wait__and_go_on_when_it_is_back(void **state)
{
    struct world *world = *state;
    struct server *server = &world->internet.servers[0];
    struct promise *jobs[] = { add(world), add(world), add(world) };
    world_run_ms(world, 1000);
    sim_net_set_up(false);
    world_await(world, "job 1 waiting network", A_WHILE_MS);
    world_run_ms(world, 20 * 60000);
    sim_net_set_up(true);
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
    assert_in_range(world_ms() - back_ms, 3000, 7500); /* what was fetched is kept */
    assert_in_range(server->n_sent, 24 * MIB, 24 * MIB + 3 * 256 * KIB);
}

/* Addresses that change, while nothing else does. */
static void network__restless__a_dead_server_is_asked_once_a_second__and_in_the_end_given_up(
    void **state)
{
    struct world *world = *state;
    struct server *server = &world->internet.servers[0];
    server->faults_until_us = UINT64_MAX;
    server->connect_permille = 1000;
    struct promise *job = add(world);
    world_await(world, "job 1 waiting retry", A_WHILE_MS);
    world_run_ms(world, 900);
    size_t before = world_count(world, "server-1 connect_failed");
    for (int i = 0; i < 1000; i++) {
        sim_net_set_up(true);
        world_run_ms(world, 10);
    }
    size_t asked = world_count(world, "server-1 connect_failed") - before;
    assert_in_range(asked, 9, 12);
    assert_string_equal(job->state, "waiting retry");
    world_await(world, "job 1 failed connect_failed", 10 * A_WHILE_MS);
}

/* The address is there before the route is; the route is not told of. */
static void network__comes_late_after_its_address__is_found_by_another_look(void **state)
{
    struct world *world = *state;
    sim_net_set_up(false);
    struct promise *job = add(world);
    world_run_ms(world, 8000);
    assert_string_equal(job->state, "waiting network");
    sim_net_set_up(false); /* an address */
    world_run_ms(world, 2500);
    assert_string_equal(job->state, "waiting network");
    sim_net_change_silently(true);
    world_await(world, "job 1 done", world_ms() + 5000);
    world_check_file(world, job);
}

static void network_back__job_that_waits_for_its_link__goes_on_waiting(void **state)
{
    struct world *world = *state;
    struct server *server = &world->internet.servers[0];
    server->shares[0].expires_us = 1000 * 1000;
    server->reset_permille = 1000;
    server->faults_until_us = 2000 * 1000;
    struct promise *job = add(world);
    world_await(world, "job 1 waiting link", A_WHILE_MS);
    sim_net_set_up(false);
    world_run_ms(world, 5000);
    sim_net_set_up(true);
    world_run_ms(world, 5000);
    assert_string_equal(job->state, "waiting link");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up_network, tear_down)
        CASE(network_goes__jobs_wait__and_go_on_when_it_is_back),
        CASE(network__restless__a_dead_server_is_asked_once_a_second__and_in_the_end_given_up),
        CASE(network__comes_late_after_its_address__is_found_by_another_look),
        CASE(network_back__job_that_waits_for_its_link__goes_on_waiting),
#undef CASE
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
