/* The table of states and rules behind the decision. */
#include "core/metered.h"

static bool obeys(const struct job_record *record, enum job_metered standard)
{
    enum job_metered rule = record->metered != JOB_METERED_AS_SET ? record->metered : standard;
    return rule == JOB_METERED_PAUSE;
}

enum metered_step metered_step(const struct job_record *record, enum job_metered standard,
                               bool is_metered)
{
    bool must_wait = is_metered && obeys(record, standard);
    switch (record->state) {
    case JOB_QUEUED:
        return must_wait ? METERED_HOLD : METERED_STAY;
    case JOB_ACTIVE:
        return must_wait ? METERED_STOP : METERED_STAY;
    case JOB_WAITING:
        return record->reason == JOB_REASON_METERED && !must_wait ? METERED_RELEASE : METERED_STAY;
    default:
        return METERED_STAY;
    }
}
