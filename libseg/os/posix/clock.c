/* The time of day and the kernel's random numbers. */
#define _GNU_SOURCE
#include "os/clock.h"

#include <sys/random.h>
#include <time.h>

#include "base/assert.h"

int64_t clock_wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Up to 256 bytes come whole and without an error once the kernel is seeded: getrandom(2). */
uint64_t clock_random(void)
{
    uint64_t bits;
    SG_ASSERT(getrandom(&bits, sizeof bits, 0) == (ssize_t)sizeof bits);
    return bits;
}
