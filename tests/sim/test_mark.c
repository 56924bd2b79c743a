/* Stories of the mark of the web: which files get it, and that no power cut leaves a file's name
 * without it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/zone.h"
#include "os/path.h"
#include "tests/sim/world.h"

enum { SIZE = 100 * 1024, A_WHILE_MS = 120000 };

static const char target[] = "/downloads/file.bin";

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

/* Lets the machine fetch "file.bin"; the record may be NULL. */
static struct promise *begin(struct world *world, struct job_record *record)
{
    struct server *server = internet_add_server(&world->internet);
    server->link_bps = 4 * 1024 * 1024;
    server_share(server, "file.bin", SIZE);
    world_start(world);
    return world_add(world, "http://server-1/file.bin", record);
}

/* The mark of a file that is there, or NULL. */
static const char *mark_of(struct world *world, const char *path)
{
    struct node *node;
    assert_int_equal(disk_find(world->disk, path, &node), 0);
    return node_stream(node, ZONE_STREAM);
}

static void finished_file__with_a_referer__has_its_mark(void **state)
{
    struct world *world = *state;
    struct job_record record;
    job_record_init(&record);
    assert_int_equal(job_record_set(&record.headers, "Referer: http://r/page?secret"), SG_OK);
    begin(world, &record);
    world_await(world, "job 1 done", A_WHILE_MS);
    assert_string_equal(mark_of(world, target),
                        "[ZoneTransfer]\r\nZoneId=3\r\nReferrerUrl=http://r/page\r\n"
                        "HostUrl=http://server-1/file.bin\r\n");
}

static void finished_file__no_mark_is_wanted__has_none(void **state)
{
    struct world *world = *state;
    world->config.zone_mark = false;
    begin(world, NULL);
    world_await(world, "job 1 done", A_WHILE_MS);
    assert_null(mark_of(world, target));
}

static void finished_file__volume_without_streams__has_none_and_no_warning(void **state)
{
    struct world *world = *state;
    disk_volume(world->disk, VOLUME_DOWNLOADS)->has_streams = false;
    begin(world, NULL);
    world_await(world, "job 1 done", A_WHILE_MS);
    assert_null(mark_of(world, target));
    assert_int_equal(world_count(world, "warning"), 0);
}

static void finished_file__mark_cannot_be_set__is_told_and_finished(void **state)
{
    struct world *world = *state;
    disk_volume(world->disk, VOLUME_DOWNLOADS)->streams_fail = true;
    struct promise *job = begin(world, NULL);
    world_await(world, "job 1 done", A_WHILE_MS);
    world_check_file(world, job);
    assert_int_equal(
        world_count(world, "job 1 warning: the mark of the web could not be set: writing"), 1);
}

/* True when the power went before the end. */
static bool fetch_and_cut_after(uint64_t n_operations)
{
    struct world *world = world_create(n_operations);
    struct promise *job = begin(world, NULL);
    world_cut_after(world, n_operations);
    world_run_ms(world, A_WHILE_MS);
    bool is_cut = !world_is_on(world);
    struct disk *before = disk_mount(world->disk);
    if (path_exists(target))
        assert_non_null(mark_of(world, target));
    disk_mount(before);
    if (is_cut)
        world_start(world);
    if (!job->is_add_told)
        world_add_again(world, job, NULL);
    world_run_ms(world, A_WHILE_MS);
    world_check_file(world, job);
    assert_non_null(mark_of(world, job_record_of(world_job(world, job))->path));
    world_cut_after(world, 0);
    world_destroy(world);
    return is_cut;
}

static void power_cut__at_any_step__never_leaves_the_name_without_the_mark(void **state)
{
    (void)state;
    uint64_t n = 1;
    while (fetch_and_cut_after(n))
        n++;
    assert_true(n > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        CASE(finished_file__with_a_referer__has_its_mark),
        CASE(finished_file__no_mark_is_wanted__has_none),
        CASE(finished_file__volume_without_streams__has_none_and_no_warning),
        CASE(finished_file__mark_cannot_be_set__is_told_and_finished),
        cmocka_unit_test(power_cut__at_any_step__never_leaves_the_name_without_the_mark),
#undef CASE
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
