/* Stories of downloads that have mirrors: source 0 is the job's URL, the others are its mirrors. */
#include <string.h>

#include "tests/unit/download_driver_internal.h"
#include "tests/unit/download_story.h"

/* What each source is; by its number. */
struct world {
    int http_status[4]; /* 0: it works */
    int version[4];
    uint64_t total[4]; /* 0: the driver's */
    uint64_t rate_bps[4];
    int n_requests[4];
    uint64_t n_bytes[4]; /* asked for */
};

static void answer_by_source(struct driver *d, int lane, struct answer *answer)
{
    struct world *world = d->ctx;
    int source = d->lanes[lane].source;
    world->n_requests[source]++;
    world->n_bytes[source] += answer->body_length;
    answer->version = world->version[source];
    if (world->rate_bps[source] > 0)
        answer->rate_bps = world->rate_bps[source];
    if (world->total[source] > 0)
        answer->reply.range_total = (int64_t)world->total[source];
    if (source > 0)
        answer->reply.etag = NULL;
    if (world->http_status[source] > 0)
        become(answer, world->http_status[source]);
}

static struct driver *begin(struct world *world, int n_mirrors, int max_lanes)
{
    static const char mirrors[] = "http://m1/f\nhttp://m2/f\nhttp://m3/f";
    struct driver *d = driver_create(12 * MIB, max_lanes);
    char *list = sg_strndup(mirrors, (size_t)n_mirrors * 12 - 1);
    assert_int_equal(job_record_set(&d->record.mirrors, list), SG_OK);
    sg_free(list);
    d->on_request = answer_by_source;
    d->ctx = world;
    return d;
}

/* Goes on until it is. */
static void assert_left_out(struct driver *d, int source, enum sg_status why, const char *words)
{
    while (d->download.sources[source].state != SOURCE_DROPPED)
        assert_true(driver_turn(d));
    assert_int_equal(d->download.sources[source].fault, why);
    assert_non_null(strstr(d->download.sources[source].fault_text, words));
}

static void mirrors__with_the_same_file__carry_their_part_of_it(void **state)
{
    (void)state;
    struct world world = { 0 };
    struct driver *d = begin(&world, 2, 6);
    run(d);
    assert_done(d, 0);
    assert_int_equal(d->download.n_sources, 3);
    for (int i = 1; i <= 2; i++) {
        assert_int_equal(d->download.sources[i].state, SOURCE_TRUSTED);
        assert_true(world.n_bytes[i] > MIB);
    }
    release(d);
}

static void mirror__with_other_content__gives_no_byte(void **state)
{
    (void)state;
    struct world world = { .version = { 0, 3, 0 } };
    struct driver *d = begin(&world, 2, 6);
    driver_start(d);
    assert_left_out(d, 1, SG_E_CHANGED, "bytes are not those of the file");
    assert_true(driver_run(d, 600));
    assert_done(d, 0);
    assert_int_equal(d->record.restarts, 0);
    assert_int_equal(world.n_requests[1], 1); /* its proof */
    assert_true(world.n_bytes[2] > MIB);
    release(d);
}

static void mirror__with_another_length_or_no_file__is_dropped(void **state)
{
    (void)state;
    struct world world = { .total = { 0, 11 * MIB, 0, 0 }, .http_status = { 0, 0, 404, 500 } };
    struct driver *d = begin(&world, 3, 4);
    driver_start(d);
    assert_left_out(d, 1, SG_E_CHANGED, "its file has 11534336 bytes, not 12582912");
    assert_left_out(d, 2, SG_E_HTTP, "404");
    assert_true(driver_run(d, 600));
    assert_done(d, 0);
    assert_int_equal(world.n_requests[2], 1);
    assert_in_range(world.n_requests[3], 1, 4); /* it may recover: asked again, a few times */
    release(d);
}

/* Buffers larger than what comes in a second must not keep it from helping. */
static void mirror__is_proved__before_the_first_buffer_is_full(void **state)
{
    (void)state;
    struct world world = { 0 };
    struct driver *d = begin(&world, 1, 2);
    d->buffer_bytes = 16 * MIB;
    driver_start(d);
    assert_true(driver_run_to_bytes(d, MIB));
    assert_int_equal(d->download.sources[1].state, SOURCE_TRUSTED);
    assert_true(driver_run(d, 60));
    assert_done(d, 0);
    release(d);
}

/* The sample of its proof was right, other bytes are not: the mirror is not used any more. */
static void mirror__that_differs_elsewhere__is_found_and_left_out(void **state)
{
    (void)state;
    struct world world = { 0 };
    struct driver *d = begin(&world, 1, 4);
    d->has_secrets = true;
    driver_start(d);
    while (d->download.sources[1].state != SOURCE_TRUSTED)
        assert_true(driver_turn(d));
    world.version[1] = 5;
    assert_left_out(d, 1, SG_E_CHANGED, "came twice and differ");
    assert_true(driver_run(d, 60));
    assert_int_equal(d->outcome.state, JOB_DONE);
    assert_int_equal(d->record.restarts, 1);
    assert_memory_equal(d->disk, origin_bytes(0, 0), 12 * MIB);
    release(d);
}

static void url_is_dead__first_mirror_that_works_takes_its_place(void **state)
{
    (void)state;
    struct world world = { .http_status = { 404, 503, 0 } };
    struct driver *d = begin(&world, 2, 4);
    driver_start(d);
    assert_left_out(d, 0, SG_E_HTTP, "404");
    assert_left_out(d, 1, SG_E_BUSY, "503");
    assert_true(driver_run(d, 600));
    assert_done(d, 0);
    assert_int_equal(d->download.primary, 2);
    release(d);
}

static void url_dies__in_mid_download__mirrors_finish_it(void **state)
{
    (void)state;
    struct world world = { 0 };
    struct driver *d = begin(&world, 1, 4);
    driver_start(d);
    assert_true(driver_run_to_bytes(d, 4 * MIB));
    world.http_status[0] = 404;
    for (int i = 0; i < PLAN_LANES_MAX; i++) {
        if (d->lanes[i].source == 0)
            driver_abort_lane(d, i, SG_E_RESET);
    }
    assert_true(driver_run(d, 60));
    assert_done(d, 0);
    assert_int_equal(d->taken_bytes, 12 * MIB);
    release(d);
}

/* It refuses at once, again and again: that must not become a storm of requests. */
static void url_refuses__while_a_mirror_delivers__is_asked_rarely(void **state)
{
    (void)state;
    static const int answers[] = { 429, 503, 404, 401 };
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct world world = { .rate_bps = { 0, 500 * KIB } };
        struct driver *d = begin(&world, 1, 2);
        driver_start(d);
        assert_true(driver_run_to_bytes(d, 4 * MIB));
        world.http_status[0] = answers[i];
        world.n_requests[0] = 0;
        for (int lane = 0; lane < PLAN_LANES_MAX; lane++) {
            if (d->lanes[lane].source == 0)
                driver_abort_lane(d, lane, SG_E_RESET);
        }
        assert_true(driver_run(d, 60));
        assert_done(d, 0);
        assert_in_range(world.n_requests[0], 1, 10);
        release(d);
    }
}

static void link_expired__between_runs__mirror_proves_itself_by_what_is_there(void **state)
{
    (void)state;
    struct world world = { .http_status = { 0, 503 } };
    struct driver *d = begin(&world, 1, 2);
    run_part_of(d, 4 * MIB);
    world.http_status[0] = 403;
    world.http_status[1] = 0;
    run(d);
    assert_done(d, 0);
    assert_int_equal(d->taken_bytes, 12 * MIB);
    release(d);
}

static void every_source_is_dead__the_urls_failure_decides(void **state)
{
    (void)state;
    struct world world = { .http_status = { 403, 404, 404 } };
    struct driver *d = begin(&world, 2, 4);
    run(d);
    assert_int_equal(d->outcome.state, JOB_FAILED);
    assert_int_equal(d->outcome.err.status, SG_E_HTTP);
    release(d);

    world = (struct world){ 0 };
    d = begin(&world, 1, 4);
    run_part_of(d, 4 * MIB);
    world.http_status[0] = 403;
    world.http_status[1] = 404;
    run(d);
    assert_waits(d, JOB_REASON_LINK, SG_E_LINK);
    assert_true(d->record.done >= 4 * MIB);
    release(d);
}

static void mirror__slow_one__gets_less(void **state)
{
    (void)state;
    struct world world = { .rate_bps = { 0, 200 * KIB } };
    struct driver *d = begin(&world, 1, 4);
    uint64_t start_us = d->now_us;
    run(d);
    assert_done(d, 0);
    assert_in_range(d->now_us - start_us, SECOND, 3 * SECOND);
    release(d);
}

/* Breaks each lane of the job's URL one byte before the end of its seam, does not answer when that
 * is asked again, and refuses everything from then on: the link has expired. */
static void miss_seams(struct driver *d, int lane, struct answer *answer)
{
    struct world *world = d->ctx;
    bool is_seam = answer->body_length <= 4 * KIB;
    answer_by_source(d, lane, answer);
    if (d->lanes[lane].source != 0 || world->http_status[0] != 0)
        return;
    if (is_seam) {
        answer->failure = SG_E_CONNECT;
        world->http_status[0] = 410;
        return;
    }
    answer->body_length--;
    answer->body_end = SG_E_RESET;
}

static void mirror__url_is_lost_while_a_seam_is_asked_again__carries_on(void **state)
{
    (void)state;
    struct world world = { .rate_bps = { 256 * KIB, 256 * KIB } };
    struct driver *d = begin(&world, 1, 4);
    d->on_request = miss_seams;
    run(d);
    assert_done(d, 0);
    assert_int_equal(world.http_status[0], 410);
    release(d);
}

/* What its lanes bring is not known before it has some, and so it gets a few only. */
static void mirror__much_slower__takes_hardly_a_lane_from_a_fast_server(void **state)
{
    (void)state;
    struct world world = { .rate_bps = { 512 * KIB, 32 * KIB } };
    struct driver *d = begin(&world, 1, 16);
    int most = 0;
    driver_start(d);
    while (driver_turn(d)) {
        int n = 0;
        for (int i = 0; i < PLAN_LANES_MAX; i++)
            n += d->lanes[i].is_open && d->lanes[i].source == 1;
        most = n > most ? n : most;
    }
    assert_done(d, 0);
    assert_in_range(most, 1, 2);
    release(d);
}

static void mirror__much_faster__gets_most_lanes(void **state)
{
    (void)state;
    struct world world = { .rate_bps = { 32 * KIB, 512 * KIB } };
    struct driver *d = begin(&world, 1, 16);
    uint64_t start_us = d->now_us;
    run(d);
    assert_done(d, 0);
    assert_in_range(d->now_us - start_us, SECOND, 5 * SECOND);
    release(d);
}

static void mirror__content_differs_and_url_is_lost__waits(void **state)
{
    (void)state;
    struct world world = { .version = { 0, 4 } };
    struct driver *d = begin(&world, 1, 2);
    run_part_of(d, 4 * MIB);
    world.http_status[0] = 410;
    run(d);
    assert_waits(d, JOB_REASON_LINK, SG_E_LINK);
    assert_true(d->record.done >= 4 * MIB);
    world.http_status[0] = 0;
    run(d);
    assert_done(d, 0);
    release(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mirrors__with_the_same_file__carry_their_part_of_it),
        cmocka_unit_test(mirror__with_other_content__gives_no_byte),
        cmocka_unit_test(mirror__with_another_length_or_no_file__is_dropped),
        cmocka_unit_test(mirror__is_proved__before_the_first_buffer_is_full),
        cmocka_unit_test(mirror__that_differs_elsewhere__is_found_and_left_out),
        cmocka_unit_test(url_is_dead__first_mirror_that_works_takes_its_place),
        cmocka_unit_test(url_dies__in_mid_download__mirrors_finish_it),
        cmocka_unit_test(url_refuses__while_a_mirror_delivers__is_asked_rarely),
        cmocka_unit_test(link_expired__between_runs__mirror_proves_itself_by_what_is_there),
        cmocka_unit_test(every_source_is_dead__the_urls_failure_decides),
        cmocka_unit_test(mirror__slow_one__gets_less),
        cmocka_unit_test(mirror__url_is_lost_while_a_seam_is_asked_again__carries_on),
        cmocka_unit_test(mirror__much_slower__takes_hardly_a_lane_from_a_fast_server),
        cmocka_unit_test(mirror__much_faster__gets_most_lanes),
        cmocka_unit_test(mirror__content_differs_and_url_is_lost__waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
