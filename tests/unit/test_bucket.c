/* The token bucket. */
#include "core/bucket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { MIB = 1024 * 1024, STEP_US = 20000 };

/* What passes from `from_us` on within `seconds`, looking every 20 ms. */
static uint64_t passed(struct bucket *bucket, uint64_t from_us, unsigned seconds)
{
    uint64_t bytes = 0;
    for (uint64_t t = 0; t < (uint64_t)seconds * 1000000; t += STEP_US) {
        uint64_t n = bucket_tokens(bucket, from_us + t);
        bucket_take(bucket, n);
        bytes += n;
    }
    return bytes;
}

static void assert_near(uint64_t value, uint64_t wanted)
{
    assert_in_range(value, wanted - wanted / 33, wanted + wanted / 33);
}

static void bucket__without_a_rate__lets_everything_pass(void **state)
{
    (void)state;
    struct bucket bucket = { 0 };
    bucket_take(&bucket, UINT32_MAX);
    assert_true(bucket_tokens(&bucket, 1) == UINT64_MAX);
}

static void bucket__with_a_rate__is_within_three_percent_over_ten_seconds(void **state)
{
    (void)state;
    static const uint64_t rates[] = { 10240, 100000, MIB, 100 * MIB };
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        struct bucket bucket = { 0 };
        bucket_set_rate(&bucket, rates[i], 1000);
        assert_near(passed(&bucket, 1000, 10), 10 * rates[i]);
    }
}

static void bucket__after_a_long_pause__does_not_burst(void **state)
{
    (void)state;
    struct bucket bucket = { 0 };
    bucket_set_rate(&bucket, MIB, 0);
    assert_in_range(passed(&bucket, 3600u * 1000000u, 1), MIB - MIB / 33, MIB + MIB / 10);
}

static void bucket__one_byte_per_second__passes_one_byte_per_second(void **state)
{
    (void)state;
    struct bucket bucket = { 0 };
    bucket_set_rate(&bucket, 1, 0);
    assert_in_range(passed(&bucket, 0, 10), 9, 10);
}

static void bucket__more_taken_than_there_was__is_waited_for(void **state)
{
    (void)state;
    struct bucket bucket = { 0 };
    bucket_set_rate(&bucket, MIB, 0);
    bucket_take(&bucket, MIB);
    assert_int_equal(bucket_tokens(&bucket, 999999), 0);
    assert_in_range(bucket_tokens(&bucket, 1010000), MIB / 110, MIB / 90);
}

static void bucket__another_rate__holds_at_once(void **state)
{
    (void)state;
    struct bucket bucket = { 0 };
    bucket_set_rate(&bucket, 50 * MIB, 0);
    passed(&bucket, 0, 1);
    bucket_set_rate(&bucket, MIB, 1000000);
    assert_in_range(passed(&bucket, 1000000, 1), MIB - MIB / 33, MIB + MIB / 10);
    bucket_set_rate(&bucket, 0, 2000000);
    assert_true(bucket_tokens(&bucket, 2000000) == UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bucket__without_a_rate__lets_everything_pass),
        cmocka_unit_test(bucket__with_a_rate__is_within_three_percent_over_ten_seconds),
        cmocka_unit_test(bucket__after_a_long_pause__does_not_burst),
        cmocka_unit_test(bucket__one_byte_per_second__passes_one_byte_per_second),
        cmocka_unit_test(bucket__more_taken_than_there_was__is_waited_for),
        cmocka_unit_test(bucket__another_rate__holds_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
