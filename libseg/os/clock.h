/* The time of day and randomness: the two inputs from the system that make runs differ. */
#ifndef SEGUE_OS_CLOCK_H
#define SEGUE_OS_CLOCK_H

#include <stdint.h>

/* Milliseconds since 1970-01-01 UTC: for display and files only, never for delays. Any thread.
 * Virtual in the simulator. */
int64_t clock_wall_ms(void);

/* 64 random bits of cryptographic quality (BCryptGenRandom, getrandom); seeded and repeatable in
 * the simulator. Any thread. */
uint64_t clock_random(void);

#endif
