/* Opening the database file: how the connection is set up, whose file it is, and the steps that
 * bring an older schema to the present one. Knows tables, not rows. Runs at start-up, on whichever
 * thread opens the store.
 *
 * The schema: `job` has a column for each field of a record but for those that have a table of
 * their own. `secret` has what must not be read by others, one field a row, stored protected
 * (store_secret.c); no row means NULL. `progress` has what a checkpoint
 * replaces, so that a checkpoint writes a few bytes and not the whole job; no row means nothing is
 * done. `host` has what downloads learned about servers; no job depends on it. AUTOINCREMENT
 * remembers the highest id in sqlite_sequence: a deleted job's id never comes back. Words stand in
 * the file for enums, so that their numbers may change. */
#include "store/store_private.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "os/path.h"

enum {
    APPLICATION_ID = 0x53656775, /* "Segu": what file(1) and we recognise the file by */
    CHECKED_PAGES_MAX = 2048,    /* pages that are checked in a few milliseconds */
    BUSY_TIMEOUT_MS = 2000,      /* how long a predecessor may take to end */
    SECRETS_IN_PLAIN = 3,        /* the last version that had them so */
    LATEST = 5                   /* PRAGMA user_version after the last migration */
};

/* migrations[i] leads from version i to i + 1. They are history: a new one is added, those that
 * were released are never edited. */
static const char *const migrations[LATEST] = {
    "CREATE TABLE job ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id > 0),"
    "  url TEXT,"
    "  mirrors TEXT,"
    "  key TEXT,"
    "  folder TEXT,"
    "  name TEXT,"
    "  checksum TEXT,"
    "  owner TEXT,"
    "  path TEXT,"
    "  part_path TEXT,"
    "  final_url TEXT,"
    "  etag TEXT,"
    "  last_modified TEXT,"
    "  allocation TEXT,"
    "  error_message TEXT,"
    "  state TEXT NOT NULL,"
    "  reason TEXT NOT NULL,"
    "  error_code TEXT NOT NULL,"
    "  if_exists TEXT NOT NULL,"
    "  on_change TEXT NOT NULL,"
    "  priority INTEGER NOT NULL,"
    "  rank INTEGER NOT NULL,"
    "  max_lanes INTEGER NOT NULL,"
    "  limit_bps INTEGER NOT NULL,"
    "  not_before_ms INTEGER NOT NULL,"
    "  total INTEGER NOT NULL,"
    "  restarts INTEGER NOT NULL,"
    "  attempts INTEGER NOT NULL,"
    "  added_ms INTEGER NOT NULL,"
    "  started_ms INTEGER NOT NULL,"
    "  finished_ms INTEGER NOT NULL,"
    "  part_volume INTEGER NOT NULL,"
    "  part_id_high INTEGER NOT NULL,"
    "  part_id_low INTEGER NOT NULL"
    ") STRICT;"

    /* a job without an owner counts as the owner "", or two of them could have the same key */
    "CREATE UNIQUE INDEX job_key ON job (ifnull(owner, ''), key) WHERE key IS NOT NULL;"

    "CREATE TABLE secret ("
    "  job_id INTEGER NOT NULL REFERENCES job ON DELETE CASCADE,"
    "  name TEXT NOT NULL,"
    "  value BLOB NOT NULL,"
    "  PRIMARY KEY (job_id, name)"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE progress ("
    "  job_id INTEGER PRIMARY KEY REFERENCES job ON DELETE CASCADE,"
    "  done INTEGER NOT NULL,"
    "  ranges BLOB NOT NULL"
    ") STRICT;"

    "CREATE TABLE setting ("
    "  name TEXT NOT NULL PRIMARY KEY,"
    "  value TEXT NOT NULL"
    ") STRICT, WITHOUT ROWID;",

    /* what the server declared for the version being fetched */
    "ALTER TABLE job ADD COLUMN digest TEXT;",

    /* what is known of servers: core/profile.h */
    "CREATE TABLE host ("
    "  origin TEXT NOT NULL PRIMARY KEY,"
    "  useful_lanes INTEGER NOT NULL,"
    "  tolerated_lanes INTEGER NOT NULL,"
    "  lane_bps INTEGER NOT NULL,"
    "  total_bps INTEGER NOT NULL,"
    "  setup_us INTEGER NOT NULL,"
    "  refused_ms INTEGER NOT NULL,"
    "  seen_ms INTEGER NOT NULL,"
    "  ranges TEXT NOT NULL"
    ") STRICT, WITHOUT ROWID;",

    /* secrets are protected: no other tables; protect_all has protected what was there */
    "",

    /* what a job may do on a metered network; '': what the setting says */
    "ALTER TABLE job ADD COLUMN metered TEXT NOT NULL DEFAULT '';",
};

/* locking_mode     comes first, before the file is looked at: the file is locked from the first
 *                  read to the close, so a second process is refused, and WAL's index stays in
 *                  our memory instead of a mapped -shm file with a lock call per transaction
 * synchronous      a commit that was reported survives a power cut
 * page_size        of a new file: a start reads all pages, one call each
 * wal_autocheckpoint, journal_size_limit
 *                  pages after which the WAL goes into the database; bytes it may keep afterwards
 * mmap_size        off: a read error is a status, not an access violation
 * cell_size_check  damage is noticed when a page is read, not when it is used
 * secure_delete    what a deleted secret said is overwritten where its page is written anyway */
static const char connection_settings[] = "PRAGMA locking_mode = EXCLUSIVE;"
                                          "PRAGMA synchronous = FULL;"
                                          "PRAGMA page_size = 8192;"
                                          "PRAGMA wal_autocheckpoint = 500;"
                                          "PRAGMA journal_size_limit = 4194304;"
                                          "PRAGMA mmap_size = 0;"
                                          "PRAGMA cell_size_check = ON;"
                                          "PRAGMA secure_delete = FAST;"
                                          "PRAGMA temp_store = MEMORY;"
                                          "PRAGMA foreign_keys = ON;";

static enum sg_status execute(struct db *db, const char *sql, struct sg_err *err, const char *what)
{
    int code = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? SG_OK : db_fail(db, code, err, "%s", what);
}

enum sg_status db_query_number(struct db *db, const char *sql, int64_t *out, struct sg_err *err)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db->handle, sql, -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    enum sg_status status = SG_OK;
    if (code == SQLITE_ROW)
        *out = sqlite3_column_int64(statement, 0);
    else
        status = db_fail(db, code, err, "reading its state");
    sqlite3_finalize(statement);
    return status;
}

/* Windows' ERROR_SHARING_VIOLATION and ERROR_LOCK_VIOLATION: a handle without sharing, such as a
 * backup's. No failure to open a file has these numbers on other systems. */
static bool is_held(int system_error)
{
    return system_error == 32 || system_error == 33;
}

static enum sg_status say_held(struct sg_err *err)
{
    return sg_err_set(err, SG_E_LOCKED,
                      "another program holds it (a backup, a virus scanner, a database tool?):"
                      " try again when that has ended");
}

/* SQLite says "cannot open" for a folder that is missing and for one that is closed to us. */
static enum sg_status refine_open_failure(struct db *db, const char *path, enum sg_status status,
                                          struct sg_err *err)
{
    if (status != SG_E_DENIED)
        return status;
    if (is_held(sqlite3_system_errno(db->handle)))
        return say_held(err);
    char *folder = path_parent(path);
    if (folder != NULL && path_check_folder(folder, NULL) == SG_E_NO_FOLDER)
        status = sg_err_set(err, SG_E_NO_FOLDER, "there is no folder %s", folder);
    sg_free(folder);
    return status;
}

static enum sg_status open_file(struct db *db, const char *path, struct sg_err *err)
{
    int flags =
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int code = sqlite3_open_v2(path, &db->handle, flags, NULL);
    if (code != SQLITE_OK)
        return refine_open_failure(db, path, db_fail(db, code, err, "opening it"), err);
    if (sqlite3_db_readonly(db->handle, "main") == 1) /* what it falls back to */
        return sg_err_set(err, SG_E_DENIED, "the file cannot be written to");
    return SG_OK;
}

/* The schema in the file is data: it must not make SQLite do more than we ask for. A misspelt
 * column must be an error, not a text. Until the file is accepted, closing it must leave it alone.
 */
static enum sg_status configure(struct db *db, struct sg_err *err)
{
    static const struct {
        int option;
        int value;
    } options[] = {
        { SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 }, { SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 },
        { SQLITE_DBCONFIG_ENABLE_VIEW, 0 },    { SQLITE_DBCONFIG_DQS_DDL, 0 },
        { SQLITE_DBCONFIG_DQS_DML, 0 },        { SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1 },
    };
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        int code = sqlite3_db_config(db->handle, options[i].option, options[i].value, NULL);
        if (code != SQLITE_OK)
            return db_fail(db, code, err, "configuring it");
    }
    sqlite3_busy_timeout(db->handle, BUSY_TIMEOUT_MS);
    return execute(db, connection_settings, err, "configuring it");
}

/* Finds out whose file it is; an empty one is at version 0. Nothing was written so far. */
static enum sg_status identify(struct db *db, int64_t *out_version, struct sg_err *err)
{
    int64_t tables = 0;
    int64_t application = 0;
    int64_t version = 0;
    enum sg_status status = db_query_number(db, "SELECT count(*) FROM sqlite_schema", &tables, err);
    if (status == SG_OK)
        status = db_query_number(db, "PRAGMA application_id", &application, err);
    if (status == SG_OK)
        status = db_query_number(db, "PRAGMA user_version", &version, err);
    if (status != SG_OK)
        return status;
    bool is_empty = tables == 0 && application == 0 && version == 0;
    if (!is_empty && (application != APPLICATION_ID || version < 1))
        return sg_err_set(err, SG_E_DAMAGED, "it is some other program's database");
    if (version > LATEST)
        return sg_err_set(err, SG_E_STATE, "a newer Segue made it (schema %lld, known is %d)",
                          (long long)version, LATEST);
    *out_version = version;
    return SG_OK;
}

enum { ANSWER_SIZE = 128 };

/* The first row's only column as text, cut where it is too long. */
static enum sg_status query_text(struct db *db, const char *sql, char out[ANSWER_SIZE],
                                 struct sg_err *err)
{
    sqlite3_stmt *statement = NULL;
    const char *answer = NULL;
    int code = sqlite3_prepare_v2(db->handle, sql, -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        answer = (const char *)sqlite3_column_text(statement, 0);
    if (answer != NULL)
        snprintf(out, ANSWER_SIZE, "%s", answer);
    while (code == SQLITE_ROW) /* what it changes is committed at its end */
        code = sqlite3_step(statement);
    bool is_answered = answer != NULL && code == SQLITE_DONE;
    enum sg_status status = is_answered ? SG_OK : db_fail(db, code, err, "%s", sql);
    sqlite3_finalize(statement);
    return status;
}

/* Reads every page. SQLite itself survives crashes; disks that lost power do not always. */
static enum sg_status check_pages(struct db *db, struct sg_err *err)
{
    char answer[ANSWER_SIZE];
    enum sg_status status = query_text(db, "PRAGMA quick_check(1)", answer, err);
    if (status == SG_OK && strcmp(answer, "ok") != 0)
        status = sg_err_set(err, SG_E_DAMAGED, "%s", answer);
    return status;
}

/* The answer is the mode that is in force, which is another one where WAL cannot be had. */
static enum sg_status use_wal(struct db *db, struct sg_err *err)
{
    char answer[ANSWER_SIZE];
    enum sg_status status = query_text(db, "PRAGMA journal_mode = WAL", answer, err);
    if (status == SG_OK && strcmp(answer, "wal") != 0)
        status = sg_err_set(err, SG_E_DB, "the write-ahead log cannot be turned on");
    return status;
}

/* A number that no other database has: it tells whether a log is the file's. */
static enum sg_status number_schema(struct db *db, struct sg_err *err)
{
    uint32_t number = 0;
    char sql[64];
    sqlite3_randomness(sizeof number, &number);
    snprintf(sql, sizeof sql, "PRAGMA schema_version = %u", (number & 0x3FFFFFFFu) + 1);
    return execute(db, sql, err, "numbering it");
}

static enum sg_status note_version(struct db *db, int64_t version, struct sg_err *err)
{
    char sql[96];
    snprintf(sql, sizeof sql, "PRAGMA application_id = %d; PRAGMA user_version = %lld",
             APPLICATION_ID, (long long)version);
    return execute(db, sql, err, "migrating it");
}

static enum sg_status migrate_from(struct db *db, int64_t version, struct sg_err *err)
{
    bool is_new = version == 0;
    enum sg_status status = execute(db, "BEGIN IMMEDIATE", err, "migrating it");
    for (; status == SG_OK && version < LATEST; version++)
        status = execute(db, migrations[version], err, "migrating it");
    if (status == SG_OK)
        status = note_version(db, version, err);
    if (status == SG_OK && is_new)
        status = number_schema(db, err);
    if (status == SG_OK)
        status = execute(db, "COMMIT", err, "migrating it");
    return status;
}

/* Protects what stands in plain text, and makes a new file of it: pages that are free, the rest of
 * pages that are not, and the log still have the old text. The version stays as it is: if this is
 * interrupted, it is done again. */
static enum sg_status protect_all(struct db *db, struct sg_err *err)
{
    char answer[ANSWER_SIZE];
    enum sg_status status = execute(db, "BEGIN IMMEDIATE", err, "migrating it");
    if (status == SG_OK)
        status = db_protect_old(db, err);
    if (status == SG_OK)
        status = execute(db, "COMMIT", err, "migrating it");
    if (status == SG_OK)
        status = execute(db, "VACUUM", err, "migrating it");
    if (status == SG_OK) /* "0": nobody was in its way */
        status = query_text(db, "PRAGMA wal_checkpoint(TRUNCATE)", answer, err);
    if (status == SG_OK && strcmp(answer, "0") != 0)
        status = sg_err_set(err, SG_E_DB, "its log cannot be emptied");
    return status;
}

static enum sg_status migrate(struct db *db, int64_t version, struct sg_err *err)
{
    bool has_plain = version > 0 && version <= SECRETS_IN_PLAIN;
    enum sg_status status = has_plain ? protect_all(db, err) : SG_OK;
    return status == SG_OK ? migrate_from(db, version, err) : status;
}

/* What is known of the file before SQLite looks at it. */
struct findings {
    bool is_new;
    char *log; /* the name of its write-ahead log */
    bool has_log;
    struct file_header header;
};

static enum sg_status look(const char *path, struct findings *out)
{
    struct sg_buf name = { 0 };
    sg_buf_printf(&name, "%s-wal", path);
    out->log = sg_buf_take(&name);
    if (out->log == NULL)
        return SG_E_NOMEM;
    out->is_new = !path_exists(path);
    out->has_log = path_exists(out->log);
    return SG_OK;
}

/* SQLite would remove a log beside an empty file, and ends a damaged one early. */
static enum sg_status inspect(struct db *db, struct findings *found, struct sg_err *err)
{
    enum sg_status status = header_read(db, &found->header, err);
    if (status == SG_OK && found->header.is_empty && found->has_log)
        status = sg_err_set(err, SG_E_DAMAGED, "the file is empty, but not its write-ahead log");
    if (status == SG_OK && found->has_log)
        status = log_check(found->log, &found->has_log, err);
    if (status != SG_OK)
        return status;
    if (found->header.is_empty && !found->is_new)
        db->trouble = STORE_WAS_EMPTY;
    else if (found->header.wants_log && !found->has_log)
        db->trouble = STORE_LOST_LOG;
    return SG_OK;
}

static enum sg_status check_log(struct db *db, const struct findings *found, struct sg_err *err)
{
    int64_t number = 0;
    enum sg_status status = db_query_number(db, "PRAGMA schema_version", &number, err);
    if (status == SG_OK && !header_fits_log(&found->header, number))
        status = sg_err_set(err, SG_E_DAMAGED, "its write-ahead log is another database's");
    return status;
}

/* A log that is still there says that the last one who had the file did not close it; one that is
 * gone, that somebody else did. A large file that was closed in order is not checked, since that
 * costs about a quarter of what reading the jobs does. Its damage is noticed by that reading, which
 * sees every page but those of the index, or else by a write, and then it is not closed in order.
 */
static enum sg_status is_to_be_checked(struct db *db, const struct findings *found, bool *out,
                                       struct sg_err *err)
{
    int64_t n_pages = 0;
    enum sg_status status = db_query_number(db, "PRAGMA page_count", &n_pages, err);
    *out = found->has_log || db->trouble != STORE_SOUND || n_pages <= CHECKED_PAGES_MAX;
    return status;
}

/* Refuses what is not ours or not sound. */
static enum sg_status examine(struct db *db, const struct findings *found, int64_t *out_version,
                              struct sg_err *err)
{
    enum sg_status status = identify(db, out_version, err);
    if (status == SG_OK && found->has_log)
        status = check_log(db, found, err);
    bool is_checked = false;
    if (status == SG_OK)
        status = is_to_be_checked(db, found, &is_checked, err);
    if (status == SG_OK && is_checked)
        status = check_pages(db, err);
    return status;
}

/* Tables of ours that are missing are damage, before anything is written. */
static enum sg_status prepare_present(struct db *db, struct sg_err *err)
{
    enum sg_status status = db_prepare_all(db, err);
    return status == SG_E_DB ? sg_err_prefix(err, SG_E_DAMAGED, "its tables are not ours") : status;
}

/* The header says from here on that there is a log; the first reading makes it. */
static enum sg_status begin_log(struct db *db, struct sg_err *err)
{
    int64_t tables;
    enum sg_status status = use_wal(db, err);
    if (status != SG_OK)
        return status;
    db->is_ours = true;
    return db_query_number(db, "SELECT count(*) FROM sqlite_schema", &tables, err);
}

static enum sg_status accept(struct db *db, struct findings *found, struct sg_err *err)
{
    int64_t version = 0;
    enum sg_status status = inspect(db, found, err);
    if (status == SG_OK)
        status = configure(db, err);
    if (status == SG_OK)
        status = examine(db, found, &version, err);
    bool is_present = version == LATEST;
    if (status == SG_OK && is_present)
        status = prepare_present(db, err);
    if (status == SG_OK)
        status = begin_log(db, err);
    if (status == SG_OK && !is_present)
        status = migrate(db, version, err);
    if (status == SG_OK && !is_present)
        status = db_prepare_all(db, err);
    if (status != SG_OK)
        return status;
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    return SG_OK;
}

enum sg_status db_open(struct db *db, const char *path, struct sg_err *err)
{
    if (path[0] == '\0') /* to SQLite that is a temporary file */
        return sg_err_set(err, SG_E_INVALID, "opening the database: its path is empty");
    struct findings found = { 0 };
    enum sg_status status = look(path, &found);
    if (status == SG_OK)
        status = db_set_home(db, path, err);
    if (status == SG_OK)
        status = open_file(db, path, err);
    if (status == SG_OK)
        status = accept(db, &found, err);
    if (status == SG_E_LOCKED)
        status = say_held(err);
    sg_free(found.log);
    if (status == SG_OK)
        return SG_OK;
    db_close(db);
    return sg_err_prefix(err, status, "opening the database %s", path);
}

/* A file that says that it has no log was closed in order: one that says it has one, and has none,
 * lost it. If this fails, the log stays. A damaged one is not tidy: the next start looks at it. */
static void leave_tidy(struct db *db)
{
    if (db->is_ours && !db->is_damaged)
        sqlite3_exec(db->handle, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
}

void db_close(struct db *db)
{
    for (size_t i = 0; i < DB_STATEMENT_COUNT; i++)
        sqlite3_finalize(db->statements[i]);
    leave_tidy(db);
    sqlite3_close(db->handle);
    sg_buf_fini(&db->encoding);
    sg_free(db->home);
    *db = (struct db){ 0 };
}
