/* The job store's rows: every field comes back, rows and ranges that make no sense are noticed, and
 * memory that runs out is reported. */
#include <string.h>

#include "base/mem.h"
#include "tests/unit/store_fixture.h"

/* ---- every field ---- */

enum { N_SAMPLES = SG_STATUS_COUNT + 4 };

static void put_samples(struct fixture *f, struct job_record *samples)
{
    const struct job_record *pointers[N_SAMPLES];
    for (unsigned i = 0; i < N_SAMPLES; i++)
        pointers[i] = &samples[i];
    struct outcome outcome = { 0 };
    assert_int_equal(store_put_jobs(f->store, pointers, N_SAMPLES, on_done, &outcome), SG_OK);
    await(f, &outcome, 1);
    assert_string_equal(outcome.err.message, "");
    assert_int_equal(outcome.status, SG_OK);
}

static void assert_samples_loaded(struct fixture *f, const struct job_record *samples)
{
    struct loaded loaded = { 0 };
    load(f, &loaded);
    assert_int_equal(loaded.n, N_SAMPLES);
    assert_int_equal(loaded.damaged, 0);
    for (unsigned i = 0; i < N_SAMPLES; i++)
        assert_same_job(&loaded.jobs[i], &samples[i]);
    fini_loaded(&loaded);
}

static void store__every_field_with_every_kind_of_value__comes_back(void **state)
{
    struct fixture *f = *state;
    open_store(f);
    struct job_record samples[N_SAMPLES];
    for (unsigned i = 0; i < N_SAMPLES; i++)
        samples[i] = make_sample(i);
    put_samples(f, samples);
    close_store(f);
    open_store(f);
    assert_samples_loaded(f, samples);
    for (unsigned i = 0; i < N_SAMPLES; i++)
        job_record_fini(&samples[i]);
}

static void store__a_job_put_again__is_replaced_in_every_field(void **state)
{
    struct fixture *f = *state;
    open_store(f);
    struct job_record samples[N_SAMPLES];
    for (unsigned i = 0; i < N_SAMPLES; i++)
        samples[i] = make_sample(i);
    put_samples(f, samples);
    for (unsigned i = 0; i < N_SAMPLES; i++) {
        job_record_fini(&samples[i]);
        samples[i] = make_sample(N_SAMPLES + 1 + i);
        samples[i].id = (int64_t)i + 1;
        if (samples[i].error_code == SG_E_SECRETS) /* keeps those that it does not know */
            samples[i].error_code = SG_OK;
    }
    put_samples(f, samples);
    assert_samples_loaded(f, samples);
    for (unsigned i = 0; i < N_SAMPLES; i++)
        job_record_fini(&samples[i]);
}

static void store__secrets__are_in_no_column_of_the_job(void **state)
{
    struct fixture *f = *state;
    open_store(f);
    struct job_record job = make_job(1, NULL, NULL);
    set(&job.headers, "X-Token: secret");
    set(&job.userinfo, "me:secret");
    set(&job.cookies, "secret");
    set(&job.proxy, "http://me:secret@proxy");
    put(f, &job);
    job_record_fini(&job);
    close_store(f);
    assert_int_equal(number_at(f->path, "SELECT count(*) FROM secret"), 4);
    assert_int_equal(number_at(f->path, "SELECT count(*) FROM pragma_table_info('job')"
                                        " WHERE name IN"
                                        " ('headers', 'userinfo', 'cookies', 'proxy')"),
                     0);
    open_store(f);
    delete_job(f, 1);
    close_store(f);
    assert_int_equal(number_at(f->path, "SELECT count(*) FROM secret"), 0);
}

static bool has_inside(const char *path, const char *text)
{
    struct sg_buf content = read_file(path);
    size_t length = strlen(text);
    bool is_found = false;
    for (size_t i = 0; !is_found && i + length <= content.length; i++)
        is_found = memcmp(content.data + i, text, length) == 0;
    sg_buf_fini(&content);
    return is_found;
}

static void assert_not_in_files(const struct fixture *f, const char *text)
{
    char *log = with_suffix(f->path, "-wal");
    assert_false(has_inside(f->path, text));
    assert_false(has_inside(log, text));
    sg_free(log);
}

static struct job_record make_secretive(int64_t id)
{
    struct job_record job = make_job(id, NULL, NULL);
    set(&job.headers, "X-Token: canary");
    set(&job.userinfo, "me:canary");
    set(&job.cookies, "canary");
    set(&job.proxy, "http://me:canary@proxy");
    return job;
}

static void store__secrets__are_nowhere_in_the_files_and_come_back(void **state)
{
    struct fixture *f = *state;
    struct loaded loaded = { 0 };
    struct job_record job = make_secretive(1);
    open_store(f);
    put(f, &job);
    assert_not_in_files(f, "canary");
    close_store(f);
    assert_not_in_files(f, "canary");
    open_store(f);
    load(f, &loaded);
    assert_same_job(&loaded.jobs[0], &job);
    fini_loaded(&loaded);
    job_record_fini(&job);
}

static void take_proxy(void *ctx, const char *name, const char *value)
{
    char **out = ctx;
    if (strcmp(name, "proxy") == 0)
        set(out, value);
}

static void assert_proxy(struct fixture *f, const char *expected)
{
    char *proxy = NULL;
    assert_int_equal(store_load_settings(f->store, take_proxy, &proxy, NULL), SG_OK);
    assert_string_equal(proxy, expected);
    sg_free(proxy);
}

static void put_proxy(struct fixture *f, const char *value)
{
    struct outcome outcome = { 0 };
    assert_int_equal(store_put_setting(f->store, "proxy", value, on_done, &outcome), SG_OK);
    await(f, &outcome, 1);
    assert_int_equal(outcome.status, SG_OK);
}

static void store__the_login_of_a_proxy__is_nowhere_in_the_files(void **state)
{
    struct fixture *f = *state;
    open_store(f);
    put_proxy(f, "http://me:canary@p/x@proxy:8080");
    assert_not_in_files(f, "canary");
    assert_proxy(f, "http://me:canary@p/x@proxy:8080");
    tamper(f, "UPDATE setting SET value = replace(value, char(1), char(1) || '00')");
    assert_proxy(f, "http://proxy:8080");
    put_proxy(f, "proxy:8080");
    assert_proxy(f, "proxy:8080");
}

static const char old_rows[] =
    "UPDATE secret SET value = CAST('X-Token: canary' AS BLOB) WHERE name = 'headers';"
    "UPDATE secret SET value = CAST('me:canary' AS BLOB) WHERE name = 'userinfo';"
    "UPDATE secret SET value = CAST('canary' AS BLOB) WHERE name = 'cookies';"
    "INSERT INTO setting VALUES ('proxy', 'http://me:canary@proxy');"
    "CREATE TABLE old (value TEXT); INSERT INTO old VALUES (hex(zeroblob(20000)) || 'canary');"
    "PRAGMA secure_delete = OFF; DROP TABLE old;"
    "ALTER TABLE job DROP COLUMN metered; PRAGMA user_version = 3";

static void store__secrets_of_before__are_protected_and_leave_no_trace(void **state)
{
    struct fixture *f = *state;
    struct loaded loaded = { 0 };
    struct job_record job = make_secretive(1);
    open_store(f);
    put(f, &job);
    close_store(f);
    execute_at(f->path, old_rows);
    assert_true(has_inside(f->path, "canary"));
    open_store(f);
    assert_not_in_files(f, "canary");
    load(f, &loaded);
    assert_same_job(&loaded.jobs[0], &job);
    assert_proxy(f, "http://me:canary@proxy");
    close_store(f);
    assert_not_in_files(f, "canary");
    assert_int_equal(number_at(f->path, "PRAGMA user_version"), 5);
    fini_loaded(&loaded);
    job_record_fini(&job);
}

/* As a migration leaves it that ended after its transaction: some text is still in free pages. */
static void store__a_protection_that_was_interrupted__is_finished(void **state)
{
    struct fixture *f = *state;
    struct loaded loaded = { 0 };
    struct job_record job = make_secretive(1);
    open_store(f);
    put(f, &job);
    close_store(f);
    execute_at(f->path, "CREATE TABLE old (value TEXT);"
                        "INSERT INTO old VALUES (hex(zeroblob(20000)) || 'canary');"
                        "PRAGMA secure_delete = OFF; DROP TABLE old;"
                        "ALTER TABLE job DROP COLUMN metered; PRAGMA user_version = 3");
    assert_true(has_inside(f->path, "canary"));
    open_store(f);
    assert_not_in_files(f, "canary");
    load(f, &loaded);
    assert_same_job(&loaded.jobs[0], &job);
    fini_loaded(&loaded);
    job_record_fini(&job);
}

static void store__secrets_that_cannot_be_read__stop_the_job_and_stay(void **state)
{
    struct fixture *f = *state;
    struct loaded lost = { 0 };
    struct loaded found = { 0 };
    struct job_record job = make_secretive(1);
    open_store(f);
    put(f, &job);
    tamper(f, "UPDATE secret SET value = CAST(x'01ff' || substr(value, 2) AS BLOB)"
              " WHERE name = 'cookies'");
    load(f, &lost);
    assert_int_equal(lost.n, 1);
    assert_int_equal(lost.damaged, 0);
    assert_int_equal(lost.jobs[0].state, JOB_FAILED);
    assert_int_equal(lost.jobs[0].error_code, SG_E_SECRETS);
    assert_non_null(strstr(lost.jobs[0].error_message, "seg refresh"));
    assert_string_equal(lost.jobs[0].userinfo, "me:canary");
    assert_null(lost.jobs[0].cookies);
    put(f, &lost.jobs[0]);
    tamper(f, "UPDATE secret SET value = CAST(x'01' || substr(value, 3) AS BLOB)"
              " WHERE name = 'cookies'");
    load(f, &found);
    assert_int_equal(found.jobs[0].error_code, SG_E_SECRETS);
    assert_string_equal(found.jobs[0].cookies, "canary");
    set(&lost.jobs[0].error_message, NULL);
    lost.jobs[0].error_code = SG_OK;
    put(f, &lost.jobs[0]);
    close_store(f);
    assert_int_equal(number_at(f->path, "SELECT count(*) FROM secret WHERE name = 'cookies'"), 0);
    fini_loaded(&lost);
    fini_loaded(&found);
    job_record_fini(&job);
}

/* ---- rows that make no sense ---- */

static void store__rows_that_make_no_sense__are_passed_over_and_counted(void **state)
{
    static const char *const damage[] = {
        "UPDATE job SET state = 'flying' WHERE id = 2",
        "UPDATE job SET reason = 'why' WHERE id = 2",
        "UPDATE job SET error_code = 'oops' WHERE id = 2",
        "UPDATE job SET if_exists = '' WHERE id = 2",
        "UPDATE job SET on_change = '' WHERE id = 2",
        "UPDATE job SET metered = 'free' WHERE id = 2",
        "UPDATE job SET total = -2 WHERE id = 2",
        "UPDATE job SET url = CAST(x'610062' AS TEXT) WHERE id = 2",
        "INSERT INTO secret VALUES (2, 'nonsense', x'')",
        "INSERT INTO secret VALUES (2, 'cookies', x'610062')",
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof damage / sizeof damage[0]; i++) {
        open_store(f);
        for (int64_t id = 1; id <= 3; id++)
            put_plain(f, id);
        tamper(f, damage[i]);
        struct loaded loaded = { 0 };
        load(f, &loaded);
        assert_int_equal(loaded.n, 2);
        assert_int_equal(loaded.jobs[0].id, 1);
        assert_int_equal(loaded.jobs[1].id, 3);
        assert_int_equal(loaded.damaged, 1);
        assert_int_equal(loaded.next_id, 4);
        fini_loaded(&loaded);
        close_store(f);
        remove_database(f->path);
    }
}

static void store__secrets_of_a_row_that_is_passed_over__go_to_nobody_else(void **state)
{
    struct fixture *f = *state;
    open_store(f);
    for (int64_t id = 1; id <= 3; id++) {
        struct job_record job = make_job(id, NULL, NULL);
        set(&job.cookies, id == 3 ? "third" : "other");
        put(f, &job);
        job_record_fini(&job);
    }
    tamper(f, "UPDATE job SET state = 'flying' WHERE id = 2");
    struct loaded loaded = { 0 };
    load(f, &loaded);
    assert_int_equal(loaded.n, 2);
    assert_string_equal(loaded.jobs[1].cookies, "third");
    fini_loaded(&loaded);
}

static void store__ranges_that_are_damaged__count_as_nothing_done(void **state)
{
    static const char *const damage[] = {
        "UPDATE progress SET ranges = x'00'",
        "UPDATE progress SET ranges = x''",
        "UPDATE progress SET ranges = substr(ranges, 1, length(ranges) - 1)",
        "UPDATE progress SET ranges = CAST(ranges || x'00' AS BLOB)",
        "UPDATE progress SET done = -1",
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof damage / sizeof damage[0]; i++) {
        open_store(f);
        struct job_record job = make_sample(8);
        put(f, &job);
        tamper(f, damage[i]);
        struct loaded loaded = { 0 };
        load(f, &loaded);
        assert_int_equal(loaded.n, 1);
        assert_int_equal(loaded.damaged, 0);
        job.done = 0;
        extents_clear(&job.extents);
        assert_same_job(&loaded.jobs[0], &job);
        fini_loaded(&loaded);
        job_record_fini(&job);
        close_store(f);
        remove_database(f->path);
    }
}

/* ---- memory that runs out ---- */

static void store__memory_that_runs_out_while_opening__is_reported(void **state)
{
    struct fixture *f = *state;
    enum sg_status status = SG_E_NOMEM;
    for (uint64_t n = 0; status == SG_E_NOMEM; n++) {
        sg_mem_fail_after(n);
        status = store_open(f->loop, f->path, &f->store, NULL);
        sg_mem_fail_after(UINT64_MAX);
    }
    assert_int_equal(status, SG_OK);
}

/* Either nothing was queued, or the call came back and the job is there if it says so. */
static void store__memory_that_runs_out_while_putting__leaves_all_or_nothing(void **state)
{
    struct fixture *f = *state;
    open_store(f);
    struct job_record job = make_sample(8);
    const struct job_record *pointer = &job;
    bool is_put = false;
    for (uint64_t n = 0; !is_put; n++) {
        struct outcome outcome = { 0 };
        sg_mem_fail_after(n);
        enum sg_status status = store_put_jobs(f->store, &pointer, 1, on_done, &outcome);
        if (status == SG_OK)
            await(f, &outcome, 1);
        sg_mem_fail_after(UINT64_MAX);
        is_put = status == SG_OK && outcome.status == SG_OK;
        if (!is_put)
            assert_int_equal(status == SG_OK ? outcome.status : status, SG_E_NOMEM);
        if (status == SG_OK)
            assert_int_equal(outcome.err.status, outcome.status);
        assert_ids(f, is_put ? "9" : "");
    }
    job_record_fini(&job);
}

static void store__memory_that_runs_out_while_reading__is_reported(void **state)
{
    struct fixture *f = *state;
    open_store(f);
    struct job_record job = make_sample(8);
    put(f, &job);
    enum sg_status status = SG_E_NOMEM;
    size_t n_jobs = 0;
    for (uint64_t n = 0; status == SG_E_NOMEM; n++) {
        size_t damaged;
        int64_t id;
        assert_int_equal(n_jobs, 0);
        sg_mem_fail_after(n);
        status = store_load_jobs(f->store, drop_job, &n_jobs, &id, &damaged, NULL);
        sg_mem_fail_after(UINT64_MAX);
    }
    assert_int_equal(status, SG_OK);
    assert_int_equal(n_jobs, 1);
    job_record_fini(&job);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(store__every_field_with_every_kind_of_value__comes_back),
        STORE_TEST(store__a_job_put_again__is_replaced_in_every_field),
        STORE_TEST(store__secrets__are_in_no_column_of_the_job),
        STORE_TEST(store__secrets__are_nowhere_in_the_files_and_come_back),
        STORE_TEST(store__the_login_of_a_proxy__is_nowhere_in_the_files),
        STORE_TEST(store__secrets_of_before__are_protected_and_leave_no_trace),
        STORE_TEST(store__a_protection_that_was_interrupted__is_finished),
        STORE_TEST(store__secrets_that_cannot_be_read__stop_the_job_and_stay),
        STORE_TEST(store__rows_that_make_no_sense__are_passed_over_and_counted),
        STORE_TEST(store__secrets_of_a_row_that_is_passed_over__go_to_nobody_else),
        STORE_TEST(store__ranges_that_are_damaged__count_as_nothing_done),
        STORE_TEST(store__memory_that_runs_out_while_opening__is_reported),
        STORE_TEST(store__memory_that_runs_out_while_putting__leaves_all_or_nothing),
        STORE_TEST(store__memory_that_runs_out_while_reading__is_reported),
    };
    return cmocka_run_group_tests_name("store_rows", tests, NULL, NULL);
}
