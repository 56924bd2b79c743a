/* Reading rows at start-up: all jobs with their secrets and ranges, all settings, all that is known
 * of servers. What is in the
 * file is input: a row that makes no sense is counted, never believed. The twin of store_rows.c. */
#include "store/store_private.h"

#include <string.h>

#include "base/mem.h"
#include "core/checkpoint.h"
#include "store/store_fields.h"

/* ---- values ---- */

/* Reads one column of the present row after the other; remembers the first failure: SG_E_DAMAGED
 * for a value that makes no sense, SG_E_NOMEM. */
struct reader {
    sqlite3_stmt *statement;
    int column; /* the next one */
    enum sg_status status;
};

static void note_status(struct reader *in, enum sg_status status)
{
    if (in->status == SG_OK)
        in->status = status;
}

/* A copy of the column's bytes as text; NULL, noted, when they are none or memory ran out. */
static char *copy_bytes(struct reader *in, int column)
{
    const char *bytes = sqlite3_column_blob(in->statement, column);
    size_t length = (size_t)sqlite3_column_bytes(in->statement, column);
    if (length > 0 && (bytes == NULL || memchr(bytes, 0, length) != NULL)) {
        note_status(in, bytes == NULL ? SG_E_NOMEM : SG_E_DAMAGED);
        return NULL;
    }
    char *copy = sg_strndup(bytes, length);
    if (copy == NULL)
        note_status(in, SG_E_NOMEM);
    return copy;
}

/* `*out` is NULL before. */
static void take_text(struct reader *in, char **out)
{
    int column = in->column++;
    int type = sqlite3_column_type(in->statement, column);
    if (type == SQLITE_TEXT)
        *out = copy_bytes(in, column);
    else if (type != SQLITE_NULL)
        note_status(in, SG_E_DAMAGED);
}

static void take_number(struct reader *in, int64_t *out)
{
    int column = in->column++;
    if (sqlite3_column_type(in->statement, column) == SQLITE_INTEGER)
        *out = sqlite3_column_int64(in->statement, column);
    else
        note_status(in, SG_E_DAMAGED);
}

/* The column's text, valid until the next step; no word of ours, and noted, when there is none. */
static const char *peek_word(struct reader *in)
{
    int column = in->column++;
    bool is_null = sqlite3_column_type(in->statement, column) == SQLITE_NULL;
    const char *word = (const char *)sqlite3_column_text(in->statement, column);
    if (word == NULL)
        note_status(in, is_null ? SG_E_DAMAGED : SG_E_NOMEM);
    return word != NULL ? word : "?";
}

static void expect(struct reader *in, bool is_sound)
{
    if (!is_sound)
        note_status(in, SG_E_DAMAGED);
}

static void take_state(struct reader *in, enum job_state *out)
{
    *out = job_state_from_word(peek_word(in));
    expect(in, *out != JOB_STATE_COUNT);
}

static void take_reason(struct reader *in, enum job_reason *out)
{
    *out = job_reason_from_word(peek_word(in));
    expect(in, *out != JOB_REASON_COUNT);
}

static void take_if_exists(struct reader *in, enum job_if_exists *out)
{
    *out = job_if_exists_from_word(peek_word(in));
    expect(in, *out != JOB_IF_EXISTS_COUNT);
}

static void take_on_change(struct reader *in, enum job_on_change *out)
{
    *out = job_on_change_from_word(peek_word(in));
    expect(in, *out != JOB_ON_CHANGE_COUNT);
}

static void take_metered(struct reader *in, enum job_metered *out)
{
    *out = job_metered_from_word(peek_word(in));
    expect(in, *out != JOB_METERED_COUNT);
}

static void take_status(struct reader *in, enum sg_status *out)
{
    *out = sg_status_from_word(peek_word(in));
    expect(in, *out != SG_STATUS_COUNT);
}

/* The take_ for a number field, by its type; a field of another type does not compile. */
/* clang-format off */
#define TAKE(in, field)                       \
    _Generic((field),                         \
        int64_t *: take_number,               \
        enum job_state *: take_state,         \
        enum job_reason *: take_reason,       \
        enum job_if_exists *: take_if_exists, \
        enum job_on_change *: take_on_change, \
        enum job_metered *: take_metered,     \
        enum sg_status *: take_status)(in, field)
/* clang-format on */

/* ---- rows ---- */

/* Progress comes behind the columns of `job`. */
static char *make_load_jobs(void)
{
    struct sg_buf sql = { 0 };
    sg_buf_puts(&sql, "SELECT ");
    field_append_columns(&sql, "", FIELD_COUNT);
    sg_buf_puts(&sql, ", done, ranges FROM job LEFT JOIN progress ON job_id = id ORDER BY id");
    return sg_buf_take(&sql);
}

/* Walks `job` and, beside it, `secret`, both in order of id: one pass over each. */
struct loading {
    sqlite3_stmt *jobs;
    sqlite3_stmt *secrets;
    const struct db *db;
    bool has_secret; /* a row of `secrets` waits to be taken */
    int code;        /* SQLite's first failure on either */
};

static bool next_row(struct loading *loading, sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        loading->code = code;
    return code == SQLITE_ROW;
}

static void take_fields(struct reader *in, struct job_record *record)
{
#define X(field)                               \
    if (field_home(FIELD_##field) == HOME_JOB) \
        take_text(in, &record->field);
    JOB_TEXT_FIELDS(X)
#undef X
#define X(field, type)                         \
    if (field_home(FIELD_##field) == HOME_JOB) \
        TAKE(in, &record->field);
    JOB_NUMBER_FIELDS(X)
#undef X
    expect(in, record->id > 0 && record->total >= -1);
}

/* Cuts the seal off; SG_E_DAMAGED when it is not that of what the job is. */
static enum sg_status check_seal(const uint8_t *ranges, size_t *length,
                                 const struct job_record *record)
{
    uint8_t seal[DB_SEAL_SIZE];
    if (*length < DB_SEAL_SIZE)
        return SG_E_DAMAGED;
    *length -= DB_SEAL_SIZE;
    db_make_seal(record, seal);
    return memcmp(ranges + *length, seal, DB_SEAL_SIZE) == 0 ? SG_OK : SG_E_DAMAGED;
}

/* Ranges that are damaged, or are about something else, only mean that nothing counts as fetched.
 */
static void take_progress(struct reader *in, struct job_record *record)
{
    int done_column = in->column++;
    int ranges_column = in->column++;
    int64_t done = sqlite3_column_int64(in->statement, done_column);
    const uint8_t *ranges = sqlite3_column_blob(in->statement, ranges_column);
    if (ranges == NULL || done < 0)
        return;
    size_t length = (size_t)sqlite3_column_bytes(in->statement, ranges_column);
    enum sg_status status = check_seal(ranges, &length, record);
    if (status == SG_OK)
        status = checkpoint_decode(ranges, length, &record->extents);
    if (status == SG_OK)
        record->done = done;
    else if (status != SG_E_DAMAGED)
        note_status(in, status);
}

/* The field that is stored under `name`, or NULL. */
static char **secret_field(struct job_record *record, const char *name)
{
#define X(field)                                                               \
    if (field_home(FIELD_##field) == HOME_SECRET && strcmp(name, #field) == 0) \
        return &record->field;
    JOB_TEXT_FIELDS(X)
#undef X
    return NULL;
}

/* The column's bytes as text, revealed; noted otherwise as by copy_bytes, or as SG_E_SECRETS. */
static char *reveal_bytes(const struct db *db, struct reader *in, int column)
{
    const void *bytes = sqlite3_column_blob(in->statement, column);
    size_t length = (size_t)sqlite3_column_bytes(in->statement, column);
    if (bytes == NULL || !db_is_protected(bytes, length))
        return copy_bytes(in, column);
    struct sg_buf plain = { 0 };
    char *copy = NULL;
    enum sg_status status = db_reveal(db, bytes, length, &plain, NULL);
    if (status == SG_OK && plain.length > 0 && memchr(plain.data, 0, plain.length) != NULL)
        status = SG_E_DAMAGED;
    if (status == SG_OK) {
        copy = sg_strndup(plain.data, plain.length);
        status = copy != NULL ? SG_OK : SG_E_NOMEM;
    }
    db_wipe(&plain);
    note_status(in, status);
    return copy;
}

static enum sg_status take_secret(struct loading *loading, struct job_record *record)
{
    struct reader in = { .statement = loading->secrets, .column = 1 };
    char **field = secret_field(record, peek_word(&in));
    if (field != NULL && *field == NULL)
        *field = reveal_bytes(loading->db, &in, in.column);
    else
        note_status(&in, SG_E_DAMAGED);
    return in.status;
}

/* Rows of jobs before this one belong to jobs that were passed over. A secret that cannot be read
 * is the least that can be wrong. */
static enum sg_status take_secrets(struct loading *loading, struct job_record *record)
{
    struct reader all = { 0 };
    bool is_lost = false;
    while (loading->has_secret) {
        int64_t id = sqlite3_column_int64(loading->secrets, 0);
        if (id > record->id)
            break;
        enum sg_status status = id == record->id ? take_secret(loading, record) : SG_OK;
        is_lost = is_lost || status == SG_E_SECRETS;
        if (status != SG_E_SECRETS)
            note_status(&all, status);
        loading->has_secret = next_row(loading, loading->secrets);
    }
    if (all.status == SG_OK && is_lost)
        all.status = job_record_lose_secrets(record);
    return all.status;
}

/* SG_E_DAMAGED when the row makes no sense. On failure nothing of it is kept. */
static enum sg_status read_job(struct loading *loading, struct job_record *record)
{
    struct reader in = { .statement = loading->jobs };
    job_record_init(record);
    take_fields(&in, record);
    take_progress(&in, record);
    if (in.status == SG_OK)
        in.status = take_secrets(loading, record);
    if (in.status != SG_OK)
        job_record_fini(record);
    return in.status;
}

/* Ends early when a statement fails (loading->code), or when `take` has enough. A job whose secrets
 * could not be read is not given. */
static enum sg_status read_jobs(struct loading *loading, store_record_fn *take, void *ctx,
                                size_t *damaged)
{
    bool is_wanted = true;
    loading->has_secret = next_row(loading, loading->secrets);
    while (is_wanted && loading->code == SQLITE_OK && next_row(loading, loading->jobs)) {
        struct job_record record;
        enum sg_status status = read_job(loading, &record);
        if (status == SG_E_NOMEM)
            return status;
        if (status == SG_E_DAMAGED)
            ++*damaged;
        else if (loading->code == SQLITE_OK)
            is_wanted = take(ctx, &record);
        else
            job_record_fini(&record);
    }
    return SG_OK;
}

static enum sg_status load_with(struct db *db, struct loading *loading, store_record_fn *take,
                                void *ctx, size_t *damaged, struct sg_err *err)
{
    enum sg_status status = db_prepare_made(db, make_load_jobs(), 0, &loading->jobs, err);
    if (status == SG_OK)
        status = db_prepare(db, "SELECT job_id, name, value FROM secret ORDER BY job_id", 0,
                            &loading->secrets, err);
    if (status != SG_OK)
        return status;
    status = read_jobs(loading, take, ctx, damaged);
    if (status != SG_OK)
        return sg_err_set(err, status, "reading the jobs");
    if (loading->code != SQLITE_OK)
        return db_fail(db, loading->code, err, "reading the jobs");
    return SG_OK;
}

enum sg_status db_read_jobs(struct db *db, store_record_fn *take, void *ctx, size_t *out_damaged,
                            struct sg_err *err)
{
    size_t damaged = 0;
    struct loading loading = { .db = db };
    enum sg_status status = load_with(db, &loading, take, ctx, &damaged, err);
    sqlite3_finalize(loading.secrets);
    sqlite3_finalize(loading.jobs);
    if (status == SG_OK)
        *out_damaged = damaged;
    return status;
}

static const char last_id_query[] =
    "SELECT max(ifnull(max(id), 0),"
    " ifnull((SELECT seq FROM sqlite_sequence WHERE name = 'job'), 0)) FROM job";

enum sg_status db_load_jobs(struct db *db, store_record_fn *take, void *ctx, int64_t *out_next_id,
                            size_t *out_damaged, struct sg_err *err)
{
    int64_t last_id = 0;
    enum sg_status status = db_query_number(db, last_id_query, &last_id, err);
    if (status == SG_OK && (last_id < 0 || last_id == INT64_MAX))
        status = sg_err_set(err, SG_E_DAMAGED, "the last job's id makes no sense");
    if (status == SG_OK)
        status = db_read_jobs(db, take, ctx, out_damaged, err);
    if (status != SG_OK)
        return status;
    bool may_lack_some = db->trouble != STORE_SOUND && last_id < DB_ID_MAX;
    *out_next_id = last_id + 1 + (may_lack_some ? DB_ID_MARGIN : 0);
    return SG_OK;
}

static enum sg_status give_setting(const struct db *db, const char *name, const char *value,
                                   store_setting_fn *take, void *ctx, struct sg_err *err)
{
    char *revealed;
    enum sg_status status = db_reveal_setting(db, value, &revealed, err);
    if (status != SG_OK)
        return status;
    take(ctx, name, revealed);
    sg_free_secret(revealed);
    return SG_OK;
}

enum sg_status db_load_settings(struct db *db, store_setting_fn *take, void *ctx,
                                struct sg_err *err)
{
    sqlite3_stmt *settings = NULL;
    enum sg_status status =
        db_prepare(db, "SELECT name, value FROM setting ORDER BY name", 0, &settings, err);
    if (status != SG_OK)
        return status;
    int code = SQLITE_DONE;
    while (status == SG_OK && (code = sqlite3_step(settings)) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(settings, 0);
        const char *value = (const char *)sqlite3_column_text(settings, 1);
        if (name != NULL && value != NULL)
            status = give_setting(db, name, value, take, ctx, err);
    }
    if (status == SG_OK && code != SQLITE_DONE)
        status = db_fail(db, code, err, "reading the settings");
    sqlite3_finalize(settings);
    return status;
}

#define X(field) #field ", "
static const char get_hosts_sql[] =
    "SELECT " PROFILE_NUMBER_FIELDS(X) "ranges, origin FROM host ORDER BY origin";
#undef X

/* The columns of one row; `in->status` says whether they make sense. */
static const char *read_host(struct reader *in, struct profile *out)
{
#define X(field) take_number(in, &out->field);
    PROFILE_NUMBER_FIELDS(X)
#undef X
    out->ranges = profile_ranges_from_word(peek_word(in));
    expect(in, out->ranges != PROFILE_RANGES_COUNT);
    expect(in, in->status == SG_OK && profile_is_plausible(out));
    return peek_word(in);
}

enum sg_status db_load_hosts(struct db *db, store_host_fn *take, void *ctx, struct sg_err *err)
{
    sqlite3_stmt *hosts = NULL;
    enum sg_status status = db_prepare(db, get_hosts_sql, 0, &hosts, err);
    if (status != SG_OK)
        return status;
    int code;
    while ((code = sqlite3_step(hosts)) == SQLITE_ROW) {
        struct reader in = { .statement = hosts };
        struct profile profile = { 0 };
        const char *origin = read_host(&in, &profile);
        if (in.status == SG_OK)
            take(ctx, origin, &profile);
    }
    if (code != SQLITE_DONE)
        status = db_fail(db, code, err, "reading what is known of servers");
    sqlite3_finalize(hosts);
    return status;
}
