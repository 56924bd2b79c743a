/* What the two halves of the download step share: download.c has the phases, download_lanes.c the
 * lanes. */
#ifndef SEGUE_CORE_DOWNLOAD_INTERNAL_H
#define SEGUE_CORE_DOWNLOAD_INTERNAL_H

#include "core/download.h"

/* Appends an effect without a lane. */
void download_emit(struct effects *effects, enum effect_kind kind);

/* Closes every lane and begins to drain with this outcome; the first outcome stays. */
void download_end(struct download *download, const struct download_outcome *outcome,
                  uint64_t now_us, struct effects *effects);

/* Ends as failed with `err`. */
void download_fail(struct download *download, const struct sg_err *err, uint64_t now_us,
                   struct effects *effects);

/* Ends as waiting for `reason`. */
void download_wait(struct download *download, enum job_reason reason, const struct sg_err *err,
                   uint64_t now_us, struct effects *effects);

/* No lane gives anything: waits for the next round, or fails when there were too many. */
void download_end_round(struct download *download, const struct sg_err *err, int64_t retry_after_ms,
                        uint64_t now_us, struct effects *effects);

/* The server's file is another one: begins again, or ends, as the job says. */
void download_changed(struct download *download, const struct sg_err *err, uint64_t now_us,
                      struct effects *effects);

/* Drains with no outcome set and begins again with a probe; the old partial stays until the new
 * reply has begun. */
void download_restart(struct download *download, uint64_t now_us, struct effects *effects);

/* The first good reply of a version: remembers it, makes the plan, asks for the part file. */
void download_learn(struct download *download, const struct event *event, int64_t total,
                    bool has_ranges, struct effects *effects);

/* Opens lanes while more are wanted and have something to do. */
void lanes_open(struct download *download, uint64_t now_us, struct effects *effects);

/* Asks for the file from its first byte, on lane 0, without a plan. */
void lanes_probe(struct download *download, uint64_t now_us, struct effects *effects);

/* The number of lanes in a state. */
int lanes_in(const struct download *download, enum lane_state state);

/* Every lane counts as heard of just now. */
void lanes_touch(struct download *download, uint64_t now_us);

/* Closes a lane; what is left of its range is to do again. */
void lane_close(struct download *download, int lane, uint64_t now_us, struct effects *effects);

/* Closes all lanes. */
void lanes_close(struct download *download, uint64_t now_us, struct effects *effects);

/* Events of one lane. */
void lane_on_head(struct download *download, const struct event *event, struct effects *effects);
void lane_on_full(struct download *download, const struct event *event, struct effects *effects);
void lane_on_end(struct download *download, const struct event *event, struct effects *effects);

/* Looks for lanes that fell silent, and lets the tuner look at the rate. */
void lanes_tick(struct download *download, uint64_t now_us, struct effects *effects);

#endif
