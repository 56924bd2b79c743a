/* Windows counts 100 ns steps since 1601, Segue milliseconds since 1970; both UTC. Pure. */
#ifndef SEGUE_OS_WIN_TIME_WIN_H
#define SEGUE_OS_WIN_TIME_WIN_H

#include <stdbool.h>
#include <stdint.h>

#include "os/win/win.h"

#define TIME_STEPS_PER_MS 10000
#define TIME_MS_1601_TO_1970 INT64_C(11644473600000)

/* Rounds down. */
static inline int64_t time_to_wall_ms(FILETIME time)
{
    uint64_t steps = ((uint64_t)time.dwHighDateTime << 32) | time.dwLowDateTime;
    return (int64_t)(steps / TIME_STEPS_PER_MS) - TIME_MS_1601_TO_1970;
}

/* False when a file time cannot express it: at or before the start of 1601, or too far ahead. */
static inline bool time_from_wall_ms(int64_t wall_ms, FILETIME *out)
{
    if (wall_ms <= -TIME_MS_1601_TO_1970 ||
        wall_ms > INT64_MAX / TIME_STEPS_PER_MS - TIME_MS_1601_TO_1970)
        return false;
    uint64_t steps = (uint64_t)(wall_ms + TIME_MS_1601_TO_1970) * TIME_STEPS_PER_MS;
    out->dwLowDateTime = (DWORD)steps;
    out->dwHighDateTime = (DWORD)(steps >> 32);
    return true;
}

#endif
