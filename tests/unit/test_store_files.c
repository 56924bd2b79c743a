/* The job store's files: what is refused when it is opened, that it is left as it was, and that
 * damage is noticed at the latest when the jobs are read. */
#include <string.h>

#include "base/mem.h"
#include "tests/unit/store_fixture.h"

/* ---- files that are refused ---- */

static void assert_refused_untouched(struct fixture *f, enum sg_status expected)
{
    struct sg_buf before = read_file(f->path);
    struct sg_err err = { 0 };
    struct store *store = NULL;
    assert_int_equal(store_open(f->loop, f->path, &store, &err), expected);
    assert_null(store);
    assert_int_equal(err.status, expected);
    assert_non_null(strstr(err.message, f->path));
    struct sg_buf after = read_file(f->path);
    assert_int_equal(after.length, before.length);
    assert_memory_equal(after.data, before.data, before.length);
    sg_buf_fini(&before);
    sg_buf_fini(&after);
}

static void store__a_file_that_is_no_database__is_damaged_and_untouched(void **state)
{
    struct fixture *f = *state;
    struct sg_buf content = { 0 };
    for (int i = 0; i < 1000; i++)
        sg_buf_puts(&content, "not a database\n");
    write_file(f->path, &content);
    sg_buf_fini(&content);
    assert_refused_untouched(f, SG_E_DAMAGED);
}

static void store__another_programs_database__is_damaged_and_untouched(void **state)
{
    struct fixture *f = *state;
    execute_at(f->path, "CREATE TABLE job (id INTEGER PRIMARY KEY, url TEXT)");
    assert_refused_untouched(f, SG_E_DAMAGED);
}

static void store__a_newer_schema__is_refused_and_untouched(void **state)
{
    struct fixture *f = *state;
    open_store(f);
    put_plain(f, 1);
    close_store(f);
    execute_at(f->path, "PRAGMA user_version = 1000");
    assert_refused_untouched(f, SG_E_STATE);
}

static void store__a_schema_without_its_tables__is_damaged(void **state)
{
    struct fixture *f = *state;
    open_store(f);
    close_store(f);
    execute_at(f->path, "DROP TABLE progress");
    assert_refused_untouched(f, SG_E_DAMAGED);
}

/* ---- files of earlier versions ---- */

/* What the first version wrote: its schema, and a job with ranges, a secret and a key. */
static const char version_1[] =
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
    ") STRICT, WITHOUT ROWID;"
    "INSERT INTO job VALUES (7, 'http://a/x', NULL, 'k', '/dl', NULL, 'md5:00', 'me', '/dl/x',"
    "  '/dl/x.part', NULL, '\"tag\"', 'yesterday', 'sparse', NULL, 'paused', '', 'ok', 'rename',"
    "  'fail', 3, 4096, 0, 0, 0, 1000, 0, 0, 1, 2, 0, 5, 6, 7);"
    "INSERT INTO secret VALUES (7, 'userinfo', CAST('u:p' AS BLOB));"
    "INSERT INTO setting VALUES ('max_active', '3');"
    "PRAGMA application_id = 0x53656775;"
    "PRAGMA user_version = 1;";

static void store__a_database_of_the_first_version__is_taken_over(void **state)
{
    struct fixture *f = *state;
    struct loaded loaded = { 0 };
    const struct profile known = { .useful_lanes = 5, .seen_ms = 1 };
    execute_at(f->path, version_1);
    open_store(f);
    load(f, &loaded);
    assert_int_equal(loaded.damaged, 0);
    assert_int_equal(loaded.n, 1);
    struct job_record *job = &loaded.jobs[0];
    assert_int_equal(job->id, 7);
    assert_int_equal(job->state, JOB_PAUSED);
    assert_int_equal(job->on_change, JOB_ON_CHANGE_FAIL);
    assert_int_equal(job->part_id_low, 7);
    assert_string_equal(job->etag, "\"tag\"");
    assert_string_equal(job->checksum, "md5:00");
    assert_string_equal(job->userinfo, "u:p");
    assert_null(job->digest);
    assert_int_equal(job->metered, JOB_METERED_AS_SET);
    assert_int_equal(store_put_host(f->store, "http://a:80", &known, NULL, NULL), SG_OK);

    set(&job->digest, "md5:11");
    put(f, job);
    close_store(f);
    open_store(f);
    struct loaded again = { 0 };
    load(f, &again);
    assert_same_job(&again.jobs[0], job);
    fini_loaded(&loaded);
    fini_loaded(&again);
    close_store(f);
    assert_int_equal(number_at(f->path, "SELECT useful_lanes FROM host"), 5);
}

static void store__a_database_from_before_hosts__is_taken_over(void **state)
{
    struct fixture *f = *state;
    struct loaded loaded = { 0 };
    open_store(f);
    put_plain(f, 1);
    tamper(f, "ALTER TABLE job DROP COLUMN metered; DROP TABLE host; PRAGMA user_version = 2");
    load(f, &loaded);
    assert_int_equal(loaded.n, 1);
    fini_loaded(&loaded);
    close_store(f);
    assert_int_equal(number_at(f->path, "SELECT count(*) FROM host"), 0);
}

static void store__a_table_of_hosts_that_is_gone__is_damage(void **state)
{
    struct fixture *f = *state;
    open_store(f);
    close_store(f);
    execute_at(f->path, "DROP TABLE host");
    assert_refused_untouched(f, SG_E_DAMAGED);
}

/* ---- damage ---- */

/* Overwrites the file from a quarter of its length on, the first page aside. */
static void scribble(const char *path)
{
    struct sg_buf content = read_file(path);
    assert_true(content.length > 100000);
    memset(content.data + content.length / 4, 0xA5, content.length / 2);
    write_file(path, &content);
    sg_buf_fini(&content);
}

static void halve(const char *path)
{
    struct sg_buf content = read_file(path);
    content.length /= 2;
    write_file(path, &content);
    sg_buf_fini(&content);
}

enum { N_JOBS = 400 };

static void fill(struct fixture *f)
{
    struct outcome outcome = { 0 };
    for (int64_t id = 1; id <= N_JOBS; id++) {
        struct job_record job = make_sample((unsigned)id);
        const struct job_record *pointer = &job;
        assert_int_equal(store_put_jobs(f->store, &pointer, 1, on_done, &outcome), SG_OK);
        job_record_fini(&job);
    }
    await(f, &outcome, N_JOBS);
    assert_int_equal(outcome.status, SG_OK);
}

/* Damage shows when the file is opened or, at the latest, when the jobs are read. */
static void assert_damage_is_noticed(struct fixture *f)
{
    size_t n = 0;
    size_t damaged = 77;
    int64_t id = 77;
    struct sg_err err = { 0 };
    enum sg_status status = store_open(f->loop, f->path, &f->store, &err);
    if (status == SG_OK)
        status = store_load_jobs(f->store, drop_job, &n, &id, &damaged, &err);
    assert_int_equal(status, SG_E_DAMAGED);
    assert_int_equal(err.status, SG_E_DAMAGED);
    assert_int_equal(id, 77);
    assert_int_equal(damaged, 77);
}

static void store__pages_that_are_damaged__are_noticed(void **state)
{
    struct fixture *f = *state;
    open_store(f);
    fill(f);
    close_store(f);
    scribble(f->path);
    assert_damage_is_noticed(f);
}

static void store__a_file_that_was_cut__is_noticed(void **state)
{
    struct fixture *f = *state;
    open_store(f);
    fill(f);
    close_store(f);
    halve(f->path);
    assert_damage_is_noticed(f);
}

/* What a crash leaves, in files of a second fixture's name: the store behind them is still open. */
static char *copy_as_crashed(const struct fixture *f)
{
    char *crashed = scratch_path();
    copy_file(f->path, crashed, "");
    copy_file(f->path, crashed, "-wal");
    return crashed;
}

/* Jobs are in the database file, a setting is in the log. */
static char *make_crashed(struct fixture *f)
{
    open_store(f);
    fill(f);
    close_store(f);
    open_store(f);
    put_plain(f, 1000);
    return copy_as_crashed(f);
}

static void become(struct fixture *f, char *path)
{
    close_store(f);
    remove_database(f->path);
    sg_free(f->path);
    f->path = path;
}

static void store__a_crash__loses_nothing_that_was_reported(void **state)
{
    struct fixture *f = *state;
    become(f, make_crashed(f));
    open_store(f);
    size_t n = 0;
    size_t damaged;
    int64_t next_id;
    assert_int_equal(store_load_jobs(f->store, drop_job, &n, &next_id, &damaged, NULL), SG_OK);
    assert_int_equal(n, N_JOBS + 1);
    assert_int_equal(damaged, 0);
    assert_int_equal(next_id, 1001);
}

static void store__pages_that_a_crash_damaged__are_noticed_at_once_and_left_alone(void **state)
{
    struct fixture *f = *state;
    become(f, make_crashed(f));
    scribble(f->path);
    char *log = with_suffix(f->path, "-wal");
    struct sg_buf before = read_file(log);
    assert_refused_untouched(f, SG_E_DAMAGED);
    struct sg_buf after = read_file(log);
    assert_int_equal(after.length, before.length);
    assert_memory_equal(after.data, before.data, before.length);
    sg_buf_fini(&before);
    sg_buf_fini(&after);
    sg_free(log);
}

static void store__a_database_in_use__is_locked(void **state)
{
    struct fixture *f = *state;
    open_store(f);
    struct sg_err err = { 0 };
    struct store *second = NULL;
    assert_int_equal(store_open(f->loop, f->path, &second, &err), SG_E_LOCKED);
    assert_null(second);
    put_plain(f, 1);
    close_store(f);
    open_store(f);
    assert_ids(f, "1");
}

static void store__a_folder_that_is_missing__is_reported(void **state)
{
    struct fixture *f = *state;
    char *path = with_suffix(f->path, ".missing/segue.db");
    struct sg_err err = { 0 };
    assert_int_equal(store_open(f->loop, path, &f->store, &err), SG_E_NO_FOLDER);
    assert_non_null(strstr(err.message, path));
    sg_free(path);
}

static void store__a_path_that_cannot_be_opened__is_denied(void **state)
{
    struct fixture *f = *state;
    char *folder = scratch_path();
    *strrchr(folder, '/') = '\0';
    assert_int_equal(store_open(f->loop, folder, &f->store, NULL), SG_E_DENIED);
    sg_free(folder);
    assert_int_equal(store_open(f->loop, "", &f->store, NULL), SG_E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(store__a_file_that_is_no_database__is_damaged_and_untouched),
        STORE_TEST(store__another_programs_database__is_damaged_and_untouched),
        STORE_TEST(store__a_newer_schema__is_refused_and_untouched),
        STORE_TEST(store__a_schema_without_its_tables__is_damaged),
        STORE_TEST(store__a_database_of_the_first_version__is_taken_over),
        STORE_TEST(store__a_database_from_before_hosts__is_taken_over),
        STORE_TEST(store__a_table_of_hosts_that_is_gone__is_damage),
        STORE_TEST(store__pages_that_are_damaged__are_noticed),
        STORE_TEST(store__a_file_that_was_cut__is_noticed),
        STORE_TEST(store__a_crash__loses_nothing_that_was_reported),
        STORE_TEST(store__pages_that_a_crash_damaged__are_noticed_at_once_and_left_alone),
        STORE_TEST(store__a_database_in_use__is_locked),
        STORE_TEST(store__a_folder_that_is_missing__is_reported),
        STORE_TEST(store__a_path_that_cannot_be_opened__is_denied),
    };
    return cmocka_run_group_tests_name("store_files", tests, NULL, NULL);
}
