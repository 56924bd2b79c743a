/* Jobs as JSON: what the protocol shows, and what it takes to add one. docs/protocol.md has the
 * fields. Pure. */
#ifndef SEGUE_DAEMON_JOB_JSON_H
#define SEGUE_DAEMON_JOB_JSON_H

#include <cjson/cJSON.h>

#include "base/err.h"
#include "engine/engine.h"

/* The job as the protocol's JOB; NULL when memory ran out. The caller owns it. */
cJSON *job_json(const struct job *job);

/* The same with `ranges`, `extents` and `sources`. */
cJSON *job_json_detailed(const struct job *job);

/* What an event.progress tells of it. */
cJSON *job_json_progress(const struct job *job);

/* Reads one SPEC into an empty record (job_record_init); the URLs are checked and brought into
 * their normal form. The caller releases the record, also on failure. SG_E_INVALID names the field;
 * SG_E_SCHEME; SG_E_NOMEM. */
SG_MUST_USE enum sg_status job_json_read(const cJSON *spec, struct job_record *record,
                                         struct sg_err *err);

/* Reads what a job does on a metered network: "pause", "ignore", or null for what the setting says.
 * False when it is something else. */
bool job_json_read_metered(const cJSON *value, enum job_metered *out);

/* Reads what job.refresh changes: the members url, headers, user, cookies and proxy of `params`,
 * each checked as in a SPEC, into an empty record. A text that is to be emptied (null) is "" there;
 * what is not given stays NULL. The caller releases the record, also on failure. SG_E_INVALID, also
 * where none is given; SG_E_SCHEME; SG_E_NOMEM. */
SG_MUST_USE enum sg_status job_json_read_access(const cJSON *params, struct job_record *record,
                                                struct sg_err *err);

#endif
