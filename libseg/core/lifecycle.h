/* The life of a job: which state may follow which, and what a change does to the record. Pure. */
#ifndef SEGUE_CORE_LIFECYCLE_H
#define SEGUE_CORE_LIFECYCLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "core/record.h"

/* True when `to` may follow `from`. */
bool job_may_move(enum job_state from, enum job_state to);

/* Moves the record to `state`, with the reason (for JOB_WAITING) and the error that explain it
 * (NULL: none), and keeps its times. Asserts that the move is allowed: ask first where a caller
 * decides. */
void job_move(struct job_record *record, enum job_state state, enum job_reason reason,
              const struct sg_err *err, int64_t now_wall_ms);

/* Orders the queue: the job with the smaller key goes first. Higher priority first, then smaller
 * rank. */
uint64_t job_queue_key(const struct job_record *record);

/* Ranks are given in steps of this size, so that a job can be put between two others. */
enum { JOB_RANK_STEP = 1 << 16 };

#endif
