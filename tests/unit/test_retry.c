/* Delays between attempts. */
#include "core/retry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void retry__each_attempt__doubles_up_to_a_minute(void **state)
{
    (void)state;
    static const int64_t longest[] = { 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000 };
    for (int64_t attempt = 1; attempt <= 8; attempt++) {
        int64_t most = longest[attempt - 1];
        for (uint64_t random = 0; random < 100000; random += 997)
            assert_in_range(retry_delay_ms(attempt, random, -1), most * 3 / 4, most);
        assert_int_equal(retry_delay_ms(attempt, 0, -1), most - most / 4);
        assert_int_equal(retry_delay_ms(attempt, (uint64_t)most / 4, -1), most);
    }
}

static void retry__absurd_attempt__stays_in_bounds(void **state)
{
    (void)state;
    assert_in_range(retry_delay_ms(INT64_MAX, UINT64_MAX, -1), 45000, 60000);
    assert_in_range(retry_delay_ms(0, 0, -1), 750, 1000);
    assert_in_range(retry_delay_ms(INT64_MIN, 0, -1), 750, 1000);
}

static void retry__server_asks__wins_up_to_a_day(void **state)
{
    (void)state;
    assert_int_equal(retry_delay_ms(1, 7, 5000), 5000);
    assert_int_equal(retry_delay_ms(9, 7, 5000), 5000);
    assert_int_equal(retry_delay_ms(1, 7, 86400000), 86400000);
    assert_int_equal(retry_delay_ms(1, 7, INT64_MAX), 86400000);
}

static void retry__server_asks_for_at_once__is_not_hammered(void **state)
{
    (void)state;
    assert_in_range(retry_delay_ms(1, 0, 0), 750, 1000);
    assert_in_range(retry_delay_ms(4, 0, 0), 6000, 8000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(retry__each_attempt__doubles_up_to_a_minute),
        cmocka_unit_test(retry__absurd_attempt__stays_in_bounds),
        cmocka_unit_test(retry__server_asks__wins_up_to_a_day),
        cmocka_unit_test(retry__server_asks_for_at_once__is_not_hammered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
