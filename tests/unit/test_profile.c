/* What is remembered of a server: learning, fading, and what is not believed. */
#include "core/profile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/tuner.h"

#define HOUR_MS ((int64_t)60 * 60 * 1000)
#define DAY_MS (24 * HOUR_MS)
#define NOW_MS (20000 * DAY_MS)

static struct profile learn(struct observation seen)
{
    struct profile profile = { 0 };
    profile_learn(&profile, &seen, NOW_MS);
    return profile;
}

static int64_t useful_at(const struct profile *profile, int64_t now_ms)
{
    return profile_faded(profile, now_ms).useful_lanes;
}

/* ---- learning ---- */

static void profile__the_first_observation__is_taken_as_it_is(void **state)
{
    (void)state;
    struct profile profile = learn((struct observation){ .useful_lanes = 8,
                                                         .served_lanes = 9,
                                                         .lane_bps = 1000,
                                                         .total_bps = 8000,
                                                         .setup_us = 500,
                                                         .ranges = PROFILE_RANGES_SERVED });
    assert_int_equal(profile.useful_lanes, 8);
    assert_int_equal(profile.tolerated_lanes, 0);
    assert_int_equal(profile.lane_bps, 1000);
    assert_int_equal(profile.total_bps, 8000);
    assert_int_equal(profile.setup_us, 500);
    assert_int_equal(profile.ranges, PROFILE_RANGES_SERVED);
    assert_int_equal(profile.seen_ms, NOW_MS);
}

static void profile__what_was_not_seen__stays(void **state)
{
    (void)state;
    struct profile profile = learn((struct observation){ .useful_lanes = 8, .lane_bps = 1000 });
    profile.ranges = PROFILE_RANGES_SERVED;
    profile_learn(&profile, &(struct observation){ .setup_us = 7 }, NOW_MS + 1);
    assert_int_equal(profile.useful_lanes, 8);
    assert_int_equal(profile.lane_bps, 1000);
    assert_int_equal(profile.setup_us, 7);
    assert_int_equal(profile.ranges, PROFILE_RANGES_SERVED);
}

static void profile__numbers__come_half_way_and_get_there(void **state)
{
    (void)state;
    struct profile profile = learn((struct observation){ .useful_lanes = 16, .lane_bps = 1000 });
    const struct observation less = { .useful_lanes = 4, .lane_bps = 500 };
    profile_learn(&profile, &less, NOW_MS);
    assert_int_equal(profile.useful_lanes, 10);
    assert_int_equal(profile.lane_bps, 750);
    for (int i = 0; i < 20; i++)
        profile_learn(&profile, &less, NOW_MS);
    assert_int_equal(profile.useful_lanes, 4);
    assert_int_equal(profile.lane_bps, 500);
}

static void profile__old_numbers__weigh_less(void **state)
{
    (void)state;
    struct profile profile = learn((struct observation){ .lane_bps = 1000 });
    profile_learn(&profile, &(struct observation){ .lane_bps = 2000 },
                  NOW_MS + PROFILE_HALF_LIFE_DAYS * DAY_MS);
    assert_int_equal(profile.lane_bps, 1750);
}

static void profile__a_ceiling_of_ours__speaks_against_no_higher_number(void **state)
{
    (void)state;
    struct profile profile = learn((struct observation){ .useful_lanes = 8 });
    profile_learn(&profile, &(struct observation){ .useful_lanes = 2, .is_useful_capped = true },
                  NOW_MS);
    assert_int_equal(profile.useful_lanes, 8);
    profile_learn(&profile, &(struct observation){ .useful_lanes = 16, .is_useful_capped = true },
                  NOW_MS);
    assert_int_equal(profile.useful_lanes, 12);
}

/* ---- tolerance ---- */

static void profile__a_refusal__counts_at_once(void **state)
{
    (void)state;
    struct profile profile = learn((struct observation){ .useful_lanes = 16, .served_lanes = 16 });
    profile_learn(&profile, &(struct observation){ .served_lanes = 4, .was_refused = true },
                  NOW_MS);
    assert_int_equal(profile.tolerated_lanes, 4);
    assert_int_equal(profile_start_lanes(&profile), 4);
}

static void profile__a_refusal_of_everything__says_nothing(void **state)
{
    (void)state;
    struct profile profile = learn((struct observation){ .was_refused = true });
    assert_int_equal(profile.tolerated_lanes, 0);
}

static void profile__no_refusal_with_as_many__takes_nothing_back(void **state)
{
    (void)state;
    struct profile profile = learn((struct observation){ .served_lanes = 4, .was_refused = true });
    profile_learn(&profile, &(struct observation){ .served_lanes = 4 }, NOW_MS + HOUR_MS);
    assert_int_equal(profile.tolerated_lanes, 4);
    assert_int_equal(profile.refused_ms, NOW_MS);
}

static void profile__more_lanes_served__take_a_refusal_back(void **state)
{
    (void)state;
    struct profile profile = learn((struct observation){ .served_lanes = 4, .was_refused = true });
    profile_learn(&profile, &(struct observation){ .served_lanes = 5 }, NOW_MS + HOUR_MS);
    assert_int_equal(profile.tolerated_lanes, 0);
}

static void profile__a_refusal__is_forgotten_after_a_day(void **state)
{
    (void)state;
    struct profile profile = learn((struct observation){ .served_lanes = 4, .was_refused = true });
    assert_int_equal(profile_faded(&profile, NOW_MS + DAY_MS - 1).tolerated_lanes, 4);
    assert_int_equal(profile_faded(&profile, NOW_MS + DAY_MS + 1).tolerated_lanes, 0);
    profile_learn(&profile, &(struct observation){ .served_lanes = 3 }, NOW_MS + DAY_MS + 1);
    assert_int_equal(profile.tolerated_lanes, 0);
}

/* ---- fading ---- */

static void profile__useful_lanes__fade_to_what_a_stranger_gets(void **state)
{
    (void)state;
    struct profile profile = learn((struct observation){ .useful_lanes = 16 });
    assert_int_equal(useful_at(&profile, NOW_MS), 16);
    assert_int_equal(useful_at(&profile, NOW_MS + PROFILE_HALF_LIFE_DAYS * DAY_MS),
                     (16 + TUNER_START_LANES) / 2);
    assert_in_range(useful_at(&profile, NOW_MS + 29 * DAY_MS), TUNER_START_LANES,
                    TUNER_START_LANES + 1);
    profile = learn((struct observation){ .useful_lanes = 1 });
    assert_int_equal(useful_at(&profile, NOW_MS), 1);
    assert_int_equal(useful_at(&profile, NOW_MS + 29 * DAY_MS), TUNER_START_LANES);
}

static void profile__after_a_month__nothing_is_left(void **state)
{
    (void)state;
    struct profile profile = learn((struct observation){ .useful_lanes = 16, .lane_bps = 1000 });
    int64_t then_ms = NOW_MS + PROFILE_FORGOTTEN_DAYS * DAY_MS;
    assert_false(profile_is_forgotten(&profile, then_ms));
    assert_true(profile_is_forgotten(&profile, then_ms + 1));
    struct profile faded = profile_faded(&profile, then_ms + 1);
    assert_int_equal(faded.useful_lanes, 0);
    assert_int_equal(faded.lane_bps, 0);
    assert_int_equal(profile_start_lanes(&faded), 0);
    profile_learn(&profile, &(struct observation){ .lane_bps = 10 }, then_ms + 1);
    assert_int_equal(profile.lane_bps, 10);
    assert_int_equal(profile.useful_lanes, 0);
}

static void profile__a_clock_that_was_wrong__is_not_believed_for_ever(void **state)
{
    (void)state;
    struct profile profile = learn((struct observation){ .useful_lanes = 16 });
    assert_int_equal(useful_at(&profile, NOW_MS - HOUR_MS), 16);
    assert_int_equal(useful_at(&profile, NOW_MS - 2 * DAY_MS), 0);
    assert_true(profile_is_forgotten(&profile, NOW_MS - 2 * DAY_MS));
}

/* ---- sense ---- */

static void profile__numbers_out_of_range__are_not_plausible(void **state)
{
    (void)state;
    struct profile sound = learn((struct observation){ .useful_lanes = 64,
                                                       .served_lanes = 64,
                                                       .was_refused = true,
                                                       .lane_bps = INT64_C(125000000000),
                                                       .setup_us = 60000000 });
    assert_true(profile_is_plausible(&sound));
#define X(field)                                      \
    {                                                 \
        struct profile profile = sound;               \
        profile.field = -1;                           \
        assert_false(profile_is_plausible(&profile)); \
        profile.field = INT64_MAX;                    \
        assert_false(profile_is_plausible(&profile)); \
    }
    PROFILE_NUMBER_FIELDS(X)
#undef X
}

static void profile__words__lead_back(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PROFILE_RANGES_COUNT; i++) {
        enum profile_ranges ranges = (enum profile_ranges)i;
        assert_int_equal(profile_ranges_from_word(profile_ranges_word(ranges)), ranges);
    }
    assert_int_equal(profile_ranges_from_word("perhaps"), PROFILE_RANGES_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(profile__the_first_observation__is_taken_as_it_is),
        cmocka_unit_test(profile__what_was_not_seen__stays),
        cmocka_unit_test(profile__numbers__come_half_way_and_get_there),
        cmocka_unit_test(profile__old_numbers__weigh_less),
        cmocka_unit_test(profile__a_ceiling_of_ours__speaks_against_no_higher_number),
        cmocka_unit_test(profile__a_refusal__counts_at_once),
        cmocka_unit_test(profile__a_refusal_of_everything__says_nothing),
        cmocka_unit_test(profile__no_refusal_with_as_many__takes_nothing_back),
        cmocka_unit_test(profile__more_lanes_served__take_a_refusal_back),
        cmocka_unit_test(profile__a_refusal__is_forgotten_after_a_day),
        cmocka_unit_test(profile__useful_lanes__fade_to_what_a_stranger_gets),
        cmocka_unit_test(profile__after_a_month__nothing_is_left),
        cmocka_unit_test(profile__a_clock_that_was_wrong__is_not_believed_for_ever),
        cmocka_unit_test(profile__numbers_out_of_range__are_not_plausible),
        cmocka_unit_test(profile__words__lead_back),
    };
    return cmocka_run_group_tests_name("profile", tests, NULL, NULL);
}
