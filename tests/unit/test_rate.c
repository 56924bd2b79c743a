/* Rates: right from the first moment, and falling by themselves. */
#include "core/rate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { SECOND_US = 1000000, STEP_US = 10000 };

/* Adds `bps` bytes a second in steps of 10 ms. */
static uint64_t feed(struct rate *rate, uint64_t now_us, uint64_t length_us, uint64_t bps)
{
    for (uint64_t end = now_us + length_us; now_us < end;) {
        now_us += STEP_US;
        rate_add(rate, now_us, bps * STEP_US / SECOND_US);
    }
    return now_us;
}

static void rate__no_time_has_passed__is_zero(void **state)
{
    (void)state;
    struct rate rate;
    rate_start(&rate, 5);
    rate_add(&rate, 5, 1000000);
    assert_true(rate_bps(&rate, 5) <= 0.0);
    assert_true(rate_bps(&rate, 4) <= 0.0);
}

static void rate__steady_flow__is_right_at_any_age(void **state)
{
    (void)state;
    static const uint64_t lengths_us[] = { SECOND_US / 10, SECOND_US, 10 * SECOND_US };
    for (size_t i = 0; i < sizeof lengths_us / sizeof lengths_us[0]; i++) {
        struct rate rate;
        rate_start(&rate, SECOND_US);
        uint64_t now_us = feed(&rate, SECOND_US, lengths_us[i], 1000000);
        assert_in_range((uint64_t)rate_bps(&rate, now_us), 950000, 1060000);
        assert_true(rate_age_s(&rate, now_us) * 1e6 > (double)lengths_us[i] * 0.999);
    }
}

static void rate__silence__makes_it_fall(void **state)
{
    (void)state;
    struct rate rate;
    rate_start(&rate, 0);
    uint64_t now_us = feed(&rate, 0, 5 * SECOND_US, 1000000);
    double before = rate_bps(&rate, now_us);
    assert_true(rate_bps(&rate, now_us + SECOND_US) < before * 0.4);
    assert_true(rate_bps(&rate, now_us + 2 * SECOND_US) < before * 0.15);
    assert_true(rate_bps(&rate, now_us + 1000 * (uint64_t)SECOND_US) < 1.0);
}

static void rate__flow_changes__follows_within_seconds(void **state)
{
    (void)state;
    struct rate rate;
    rate_start(&rate, 0);
    uint64_t now_us = feed(&rate, 0, 10 * SECOND_US, 10000000);
    now_us = feed(&rate, now_us, 5 * SECOND_US, 1000000);
    assert_in_range((uint64_t)rate_bps(&rate, now_us), 900000, 1150000);
}

static void rate__restart__forgets(void **state)
{
    (void)state;
    struct rate rate;
    rate_start(&rate, 0);
    uint64_t now_us = feed(&rate, 0, SECOND_US, 1000000);
    rate_start(&rate, now_us);
    assert_true(rate_bps(&rate, now_us + SECOND_US) <= 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rate__no_time_has_passed__is_zero),
        cmocka_unit_test(rate__steady_flow__is_right_at_any_age),
        cmocka_unit_test(rate__silence__makes_it_fall),
        cmocka_unit_test(rate__flow_changes__follows_within_seconds),
        cmocka_unit_test(rate__restart__forgets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
