/* Exponential backoff with jitter. */
#include "core/retry.h"

int64_t retry_delay_ms(int64_t attempt, uint64_t random, int64_t retry_after_ms)
{
    if (retry_after_ms > 0) /* at once is no answer to an overload */
        return retry_after_ms < RETRY_AFTER_LONGEST_MS ? retry_after_ms : RETRY_AFTER_LONGEST_MS;
    int64_t delay = RETRY_FIRST_MS;
    for (int64_t i = 1; i < attempt && delay < RETRY_LONGEST_MS; i++)
        delay *= 2;
    if (delay > RETRY_LONGEST_MS)
        delay = RETRY_LONGEST_MS;
    int64_t spread = delay / 4;
    return delay - spread + (int64_t)(random % (uint64_t)(spread + 1));
}
