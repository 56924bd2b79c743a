/* Calls of the daemon as the commands make them. */
#ifndef SEGUE_CLI_CALL_H
#define SEGUE_CLI_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "base/err.h"
#include "ipc/client/client.h"

/* The connection of a command. It is made with the first call: so a command whose arguments make no
 * sense says so, and starts no daemon. */
struct caller {
    struct client *client; /* NULL until then */
    bool may_start;        /* a daemon, where there is none */
};

/* Closes the connection, if there is one. */
void caller_close(struct caller *caller);

/* client_call with the patience that all commands have. Takes `params` over; the caller owns
 * `*out_result`, which may be NULL if not wanted. */
SG_MUST_USE enum sg_status call_daemon(struct caller *caller, enum method method, cJSON *params,
                                       cJSON **out_result, struct sg_err *err);

/* The same for what may take any time; Ctrl-C ends the program and with it the call. */
SG_MUST_USE enum sg_status call_daemon_patiently(struct caller *caller, enum method method,
                                                 cJSON *params, cJSON **out_result,
                                                 struct sg_err *err);

/* client_next_event. */
SG_MUST_USE enum sg_status call_next_event(struct caller *caller, uint32_t timeout_ms,
                                           const char **out_method, cJSON **out_params,
                                           struct sg_err *err);

/* One JOB with ranges and extents. */
SG_MUST_USE enum sg_status call_job_get(struct caller *caller, int64_t id, cJSON **out_job,
                                        struct sg_err *err);

/* All jobs with ids above `after`, page by page, as one array. `states`: an array of words that
 * selects them (copied), or NULL. */
SG_MUST_USE enum sg_status call_job_list(struct caller *caller, const cJSON *states, int64_t after,
                                         cJSON **out_jobs, struct sg_err *err);

/* What is remembered of all servers, page by page, as one array in order of name. */
SG_MUST_USE enum sg_status call_hosts(struct caller *caller, cJSON **out_hosts, struct sg_err *err);

#endif
