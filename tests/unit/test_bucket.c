/* The token bucket. */
#include "core/bucket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { MIB = 1024 * 1024, CHUNK = 16 * 1024, STEP_US = 20000 };

/* What passes from `from_us` on within `seconds`, in chunks, looking every 20 ms. */
static uint64_t passed(struct bucket *bucket, uint64_t from_us, unsigned seconds)
{
    uint64_t bytes = 0;
    for (uint64_t t = 0; t < (uint64_t)seconds * 1000000; t += STEP_US) {
        while (bucket_may_pass(bucket, from_us + t)) {
            bucket_take(bucket, CHUNK);
            bytes += CHUNK;
        }
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
    assert_true(bucket_may_pass(&bucket, 1));
}

static void bucket__with_a_rate__is_within_three_percent_over_ten_seconds(void **state)
{
    (void)state;
    static const uint64_t rates[] = { 100000, MIB, 50 * MIB };
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
    assert_in_range(passed(&bucket, 3600u * 1000000u, 1), MIB - CHUNK, MIB + MIB / 10);
}

static void bucket__another_rate__holds_at_once(void **state)
{
    (void)state;
    struct bucket bucket = { 0 };
    bucket_set_rate(&bucket, 50 * MIB, 0);
    passed(&bucket, 0, 1);
    bucket_set_rate(&bucket, MIB, 1000000);
    assert_in_range(passed(&bucket, 1000000, 1), MIB - 2 * CHUNK, MIB + MIB / 10);
    bucket_set_rate(&bucket, 0, 2000000);
    assert_true(bucket_may_pass(&bucket, 2000000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bucket__without_a_rate__lets_everything_pass),
        cmocka_unit_test(bucket__with_a_rate__is_within_three_percent_over_ten_seconds),
        cmocka_unit_test(bucket__after_a_long_pause__does_not_burst),
        cmocka_unit_test(bucket__another_rate__holds_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
