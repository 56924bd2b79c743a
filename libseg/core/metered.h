/* Whether a job may use the network that there is: some networks are paid for by the byte. Pure. */
#ifndef SEGUE_CORE_METERED_H
#define SEGUE_CORE_METERED_H

#include <stdbool.h>

#include "core/record.h"

/* What a job does about the network.
 *
 *   queued ── its turn, HOLD ──► waiting: metered ── RELEASE ──► queued
 *   active ────── STOP ────────────────┘ */
enum metered_step {
    METERED_STAY,    /* nothing */
    METERED_HOLD,    /* it waits in place of its turn */
    METERED_STOP,    /* its transfers end, what is there is kept; then it waits */
    METERED_RELEASE, /* it waited for this and is queued again */
};

/* What `record` does on a network that is metered or not. `standard` is the setting, for jobs that
 * say nothing themselves; JOB_METERED_AS_SET there means to ignore it. A network of which nothing
 * is known counts as not metered. Jobs that are verified need no network, and those that are
 * paused, final, or wait for something else are judged when their turn comes. */
enum metered_step metered_step(const struct job_record *record, enum job_metered standard,
                               bool is_metered);

#endif
