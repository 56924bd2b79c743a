/* The control channel's methods: parameters are read and checked, the engine is asked, an answer is
 * written. Loop thread only. docs/protocol.md describes each. */
#ifndef SEGUE_DAEMON_METHODS_H
#define SEGUE_DAEMON_METHODS_H

#include <cjson/cJSON.h>

#include "daemon/app.h"
#include "ipc/server/server.h"

/* One method; answers `call` now or later. */
typedef void method_fn(struct app *app, struct call *call, const cJSON *params);

/* The server's handler functions; `ctx` is the app. */
void methods_on_call(void *ctx, struct call *call, enum method method, const cJSON *params);
void methods_on_caller(void *ctx, struct session *session);
void methods_on_close(void *ctx, struct session *session);

/* methods_daemon.c */
method_fn method_daemon_info;
method_fn method_daemon_stats;
method_fn method_daemon_shutdown;
method_fn method_settings_get;
method_fn method_settings_set;
method_fn method_events_subscribe;
method_fn method_events_unsubscribe;

/* methods_log.c */
method_fn method_daemon_log;

/* methods_hosts.c */
method_fn method_daemon_hosts;
method_fn method_daemon_forget_hosts;

/* methods_add.c */
method_fn method_job_add;

/* methods_job.c */
method_fn method_job_get;
method_fn method_job_list;
method_fn method_job_pause;
method_fn method_job_resume;
method_fn method_job_cancel;
method_fn method_job_remove;
method_fn method_job_move;
method_fn method_job_set;
method_fn method_job_refresh;

/* methods_verify.c */
method_fn method_job_verify;

/* What they share. */

/* Answers with an error made on the spot. */
void method_fail(struct call *call, enum sg_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The job whose id is in `value`, if the caller may see it. SG_E_INVALID, SG_E_NOT_FOUND. */
SG_MUST_USE enum sg_status method_find_job(struct app *app, struct call *call, const cJSON *value,
                                           struct job **out, struct sg_err *err);

/* Checks that `params` has no member besides those named (separated by blanks). SG_E_INVALID. */
SG_MUST_USE enum sg_status method_check_params(const cJSON *params, const char *names,
                                               struct sg_err *err);

/* A call that is answered when the engine's changes are committed. `answer` makes the result from
 * the ids; a job that is gone by then is left out. */
struct pending;

/* Begins one for up to `n_max` jobs. NULL when memory ran out. */
struct pending *pending_create(struct app *app, struct call *call, size_t n_max);

/* Notes a job that was changed. */
void pending_note(struct pending *pending, int64_t id);

/* What a pending call is answered with. Ids fit into one line however many they are. */
enum pending_shape {
    PENDING_JOB,     /* the one JOB */
    PENDING_JOBS,    /* {jobs: [JOB, ...]} */
    PENDING_IDS,     /* {ids: [ID, ...]} */
    PENDING_REMOVED, /* {removed: [ID, ...]} */
};

/* Answers later. Takes everything over. */
void pending_answer(struct pending *pending, enum pending_shape shape);

/* Answers with an error now. */
void pending_fail(struct pending *pending, const struct sg_err *err);

#endif
