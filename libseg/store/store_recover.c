/* Getting rows out of a damaged database with SQLite's recovery extension
 * (https://www.sqlite.org/recovery.html), in three steps:
 *
 *   damaged file ─► copy of it ─► "recovered", in memory ─► tables without constraints
 *              header_forget     the extension            insert_...
 *
 * A copy, because the log can be read only by a connection that could also write, and because a
 * header that makes no sense must be taken away for the extension to reconstruct it. The extension
 * puts rows into the tables that it finds in the schema, and those of pages that belong to no table
 * (all, where the first page with the schema is gone) into `lost_and_found`: there we recognise
 * them by their shape. Which values make sense is for store_salvage.c to say. */
#include "store/store_recover.h"

#include <sqlite3recover.h>

#include "base/mem.h"
#include "os/path.h"
#include "store/store_fields.h"
#include "store/store_raw.h"

enum { BLOCK_SIZE = 4096 };

/* A name with a slash in front is one database for all connections of the process. */
#define RECOVERED_URI "file:/segue-recovered?vfs=memdb"

/* ---- the copy ---- */

static size_t block_length(const struct raw *from, sqlite3_int64 at)
{
    return from->size - at < BLOCK_SIZE ? (size_t)(from->size - at) : BLOCK_SIZE;
}

/* A block that cannot be read is one of zeros: the others may be sound. */
static enum sg_status copy_blocks(struct raw *from, struct raw *to, sqlite3_int64 at,
                                  struct sg_err *err)
{
    uint8_t block[BLOCK_SIZE];
    int code = SQLITE_OK;
    for (; code == SQLITE_OK && at < from->size; at += BLOCK_SIZE) {
        raw_read(from, at, block, sizeof block);
        code = raw_write(to, at, block, block_length(from, at));
    }
    return code == SQLITE_OK ? SG_OK : db_fail(&to->db, code, err, "copying it");
}

/* The first block of a database is there in any case: SQLite would remove the log of an empty one.
 */
static enum sg_status copy_first_block(struct raw *from, struct raw *to, bool has_log,
                                       struct sg_err *err)
{
    uint8_t block[BLOCK_SIZE];
    raw_read(from, 0, block, sizeof block);
    header_forget(block, sizeof block, has_log);
    int code = raw_write(to, 0, block, sizeof block);
    return code == SQLITE_OK ? SG_OK : db_fail(&to->db, code, err, "copying it");
}

enum copied { COPY_DATABASE, COPY_DATABASE_WITH_LOG, COPY_LOG };

static enum sg_status copy_file(const char *from_path, const char *to_path, enum copied what,
                                struct sg_err *err)
{
    struct raw from;
    struct raw to;
    enum sg_status status = raw_open(&from, from_path, SQLITE_OPEN_READONLY, err);
    if (status != SG_OK)
        return status;
    status = raw_open(&to, to_path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, err);
    if (status == SG_OK) {
        if (what != COPY_LOG)
            status = copy_first_block(&from, &to, what == COPY_DATABASE_WITH_LOG, err);
        if (status == SG_OK)
            status = copy_blocks(&from, &to, what != COPY_LOG ? BLOCK_SIZE : 0, err);
        raw_close(&to);
    }
    raw_close(&from);
    return status;
}

/* The files of the damaged database and of its copy. */
struct names {
    const char *path;
    const char *copy;
    char *path_log;
    char *copy_log;
};

static char *log_of(const char *path)
{
    struct sg_buf text = { 0 };
    sg_buf_printf(&text, "%s-wal", path);
    return sg_buf_take(&text);
}

static void remove_copy(const struct names *names)
{
    (void)!path_remove(names->copy, NULL);
    (void)!path_remove(names->copy_log, NULL);
}

static enum sg_status make_copy(const struct names *names, struct sg_err *err)
{
    bool has_log = path_exists(names->path_log);
    remove_copy(names); /* of an earlier attempt */
    enum copied what = has_log ? COPY_DATABASE_WITH_LOG : COPY_DATABASE;
    enum sg_status status = copy_file(names->path, names->copy, what, err);
    if (status == SG_OK && has_log)
        status = copy_file(names->path_log, names->copy_log, COPY_LOG, err);
    return status;
}

/* ---- the extension ---- */

/* Exclusive: the log's index is in memory and not in a further file. */
static enum sg_status open_copy(struct db *db, const struct names *names, struct sg_err *err)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int code = sqlite3_open_v2(names->copy, &db->handle, flags, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(db->handle, "PRAGMA locking_mode = EXCLUSIVE", NULL, NULL, NULL);
    return code == SQLITE_OK ? SG_OK : db_fail(db, code, err, "opening its copy");
}

/* The log of another database would replace our pages by its own. */
static enum sg_status drop_foreign_log(struct db *db, const struct names *names, struct sg_err *err)
{
    struct file_header header;
    int64_t number = 0;
    enum sg_status status = header_read(db, &header, err);
    if (status != SG_OK || db_query_number(db, "PRAGMA schema_version", &number, NULL) != SG_OK ||
        header_fits_log(&header, number))
        return status;
    db_close(db);
    (void)!path_remove(names->copy_log, NULL);
    return open_copy(db, names, err);
}

/* What the extension cannot read at all holds nothing; only what is not the file's fault counts. */
static enum sg_status recover_into_memory(struct db *copy, struct sg_err *err)
{
    sqlite3_recover *recovery = sqlite3_recover_init(copy->handle, "main", RECOVERED_URI);
    sqlite3_recover_config(recovery, SQLITE_RECOVER_LOST_AND_FOUND, "lost_and_found");
    sqlite3_recover_run(recovery);
    enum sg_status status = db_status(sqlite3_recover_finish(recovery));
    if (status == SG_E_NOMEM || status == SG_E_DISK_FULL || status == SG_E_IO)
        return sg_err_set(err, status, "recovering it");
    return SG_OK;
}

static enum sg_status recover(const struct names *names, struct sg_err *err)
{
    struct db copy = { 0 };
    enum sg_status status = make_copy(names, err);
    if (status == SG_OK)
        status = open_copy(&copy, names, err);
    if (status == SG_OK)
        status = drop_foreign_log(&copy, names, err);
    if (status == SG_OK)
        status = recover_into_memory(&copy, err);
    db_close(&copy);
    remove_copy(names);
    return status;
}

/* ---- tables without constraints ---- */

static enum sg_status execute_made(struct db *db, struct sg_buf *made, struct sg_err *err)
{
    char *sql = sg_buf_take(made);
    if (sql == NULL)
        return sg_err_set(err, SG_E_NOMEM, "recovering it");
    int code = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
    sg_free(sql);
    return code == SQLITE_OK ? SG_OK : db_fail(db, code, err, "collecting what it holds");
}

/* Two unfinished jobs with one part file are one job, one of whose ids is damaged. */
static enum sg_status create_tables(struct db *db, struct sg_err *err)
{
    struct sg_buf sql = { 0 };
    sg_buf_puts(&sql, "ATTACH '" RECOVERED_URI "' AS recovered; CREATE TABLE job (");
    field_append_columns(&sql, "", FIELD_COUNT);
    sg_buf_puts(&sql, ");"
                      "CREATE UNIQUE INDEX one_id ON job (id);"
                      "CREATE UNIQUE INDEX one_part"
                      " ON job (part_path, part_volume, part_id_high, part_id_low)"
                      " WHERE part_path IS NOT NULL AND state NOT IN ('done', 'cancelled');"
                      "CREATE TABLE secret (job_id, name, value, UNIQUE (job_id, name));"
                      "CREATE TABLE progress (job_id UNIQUE, done, ranges);"
                      "CREATE TABLE setting (name UNIQUE, value);"
                      "CREATE TABLE counter (last_id);");
    return execute_made(db, &sql, err);
}

static enum sg_status open_tables(struct db *db, struct sg_err *err)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX |
                SQLITE_OPEN_EXRESCODE;
    int code = sqlite3_open_v2(":memory:", &db->handle, flags, NULL);
    if (code == SQLITE_OK) /* its schema came from the damaged file */
        code = sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_db_config(db->handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    return code == SQLITE_OK ? create_tables(db, err) : db_fail(db, code, err, "recovering it");
}

/* ---- rows of tables ---- */

/* Appends the columns that a table has here and there, with commas between; nothing where there is
 * no such table there. */
static enum sg_status append_common_columns(struct db *db, const char *table, struct sg_buf *out,
                                            struct sg_err *err)
{
    static const char query[] = "SELECT name FROM pragma_table_info(?1) WHERE name IN"
                                " (SELECT name FROM pragma_table_info(?1, 'recovered'))";
    sqlite3_stmt *statement = NULL;
    enum sg_status status = db_prepare(db, query, 0, &statement, err);
    if (status != SG_OK)
        return status;
    sqlite3_bind_text(statement, 1, table, -1, SQLITE_STATIC);
    while (sqlite3_step(statement) == SQLITE_ROW)
        sg_buf_printf(out, "%s%s", out->length > 0 ? ", " : "",
                      (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    return out->is_failed ? sg_err_set(err, SG_E_NOMEM, "recovering it") : SG_OK;
}

static enum sg_status insert_rows_of(struct db *db, const char *table, struct sg_err *err)
{
    struct sg_buf columns = { 0 };
    struct sg_buf sql = { 0 };
    enum sg_status status = append_common_columns(db, table, &columns, err);
    if (status == SG_OK && columns.length > 0) {
        sg_buf_printf(&sql, "INSERT OR IGNORE INTO main.%s (%s) SELECT %s FROM recovered.%s", table,
                      columns.data, columns.data, table);
        status = execute_made(db, &sql, err);
    }
    sg_buf_fini(&columns);
    return status;
}

static enum sg_status insert_rows(struct db *db, struct sg_err *err)
{
    static const char *const tables[] = { "job", "secret", "progress", "setting" };
    enum sg_status status = SG_OK;
    for (size_t i = 0; status == SG_OK && i < sizeof tables / sizeof tables[0]; i++)
        status = insert_rows_of(db, tables[i], err);
    return status;
}

/* ---- rows without a table ---- */

/* lost_and_found has the columns `nfield`, `id` (NULL for a row of a table without a rowid), and
 * c0, c1, ...; a column that stands for the rowid is NULL in the row itself. */

static const char lost_rows[] =
    "INSERT OR IGNORE INTO progress SELECT id, c1, c2 FROM lost_and_found"
    " WHERE nfield = 3 AND id > 0 AND c0 IS NULL"
    " AND typeof(c1) = 'integer' AND typeof(c2) = 'blob';"
    "INSERT OR IGNORE INTO secret SELECT c0, c1, c2 FROM lost_and_found"
    " WHERE nfield = 3 AND id IS NULL AND typeof(c0) = 'integer' AND typeof(c1) = 'text';"
    "INSERT OR IGNORE INTO setting SELECT c0, c1 FROM lost_and_found"
    " WHERE nfield = 2 AND id IS NULL AND typeof(c0) = 'text' AND typeof(c1) = 'text';"
    "INSERT INTO counter SELECT c1 FROM lost_and_found"
    " WHERE nfield = 2 AND id > 0 AND c0 = 'job' AND typeof(c1) = 'integer';";

enum { LEAST_COLUMNS = 3, LEAST_JOB_COLUMNS = 16 };

/* Appends "id, c1, NULL, ..." for the columns of `job` as they are stored, and their names. */
static enum sg_status append_stored_columns(struct db *model, int64_t n_lost, struct sg_buf *names,
                                            struct sg_buf *values, struct sg_err *err)
{
    sqlite3_stmt *statement = NULL;
    enum sg_status status =
        db_prepare(model, "SELECT cid, name, pk FROM pragma_table_info('job')", 0, &statement, err);
    if (status != SG_OK)
        return status;
    while (sqlite3_step(statement) == SQLITE_ROW) {
        int number = sqlite3_column_int(statement, 0);
        const char *comma = names->length > 0 ? ", " : "";
        sg_buf_printf(names, "%s%s", comma, (const char *)sqlite3_column_text(statement, 1));
        if (sqlite3_column_int(statement, 2) != 0)
            sg_buf_printf(values, "%sid", comma);
        else if (number < n_lost)
            sg_buf_printf(values, "%sc%d", comma, number);
        else
            sg_buf_printf(values, "%sNULL", comma);
    }
    sqlite3_finalize(statement);
    bool is_failed = names->is_failed || values->is_failed;
    return is_failed ? sg_err_set(err, SG_E_NOMEM, "recovering it") : SG_OK;
}

static enum sg_status insert_lost_jobs(struct db *db, struct db *model, int64_t n_lost,
                                       struct sg_err *err)
{
    struct sg_buf names = { 0 };
    struct sg_buf values = { 0 };
    struct sg_buf sql = { 0 };
    enum sg_status status = append_stored_columns(model, n_lost, &names, &values, err);
    if (status == SG_OK) {
        sg_buf_printf(&sql,
                      "INSERT OR IGNORE INTO job (%s) SELECT %s FROM lost_and_found"
                      " WHERE nfield >= %d AND id > 0 AND c0 IS NULL",
                      names.data, values.data, LEAST_JOB_COLUMNS);
        status = execute_made(db, &sql, err);
    }
    sg_buf_fini(&names);
    sg_buf_fini(&values);
    return status;
}

/* After the tables' own rows, which are known to be the newest: those found here are ignored where
 * the id is taken. */
static enum sg_status insert_lost_rows(struct db *db, struct db *model, struct sg_err *err)
{
    int64_t n = 0;
    enum sg_status status = db_query_number(
        db, "SELECT count(*) - 4 FROM pragma_table_info('lost_and_found', 'recovered')", &n, err);
    if (status == SG_OK && n >= LEAST_JOB_COLUMNS)
        status = insert_lost_jobs(db, model, n, err);
    if (status != SG_OK || n < LEAST_COLUMNS)
        return status;
    int code = sqlite3_exec(db->handle, lost_rows, NULL, NULL, NULL);
    return code == SQLITE_OK ? SG_OK : db_fail(db, code, err, "collecting what it holds");
}

/* Not there where the schema is lost. */
static void insert_counter(struct db *db)
{
    sqlite3_exec(db->handle,
                 "INSERT INTO counter SELECT seq FROM recovered.sqlite_sequence"
                 " WHERE name = 'job' AND typeof(seq) = 'integer'",
                 NULL, NULL, NULL);
}

/* ---- all of it ---- */

static enum sg_status fill(struct db *db, const struct names *names, struct db *model,
                           struct sg_err *err)
{
    enum sg_status status = open_tables(db, err);
    if (status == SG_OK)
        status = db_set_home(db, names->path, err);
    if (status == SG_OK)
        status = recover(names, err);
    if (status == SG_OK)
        status = insert_rows(db, err);
    if (status == SG_OK)
        status = insert_lost_rows(db, model, err);
    if (status == SG_OK)
        insert_counter(db);
    return status;
}

enum sg_status recover_open(const char *path, const char *scratch, struct db *model, struct db *out,
                            struct sg_err *err)
{
    struct names names = {
        .path = path, .copy = scratch, .path_log = log_of(path), .copy_log = log_of(scratch)
    };
    struct db db = { 0 };
    enum sg_status status = SG_E_NOMEM;
    if (names.path_log != NULL && names.copy_log != NULL)
        status = fill(&db, &names, model, err);
    else
        sg_err_set(err, status, "recovering it");
    sg_free(names.path_log);
    sg_free(names.copy_log);
    if (status == SG_OK)
        *out = db;
    else
        db_close(&db);
    return status;
}

enum sg_status recover_last_id(struct db *recovered, int64_t *out, struct sg_err *err)
{
    struct sg_buf sql = { 0 };
    sg_buf_printf(&sql,
                  "SELECT ifnull(max(n), 0) FROM (SELECT id AS n FROM job"
                  " UNION ALL SELECT job_id FROM secret UNION ALL SELECT job_id FROM progress"
                  " UNION ALL SELECT last_id FROM counter)"
                  " WHERE typeof(n) = 'integer' AND n BETWEEN 1 AND %lld",
                  (long long)DB_ID_MAX);
    char *query = sg_buf_take(&sql);
    if (query == NULL)
        return sg_err_set(err, SG_E_NOMEM, "recovering it");
    enum sg_status status = db_query_number(recovered, query, out, err);
    sg_free(query);
    return status;
}
