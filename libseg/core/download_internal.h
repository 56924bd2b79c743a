/* What the parts of the download step share: download.c has the phases, download_lanes.c the lanes,
 * download_replies.c what they get, download_sources.c from whom, download_seams.c what came twice,
 * download_rechecks.c what should have, download_profile.c what is learned of servers,
 * download_end.c what becomes durable and how it ends. */
#ifndef SEGUE_CORE_DOWNLOAD_INTERNAL_H
#define SEGUE_CORE_DOWNLOAD_INTERNAL_H

#include "core/download.h"

enum { WORTH_MENTIONING = 64 * 1024 }; /* a request that gave this much may be repeated at once */

/* Appends an effect without a lane. */
void download_emit(struct effects *effects, enum effect_kind kind);

/* Goes to another phase; asserts that it may follow the present one. */
void download_move(struct download *download, enum download_phase phase);

/* It is over: tells so. */
void download_finish(struct download *download, struct effects *effects);

/* The next number of its generator, for jitter and samples. */
uint64_t download_random(struct download *download);

/* Closes every lane and begins to drain. */
void download_drain(struct download *download, uint64_t now_us, struct effects *effects);

/* A failure after the last byte arrived turns success into failure; any other outcome stays. */
void download_spoil(struct download *download, const struct sg_err *err);

/* Ends because of the disk: waiting for space, or failed. */
void download_disk_failed(struct download *download, const struct sg_err *err, uint64_t now_us,
                          struct effects *effects);

/* Others hold the part file: waits and tries again, or fails when that was too often. */
void download_part_held(struct download *download, const struct sg_err *err, uint64_t now_us,
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

/* The server failed us: ends with this outcome unless a mirror carries on. */
void download_give_up(struct download *download, const struct download_outcome *outcome,
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

/* Counts the job's mirrors; releases what is known of them; forgets it but that they were dropped.
 */
void sources_init(struct download *download);
void sources_fini(struct download *download);
void sources_begin_again(struct download *download);

/* A mirror begins to answer the request for its proof. SG_E_NOMEM. */
SG_MUST_USE enum sg_status source_remember(struct source *source, const struct reply *reply);

/* A plan begins: every source begins with what is expected of it. */
void shares_begin(struct download *download, uint64_t now_us);

/* A mirror came to be trusted. */
void shares_admit(struct download *download, int source, uint64_t now_us);

/* The download's number of lanes, or which sources are trusted, is another. */
void shares_changed(struct download *download);

/* The source refused a lane, which is closed already. */
void shares_refused(struct download *download, int source, int64_t retry_after_ms, uint64_t now_us);

/* Lets tuners look at what came, and moves lanes from sources that have too many. */
void shares_tick(struct download *download, uint64_t now_us, struct effects *effects);

/* Lanes were held back until now: tuners measure from here on. */
void shares_measure_anew(struct download *download, uint64_t now_us);

/* The source for the next lane; -1: none wants one. The second: that may be asked, whether it wants
 * one or not. */
int shares_pick(const struct download *download, uint64_t now_us);
int shares_pick_any(const struct download *download, uint64_t now_us);

/* Asks mirrors for their proof as soon as there is something to compare it with. */
void sources_prove(struct download *download, uint64_t now_us, struct effects *effects);

/* A mirror's lane failed, or was refused; it is closed already. */
void sources_failed(struct download *download, int lane, const struct sg_err *err,
                    int64_t retry_after_ms, uint64_t now_us, struct effects *effects);
void sources_refused(struct download *download, int lane, const struct sg_err *err,
                     int64_t retry_after_ms, uint64_t now_us, struct effects *effects);

/* The primary source refused a lane, which is closed already, while others may deliver: if those
 * are mirrors alone it is asked again after a while. */
void sources_rest_primary(struct download *download, int64_t retry_after_ms, uint64_t now_us);

/* `n_bytes` of a mirror's proof were compared. */
void sources_compared(struct download *download, int source, uint64_t n_bytes, bool is_equal,
                      uint64_t now_us, struct effects *effects);

/* Uses no mirror any more in this run, because of `err`. */
void sources_drop_mirrors(struct download *download, const struct sg_err *err, uint64_t now_us,
                          struct effects *effects);

/* The primary source failed so that the download would end with `outcome`: true when a mirror
 * carries on. */
bool sources_take_over(struct download *download, const struct download_outcome *outcome,
                       uint64_t now_us, struct effects *effects);

/* True when the primary source is lost and no mirror carries on. */
bool sources_are_lost(struct download *download);

/* Lets a new plan begin with what is known of the server, and the sources with it. */
void download_begin_as_known(struct download *download, uint64_t now_us);

/* Counts what sources show: at every tick; when a source refused a lane, which is closed already;
 * when it begins to send. */
void sight_tick(struct download *download, uint64_t now_us);
void sight_refused(struct download *download, int source);
void sight_answered(struct download *download, int source, uint64_t setup_us);

/* A seam never came: what lies around `offset` is to be compared once more. */
void recheck_want(struct download *download, uint64_t offset);

/* Nothing is to be compared once more; lanes that ask for it are closed already. */
void rechecks_forget(struct download *download);

/* Asks for what is to be compared once more. */
void rechecks_ask(struct download *download, uint64_t now_us, struct effects *effects);

/* True when the lane asks for that. */
bool recheck_is_on(const struct download *download, int lane);

/* Such a lane came to its end, or to another; it is closed already. */
void recheck_end(struct download *download, int lane, bool may_try_again, uint64_t now_us);

/* True when nothing is left to be compared once more. */
bool rechecks_are_done(const struct download *download);

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

/* A lane that may be opened now; -1: none. */
int lanes_free(const struct download *download, uint64_t now_us);

/* Asks a mirror for bytes that are on the disk already. */
void lane_ask_proof(struct download *download, int lane, int source, uint64_t first, uint64_t end,
                    uint64_t now_us, struct effects *effects);

/* Lanes that a source sends bytes on. */
int lanes_receiving(const struct download *download, int source);

/* The number of lanes in a state. */
int lanes_in(const struct download *download, enum lane_state state);

/* Where the lane's request ends. */
uint64_t lane_asked_end(const struct download *download, const struct lane *lane);

/* Closes lanes whose range another took. */
void lanes_close_doomed(struct download *download, uint64_t now_us, struct effects *effects);

/* What lies in the buffers of lanes is to be written. */
void lanes_flush(struct download *download, struct effects *effects);

/* The machine slept. Their silence was ours, what was measured says nothing, and they have a moment
 * to show that they live. */
void lanes_woke(struct download *download, uint64_t now_us);

/* Something came on the lane. What comes right after a sleep may have lain in the system's buffers
 * since before it, and does not show that the connection lives. */
void lane_heard(struct download *download, struct lane *lane, uint64_t now_us);

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
