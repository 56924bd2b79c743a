/* How long to wait for a service that starts or stops: as long as it says that it gets on. Windows
 * says how it is told: a service that is at work counts its checkpoint up, and promises the next
 * one within its wait hint ("SERVICE_STATUS structure"). Pure: the caller looks, and tells the
 * time. */
#ifndef SEGUE_CLI_SERVICE_WAIT_H
#define SEGUE_CLI_SERVICE_WAIT_H

#include <stdbool.h>
#include <stdint.h>

enum {
    SERVICE_HINT_MIN_MS = 10 * 1000,  /* a promise of less is not taken at its word */
    SERVICE_HINT_MAX_MS = 60 * 1000,  /* nor one of more */
    SERVICE_WAIT_MAX_MS = 180 * 1000, /* in all */
};

/* The wait. Zero it, then service_wait_begin. */
struct service_wait {
    uint64_t begun_ms;
    uint64_t changed_ms;
    uint32_t checkpoint;
};

/* Begins it. */
void service_wait_begin(struct service_wait *wait, uint64_t now_ms);

/* Takes what the service reports while it is under way; false when it has said nothing new for too
 * long. */
bool service_wait_goes_on(struct service_wait *wait, uint32_t checkpoint, uint32_t hint_ms,
                          uint64_t now_ms);

#endif
