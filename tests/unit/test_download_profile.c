/* Stories of downloads that begin with what is known of a server, and of what they learn. */
#include "tests/unit/download_story.h"

enum { LANE_BPS = 512 * KIB };

static struct driver *at_slow_server(int max_lanes)
{
    struct driver *d = driver_create(12 * MIB, max_lanes);
    d->origin.rate_bps = LANE_BPS;
    return d;
}

static void end(struct driver *d)
{
    assert_true(driver_run(d, 600));
    assert_done(d, 0);
    release(d);
}

/* ---- beginning ---- */

static void start_with(struct driver *d, struct profile known)
{
    driver_start(d);
    download_know(&d->download, 0, &known);
}

static void download__a_known_server__gets_its_useful_lanes_at_once(void **state)
{
    (void)state;
    struct driver *d = at_slow_server(16);
    start_with(d, (struct profile){ .useful_lanes = 6 });
    assert_true(driver_run_to_phase(d, DOWNLOAD_FETCHING));
    driver_turn(d);
    assert_int_equal(d->n_open, 6);
    end(d);
}

static void download__a_known_server__gets_no_more_than_the_ceiling(void **state)
{
    (void)state;
    struct driver *d = at_slow_server(3);
    start_with(d, (struct profile){ .useful_lanes = 6 });
    assert_true(driver_run(d, 600));
    assert_int_equal(d->most_open, 3);
    release(d);
}

static void download__a_resumed_one__begins_with_what_is_known(void **state)
{
    (void)state;
    struct driver *d = at_slow_server(16);
    run_part_of(d, MIB);
    start_with(d, (struct profile){ .useful_lanes = 6 });
    assert_true(driver_run_to_phase(d, DOWNLOAD_FETCHING));
    driver_turn(d);
    assert_int_equal(d->n_open, 6);
    end(d);
}

static void download__lanes_that_were_refused__are_not_asked_for_again(void **state)
{
    (void)state;
    struct driver *d = at_slow_server(16);
    start_with(d, (struct profile){ .useful_lanes = 8, .tolerated_lanes = 3 });
    assert_true(driver_run(d, 600));
    assert_done(d, 0);
    assert_int_equal(d->most_open, 3);
    release(d);
}

static void download__lanes_that_were_refused__are_tried_again_later(void **state)
{
    (void)state;
    struct driver *d = at_slow_server(16);
    d->origin.rate_bps = 64 * KIB;
    start_with(d, (struct profile){ .useful_lanes = 3, .tolerated_lanes = 3 });
    uint64_t soon_us = d->now_us + 25 * (uint64_t)SECOND;
    while (d->now_us < soon_us)
        assert_true(driver_turn(d));
    assert_int_equal(d->most_open, 3);
    assert_true(driver_run(d, 600));
    assert_in_range(d->most_open, 4, 16);
    release(d);
}

static void download__fewer_lanes_than_tolerated_were_useful__begins_with_those(void **state)
{
    (void)state;
    struct driver *d = at_slow_server(16);
    start_with(d, (struct profile){ .useful_lanes = 2, .tolerated_lanes = 6 });
    assert_true(driver_run_to_phase(d, DOWNLOAD_FETCHING));
    driver_turn(d);
    assert_int_equal(d->n_open, 2);
    end(d);
}

static void download__a_known_server_without_ranges_by_now__gets_one_lane(void **state)
{
    (void)state;
    struct driver *d = driver_create(4 * MIB, 16);
    d->origin.ignores_ranges = true;
    start_with(d, (struct profile){ .useful_lanes = 8, .tolerated_lanes = 8 });
    assert_true(driver_run(d, 600));
    assert_done(d, 0);
    assert_int_equal(d->most_open, 1);
    release(d);
}

/* Nothing of it is a limit: each row is wrong, and the file comes. */
static void download__a_profile_that_is_wrong__costs_little(void **state)
{
    (void)state;
    static const struct profile rows[] = {
        { .useful_lanes = 1, .tolerated_lanes = 1, .lane_bps = 1, .setup_us = 3600000000 },
        { .useful_lanes = 1024, .tolerated_lanes = 1024, .lane_bps = INT64_C(1) << 50 },
        { .useful_lanes = 64, .lane_bps = 1, .setup_us = 1 },
        { .setup_us = 3600000000 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct driver *d = driver_create(12 * MIB, 16);
        uint64_t start_us = d->now_us;
        start_with(d, rows[i]);
        assert_true(driver_run(d, 600));
        assert_done(d, 0);
        assert_in_range(d->now_us - start_us, 0, 5 * (uint64_t)SECOND);
        release(d);
    }
}

/* ---- learning ---- */

static void download__rates_set_up_and_ranges__are_learned(void **state)
{
    (void)state;
    struct driver *d = at_slow_server(4);
    struct observation seen;
    driver_start(d);
    assert_true(driver_run_to_bytes(d, 11 * MIB));
    assert_true(download_observe(&d->download, 0, &seen));
    assert_in_range(seen.lane_bps, LANE_BPS * 8 / 10, LANE_BPS * 12 / 10);
    assert_in_range(seen.total_bps, seen.lane_bps * 2, (seen.lane_bps + 1) * 4);
    assert_in_range(seen.setup_us, 15 * MS, 40 * MS);
    assert_int_equal(seen.ranges, PROFILE_RANGES_SERVED);
    assert_int_equal(seen.served_lanes, 4);
    assert_false(seen.was_refused);
    assert_true(seen.is_useful_capped);
    end(d);
}

static void download__what_was_told__is_not_told_again(void **state)
{
    (void)state;
    struct driver *d = at_slow_server(4);
    struct observation seen;
    driver_start(d);
    assert_true(driver_run_to_bytes(d, MIB));
    assert_true(download_observe(&d->download, 0, &seen));
    assert_false(download_observe(&d->download, 0, &seen));
    assert_true(driver_run_to_bytes(d, 2 * MIB));
    assert_true(download_observe(&d->download, 0, &seen));
    end(d);
}

static void download__a_server_that_never_sent__teaches_nothing(void **state)
{
    (void)state;
    struct driver *d = at_slow_server(4);
    struct observation seen;
    driver_start(d);
    assert_false(download_observe(&d->download, 0, &seen));
    end(d);
}

static void refuse_more_than_four(struct driver *d, int lane, struct answer *answer)
{
    (void)lane;
    if (d->n_open > 4)
        answer->failure = SG_E_CONNECT;
}

static void download__refused_lanes__are_told_with_the_most_that_were_served(void **state)
{
    (void)state;
    struct driver *d = at_slow_server(16);
    struct observation seen;
    d->on_request = refuse_more_than_four;
    driver_start(d);
    assert_true(driver_run_to_bytes(d, 8 * MIB));
    assert_true(download_observe(&d->download, 0, &seen));
    assert_true(seen.was_refused);
    assert_int_equal(seen.served_lanes, 4);
    end(d);
}

static void download__a_server_without_ranges__is_told_as_one(void **state)
{
    (void)state;
    struct driver *d = driver_create(12 * MIB, 16);
    struct observation seen;
    d->origin.ignores_ranges = true;
    driver_start(d);
    assert_true(driver_run_to_bytes(d, 8 * MIB));
    assert_true(download_observe(&d->download, 0, &seen));
    assert_int_equal(seen.ranges, PROFILE_RANGES_REFUSED);
    assert_int_equal(seen.useful_lanes, 0);
    assert_true(seen.lane_bps > 0);
    end(d);
}

/* What we hold back is no slower server. */
static void download__lanes_that_are_held_back__teach_no_rate(void **state)
{
    (void)state;
    struct driver *d = at_slow_server(1);
    struct observation seen;
    driver_start(d);
    assert_true(driver_run_to_bytes(d, MIB));
    driver_hold_back(d, 0, true);
    for (int i = 0; i < 3 * SECOND / DRIVER_TURN_US; i++)
        driver_turn(d);
    driver_hold_back(d, 0, false);
    assert_true(download_observe(&d->download, 0, &seen));
    assert_int_equal(seen.lane_bps, 0);
    assert_int_equal(seen.total_bps, 0);
    assert_int_equal(seen.useful_lanes, 0);
    assert_true(seen.setup_us > 0);
    end(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(download__a_known_server__gets_its_useful_lanes_at_once),
        cmocka_unit_test(download__a_known_server__gets_no_more_than_the_ceiling),
        cmocka_unit_test(download__a_resumed_one__begins_with_what_is_known),
        cmocka_unit_test(download__lanes_that_were_refused__are_not_asked_for_again),
        cmocka_unit_test(download__lanes_that_were_refused__are_tried_again_later),
        cmocka_unit_test(download__fewer_lanes_than_tolerated_were_useful__begins_with_those),
        cmocka_unit_test(download__a_known_server_without_ranges_by_now__gets_one_lane),
        cmocka_unit_test(download__a_profile_that_is_wrong__costs_little),
        cmocka_unit_test(download__rates_set_up_and_ranges__are_learned),
        cmocka_unit_test(download__what_was_told__is_not_told_again),
        cmocka_unit_test(download__a_server_that_never_sent__teaches_nothing),
        cmocka_unit_test(download__refused_lanes__are_told_with_the_most_that_were_served),
        cmocka_unit_test(download__a_server_without_ranges__is_told_as_one),
        cmocka_unit_test(download__lanes_that_are_held_back__teach_no_rate),
    };
    return cmocka_run_group_tests_name("download_profile", tests, NULL, NULL);
}
