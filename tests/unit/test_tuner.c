/* The search for the number of lanes, against servers of a few simple kinds. */
#include "core/tuner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { TICK_US = 100000, SECOND_US = 1000000, LANE_BPS = 1000000 };

/* Lets `seconds` pass at a server that gives each lane LANE_BPS and all of them `cap_bps`. */
static uint64_t pass(struct tuner *tuner, uint64_t now_us, int seconds, double cap_bps)
{
    for (int i = 0; i < seconds * SECOND_US / TICK_US; i++) {
        now_us += TICK_US;
        int lanes = tuner_target(tuner);
        double bps = (double)lanes * LANE_BPS;
        tuner_tick(tuner, now_us, bps < cap_bps ? bps : cap_bps, lanes, 20000);
        assert_in_range(tuner_target(tuner), 1, tuner->ceiling);
    }
    return now_us;
}

static void tuner__begins__within_the_ceiling(void **state)
{
    (void)state;
    static const struct {
        int start, ceiling, target;
    } rows[] = { { 0, 16, 2 }, { 0, 1, 1 }, { 8, 16, 8 }, { 8, 4, 4 }, { -1, 16, 2 } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tuner tuner;
        tuner_init(&tuner, rows[i].start, rows[i].ceiling, 0);
        assert_int_equal(tuner_target(&tuner), rows[i].target);
    }
}

static void tuner__every_lane_pays__goes_to_the_ceiling_in_seconds(void **state)
{
    (void)state;
    struct tuner tuner;
    tuner_init(&tuner, 0, 16, 0);
    pass(&tuner, 0, 3, 1e9);
    assert_int_equal(tuner_target(&tuner), 16);
}

static void tuner__line_is_full__goes_back_to_what_was_enough(void **state)
{
    (void)state;
    struct tuner tuner;
    tuner_init(&tuner, 0, 64, 0);
    pass(&tuner, 0, 10, 4.0 * LANE_BPS);
    assert_int_equal(tuner_target(&tuner), 4);
}

static void tuner__line_grows_later__is_noticed(void **state)
{
    (void)state;
    struct tuner tuner;
    tuner_init(&tuner, 0, 16, 0);
    uint64_t now_us = pass(&tuner, 0, 10, 4.0 * LANE_BPS);
    pass(&tuner, now_us, 40, 16.0 * LANE_BPS);
    assert_int_equal(tuner_target(&tuner), 16);
}

static void tuner__lanes_are_not_all_receiving__nothing_is_concluded(void **state)
{
    (void)state;
    struct tuner tuner;
    tuner_init(&tuner, 0, 16, 0);
    for (uint64_t now_us = 0; now_us < 100 * (uint64_t)SECOND_US; now_us += TICK_US)
        tuner_tick(&tuner, now_us, 0.0, 1, 20000);
    assert_int_equal(tuner_target(&tuner), 2);
}

static void tuner__refused__steps_down_and_tries_again_later(void **state)
{
    (void)state;
    struct tuner tuner;
    tuner_init(&tuner, 0, 16, 0);
    uint64_t now_us = pass(&tuner, 0, 3, 1e9);
    tuner_refused(&tuner, now_us, 5, -1);
    assert_int_equal(tuner_target(&tuner), 5);
    now_us = pass(&tuner, now_us, 29, 1e9);
    assert_int_equal(tuner_target(&tuner), 5);
    pass(&tuner, now_us, 60, 1e9);
    assert_int_equal(tuner_target(&tuner), 16);
}

static void tuner__refused_with_none_open__keeps_one(void **state)
{
    (void)state;
    struct tuner tuner;
    tuner_init(&tuner, 8, 16, 0);
    tuner_refused(&tuner, 0, 0, -1);
    assert_int_equal(tuner_target(&tuner), 1);
}

static void tuner__server_asks_for_patience__gets_it(void **state)
{
    (void)state;
    struct tuner tuner;
    tuner_init(&tuner, 8, 16, 0);
    tuner_refused(&tuner, 0, 2, 120000);
    uint64_t now_us = pass(&tuner, 0, 119, 1e9);
    assert_int_equal(tuner_target(&tuner), 2);
    pass(&tuner, now_us, 60, 1e9);
    assert_int_equal(tuner_target(&tuner), 16);
}

static void tuner__absurd_patience__does_not_overflow(void **state)
{
    (void)state;
    struct tuner tuner;
    tuner_init(&tuner, 8, 16, 0);
    uint64_t now_us = (uint64_t)1 << 60;
    tuner_refused(&tuner, now_us, 2, (int64_t)INT32_MAX * 1000);
    assert_true(tuner.grow_not_before_us > now_us);
}

static void tuner__ceiling_changes__is_followed(void **state)
{
    (void)state;
    struct tuner tuner;
    tuner_init(&tuner, 0, 16, 0);
    uint64_t now_us = pass(&tuner, 0, 3, 1e9);
    tuner_set_ceiling(&tuner, 3);
    assert_int_equal(tuner_target(&tuner), 3);
    now_us = pass(&tuner, now_us, 5, 1e9);
    assert_int_equal(tuner_target(&tuner), 3);
    tuner_set_ceiling(&tuner, 64);
    pass(&tuner, now_us, 3, 1e9);
    assert_int_equal(tuner_target(&tuner), 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tuner__begins__within_the_ceiling),
        cmocka_unit_test(tuner__every_lane_pays__goes_to_the_ceiling_in_seconds),
        cmocka_unit_test(tuner__line_is_full__goes_back_to_what_was_enough),
        cmocka_unit_test(tuner__line_grows_later__is_noticed),
        cmocka_unit_test(tuner__lanes_are_not_all_receiving__nothing_is_concluded),
        cmocka_unit_test(tuner__refused__steps_down_and_tries_again_later),
        cmocka_unit_test(tuner__refused_with_none_open__keeps_one),
        cmocka_unit_test(tuner__server_asks_for_patience__gets_it),
        cmocka_unit_test(tuner__absurd_patience__does_not_overflow),
        cmocka_unit_test(tuner__ceiling_changes__is_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
