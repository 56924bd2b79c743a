/* The job store: an SQLite database on a thread of its own. Calls copy what they are given, return
 * at once and are carried out in the order they were made; all that piled up while the thread was
 * busy goes into one transaction (group commit). The database is never behind what was reported:
 * `done` comes after the commit.
 *
 * Loop thread only, except where said otherwise. */
#ifndef SEGUE_STORE_STORE_H
#define SEGUE_STORE_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "core/profile.h"
#include "core/record.h"
#include "os/loop.h"

struct store;

/* The outcome of one call, on the loop thread, never inside the call itself. `err` (never NULL) has
 * the detail of a failure and is valid during the callback. A failed call changed nothing in the
 * database. */
typedef void store_done_fn(void *ctx, enum sg_status status, const struct sg_err *err);

/* What was wrong with the file though it could be opened. */
enum store_trouble {
    STORE_SOUND,
    STORE_WAS_EMPTY, /* it was there and had no byte */
    STORE_LOST_LOG,  /* its "-wal" is gone or unreadable: what was not in the file yet is lost */
};

/* Opens or creates the database file, brings its schema to the present version and starts the
 * thread. Blocks: used at start-up, before the loop runs. WAL, synchronous=FULL, locked against
 * others until it is closed. A file that is refused is left as it was.
 *   SG_E_DAMAGED  the file is not a database, not ours, its pages are damaged, or its "-wal" is
 *                 another's (the caller salvages what it holds and puts it and its "-wal" aside);
 *                 pages are checked here only when the last process did not close the store, else
 *                 store_load_jobs notices
 *   SG_E_LOCKED   another program has it open; waits two seconds for it to end
 *   SG_E_STATE    a newer Segue made it
 *   SG_E_DENIED, SG_E_DISK_FULL, SG_E_IO, SG_E_DB  as they say */
SG_MUST_USE enum sg_status store_open(struct loop *loop, const char *path, struct store **out,
                                      struct sg_err *err);

/* What was wrong with the file when it was opened. */
enum store_trouble store_trouble(const struct store *store);

/* What store_salvage found. */
struct store_salvage {
    size_t n_jobs;    /* saved */
    size_t n_refused; /* jobs that made no sense */
};

/* Reads what the damaged database `damaged` and its "-wal" still hold, and makes a database of it
 * at `fresh`, in place of what is there; on failure nothing is left there. The damaged files are
 * only read. Takes as much room again as they have, for a while. Blocks: at start-up only.
 *   SG_E_DISK_FULL, SG_E_DENIED, SG_E_IO, SG_E_DB  as they say */
SG_MUST_USE enum sg_status store_salvage(const char *damaged, const char *fresh,
                                         struct store_salvage *out, struct sg_err *err);

/* Carries out everything that was asked for, closes the database and ends the thread. Callbacks
 * that did not come yet come through the loop, which must turn once more afterwards. Blocks. NULL
 * is allowed. */
void store_close(struct store *store);

/* Receives one record, which belongs to the callee (job_record_fini); a callee that returns false
 * ends the reading. */
typedef bool store_record_fn(void *ctx, struct job_record *record);

/* Reads all jobs in order of id; no call may be pending. A row whose fields make no sense is passed
 * over and counted in `*out_damaged`; one whose ranges are damaged is given with empty extents and
 * done = 0. `*out_next_id` is the smallest id that was never used, or one well above it where the
 * file was in trouble. SG_E_DAMAGED when a page is damaged: what was given until then is sound.
 * Blocks; at start-up only. */
SG_MUST_USE enum sg_status store_load_jobs(struct store *store, store_record_fn *take, void *ctx,
                                           int64_t *out_next_id, size_t *out_damaged,
                                           struct sg_err *err);

/* Receives one setting, valid during the call. */
typedef void store_setting_fn(void *ctx, const char *name, const char *value);

/* Reads all settings; no call may be pending. Blocks; at start-up only. */
SG_MUST_USE enum sg_status store_load_settings(struct store *store, store_setting_fn *take,
                                               void *ctx, struct sg_err *err);

/* Receives what is known of one server, valid during the call. */
typedef void store_host_fn(void *ctx, const char *origin, const struct profile *profile);

/* Reads what is known of servers, in order of origin; no call may be pending. Rows that make no
 * sense are passed over: nothing depends on them. Blocks; at start-up only. */
SG_MUST_USE enum sg_status store_load_hosts(struct store *store, store_host_fn *take, void *ctx,
                                            struct sg_err *err);

/* Inserts or replaces `n` jobs with all their fields and their ranges, all or none. `done` may be
 * NULL in this and the calls below; it is told SG_E_EXISTS when another job of the same owner has
 * the key, SG_E_INVALID when an id is not positive. SG_E_NOMEM: nothing was queued. */
SG_MUST_USE enum sg_status store_put_jobs(struct store *store,
                                          const struct job_record *const *records, size_t n,
                                          store_done_fn *done, void *ctx);

/* Replaces the ranges and `done` of one job, nothing else: the checkpoint. `done` is told
 * SG_E_NOT_FOUND when there is no such job. */
SG_MUST_USE enum sg_status store_put_progress(struct store *store, int64_t id,
                                              const struct extents *durable, store_done_fn *done,
                                              void *ctx);

/* Deletes a job; SG_OK also when there is none. */
SG_MUST_USE enum sg_status store_delete_job(struct store *store, int64_t id, store_done_fn *done,
                                            void *ctx);

/* Keeps a setting; NULL as `value` forgets it. */
SG_MUST_USE enum sg_status store_put_setting(struct store *store, const char *name,
                                             const char *value, store_done_fn *done, void *ctx);

/* Keeps what is known of the server `origin` ("scheme://host:port"); NULL as `profile` forgets it.
 */
SG_MUST_USE enum sg_status store_put_host(struct store *store, const char *origin,
                                          const struct profile *profile, store_done_fn *done,
                                          void *ctx);

#endif
