/* Writing rows: the statements, and job records, progress, settings and what is known of servers as
 * what is bound to them. Columns and parameters come from the tables of core/record.h and
 * core/profile.h, in their order: a new field is a line there and a migration. Knows nothing of
 * groups, callbacks or threads; used by one thread at a time. */
#include "store/store_private.h"

#include <string.h>

#include "base/mem.h"
#include "core/checkpoint.h"
#include "store/store_fields.h"

/* ---- statements ---- */

static const char *const field_names[FIELD_COUNT] = {
#define X(field) #field,
    JOB_TEXT_FIELDS(X)
#undef X
#define X(field, type) #field,
        JOB_NUMBER_FIELDS(X)
#undef X
};

void field_append_columns(struct sg_buf *sql, const char *prefix, enum field left_out)
{
    const char *separator = "";
    for (unsigned i = 0; i < FIELD_COUNT; i++) {
        if (field_home((enum field)i) != HOME_JOB || i == left_out)
            continue;
        sg_buf_printf(sql, "%s%s%s", separator, prefix, field_names[i]);
        separator = ", ";
    }
}

static const char get_subject_sql[] =
    "SELECT total, restarts, part_volume, part_id_high, part_id_low, etag, last_modified"
    " FROM job WHERE id = ?";

static const char put_progress_sql[] =
    "INSERT INTO progress (job_id, done, ranges) VALUES (?, ?, ?)"
    " ON CONFLICT (job_id) DO UPDATE SET done = excluded.done, ranges = excluded.ranges";

static const char put_secret_sql[] =
    "INSERT INTO secret (job_id, name, value) VALUES (?, ?, ?)"
    " ON CONFLICT (job_id, name) DO UPDATE SET value = excluded.value";

static const char put_setting_sql[] = "INSERT INTO setting (name, value) VALUES (?, ?)"
                                      " ON CONFLICT (name) DO UPDATE SET value = excluded.value";

/* Everything but the key is replaced, and nothing hangs on the row. */
#define X(field) #field ", "
static const char put_host_sql[] =
    "INSERT OR REPLACE INTO host (" PROFILE_NUMBER_FIELDS(X) "ranges, origin) VALUES ("
#undef X
#define X(field) "?, "
    PROFILE_NUMBER_FIELDS(X) "?, ?)";
#undef X

static const char *const fixed_statements[DB_STATEMENT_COUNT] = {
    [DB_BEGIN] = "BEGIN IMMEDIATE",
    [DB_COMMIT] = "COMMIT",
    [DB_ROLLBACK] = "ROLLBACK",
    [DB_DELETE_JOB] = "DELETE FROM job WHERE id = ?",
    [DB_GET_SUBJECT] = get_subject_sql,
    [DB_PUT_PROGRESS] = put_progress_sql,
    [DB_DELETE_PROGRESS] = "DELETE FROM progress WHERE job_id = ?",
    [DB_PUT_SECRET] = put_secret_sql,
    [DB_DELETE_SECRETS] = "DELETE FROM secret WHERE job_id = ?",
    [DB_PUT_SETTING] = put_setting_sql,
    [DB_DELETE_SETTING] = "DELETE FROM setting WHERE name = ?",
    [DB_PUT_HOST] = put_host_sql,
    [DB_DELETE_HOST] = "DELETE FROM host WHERE origin = ?",
};

/* Not REPLACE: that would delete a row that is in the way, with all that belongs to it. The id is
 * not set to what it is: SQLite would move the row and look for children that lost their parent. */
static char *make_put_job(void)
{
    struct sg_buf sql = { 0 };
    sg_buf_puts(&sql, "INSERT INTO job (");
    field_append_columns(&sql, "", FIELD_COUNT);
    sg_buf_puts(&sql, ") VALUES (");
    field_append_columns(&sql, ":", FIELD_COUNT);
    sg_buf_puts(&sql, ") ON CONFLICT (id) DO UPDATE SET (");
    field_append_columns(&sql, "", FIELD_id);
    sg_buf_puts(&sql, ") = (");
    field_append_columns(&sql, "excluded.", FIELD_id);
    sg_buf_puts(&sql, ")");
    return sg_buf_take(&sql);
}

enum sg_status db_prepare(struct db *db, const char *sql, unsigned flags, sqlite3_stmt **out,
                          struct sg_err *err)
{
    int code = sqlite3_prepare_v3(db->handle, sql, -1, flags, out, NULL);
    return code == SQLITE_OK ? SG_OK : db_fail(db, code, err, "preparing a statement");
}

enum sg_status db_prepare_made(struct db *db, char *sql, unsigned flags, sqlite3_stmt **out,
                               struct sg_err *err)
{
    if (sql == NULL)
        return sg_err_set(err, SG_E_NOMEM, "preparing a statement");
    enum sg_status status = db_prepare(db, sql, flags, out, err);
    sg_free(sql);
    return status;
}

enum sg_status db_prepare_all(struct db *db, struct sg_err *err)
{
    enum sg_status status = db_prepare_made(db, make_put_job(), SQLITE_PREPARE_PERSISTENT,
                                            &db->statements[DB_PUT_JOB], err);
    for (unsigned i = 0; status == SG_OK && i < DB_STATEMENT_COUNT; i++) {
        if (fixed_statements[i] != NULL)
            status = db_prepare(db, fixed_statements[i], SQLITE_PREPARE_PERSISTENT,
                                &db->statements[i], err);
    }
    return status;
}

/* Runs a statement that gives no rows and makes it ready for its next use. SQLite's code. */
static int run(sqlite3_stmt *statement)
{
    sqlite3_step(statement);
    int code = sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return code;
}

/* ---- transactions ---- */

enum sg_status db_begin(struct db *db, struct sg_err *err)
{
    int code = run(db->statements[DB_BEGIN]);
    return code == SQLITE_OK ? SG_OK : db_fail(db, code, err, "beginning a transaction");
}

enum sg_status db_commit(struct db *db, struct sg_err *err)
{
    int code = run(db->statements[DB_COMMIT]);
    return code == SQLITE_OK ? SG_OK : db_fail(db, code, err, "committing");
}

void db_rollback(struct db *db)
{
    if (!sqlite3_get_autocommit(db->handle))
        run(db->statements[DB_ROLLBACK]);
}

/* ---- values ---- */

/* Binds one value after the other; remembers the first failure. */
struct writer {
    sqlite3_stmt *statement;
    int n_bound;
    int code; /* SQLite's */
};

static void note_code(struct writer *out, int code)
{
    if (out->code == SQLITE_OK)
        out->code = code;
}

static void put_text(struct writer *out, const char *text)
{
    note_code(out, sqlite3_bind_text(out->statement, ++out->n_bound, text, -1, SQLITE_STATIC));
}

static void put_blob(struct writer *out, const void *data, size_t length)
{
    note_code(out,
              sqlite3_bind_blob64(out->statement, ++out->n_bound, data, length, SQLITE_STATIC));
}

static void put_number(struct writer *out, int64_t value)
{
    note_code(out, sqlite3_bind_int64(out->statement, ++out->n_bound, value));
}

static void put_state(struct writer *out, enum job_state state)
{
    put_text(out, job_state_word(state));
}

static void put_reason(struct writer *out, enum job_reason reason)
{
    put_text(out, job_reason_word(reason));
}

static void put_if_exists(struct writer *out, enum job_if_exists choice)
{
    put_text(out, job_if_exists_word(choice));
}

static void put_on_change(struct writer *out, enum job_on_change choice)
{
    put_text(out, job_on_change_word(choice));
}

static void put_metered(struct writer *out, enum job_metered choice)
{
    put_text(out, job_metered_word(choice));
}

static void put_status(struct writer *out, enum sg_status status)
{
    put_text(out, sg_status_word(status));
}

/* The put_ for a number field, by its type; a field of another type does not compile. */
/* clang-format off */
#define PUT(out, value)                    \
    _Generic((value),                      \
        int64_t: put_number,               \
        enum job_state: put_state,         \
        enum job_reason: put_reason,       \
        enum job_if_exists: put_if_exists, \
        enum job_on_change: put_on_change, \
        enum job_metered: put_metered,     \
        enum sg_status: put_status)(out, value)
/* clang-format on */

/* ---- writing ---- */

/* Runs the statement unless a value could not be bound. SQLite's code. */
static int finish(struct writer *out)
{
    if (out->code == SQLITE_OK)
        return run(out->statement);
    sqlite3_clear_bindings(out->statement);
    return out->code;
}

/* Runs a statement whose only parameter is a job's id. */
static int run_with_id(struct db *db, enum db_statement which, int64_t id)
{
    struct writer out = { .statement = db->statements[which] };
    put_number(&out, id);
    return finish(&out);
}

static int put_job_row(struct db *db, const struct job_record *record)
{
    struct writer out = { .statement = db->statements[DB_PUT_JOB] };
#define X(field)                               \
    if (field_home(FIELD_##field) == HOME_JOB) \
        put_text(&out, record->field);
    JOB_TEXT_FIELDS(X)
#undef X
#define X(field, type)                         \
    if (field_home(FIELD_##field) == HOME_JOB) \
        PUT(&out, record->field);
    JOB_NUMBER_FIELDS(X)
#undef X
    return finish(&out);
}

static enum sg_status put_secret(struct db *db, int64_t id, const char *name, const char *value,
                                 struct sg_err *err)
{
    struct writer out = { .statement = db->statements[DB_PUT_SECRET] };
    enum sg_status status = db_protect(db, value, strlen(value), &db->encoding, err);
    if (status != SG_OK)
        return status;
    put_number(&out, id);
    put_text(&out, name);
    put_blob(&out, db->encoding.data, db->encoding.length);
    int code = finish(&out);
    return code == SQLITE_OK ? SG_OK : db_fail(db, code, err, "saving a secret");
}

/* Those that could not be read stay: the account that can may come back. */
static enum sg_status put_secrets(struct db *db, const struct job_record *record,
                                  struct sg_err *err)
{
    enum sg_status status = SG_OK;
    if (record->error_code != SG_E_SECRETS) {
        int code = run_with_id(db, DB_DELETE_SECRETS, record->id);
        if (code != SQLITE_OK)
            status = db_fail(db, code, err, "deleting secrets");
    }
#define X(field)                                  \
    if (status == SG_OK && record->field != NULL) \
        status = put_secret(db, record->id, #field, record->field, err);
    JOB_SECRET_FIELDS(X)
#undef X
    return status;
}

static uint64_t mark_of(const char *text)
{
    return text != NULL ? (uint64_t)1 << 32 | checkpoint_crc32c(text, strlen(text)) : 0;
}

void db_make_seal(const struct job_record *record, uint8_t out[DB_SEAL_SIZE])
{
    uint64_t subject[] = {
        (uint64_t)record->total,        (uint64_t)record->restarts,
        (uint64_t)record->part_volume,  (uint64_t)record->part_id_high,
        (uint64_t)record->part_id_low,  mark_of(record->etag),
        mark_of(record->last_modified),
    };
    uint32_t seal = checkpoint_crc32c(subject, sizeof subject);
    memcpy(out, &seal, DB_SEAL_SIZE);
}

/* `db->encoding` has the ranges. */
static int put_sealed(struct db *db, int64_t id, int64_t done, const struct job_record *subject)
{
    uint8_t seal[DB_SEAL_SIZE];
    db_make_seal(subject, seal);
    sg_buf_append(&db->encoding, seal, sizeof seal);
    if (db->encoding.is_failed)
        return SQLITE_NOMEM;
    struct writer out = { .statement = db->statements[DB_PUT_PROGRESS] };
    put_number(&out, id);
    put_number(&out, done);
    put_blob(&out, db->encoding.data, db->encoding.length);
    return finish(&out);
}

/* Reads what the seal is made of; the texts are the statement's, until it is reset. */
static int read_subject(sqlite3_stmt *statement, int64_t id, struct job_record *out)
{
    sqlite3_bind_int64(statement, 1, id);
    int code = sqlite3_step(statement);
    if (code != SQLITE_ROW)
        return code == SQLITE_DONE ? SQLITE_CONSTRAINT_FOREIGNKEY : code;
    int column = 0;
    out->total = sqlite3_column_int64(statement, column++);
    out->restarts = sqlite3_column_int64(statement, column++);
    out->part_volume = sqlite3_column_int64(statement, column++);
    out->part_id_high = sqlite3_column_int64(statement, column++);
    out->part_id_low = sqlite3_column_int64(statement, column++);
    out->etag = (char *)(uintptr_t)sqlite3_column_text(statement, column++);
    out->last_modified = (char *)(uintptr_t)sqlite3_column_text(statement, column++);
    return SQLITE_OK;
}

static int put_progress(struct db *db, int64_t id, int64_t done)
{
    sqlite3_stmt *statement = db->statements[DB_GET_SUBJECT];
    struct job_record subject;
    job_record_init(&subject);
    int code = read_subject(statement, id, &subject);
    if (code == SQLITE_OK)
        code = put_sealed(db, id, done, &subject);
    sqlite3_reset(statement);
    return code;
}

/* Most jobs that are put were just added: a row that says "nothing" would only cost. */
static int put_ranges(struct db *db, const struct job_record *record)
{
    if (record->done == 0 && record->extents.count == 0)
        return run_with_id(db, DB_DELETE_PROGRESS, record->id);
    sg_buf_clear(&db->encoding);
    checkpoint_encode(&record->extents, &db->encoding);
    return put_sealed(db, record->id, record->done, record);
}

enum sg_status db_put_job(struct db *db, const struct job_record *record, struct sg_err *err)
{
    int code = put_job_row(db, record);
    if (code == SQLITE_OK) {
        enum sg_status status = put_secrets(db, record, err);
        if (status != SG_OK)
            return sg_err_prefix(err, status, "saving job %lld", (long long)record->id);
        code = put_ranges(db, record);
    }
    if (code == SQLITE_OK)
        return SG_OK;
    return db_fail(db, code, err, "saving job %lld", (long long)record->id);
}

enum sg_status db_put_progress(struct db *db, int64_t id, int64_t done, const struct sg_buf *ranges,
                               struct sg_err *err)
{
    sg_buf_clear(&db->encoding);
    sg_buf_append(&db->encoding, ranges->data, ranges->length);
    int code = put_progress(db, id, done);
    if (code == SQLITE_OK)
        return SG_OK;
    return db_fail(db, code, err, "saving the progress of job %lld", (long long)id);
}

enum sg_status db_delete_job(struct db *db, int64_t id, struct sg_err *err)
{
    int code = run_with_id(db, DB_DELETE_JOB, id);
    return code == SQLITE_OK ? SG_OK : db_fail(db, code, err, "deleting job %lld", (long long)id);
}

enum sg_status db_put_setting(struct db *db, const char *name, const char *value,
                              struct sg_err *err)
{
    enum db_statement which = value != NULL ? DB_PUT_SETTING : DB_DELETE_SETTING;
    struct writer out = { .statement = db->statements[which] };
    char *made;
    enum sg_status status = db_protect_setting(db, name, value, &made, err);
    if (status != SG_OK)
        return sg_err_prefix(err, status, "saving the setting %s", name);
    put_text(&out, name);
    if (value != NULL)
        put_text(&out, made != NULL ? made : value);
    int code = finish(&out);
    sg_free(made);
    return code == SQLITE_OK ? SG_OK : db_fail(db, code, err, "saving the setting %s", name);
}

static int put_host(struct db *db, const char *origin, const struct profile *profile)
{
    struct writer out = { .statement = db->statements[DB_PUT_HOST] };
#define X(field) put_number(&out, profile->field);
    PROFILE_NUMBER_FIELDS(X)
#undef X
    put_text(&out, profile_ranges_word(profile->ranges));
    put_text(&out, origin);
    return finish(&out);
}

static int delete_host(struct db *db, const char *origin)
{
    struct writer out = { .statement = db->statements[DB_DELETE_HOST] };
    put_text(&out, origin);
    return finish(&out);
}

enum sg_status db_put_host(struct db *db, const char *origin, const struct profile *profile,
                           struct sg_err *err)
{
    int code = profile != NULL ? put_host(db, origin, profile) : delete_host(db, origin);
    return code == SQLITE_OK ? SG_OK : db_fail(db, code, err, "saving what is known of %s", origin);
}

/* The counter has a row of its own once there was a job. */
static int put_last_id(struct db *db, int64_t last_id)
{
    sqlite3_stmt *insert = NULL;
    int code = sqlite3_exec(db->handle, "DELETE FROM sqlite_sequence WHERE name = 'job'", NULL,
                            NULL, NULL);
    if (code != SQLITE_OK)
        return code;
    code = sqlite3_prepare_v2(
        db->handle, "INSERT INTO sqlite_sequence (name, seq) VALUES ('job', ?)", -1, &insert, NULL);
    if (code != SQLITE_OK)
        return code;
    sqlite3_bind_int64(insert, 1, last_id);
    sqlite3_step(insert);
    return sqlite3_finalize(insert);
}

enum sg_status db_put_last_id(struct db *db, int64_t last_id, struct sg_err *err)
{
    int code = put_last_id(db, last_id);
    return code == SQLITE_OK ? SG_OK : db_fail(db, code, err, "saving the last id");
}
