/* What the engine's files share. engine.c owns the engine and the queue, jobs.c the table of jobs,
 * add.c, commands.c and discard.c change it, verify.c looks at its files again, saves.c is what is
 * on its way to the store, limit.c shares the bandwidth, network.c wakes what waits for a network,
 * metered.c what waits for a cheaper one, room.c what waits for a disk, whose.c what is done for
 * owners, hosts.c what is known of servers, run.c, run_host.c, run_lane.c, run_part.c and
 * run_seams.c are one active job, sources.c is what is shown of its mirrors. */
#ifndef SEGUE_ENGINE_ENGINE_PRIVATE_H
#define SEGUE_ENGINE_ENGINE_PRIVATE_H

#include "base/heap.h"
#include "base/list.h"
#include "base/table.h"
#include "core/download.h"
#include "core/share.h"
#include "engine/actor.h"
#include "engine/engine.h"
#include "engine/hash.h"
#include "engine/hosts.h"
#include "engine/owners.h"
#include "engine/part.h"
#include "engine/pool.h"
#include "engine/turns.h"
#include "net/xfer.h"
#include "os/work.h"

_Static_assert((int)ENGINE_LANES_MAX == (int)PLAN_LANES_MAX, "the plan's limit is the engine's");
_Static_assert((int)ENGINE_SOURCES_MAX == (int)SOURCES_MAX, "as many as the download uses");

struct net_cost_watch;
struct net_watch;
struct run;

/* What a winding-down run's job becomes; NONE: what the run itself says. */
enum desire {
    DESIRE_NONE,
    DESIRE_QUEUE,
    DESIRE_PAUSE,
    DESIRE_METERED, /* it waits for another network */
    DESIRE_CANCEL,
    DESIRE_REMOVE
};

/* What the runs of a job that are over showed of one source. */
struct past_source {
    enum source_state state;
    uint64_t bytes;
    enum sg_status fault;
    char *fault_text;
};

struct job {
    struct engine *engine;
    struct job_record record;
    struct run *run;          /* while active */
    struct owner *owner;      /* NULL in a user's own daemon */
    struct past_source *past; /* of each source of a job with mirrors; NULL: no run is over */
    int n_past;
    struct sg_heap_node queue_node;
    struct timer wake;        /* while it waits for a time */
    struct sg_list wait_node; /* while it waits for room, or for a network that may be used */
    uint64_t room_round;      /* the last look for room that met it */
    uint64_t room_from_us;    /* not tried before */
    int64_t room_done;        /* what it had when it last ran out of room */
    int room_tries;           /* since then */
    enum desire desire;
    bool purges;               /* with DESIRE_REMOVE */
    enum job_state told_state; /* by on_state */
    enum job_reason told_reason;
    bool is_committed;             /* the store has it: others may know about it */
    bool is_unsaved;               /* a save failed; it is tried again */
    uint64_t last_save;            /* the number of the newest one: only that one tells others */
    uint64_t change;               /* the open change of a run that winds down; 0: none */
    struct sg_table_node key_node; /* if it has a key */
};

struct engine {
    struct loop *loop;
    struct store *store;
    struct net *net;
    struct pool *pool;
    struct work_pool *work_pool;
    struct engine_config config;
    struct engine_listener listener;
    void *listener_ctx;

    struct job **jobs; /* in order of id */
    size_t n_jobs;
    size_t jobs_capacity;
    int64_t next_id;
    int64_t last_rank;
    int64_t first_rank;
    uint64_t counts[JOB_STATE_COUNT];
    struct sg_table keys; /* jobs that have one, by its hash */

    struct hosts hosts;

    bool acts_for_owners; /* it is the service */
    struct sg_list owners;

    struct sg_heap queue; /* queued jobs by job_queue_key */
    struct sg_list runs;
    uint32_t n_runs;
    struct sg_list starved; /* lanes that wait for a buffer */
    struct share share;     /* of the bandwidth, under rate limits */
    struct timer limit_tick;
    struct net_watch *net_watch; /* NULL where the system does not tell */
    struct timer network_look;
    uint64_t network_looked_us;
    uint32_t n_network_looks;          /* since the last change */
    struct net_cost_watch *cost_watch; /* NULL where the system has no such thing */
    struct sg_list held_by_cost;       /* jobs that wait for a network that is not metered */
    struct timer metered_look;
    uint32_t n_lanes;

    uint64_t last_change; /* saves and winding-down runs are numbered */
    uint64_t open_changes;
    struct sg_list waiters;   /* for changes */
    struct sg_err saving_err; /* of the newest save; SG_OK: it worked */
    struct timer save_again;

    struct turns turns;           /* of works that hash */
    struct sg_list verifications; /* on request */
    int n_verifications;

    struct sg_list short_of_room; /* jobs that wait for room on a disk */
    struct timer look_for_room;
    struct room_look *room_look; /* under way */
    uint64_t room_round;

    bool is_started;
    bool is_stopping;
    void (*stopped)(void *ctx);
    void *stopped_ctx;
    struct deferred admit_later;
    struct deferred tell_stopped;
};

/* One lane's way from the network to the disk. */
struct lane_io {
    struct run *run;
    int number;
    struct xfer *xfer;
    struct wbuf *buf; /* being filled */
    struct sg_list starved_node;
    struct share_taker taker; /* its part of the bandwidth */
    size_t n_ahead;           /* of the bytes that come next: taken already */
    struct deferred start_failed;
    struct sg_err start_err;
};

typedef enum sg_status part_fn(struct part_task *task);
typedef void part_done_fn(struct run *run, struct part_task *task, enum sg_status status);

/* The operation on the part file that is under way: never more than one. */
struct part_work {
    struct work work;
    struct run *run;
    struct part_task task;
    part_fn *perform;
    part_done_fn *done;
    enum sg_status status;
};

/* The comparison of seams with the part file that is under way: never more than one. */
struct seam_work {
    struct work work;
    struct run *run;
    struct file *file;
    const struct seam_batch *batch;
    uint32_t differing; /* bit n: the n-th of them */
    enum sg_status status;
    struct sg_err err;
};

/* An active job. Lives until its download has ended and every operation of it has completed. */
struct run {
    struct engine *engine;
    struct job *job;
    struct download download;
    struct file *part;
    struct sg_list node;
    struct timer tick;
    struct deferred reap;
    struct share_group share;     /* its part of the bandwidth */
    uint64_t held_us;             /* when a rate limit last held a lane back; 0: never */
    char *origin;                 /* "https://host:port" */
    char *origins;                /* list: that of the URL and those of the mirrors */
    char *served_by[SOURCES_MAX]; /* origins that sources led to; NULL: not known */
    uint32_t n_ticks;
    char *suggested_name; /* by Content-Disposition */
    uint32_t ops_pending; /* writes, works, store calls */
    bool is_stepping;
    struct sg_list written; /* writes that finished inside a step */
    struct part_work part_work;
    uint32_t n_choices; /* of names for the part file */
    struct seam_work seam_work;
    struct turn turn; /* to hash */
    struct hash_watch hash_watch;
    struct timer claim_again;  /* while the database cannot be written */
    struct timer finish_again; /* while others hold the finished file */
    uint64_t finish_until_us;
    struct lane_io lanes[PLAN_LANES_MAX];
};

/* engine.c */

/* Admits queued jobs at the end of this turn. */
void engine_admit_later(struct engine *engine);

/* Shares the connections to each server among the jobs that use it. */
void engine_rebalance(struct engine *engine);

/* The number of running jobs that may ask the server of this origin. */
uint32_t engine_runs_to(const struct engine *engine, const char *origin);

/* Counts open lanes and sizes buffers by it. */
void engine_count_lanes(struct engine *engine, int delta);

/* A buffer came back: the lane that waits longest goes on. */
void engine_feed_starved(struct engine *engine);

/* A run has ended and is gone: decides what its job becomes. */
void engine_run_ended(struct engine *engine, struct job *job,
                      const struct download_outcome *outcome);

/* Ends the engine's stop when nothing is left to wait for. */
void engine_check_stopped(struct engine *engine);

/* jobs.c */

/* Moves a job to another state (core/lifecycle.h), keeps queue, timers and counts in step, and
 * saves it as part of `change` (0: a new one). */
void job_enter(struct job *job, enum job_state state, enum job_reason reason,
               const struct sg_err *err, uint64_t delay_ms, uint64_t change);

/* Puts a job into the queue, or starts its timer, as its state says; after load and add. */
void job_schedule(struct job *job, uint64_t delay_ms);

/* Frees a job and takes it out of everything. */
void job_destroy(struct job *job);

/* Appends a job to the table. SG_E_NOMEM. */
SG_MUST_USE enum sg_status engine_insert(struct engine *engine, struct job *job);

/* A job around a record, which it takes over. NULL when memory ran out; the record stays then. */
struct job *job_create(struct engine *engine, struct job_record *record);

/* whose.c */

/* As whom the job's files are touched (actor_fini). */
struct actor job_actor(const struct job *job);

/* Counts a new job as its owner's. SG_E_NOMEM. */
SG_MUST_USE enum sg_status job_join_owner(struct job *job);

/* It is not his any more. */
void job_leave_owner(struct job *job);

/* It came from state `before` to the one that it has. */
void job_tell_owner(struct job *job, enum job_state before);

/* True when nothing can be done for the job until its owner connects. */
bool job_lacks_owner(const struct job *job);

/* Lets it wait for him, before anybody is asked for the file. */
void job_wait_for_owner(struct job *job);

/* discard.c */

/* Takes a job that no run has out of the table and the store, with its part file. */
void job_forget(struct job *job, uint64_t change);

/* Deletes the part file of a job that is not finished, and forgets what it held. */
void job_discard_part(struct job *job);

/* saves.c */

/* Remembers how the newest save of something that is tried again went. */
void engine_note_saving(struct engine *engine, enum sg_status status, const struct sg_err *err);

/* Begins a change that engine_when_saved waits for. */
uint64_t change_begin(struct engine *engine);

/* Ends it. */
void change_end(struct engine *engine, uint64_t change);

/* Commits the job's record; then tells the listener and ends `change` (0: a new one). A failure is
 * remembered and tried again every second. */
void job_save(struct job *job, uint64_t change);

/* As job_save for what nobody sees: the listener is not told. */
void job_save_quietly(struct job *job, uint64_t change);

/* Tells the listener that the job changed. */
void job_announce(struct job *job);

/* run.c */

/* Starts an admitted job. SG_E_NOMEM. */
SG_MUST_USE enum sg_status run_start(struct job *job);

/* Winds it down: what is there becomes durable. */
void run_stop(struct run *run);

/* Takes one step and carries out its effects. */
void run_feed(struct run *run, const struct event *event);

/* False once it only settles: what it has is flushed, verified and named. */
bool run_may_fetch(const struct run *run);

/* An event of this kind, now. */
struct event run_event(const struct run *run, enum event_kind kind);

/* Bookkeeping of operations that outlive a step: the run is freed when there are none. */
void run_op_begin(struct run *run);
void run_op_end(struct run *run);

/* run_host.c */

/* Lets the download begin with what is known of its servers. */
void run_recall_hosts(struct run *run);

/* What a source sends comes from this URL; called before the download is told of it. */
void run_meet_host(struct run *run, int source, const char *url);

/* Remembers what was learned of the servers since the last call. */
void run_remember_hosts(struct run *run);

/* sources.c */

/* A run of the job is over: notes what its sources gave. Where memory runs out nothing is noted. */
void job_keep_sources(struct job *job, const struct download *download);

/* Releases the notes. */
void job_forget_sources(struct job *job);

/* run_lane.c */

/* Prepares the lanes. */
void lanes_init(struct run *run);

/* Effects on a lane. */
void lane_open(struct run *run, const struct effect *effect);
void lane_shut(struct run *run, int lane);
void lane_flush(struct run *run, int lane);

/* Lets every lane that waits for the part file go on. */
void lanes_resume(struct run *run);

/* Reports writes that finished while a step was being carried out. */
void run_report_written(struct run *run);

/* limit.c */

/* Prepares the engine's limit, and takes new settings: they hold at once. */
void limit_init(struct engine *engine);
void limit_configure(struct engine *engine);

/* The run has its part of the bandwidth from here to there. */
void limit_open(struct run *run);
void limit_close(struct run *run);

/* Takes the job's own limit. */
void limit_configure_run(struct run *run);

/* As many lanes as make sense under the limits; at least 1, UINT32_MAX without a limit. */
uint32_t limit_lanes(const struct run *run);

/* How much a new transfer of the run should read from its socket at a time; 0: what is fastest.
 * What is read and may not pass makes the server send the next burst. */
uint32_t limit_read_bytes(const struct run *run);

/* True while it is a limit that bounds the run's rate. */
bool limit_is_felt(const struct run *run);

/* How many of `n_bytes` that arrived the lane may take now; it then says how many it took. Fewer
 * than all: its transfer is to stop, and goes on when more may pass. */
size_t limit_ask(struct lane_io *lane, size_t n_bytes);
void limit_take(struct lane_io *lane, size_t n_bytes);

/* The lane is closed: it waits for nothing any more. */
void limit_leave(struct lane_io *lane);

/* verify.c */

/* Cancels the verifications of a job; 0: of all. */
void verifications_cancel(struct engine *engine, int64_t id);

/* metered.c */

/* Begins and ends watching what the network costs. */
void metered_init(struct engine *engine);
void metered_fini(struct engine *engine);

/* Looks in the next turn which jobs have to stop or may go on: the network, a setting or a job is
 * another. */
void metered_review(struct engine *engine);

/* A queued job's turn has come: true when it has to wait instead, and does. */
bool metered_holds(struct job *job);

/* Lets a job wait until it may use the network. */
void metered_wait(struct job *job);

/* Why it waits. */
void metered_explain(const struct job *job, struct sg_err *err);

/* network.c */

/* Begins and ends watching for the network's coming back. */
void network_init(struct engine *engine);
void network_fini(struct engine *engine);

/* The network may be another one: looks soon. */
void network_changed(struct engine *engine);

/* room.c */

/* Prepares the waiting for room, and ends it with the engine. */
void room_init(struct engine *engine);
void room_fini(struct engine *engine);

/* Lets a job wait that ran out of room; it is queued when its folder has enough. */
void room_wait(struct job *job);

/* run_create.c */

/* Effect on the part file. */
void run_create_part(struct run *run);

/* run_part.c */

/* Makes an operation on the part file ready; what it needs besides the record is filled in before
 * it is submitted. Also a failure to do so is told by `done`, later. */
struct part_task *run_part_prepare(struct run *run, part_fn *perform, part_done_fn *done);

/* From here on the operation is the work thread's, until `done`. */
void run_part_submit(struct run *run);

/* Both at once. */
void run_part_start(struct run *run, part_fn *perform, part_done_fn *done);

/* Commits the record; `done` gets the run, and ends an operation of it (run_op_end). */
SG_MUST_USE enum sg_status run_commit(struct run *run, store_done_fn *done);

/* Takes over into the record what the operation found out about the file's names. SG_E_NOMEM. */
SG_MUST_USE enum sg_status run_take_names(struct run *run, const struct part_task *task);

/* Gives the operation the mark of the web to set. */
void run_make_mark(struct run *run, struct part_task *task);

/* Tells the listener what did not work and stops nothing. */
void run_warn(struct run *run, const struct part_task *task);

/* Tells the download what came of an operation on the part file. */
void run_feed_part(struct run *run, enum event_kind kind, enum sg_status status,
                   const struct sg_err *err);

/* Effects on the part file. */
void run_reopen_part(struct run *run);
void run_reset_part(struct run *run);
void run_checkpoint(struct run *run);
void run_finish(struct run *run);
void run_verify(struct run *run);

/* Gives up the digest that is being made, if there is one; no other will be made in this run. */
void run_stop_verifying(struct run *run);

/* Tries again to give the file its name. */
void run_finish_again(struct timer *timer);
void run_claim_again(struct timer *timer);

/* Closes and forgets the part file, at the end. */
void run_close_part(struct run *run);

/* run_seams.c */

/* Compares download.comparing with the part file. */
void run_compare(struct run *run);

#endif
