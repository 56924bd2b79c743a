/* Stories of a full disk, told as those of test_stories.c are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "os/path.h"
#include "tests/sim/story.h"

/* A machine that runs, a disk of this size, and a server with "file.bin" of 8 MiB. */
static struct server *begin(struct world *world, uint64_t capacity_bytes)
{
    struct server *server = serve_file(world, 8 * MIB);
    world_start(world);
    struct volume_nature *files = disk_volume(world->disk, VOLUME_DOWNLOADS);
    files->allocation = FILE_ALLOC_SPARSE;
    files->capacity_bytes = capacity_bytes;
    return server;
}

/* Others gave room back, or took it. */
static uint64_t resize(struct world *world, uint64_t capacity_bytes)
{
    disk_volume(world->disk, VOLUME_DOWNLOADS)->capacity_bytes = capacity_bytes;
    return world_ms();
}

static bool has_been(struct world *world, const char *text, uint64_t since_ms)
{
    return world_when_ms(world, text, since_ms) != UINT64_MAX;
}

static void disk_full__waits_for_room__then_goes_on(void **state)
{
    struct world *world = *state;
    begin(world, 4 * MIB);
    struct promise *job = add(world);
    uint64_t full_ms = world_await(world, "job 1 waiting space", A_WHILE_MS);
    world_run_ms(world, 30000);
    assert_false(has_been(world, "job 1 active", full_ms)); /* nothing in vain */
    uint64_t freed_ms = resize(world, 64 * MIB);
    uint64_t done_ms = world_await(world, "job 1 done", A_WHILE_MS);
    world_check_file(world, job);
    assert_in_range(done_ms - freed_ms, 0, 2000 + 4000);
}

/* What one download will still take is not promised to the next. */
static void disk_full__room_for_one__goes_to_one(void **state)
{
    struct world *world = *state;
    struct server *server = begin(world, 8 * MIB);
    add(world);
    add(world);
    world_await(world, "job 1 waiting space", A_WHILE_MS);
    world_await(world, "job 2 waiting space", A_WHILE_MS);
    server->link_bps = 256 * KIB;
    uint64_t freed_ms = resize(world, 13 * MIB);
    while (!has_been(world, "job 1 done", 0) && !has_been(world, "job 2 done", 0))
        world_run_ms(world, 100);
    bool is_first = has_been(world, "job 1 done", 0);
    assert_in_range(world_ms() - freed_ms, 5000, A_WHILE_MS); /* several looks long */
    assert_false(has_been(world, is_first ? "job 2 active" : "job 1 active", freed_ms));
    resize(world, 64 * MIB);
    world_await(world, is_first ? "job 2 done" : "job 1 done", A_WHILE_MS);
}

static void disk_full__from_the_start__asks_for_nothing_but_the_head(void **state)
{
    struct world *world = *state;
    begin(world, 4 * MIB);
    disk_volume(world->disk, VOLUME_DOWNLOADS)->allocation = FILE_ALLOC_RESERVED;
    struct promise *job = add(world);
    world_await(world, "job 1 waiting space", A_WHILE_MS);
    struct job_progress progress;
    job_progress(world_job(world, job), &progress);
    assert_int_equal(progress.received, 0);
    assert_false(path_exists("/downloads/file.bin.part"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        CASE(disk_full__waits_for_room__then_goes_on),
        CASE(disk_full__room_for_one__goes_to_one),
        CASE(disk_full__from_the_start__asks_for_nothing_but_the_head),
#undef CASE
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
