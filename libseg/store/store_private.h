/* What the parts of the store share: the connection and what can be done with it. A connection is
 * used by one thread at a time (it has no lock of its own): by the one that opens and loads, then
 * by the store's, then by the one that closes.
 *
 * Functions that fail fill `err` (NULL is allowed) and leave out-parameters untouched. Statuses of
 * SQLite's failures are those of db_status. */
#ifndef SEGUE_STORE_STORE_PRIVATE_H
#define SEGUE_STORE_STORE_PRIVATE_H

#include <sqlite3.h>

#include "base/buf.h"
#include "store/store.h"

/* Statements that are kept prepared. */
enum db_statement {
    DB_BEGIN,
    DB_COMMIT,
    DB_ROLLBACK,
    DB_PUT_JOB, /* its text is made from the tables of core/record.h */
    DB_DELETE_JOB,
    DB_GET_SUBJECT,
    DB_PUT_PROGRESS,
    DB_DELETE_PROGRESS,
    DB_PUT_SECRET,
    DB_DELETE_SECRETS,
    DB_PUT_SETTING,
    DB_DELETE_SETTING,
    DB_PUT_HOST,
    DB_DELETE_HOST,
    DB_STATEMENT_COUNT
};

/* Zero-initialise it. */
struct db {
    sqlite3 *handle;
    char *home; /* the folder of the file, or of the one that it was recovered from */
    sqlite3_stmt *statements[DB_STATEMENT_COUNT];
    struct sg_buf encoding; /* scratch for the ranges of one job */
    bool is_ours;           /* it was accepted: closing it may leave it tidy */
    bool is_damaged;        /* SQLite said so */
    enum store_trouble trouble;
};

/* ---- store_status.c ---- */

/* The status that stands for one of SQLite's (extended) result codes. Any thread. */
enum sg_status db_status(int code);

/* Records SQLite's failure `code` as "what: SQLite's message" and returns its status; never SG_OK.
 * Called before anything else happens on the connection, because that replaces the message. */
enum sg_status db_fail(struct db *db, int code, struct sg_err *err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* ---- store_schema.c ---- */

/* Opens the file for this process alone, brings its schema up to date and prepares the statements.
 * `db` is zero-initialised. What is refused is not written to. Statuses: store_open's. */
SG_MUST_USE enum sg_status db_open(struct db *db, const char *path, struct sg_err *err);

/* Finalises the statements and closes the file; `db` is then as zero-initialised. */
void db_close(struct db *db);

/* Runs a query whose answer is one row with one whole number. */
SG_MUST_USE enum sg_status db_query_number(struct db *db, const char *sql, int64_t *out,
                                           struct sg_err *err);

/* ---- store_secret.c ---- */

/* Sets `db->home` to the folder of `path`. */
SG_MUST_USE enum sg_status db_set_home(struct db *db, const char *path, struct sg_err *err);

/* Replaces what `out` has by what stands for a secret in the file. Statuses: secret_protect's. */
SG_MUST_USE enum sg_status db_protect(const struct db *db, const void *value, size_t length,
                                      struct sg_buf *out, struct sg_err *err);

/* Whether a secret stands in the file so; else it is as it was given, from before version 4. */
bool db_is_protected(const void *value, size_t length);

/* Appends the secret to `out`, which db_wipe releases. Statuses: secret_reveal's. */
SG_MUST_USE enum sg_status db_reveal(const struct db *db, const void *value, size_t length,
                                     struct sg_buf *out, struct sg_err *err);

/* Overwrites and releases it. */
void db_wipe(struct sg_buf *plain);

/* `*out` is what stands for a setting in the file, the caller's (sg_free), or NULL where that is
 * the value itself. Statuses: secret_protect's. */
SG_MUST_USE enum sg_status db_protect_setting(const struct db *db, const char *name,
                                              const char *value, char **out, struct sg_err *err);

/* The way back; the caller's (sg_free_secret). A login that cannot be read is left out. SG_E_NOMEM.
 */
SG_MUST_USE enum sg_status db_reveal_setting(const struct db *db, const char *value, char **out,
                                             struct sg_err *err);

/* Protects all secrets that stand in the file as they were given; inside a transaction. May be done
 * again. */
SG_MUST_USE enum sg_status db_protect_old(struct db *db, struct sg_err *err);

/* ---- store_header.c ---- */

/* What the first bytes of the file say. */
struct file_header {
    bool is_empty; /* there are none */
    bool is_sound; /* it is the header of a database */
    bool wants_log;
    uint32_t schema_number;
};

/* Reads the header of a database that was opened and not looked at yet. */
SG_MUST_USE enum sg_status header_read(struct db *db, struct file_header *out, struct sg_err *err);

/* Whether a log that says this number (PRAGMA schema_version with the log) can be the file's. */
bool header_fits_log(const struct file_header *header, int64_t schema_number);

/* Replaces a header that makes no sense by one that says nothing, for SQLite's recovery to work the
 * rest out. `size` bytes from the file's beginning are at `header`. */
void header_forget(uint8_t *header, size_t size, bool has_log);

/* ---- store_log.c ---- */

/* Looks at a write-ahead log: SG_E_DAMAGED when it is damaged, and not only at its end as a power
 * cut leaves it; SG_E_NOMEM and what opening a file can say. `*out_is_readable`: SQLite will not
 * pass over it. */
SG_MUST_USE enum sg_status log_check(const char *path, bool *out_is_readable, struct sg_err *err);

/* ---- store_rows.c ---- */

/* Prepares one statement, which the caller finalises; `flags` are SQLITE_PREPARE_... */
SG_MUST_USE enum sg_status db_prepare(struct db *db, const char *sql, unsigned flags,
                                      sqlite3_stmt **out, struct sg_err *err);

/* As db_prepare, for a text from sg_buf_take, which it frees. NULL as text: SG_E_NOMEM. */
SG_MUST_USE enum sg_status db_prepare_made(struct db *db, char *sql, unsigned flags,
                                           sqlite3_stmt **out, struct sg_err *err);

/* Prepares the statements that are kept. */
SG_MUST_USE enum sg_status db_prepare_all(struct db *db, struct sg_err *err);

/* Begins a transaction. */
SG_MUST_USE enum sg_status db_begin(struct db *db, struct sg_err *err);

/* Makes it durable. On failure it is still open, or SQLite has rolled it back itself. */
SG_MUST_USE enum sg_status db_commit(struct db *db, struct sg_err *err);

/* Undoes it. Nothing happens when none is open. */
void db_rollback(struct db *db);

/* Inserts or replaces the job with its secrets and ranges. SG_E_EXISTS when another job of the same
 * owner has its key, SG_E_INVALID when its id is not positive. */
SG_MUST_USE enum sg_status db_put_job(struct db *db, const struct job_record *record,
                                      struct sg_err *err);

/* Replaces a job's progress; `ranges` is an encoding as core/checkpoint.h has it. SG_E_NOT_FOUND
 * when there is no such job. */
SG_MUST_USE enum sg_status db_put_progress(struct db *db, int64_t id, int64_t done,
                                           const struct sg_buf *ranges, struct sg_err *err);

/* Deletes a job with its secrets and ranges, if there is one. */
SG_MUST_USE enum sg_status db_delete_job(struct db *db, int64_t id, struct sg_err *err);

/* Replaces a setting, or deletes it where `value` is NULL. */
SG_MUST_USE enum sg_status db_put_setting(struct db *db, const char *name, const char *value,
                                          struct sg_err *err);

/* Replaces what is known of a server, or deletes it where `profile` is NULL. */
SG_MUST_USE enum sg_status db_put_host(struct db *db, const char *origin,
                                       const struct profile *profile, struct sg_err *err);

enum { DB_SEAL_SIZE = 4 };

/* Writes the seal of claims about this job: what stands behind its ranges in the database, and ties
 * them to the version of the file and to the part file that they were made of. */
void db_make_seal(const struct job_record *record, uint8_t out[DB_SEAL_SIZE]);

/* Ids are exact as numbers of JSON. The margin keeps clear of ids that were given and not found. */
#define DB_ID_MAX ((int64_t)1 << 52)
enum { DB_ID_MARGIN = 1000 };

/* Makes ids begin after `last_id`. */
SG_MUST_USE enum sg_status db_put_last_id(struct db *db, int64_t last_id, struct sg_err *err);

/* ---- store_load.c ---- */

/* As store_load_jobs, without the counter of ids. */
SG_MUST_USE enum sg_status db_read_jobs(struct db *db, store_record_fn *take, void *ctx,
                                        size_t *out_damaged, struct sg_err *err);

/* As store_load_jobs. */
SG_MUST_USE enum sg_status db_load_jobs(struct db *db, store_record_fn *take, void *ctx,
                                        int64_t *out_next_id, size_t *out_damaged,
                                        struct sg_err *err);

/* As store_load_settings. */
SG_MUST_USE enum sg_status db_load_settings(struct db *db, store_setting_fn *take, void *ctx,
                                            struct sg_err *err);

/* As store_load_hosts. */
SG_MUST_USE enum sg_status db_load_hosts(struct db *db, store_host_fn *take, void *ctx,
                                         struct sg_err *err);

#endif
