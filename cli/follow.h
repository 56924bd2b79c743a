/* Following jobs until they are finished: the common part of get, watch, wait and add --wait. */
#ifndef SEGUE_CLI_FOLLOW_H
#define SEGUE_CLI_FOLLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "cli/call.h"
#include "cli/report.h"

enum follow_mode {
    FOLLOW_LIVE,  /* the live view on a terminal, a line per change of state elsewhere */
    FOLLOW_JSON,  /* an object a line for each event, as `seg events --json` */
    FOLLOW_QUIET, /* nothing but failures, which go to stderr in every mode */
};

struct follow_options {
    enum follow_mode mode;
    bool pauses_on_interrupt; /* Ctrl-C pauses the jobs and says how to go on */
};

/* Returns when the `n_ids` jobs are final or, without ids, when no job runs any more. The exit code
 * is that of the worst: EXIT_FAILED when one failed, was cancelled or removed; EXIT_NO_JOB when one
 * does not exist; EXIT_INTERRUPTED. Errors have been reported. */
enum exit_code follow_jobs(struct caller *caller, const int64_t *ids, size_t n_ids,
                           const struct follow_options *options);

/* An event as one JSON line: the parameters with "event" before them. */
void follow_print_event(const char *method, const cJSON *params);

/* events.subscribe for the ids (0: all jobs), progress every `progress_ms` (0: none). */
SG_MUST_USE enum sg_status follow_subscribe(struct caller *caller, const int64_t *ids, size_t n_ids,
                                            uint32_t progress_ms, struct sg_err *err);

#endif
