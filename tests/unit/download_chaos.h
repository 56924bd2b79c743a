/* One download in which everything may go wrong at any time, until it is let alone: then it has
 * to end, done, with exactly the server's bytes. Decisions come from outside: a seeded generator
 * in the test, the input in the fuzzer. A broken promise ends the process (SG_ASSERT). */
#ifndef SEGUE_TESTS_UNIT_DOWNLOAD_CHAOS_H
#define SEGUE_TESTS_UNIT_DOWNLOAD_CHAOS_H

#include <stdint.h>

/* Gives a number below `n` (> 0). */
typedef uint32_t chaos_pick_fn(void *ctx, uint32_t n);

/* Runs one download and returns the number of steps it took. */
uint64_t chaos_run(chaos_pick_fn *pick, void *ctx);

#endif
