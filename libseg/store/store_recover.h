/* What a damaged database still holds, as tables of the present schema in memory. Internal to the
 * store; blocks; any thread. */
#ifndef SEGUE_STORE_STORE_RECOVER_H
#define SEGUE_STORE_STORE_RECOVER_H

#include "store/store_private.h"

/* Opens `out` (zero-initialised, closed with db_close) on tables `job`, `secret`, `progress` and
 * `setting` that db_read_jobs and db_load_settings can read, filled with every record that was
 * found in the damaged file `path` and its log. Values are as they were found: nothing is promised
 * but that no id is there twice, and no part file under two jobs. `model` is a sound database of
 * ours, for the order of the columns.
 *
 * The damaged files are only read; a copy of them is made at `scratch` and removed again. Damage is
 * no failure; what happens to the copy is: SG_E_DISK_FULL, SG_E_IO, SG_E_DENIED, SG_E_NOMEM. */
SG_MUST_USE enum sg_status recover_open(const char *path, const char *scratch, struct db *model,
                                        struct db *out, struct sg_err *err);

/* The highest id of which there is a trace; 0: none. */
SG_MUST_USE enum sg_status recover_last_id(struct db *recovered, int64_t *out, struct sg_err *err);

#endif
