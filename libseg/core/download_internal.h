/* What the parts of the download step share: download.c has the phases, download_lanes.c the
 * lanes, download_replies.c what they get, download_seams.c what came twice, download_end.c what
 * becomes durable and how it ends. */
#ifndef SEGUE_CORE_DOWNLOAD_INTERNAL_H
#define SEGUE_CORE_DOWNLOAD_INTERNAL_H

#include "core/download.h"

/* Appends an effect without a lane. */
void download_emit(struct effects *effects, enum effect_kind kind);

/* Goes to another phase; asserts that it may follow the present one. */
void download_move(struct download *download, enum download_phase phase);

/* It is over: tells so. */
void download_finish(struct download *download, struct effects *effects);

/* Closes every lane and begins to drain. */
void download_drain(struct download *download, uint64_t now_us, struct effects *effects);

/* A failure after the last byte arrived turns success into failure; any other outcome stays. */
void download_spoil(struct download *download, const struct sg_err *err);

/* Ends because of the disk: waiting for space, or failed. */
void download_disk_failed(struct download *download, const struct sg_err *err, uint64_t now_us,
                          struct effects *effects);

/* What an event tells of its failure. */
struct sg_err download_error_of(const struct event *event);

/* Events of the disk and of the one who stops it. */
void download_on_written(struct download *download, const struct event *event,
                         struct effects *effects);
void download_on_checkpointed(struct download *download, const struct event *event,
                              struct effects *effects);
void download_on_stop(struct download *download, const struct event *event,
                      struct effects *effects);

/* Begins a checkpoint when it is time for one. */
void download_tick_checkpoint(struct download *download, uint64_t now_us, struct effects *effects);

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

/* Compares what can be compared by now; false while something is left to be. */
bool seams_are_compared(struct download *download, struct effects *effects);
void download_on_compared(struct download *download, const struct event *event,
                          struct effects *effects);

/* Goes on with draining when everything under way has ended. */
void download_go_on_draining(struct download *download, uint64_t now_us, struct effects *effects);

/* Opens lanes while more are wanted and have something to do. */
void lanes_open(struct download *download, uint64_t now_us, struct effects *effects);

/* Asks for the file from its first byte, on lane 0, without a plan. */
void lanes_probe(struct download *download, uint64_t now_us, struct effects *effects);

/* The number of lanes in a state. */
int lanes_in(const struct download *download, enum lane_state state);

/* Where the lane's request ends. */
uint64_t lane_asked_end(const struct download *download, const struct lane *lane);

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
