/* The table of states and what a move writes down. */
#include "core/lifecycle.h"

#include "base/assert.h"

#define ANY_END (1u << JOB_FAILED | 1u << JOB_CANCELLED)

static const unsigned followers[JOB_STATE_COUNT] = {
    [JOB_QUEUED] = 1u << JOB_ACTIVE | 1u << JOB_PAUSED | 1u << JOB_WAITING | ANY_END,
    [JOB_ACTIVE] = 1u << JOB_VERIFYING | 1u << JOB_DONE | 1u << JOB_QUEUED | 1u << JOB_PAUSED |
                   1u << JOB_WAITING | ANY_END,
    [JOB_VERIFYING] =
        1u << JOB_DONE | 1u << JOB_QUEUED | 1u << JOB_PAUSED | 1u << JOB_WAITING | ANY_END,
    [JOB_PAUSED] = 1u << JOB_QUEUED | 1u << JOB_WAITING | ANY_END,
    [JOB_WAITING] = 1u << JOB_QUEUED | 1u << JOB_PAUSED | ANY_END,
    [JOB_DONE] = 0,
    [JOB_FAILED] = 1u << JOB_QUEUED | 1u << JOB_CANCELLED,
    [JOB_CANCELLED] = 1u << JOB_QUEUED,
};

bool job_may_move(enum job_state from, enum job_state to)
{
    return (followers[from] & 1u << to) != 0;
}

void job_move(struct job_record *record, enum job_state state, enum job_reason reason,
              const struct sg_err *err, int64_t now_wall_ms)
{
    SG_ASSERT(job_may_move(record->state, state));
    SG_ASSERT((state == JOB_WAITING) == (reason != JOB_REASON_NONE));
    record->state = state;
    record->reason = reason;
    record->error_code = err != NULL ? err->status : SG_OK;
    /* without memory for the message the code still tells */
    if (job_record_set(&record->error_message, err != NULL ? sg_err_text(err) : NULL) != SG_OK)
        record->error_code = err->status;
    if (state == JOB_ACTIVE && record->started_ms == 0)
        record->started_ms = now_wall_ms;
    record->finished_ms = job_state_is_final(state) ? now_wall_ms : 0;
}

uint64_t job_queue_key(const struct job_record *record)
{
    const int rank_bits = 50;
    uint64_t urgency = (uint64_t)(JOB_PRIORITY_MAX - record->priority);
    uint64_t rank = (uint64_t)(record->rank + ((int64_t)1 << (rank_bits - 1)));
    return urgency << rank_bits | (rank & (((uint64_t)1 << rank_bits) - 1));
}
