/* The contract of os/clock.h. */
#include "os/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"

static void wall_clock__is_in_milliseconds_since_1970(void **state)
{
    (void)state;
    int64_t earliest, latest;
    assert_true(sg_parse_iso8601("2024-01-01T00:00:00Z", &earliest));
    assert_true(sg_parse_iso8601("2124-01-01T00:00:00Z", &latest));
    assert_in_range(clock_wall_ms(), earliest, latest);
}

static void random__many_draws__differ_and_use_every_bit(void **state)
{
    (void)state;
    enum { N_DRAWS = 128 };
    uint64_t draws[N_DRAWS];
    uint64_t ever_set = 0;
    uint64_t always_set = UINT64_MAX;
    for (int i = 0; i < N_DRAWS; i++) {
        draws[i] = clock_random();
        ever_set |= draws[i];
        always_set &= draws[i];
        for (int j = 0; j < i; j++)
            assert_true(draws[i] != draws[j]);
    }
    assert_true(ever_set == UINT64_MAX);
    assert_true(always_set == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wall_clock__is_in_milliseconds_since_1970),
        cmocka_unit_test(random__many_draws__differ_and_use_every_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
