/* Thousands of downloads in which everything may go wrong. A run that breaks a promise names its
 * seed: `test_download_random SEED` repeats it alone. */
#include "tests/unit/download_chaos.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/mem.h"

enum { RUNS = 2500 };

static uint64_t seed_now;

static void tell_seed(int number)
{
    (void)number;
    fprintf(stderr, "the seed was %llu\n", (unsigned long long)seed_now);
}

/* xorshift64*: good enough to pick faults. */
static uint32_t pick_random(void *ctx, uint32_t n)
{
    uint64_t *x = ctx;
    *x ^= *x >> 12;
    *x ^= *x << 25;
    *x ^= *x >> 27;
    return (uint32_t)((*x * 2685821657736338717u) >> 33) % n;
}

static uint64_t run_seed(uint64_t seed)
{
    seed_now = seed;
    uint64_t x = seed * 0x9E3779B97F4A7C15u + 1;
    return chaos_run(pick_random, &x);
}

static void download__everything_goes_wrong_for_a_while__is_done_in_the_end(void **state)
{
    (void)state;
    uint64_t n_steps = 0;
    for (uint64_t seed = 1; seed <= RUNS; seed++) {
        n_steps += run_seed(seed);
        assert_int_equal(sg_mem_live(), 0);
    }
    assert_true(n_steps > 50 * (uint64_t)RUNS);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(download__everything_goes_wrong_for_a_while__is_done_in_the_end),
    };
    signal(SIGABRT, tell_seed);
    if (argc > 1) {
        printf("%llu steps\n", (unsigned long long)run_seed(strtoull(argv[1], NULL, 10)));
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
