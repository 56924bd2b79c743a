/* Stories of the engine with its store, on a simulated machine and network: what happens, and when.
 * Times are virtual, so they are exact; they are compared with what arithmetic says, not with what
 * the code happened to do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/sim/world.h"

enum { MIB = 1 << 20, A_WHILE_MS = 60000 };

static int set_up(void **state)
{
    *state = world_create(1);
    return 0;
}

static int tear_down(void **state)
{
    world_destroy(*state);
    return 0;
}

static struct promise *add(struct world *world, const char *url)
{
    struct promise *promise = world_add(world, url, NULL);
    world_run_ms(world, 50);
    assert_true(promise->is_add_told);
    return promise;
}

static void one_job__one_server__is_fetched_at_the_speed_of_the_link(void **state)
{
    struct world *world = *state;
    struct server *server = internet_add_server(&world->internet);
    server->link_bps = 4 * MIB;
    server_share(server, "file.bin", 16 * MIB);
    world_start(world);
    struct promise *job = add(world, "http://server-1/file.bin");
    world_await(world, "job 1 done", A_WHILE_MS);
    world_check_file(world, job);
    uint64_t took_ms = world_when_ms(world, "job 1 done", 0) - world_when_ms(world, "job 1 active", 0);
    assert_in_range(took_ms, 4000, 4600);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        CASE(one_job__one_server__is_fetched_at_the_speed_of_the_link),
#undef CASE
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
