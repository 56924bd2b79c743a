/* Patience with a service. */
#include "cli/service_wait.h"

void service_wait_begin(struct service_wait *wait, uint64_t now_ms)
{
    *wait = (struct service_wait){ .begun_ms = now_ms, .changed_ms = now_ms };
}

static uint32_t patience_ms(uint32_t hint_ms)
{
    if (hint_ms < SERVICE_HINT_MIN_MS)
        return SERVICE_HINT_MIN_MS;
    return hint_ms < SERVICE_HINT_MAX_MS ? hint_ms : SERVICE_HINT_MAX_MS;
}

bool service_wait_goes_on(struct service_wait *wait, uint32_t checkpoint, uint32_t hint_ms,
                          uint64_t now_ms)
{
    if (checkpoint != wait->checkpoint) {
        wait->checkpoint = checkpoint;
        wait->changed_ms = now_ms;
    }
    return now_ms - wait->changed_ms < patience_ms(hint_ms) &&
           now_ms - wait->begun_ms < SERVICE_WAIT_MAX_MS;
}
