/* The search for the number of lanes, against servers of a few simple kinds. */
#include "core/tuner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { TICK_US = 25000, SECOND_US = 1000000, SETUP_US = 75000, LANE_BPS = 2000000 };

/* A server that gives each lane LANE_BPS and all of them at most `cap_bps`. A lane begins to
 * receive SETUP_US after it was wanted. */
struct line {
    struct tuner tuner;
    uint64_t now_us;
    double bytes;
    double cap_bps;
    uint64_t left; /* 0: soon over, so that nothing is urgent */
    int tolerates; /* refuses more lanes; 0: none */
    int receiving;
    uint64_t asked_us; /* when the lanes that are wanted now were asked for */
    int asked;
    int most; /* lanes wanted at any time */
};

static void start(struct line *line, int lanes, int ceiling)
{
    tuner_init(&line->tuner, lanes, ceiling, line->now_us, (uint64_t)line->bytes);
    line->receiving = 1;
}

static struct tuner_view view_of(const struct line *line)
{
    return (struct tuner_view){ .now_us = line->now_us,
                                .bytes = (uint64_t)line->bytes,
                                .left = line->left,
                                .receiving = line->receiving,
                                .setup_us = SETUP_US };
}

static void pass_tick(struct line *line)
{
    int target = tuner_target(&line->tuner);
    assert_in_range(target, 1, line->tuner.ceiling);
    if (target > line->most)
        line->most = target;
    double bps = (double)line->receiving * LANE_BPS;
    line->now_us += TICK_US;
    line->bytes += (bps < line->cap_bps ? bps : line->cap_bps) * TICK_US / SECOND_US;
    const struct tuner_view view = view_of(line);
    tuner_tick(&line->tuner, &view);
    bool is_refused = line->tolerates > 0 && target > line->tolerates;
    if (target != line->asked) {
        line->asked = target;
        line->asked_us = line->now_us;
    }
    if (target < line->receiving || line->now_us - line->asked_us >= SETUP_US)
        line->receiving = is_refused ? line->tolerates : target;
    if (is_refused && line->receiving == line->tolerates)
        tuner_refused(&line->tuner, line->now_us, line->tolerates, -1);
}

static void pass(struct line *line, int milliseconds)
{
    for (int i = 0; i < milliseconds * 1000 / TICK_US; i++)
        pass_tick(line);
}

static void look(struct tuner *tuner, uint64_t now_us, uint64_t bytes, int receiving)
{
    const struct tuner_view view = {
        .now_us = now_us, .bytes = bytes, .receiving = receiving, .setup_us = SETUP_US
    };
    tuner_tick(tuner, &view);
}

static void tuner__begins__within_the_ceiling(void **state)
{
    (void)state;
    static const struct {
        int start, ceiling, target;
    } rows[] = { { 0, 16, TUNER_START_LANES }, { 0, 1, 1 }, { 8, 16, 8 }, { 8, 4, 4 } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tuner tuner;
        tuner_init(&tuner, rows[i].start, rows[i].ceiling, 0, 0);
        assert_int_equal(tuner_target(&tuner), rows[i].target);
        assert_int_equal(tuner_useful(&tuner), 0);
    }
}

static void tuner__every_lane_pays__goes_to_the_ceiling_at_once(void **state)
{
    (void)state;
    struct line line = { .cap_bps = 1e9 };
    start(&line, 0, 16);
    pass(&line, 400);
    assert_int_equal(tuner_target(&line.tuner), 16);
}

/* One lane alone would take half a minute, sixteen of them two seconds: steps would be felt. */
static void tuner__steps_would_be_felt__asks_for_all_at_once(void **state)
{
    (void)state;
    struct line line = { .cap_bps = 1e9, .left = 32 * (uint64_t)LANE_BPS };
    start(&line, 0, 16);
    pass(&line, 75);
    assert_int_equal(tuner_target(&line.tuner), 16);
    line = (struct line){ .cap_bps = 1e9, .left = 3200 * (uint64_t)LANE_BPS };
    start(&line, 0, 16);
    pass(&line, 75);
    assert_int_equal(tuner_target(&line.tuner), TUNER_START_LANES);
}

static void tuner__one_lane_fills_the_line__opens_no_more_than_the_first_few(void **state)
{
    (void)state;
    struct line line = { .cap_bps = LANE_BPS };
    start(&line, 0, 64);
    pass(&line, 5000);
    assert_int_equal(line.most, TUNER_START_LANES);
    assert_int_equal(tuner_target(&line.tuner), TUNER_FEW_LANES);
    assert_int_equal(tuner_useful(&line.tuner), TUNER_FEW_LANES);
}

static void tuner__line_is_full__keeps_as_many_as_fill_it(void **state)
{
    (void)state;
    static const int lanes[] = { 3, 5, 6, 10 };
    for (size_t i = 0; i < sizeof lanes / sizeof lanes[0]; i++) {
        struct line line = { .cap_bps = (double)lanes[i] * LANE_BPS };
        start(&line, 0, 64);
        pass(&line, 1500);
        assert_true(line.tuner.is_settled);
        assert_in_range(tuner_target(&line.tuner), lanes[i], lanes[i] * 2);
    }
}

static void tuner__line_grows_later__is_noticed(void **state)
{
    (void)state;
    struct line line = { .cap_bps = 4.0 * LANE_BPS };
    start(&line, 0, 16);
    pass(&line, 8000);
    assert_in_range(tuner_target(&line.tuner), 4, 8);
    line.cap_bps = 16.0 * LANE_BPS;
    pass(&line, 40000);
    assert_int_equal(tuner_target(&line.tuner), 16);
}

/* A line that stays full is looked at ever more seldom. */
static void tuner__nothing_ever_changes__looks_seldom(void **state)
{
    (void)state;
    struct line line = { .cap_bps = 4.0 * LANE_BPS };
    start(&line, 0, 16);
    int looks = 0;
    int before = tuner_target(&line.tuner);
    for (int i = 0; i < 1000 * 40; i++) {
        pass_tick(&line);
        looks += tuner_target(&line.tuner) > before;
        before = tuner_target(&line.tuner);
    }
    assert_in_range(looks, 2, 12);
}

/* Lanes get slower, each for itself: others may make up for it. */
static void tuner__rate_falls__looks_again(void **state)
{
    (void)state;
    struct line line = { .cap_bps = 4.0 * LANE_BPS };
    start(&line, 0, 16);
    pass(&line, 5000);
    line.cap_bps = 1.0 * LANE_BPS;
    line.most = 0;
    pass(&line, 4500);
    assert_int_equal(line.most, 8);
}

static void tuner__lanes_never_come__concludes_nothing(void **state)
{
    (void)state;
    struct tuner tuner;
    tuner_init(&tuner, 0, 16, 0, 0);
    for (uint64_t now_us = TICK_US; now_us < 100 * (uint64_t)SECOND_US; now_us += TICK_US)
        look(&tuner, now_us, now_us, 1);
    assert_int_equal(tuner_target(&tuner), TUNER_START_LANES);
    assert_int_equal(tuner_useful(&tuner), 0);
}

static void tuner__refused__steps_down_and_asks_for_one_more_later(void **state)
{
    (void)state;
    struct line line = { .cap_bps = 1e9, .tolerates = 5 };
    start(&line, 0, 16);
    pass(&line, 2000);
    assert_int_equal(tuner_target(&line.tuner), 5);
    assert_int_equal(tuner_tolerated(&line.tuner), 5);
    line.most = 0;
    pass(&line, 25000);
    assert_int_equal(line.most, 5);
    pass(&line, 20000);
    assert_int_equal(line.most, 6);
    assert_int_equal(tuner_target(&line.tuner), 5);
    line.tolerates = 0;
    pass(&line, 300000);
    assert_int_equal(tuner_target(&line.tuner), 16);
}

/* Fifteen are asked for at once; the refusals come first, the answers to some behind them. */
static void tuner__answers_come_after_refusals__count_as_tolerated(void **state)
{
    (void)state;
    struct tuner tuner;
    tuner_init(&tuner, 16, 16, 0, 0);
    for (int i = 0; i < 12; i++)
        tuner_refused(&tuner, 1000, 1, -1);
    assert_int_equal(tuner_target(&tuner), 1);
    look(&tuner, 2000, 1, 4);
    assert_int_equal(tuner_target(&tuner), 4);
    assert_int_equal(tuner_tolerated(&tuner), 4);
}

static void tuner__refused_with_none_open__keeps_one(void **state)
{
    (void)state;
    struct tuner tuner;
    tuner_init(&tuner, 8, 16, 0, 0);
    tuner_refused(&tuner, 0, 0, -1);
    assert_int_equal(tuner_target(&tuner), 1);
}

static void tuner__server_asks_for_patience__gets_it(void **state)
{
    (void)state;
    struct line line = { .cap_bps = 1e9 };
    start(&line, 2, 16);
    tuner_refused(&line.tuner, 0, 2, 120000);
    pass(&line, 119000);
    assert_int_equal(line.most, 2);
    pass(&line, 120000);
    assert_int_equal(tuner_target(&line.tuner), 16);
}

static void tuner__absurd_patience__does_not_overflow(void **state)
{
    (void)state;
    struct tuner tuner;
    tuner_init(&tuner, 8, 16, 0, 0);
    uint64_t now_us = (uint64_t)1 << 60;
    tuner_refused(&tuner, now_us, 2, (int64_t)INT32_MAX * 1000);
    assert_true(tuner.forgive_us > now_us);
}

static void tuner__ceiling_changes__is_followed(void **state)
{
    (void)state;
    struct line line = { .cap_bps = 1e9 };
    start(&line, 0, 16);
    pass(&line, 3000);
    tuner_set_ceiling(&line.tuner, 3);
    assert_int_equal(tuner_target(&line.tuner), 3);
    pass(&line, 5000);
    assert_int_equal(tuner_target(&line.tuner), 3);
    tuner_set_ceiling(&line.tuner, 64);
    pass(&line, 3000);
    assert_int_equal(tuner_target(&line.tuner), 64);
}

/* The ceiling of a source follows what the others need, up and down, also in mid-search. */
static void tuner__ceiling_wavers_in_a_search__does_not_forget_what_fewer_lanes_did(void **state)
{
    (void)state;
    struct line line = { .cap_bps = 4.0 * LANE_BPS };
    start(&line, 0, 12);
    while (line.receiving < 8)
        pass_tick(&line);
    for (int i = 0; i < 4; i++) {
        tuner_set_ceiling(&line.tuner, 8);
        tuner_set_ceiling(&line.tuner, 12);
    }
    tuner_set_ceiling(&line.tuner, 8);
    pass(&line, 1500);
    assert_true(line.tuner.is_settled);
    assert_in_range(tuner_target(&line.tuner), 4, 6);
}

/* As long as a rate limit decides, what comes says nothing; nor does it when the limit is gone. */
static void tuner__time_is_skipped__concludes_nothing_from_it(void **state)
{
    (void)state;
    struct line line = { .cap_bps = 8 * LANE_BPS };
    start(&line, 0, 16);
    pass(&line, 3000);
    int target = tuner_target(&line.tuner);
    line.most = 0;
    for (int i = 0; i < 4 * 60; i++) {
        line.now_us += SECOND_US / 4;
        line.bytes += LANE_BPS / 40;
        const struct tuner_view view = view_of(&line);
        tuner_skip(&line.tuner, &view);
        assert_int_equal(tuner_target(&line.tuner), target);
    }
    pass(&line, 1500);
    assert_int_equal(line.most, target);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tuner__begins__within_the_ceiling),
        cmocka_unit_test(tuner__every_lane_pays__goes_to_the_ceiling_at_once),
        cmocka_unit_test(tuner__steps_would_be_felt__asks_for_all_at_once),
        cmocka_unit_test(tuner__one_lane_fills_the_line__opens_no_more_than_the_first_few),
        cmocka_unit_test(tuner__line_is_full__keeps_as_many_as_fill_it),
        cmocka_unit_test(tuner__line_grows_later__is_noticed),
        cmocka_unit_test(tuner__nothing_ever_changes__looks_seldom),
        cmocka_unit_test(tuner__rate_falls__looks_again),
        cmocka_unit_test(tuner__lanes_never_come__concludes_nothing),
        cmocka_unit_test(tuner__time_is_skipped__concludes_nothing_from_it),
        cmocka_unit_test(tuner__refused__steps_down_and_asks_for_one_more_later),
        cmocka_unit_test(tuner__answers_come_after_refusals__count_as_tolerated),
        cmocka_unit_test(tuner__refused_with_none_open__keeps_one),
        cmocka_unit_test(tuner__server_asks_for_patience__gets_it),
        cmocka_unit_test(tuner__absurd_patience__does_not_overflow),
        cmocka_unit_test(tuner__ceiling_changes__is_followed),
        cmocka_unit_test(tuner__ceiling_wavers_in_a_search__does_not_forget_what_fewer_lanes_did),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
