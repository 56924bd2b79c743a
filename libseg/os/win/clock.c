/* The time of day and random bits. No state; any thread. */
#include "os/clock.h"

#include "base/assert.h"
#include "os/win/time_win.h"
#include "os/win/win.h"

int64_t clock_wall_ms(void)
{
    FILETIME now;
    GetSystemTimePreciseAsFileTime(&now);
    return time_to_wall_ms(now);
}

/* The system's generator cannot fail on a system that works; going on with predictable numbers
 * would be worse than stopping. */
uint64_t clock_random(void)
{
    uint64_t bits;
    NTSTATUS status =
        BCryptGenRandom(NULL, (PUCHAR)&bits, (ULONG)sizeof bits, BCRYPT_USE_SYSTEM_PREFERRED_RNG);
    SG_ASSERT(NT_SUCCESS(status));
    return bits;
}
