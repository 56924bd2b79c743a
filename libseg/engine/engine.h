/* The engine: all jobs, the queue that admits them, and the machinery that runs the admitted ones.
 * What it decides is decided in core/; here completions become events, steps are taken, and effects
 * are carried out. Everything on the loop thread. */
#ifndef SEGUE_ENGINE_ENGINE_H
#define SEGUE_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "core/profile.h"
#include "core/record.h"
#include "net/net.h"
#include "os/identity.h"
#include "os/loop.h"
#include "os/net_cost.h"
#include "os/work.h"
#include "store/store.h"

struct engine;
struct job;

/* Settings; engine_configure may change them at any time. Strings are copied. */
struct engine_config {
    uint32_t max_active;               /* jobs at once */
    uint32_t max_connections;          /* lanes of one job */
    uint32_t max_connections_per_host; /* lanes of all jobs to one server */
    uint64_t memory_limit;             /* bytes of write buffers */
    uint64_t limit_bps;                /* bytes per second of all jobs together; 0: none */
    uint32_t retries;                  /* rounds without a byte before a job fails */
    uint32_t stall_timeout_ms;
    uint32_t checkpoint_interval_ms;
    bool may_downgrade;       /* redirects from https to http are followed */
    bool zone_mark;           /* finished files get the mark of the web (core/zone.h) */
    enum job_metered metered; /* of jobs that do not say; AS_SET: ignore */
    struct net_config net;
};

/* What happened; NULL entries are allowed. Called after the commit where there is one. */
struct engine_listener {
    void (*on_job)(void *ctx, struct job *job);
    void (*on_removed)(void *ctx, int64_t id, const char *owner); /* NULL: nobody's */
    /* Something did not work that does not stop the job; for the log. */
    void (*on_warning)(void *ctx, struct job *job, const struct sg_err *err);
    void (*on_part)(void *ctx, struct job *job); /* its part file was created */
    /* After on_job, where its state or the reason for it is another than the last time. */
    void (*on_state)(void *ctx, struct job *job);
    /* A proxy script of the system's is no good, and is passed over; for the log. */
    void (*on_proxy_trouble)(void *ctx, const char *trouble);
};

/* Creates an engine on an open store and a pool for blocking calls, which it does not own. */
SG_MUST_USE enum sg_status engine_create(struct loop *loop, struct store *store,
                                         struct work_pool *work_pool,
                                         const struct engine_config *config, struct engine **out,
                                         struct sg_err *err);

/* Reads the jobs of earlier runs. Blocks; before the loop runs. Jobs that were active are queued
 * again. `*out_damaged` counts rows that made no sense and were left alone. */
SG_MUST_USE enum sg_status engine_load(struct engine *engine, size_t *out_damaged,
                                       struct sg_err *err);

/* The service: files are touched as the owner of their job, and jobs wait for owners that are not
 * connected (engine/actor.h). Before engine_load. */
void engine_act_for_owners(struct engine *engine);

/* An owner has connected, until engine_owner_left: what waits for him goes on. `right` to act as
 * him is kept as long as he is connected or has unfinished jobs (a reference is taken; NULL: he
 * only shows who he is). Without memory he is not noticed. Nothing happens in a user's own daemon.
 */
void engine_owner_came(struct engine *engine, const char *sid, struct identity *right);

/* He has disconnected. */
void engine_owner_left(struct engine *engine, const char *sid);

/* Begins to run what is queued. */
void engine_start(struct engine *engine);

/* Stops admitting, makes what is there durable, ends every transfer, and calls `stopped`: never
 * inside this call, within a checkpoint's time. Jobs stay queued for the next run. */
void engine_stop(struct engine *engine, void (*stopped)(void *ctx), void *ctx);

/* Destroys a stopped (or never started) engine. NULL is allowed. */
void engine_destroy(struct engine *engine);

/* Takes new settings; running jobs follow at once. */
SG_MUST_USE enum sg_status engine_configure(struct engine *engine,
                                            const struct engine_config *config);

/* One listener; NULL ends it. */
void engine_listen(struct engine *engine, const struct engine_listener *listener, void *ctx);

/* Most lanes of one job, whatever is asked for. */
enum { ENGINE_LANES_MAX = 64 };

/* Checks what a caller wants of a new job: that its name is one for a file on Windows, and its
 * checksum one. SG_E_INVALID. Any thread. */
SG_MUST_USE enum sg_status engine_check(const struct job_record *record, struct sg_err *err);

/* The outcome of engine_add: the ids in the order of the records, valid during the callback. */
typedef void engine_add_fn(void *ctx, enum sg_status status, const struct sg_err *err,
                           const int64_t *ids, size_t n);

/* Adds `n` jobs, all or none: takes what the records own (they are empty afterwards, also on
 * failure). They need url, folder and what else was asked for; id, rank, state and times are set
 * here (a record in state JOB_PAUSED starts paused). A record with the key and owner of a job that
 * is there stands for that job, and adds nothing. `done` comes after the commit, in a later turn,
 * and always when SG_OK is returned. */
SG_MUST_USE enum sg_status engine_add(struct engine *engine, struct job_record *records, size_t n,
                                      engine_add_fn *done, void *ctx, struct sg_err *err);

/* The job with this id, or NULL. Pointers are valid until the loop turns. */
struct job *engine_job(struct engine *engine, int64_t id);

/* The job with the smallest id greater than `id`, or NULL: for walking through all. */
struct job *engine_job_after(struct engine *engine, int64_t id);

/* The running job after `job`, or the first for NULL; NULL at the end. */
struct job *engine_next_active(struct engine *engine, const struct job *job);

/* True when a job in state `from` can be brought to `to` by a command. */
bool engine_may_move(enum job_state from, enum job_state to);

/* The number of jobs in a state. */
uint64_t engine_count(const struct engine *engine, enum job_state state);

/* What is kept of a job. Its `done` is what is durable; see job_progress for what arrived. */
const struct job_record *job_record_of(const struct job *job);

/* What job_progress tells. */
struct job_progress {
    uint64_t received; /* bytes that arrived */
    uint64_t rate_bps; /* 0 unless active */
    uint32_t lanes;    /* open now */
    uint64_t verified; /* bytes whose digest was made, while verifying */
};

/* Where a job stands this moment. */
void job_progress(const struct job *job, struct job_progress *out);

/* One open lane, for display. */
struct job_lane {
    int number;
    uint64_t start;
    uint64_t pos;
    uint64_t end;
    uint64_t rate_bps;
    const char *state; /* "asking", "receiving", "ending" */
};

/* Fills up to `max` lanes and returns how many there are. */
size_t job_lanes(const struct job *job, struct job_lane *out, size_t max);

/* The most places that a job's bytes come from: its URL and 63 mirrors. */
enum { ENGINE_SOURCES_MAX = 64 };

/* One of them, for display. */
struct job_source {
    const char *url; /* ends at `url_length` */
    size_t url_length;
    const char *state; /* "new", "checking", "used", "left_out"; NULL: nothing is known of it */
    uint64_t bytes;    /* of the file that it gave since this process met the job */
    uint32_t lanes;    /* open now */
    uint64_t rate_bps;
    enum sg_status fault; /* what went wrong with it last, or why it is left out; SG_OK: nothing */
    const char *fault_text; /* NULL: the status's sentence */
};

/* Fills in the places of a job that has mirrors, its URL first, and returns how many there are; 0
 * for a job without. The texts are valid until the loop turns. */
size_t job_sources(const struct job *job, struct job_source out[ENGINE_SOURCES_MAX]);

/* Commands. SG_E_STATE where the job's state does not allow it: nothing changed. The change is in
 * force at once (a running download winds down first) and committed soon: engine_when_saved. */
SG_MUST_USE enum sg_status engine_pause(struct engine *engine, struct job *job, struct sg_err *err);
SG_MUST_USE enum sg_status engine_resume(struct engine *engine, struct job *job,
                                         struct sg_err *err);
SG_MUST_USE enum sg_status engine_cancel(struct engine *engine, struct job *job,
                                         struct sg_err *err);

/* Forgets the job; one that is not final is cancelled first. With `purges` the finished file is
 * deleted; the part file of an unfinished one always is. */
SG_MUST_USE enum sg_status engine_remove(struct engine *engine, struct job *job, bool purges,
                                         struct sg_err *err);

/* Puts the job before `before`; NULL: `to_front` of the queue, or its end. */
SG_MUST_USE enum sg_status engine_move(struct engine *engine, struct job *job, struct job *before,
                                       bool to_front, struct sg_err *err);

/* What engine_change takes: negative values leave things as they are (for `priority` INT64_MIN
 * does). */
struct job_change {
    int64_t priority;
    int64_t limit_bps;
    int64_t max_lanes;
    int metered; /* an enum job_metered */
};

/* Changes what may be changed of a job that is there. */
SG_MUST_USE enum sg_status engine_change(struct engine *engine, struct job *job,
                                         const struct job_change *change, struct sg_err *err);

/* How a job gets at its file, as in the record: NULL leaves a field as it is, "" empties it. */
struct job_access {
    const char *url; /* checked by net_url_check; never "" */
    const char *headers;
    const char *userinfo;
    const char *cookies;
    const char *proxy;
};

/* Gives the job another address for the same file, or other secrets to get it with (copied), and
 * lets it go on with what it has. What was to be sent to the old address is sent to no other server
 * (scheme, host and port) unless it is given again. SG_E_STATE; SG_E_NOMEM: nothing changed. */
SG_MUST_USE enum sg_status engine_refresh(struct engine *engine, struct job *job,
                                          const struct job_access *access, struct sg_err *err);

/* Calls `done` once every change made so far is committed or failed to be, in a later turn.
 * SG_E_NOMEM. */
SG_MUST_USE enum sg_status engine_when_saved(struct engine *engine, void (*done)(void *ctx),
                                             void *ctx);

/* Verifications that may be under way or wait for their turn; one runs at a time. */
enum { ENGINE_VERIFICATIONS_MAX = 16 };

struct verification;

/* What a verification found. */
struct verify_result {
    int64_t id;
    const char *path;      /* what was looked at */
    const char *algorithm; /* "sha256" */
    const char *wanted;    /* in hexadecimal; NULL: there was nothing to compare with */
    bool is_declared;      /* the server declared `wanted`, else the caller demanded it */
    const char *found;     /* in hexadecimal */
    bool is_right;         /* they are the same */
};

/* The outcome of engine_verify; `result` is valid during the callback, and NULL on failure:
 * SG_E_NOT_FOUND the file is gone, SG_E_IN_USE, SG_E_DENIED, SG_E_OWNER only its owner may read it,
 * SG_E_IO, SG_E_CHECKSUM it has another length by now, SG_E_CANCELLED. */
typedef void engine_verify_fn(void *ctx, enum sg_status status, const struct sg_err *err,
                              const struct verify_result *result);

/* Makes the digest of a job's finished file, or of the part file that failed for its digest, and
 * compares it with the caller's checksum or else with what the server declared. With `algorithm`
 * (may be NULL) that digest is made, and compared with whichever of the two is of this kind. The
 * job stays as it is. When SG_OK is returned `done` comes in a later turn, and `*out` is valid
 * until then. SG_E_STATE, SG_E_INVALID, SG_E_LIMIT, SG_E_CLOSED while the engine stops. */
SG_MUST_USE enum sg_status engine_verify(struct engine *engine, struct job *job,
                                         const char *algorithm, engine_verify_fn *done, void *ctx,
                                         struct verification **out, struct sg_err *err);

/* Gives it up: `done` comes soon, as a rule with SG_E_CANCELLED. */
void engine_verify_cancel(struct verification *verification);

/* The next server behind `origin` ("": the first) that something is known of, as
 * "scheme://host:port", and what may be believed of it now; NULL at the end. The text is valid
 * until the loop turns. */
const char *engine_host_after(const struct engine *engine, const char *origin, struct profile *out);

/* Forgets what is known of all servers (NULL), or of those that `which` means: an origin, or one
 * without its scheme, its port or both. `*out_n` says how many; unless it is 0, `done` is told what
 * came of it in the store. Downloads that run learn anew. SG_E_NOMEM: `done` is not called. */
SG_MUST_USE enum sg_status engine_forget_hosts(struct engine *engine, const char *which,
                                               size_t *out_n, store_done_fn *done, void *ctx);

/* Why the newest change of a job could not be saved, as long as that is so, or NULL: it is tried
 * again every second. */
const struct sg_err *engine_saving_error(const struct engine *engine);

/* The machine slept: connections from before have a moment to show that they live, and jobs that
 * wait for the network look again. */
void engine_woke(struct engine *engine);

/* Whether the network is metered, as far as the system says. */
enum net_cost engine_net_cost(const struct engine *engine);

/* Sum of the rates of all jobs. */
uint64_t engine_rate_bps(const struct engine *engine);

#endif
