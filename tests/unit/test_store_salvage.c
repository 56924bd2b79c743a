/* Salvaging a damaged database: what is saved, what is refused, what is never believed, and that
 * the damaged files stay as they are. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "os/path.h"
#include "tests/unit/store_fixture.h"

enum { N_JOBS = 100, PAGE = 8192, MARGIN = 1000, N_SEEDS = 12 };

/* ---- a database with jobs ---- */

/* Every kind of value, a URL, and a part file of its own. */
static struct job_record make_full(int64_t id)
{
    struct job_record job = make_sample((unsigned)id - 1);
    char *part = with_suffix("part of ", id % 2 == 0 ? "an even job" : "an odd job");
    set(&job.url, "https://example.org/file.bin");
    set(&job.part_path, part);
    job.part_id_low = id;
    job.part_volume = 7;
    sg_free(part);
    return job;
}

/* One transaction. */
static void put_setting(struct fixture *f, const char *name, const char *value)
{
    struct outcome outcome = { 0 };
    assert_int_equal(store_put_setting(f->store, name, value, on_done, &outcome), SG_OK);
    await(f, &outcome, 1);
    assert_int_equal(outcome.status, SG_OK);
}

/* They may be lost, and must not be taken for something else. */
static void put_hosts(struct fixture *f)
{
    char origin[64];
    for (int i = 0; i < 40; i++) {
        const struct profile known = { .useful_lanes = i, .seen_ms = i };
        snprintf(origin, sizeof origin, "https://host-%d.example:443", i);
        assert_int_equal(store_put_host(f->store, origin, &known, NULL, NULL), SG_OK);
    }
}

static void fill(struct fixture *f, int64_t first, int64_t last)
{
    struct outcome outcome = { 0 };
    put_hosts(f);
    for (int64_t id = first; id <= last; id++) {
        struct job_record job = make_full(id);
        const struct job_record *pointer = &job;
        assert_int_equal(store_put_jobs(f->store, &pointer, 1, on_done, &outcome), SG_OK);
        job_record_fini(&job);
    }
    await(f, &outcome, (int)(last - first + 1));
    assert_int_equal(outcome.status, SG_OK);
    put_setting(f, "colour", "red");
    put_setting(f, "colour", "blue");
}

static void make_closed(struct fixture *f)
{
    open_store(f);
    fill(f, 1, N_JOBS);
    close_store(f);
}

/* What a crash leaves: the first half of the jobs in the file, the others in the log. */
static void make_crashed(struct fixture *f)
{
    open_store(f);
    fill(f, 1, N_JOBS / 2);
    close_store(f);
    open_store(f);
    fill(f, N_JOBS / 2 + 1, N_JOBS);
    char *crashed = scratch_path();
    copy_file(f->path, crashed, "");
    copy_file(f->path, crashed, "-wal");
    close_store(f);
    remove_database(f->path);
    sg_free(f->path);
    f->path = crashed;
}

/* ---- damage ---- */

static uint32_t next_random(uint32_t *random)
{
    *random = *random * 1664525 + 1013904223;
    return *random >> 8;
}

/* Overwrites bytes of the file, as far as it reaches. */
static void overwrite(const char *path, size_t at, size_t n, uint32_t seed)
{
    struct sg_buf content = read_file(path);
    for (size_t i = at; i < at + n && i < content.length; i++)
        content.data[i] = (char)next_random(&seed);
    write_file(path, &content);
    sg_buf_fini(&content);
}

static size_t size_of(const char *path)
{
    struct sg_buf content = read_file(path);
    size_t size = content.length;
    sg_buf_fini(&content);
    return size;
}

static void cut(const char *path, size_t length)
{
    struct sg_buf content = read_file(path);
    assert_true(length <= content.length);
    content.length = length;
    write_file(path, &content);
    sg_buf_fini(&content);
}

/* ---- the salvage ---- */

static void setting_is_blue(void *ctx, const char *name, const char *value)
{
    bool *is_found = ctx;
    *is_found = *is_found || (strcmp(name, "colour") == 0 && strcmp(value, "blue") == 0);
}

struct result {
    struct store_salvage found;
    struct loaded loaded;
    bool has_setting;
};

static void assert_gone(const char *path, const char *suffix)
{
    char *name = with_suffix(path, suffix);
    assert_false(path_exists(name));
    sg_free(name);
}

static void assert_same_content(const struct sg_buf *before, const char *path)
{
    struct sg_buf after = read_file(path);
    assert_int_equal(after.length, before->length);
    if (before->length > 0)
        assert_memory_equal(after.data, before->data, before->length);
    sg_buf_fini(&after);
}

/* Salvages the fixture's database and opens the new one in its place. */
static void salvage(struct fixture *f, struct result *out)
{
    struct sg_err err = { 0 };
    char *damaged = f->path;
    char *damaged_log = with_suffix(damaged, "-wal");
    struct sg_buf file = read_file(damaged);
    struct sg_buf log = read_file(damaged_log);
    *out = (struct result){ 0 };
    f->path = scratch_path();
    if (store_salvage(damaged, f->path, &out->found, &err) != SG_OK)
        fail_msg("%s", err.message);
    assert_same_content(&file, damaged);
    assert_same_content(&log, damaged_log);
    assert_gone(f->path, "-copy");
    assert_gone(f->path, "-copy-wal");
    open_store(f);
    load(f, &out->loaded);
    assert_int_equal(out->loaded.n, out->found.n_jobs);
    assert_int_equal(store_load_settings(f->store, setting_is_blue, &out->has_setting, NULL),
                     SG_OK);
    remove_database(damaged);
    sg_free(damaged);
    sg_free(damaged_log);
    sg_buf_fini(&file);
    sg_buf_fini(&log);
}

/* A claim is the one that was made of exactly this part file and version, or there is none. */
static void assert_claims_are_true(const struct result *result)
{
    for (size_t i = 0; i < result->loaded.n; i++) {
        const struct job_record *job = &result->loaded.jobs[i];
        if (job->extents.count == 0)
            continue;
        struct job_record original = make_full(job->id);
        assert_true(extents_are_equal(&job->extents, &original.extents));
        assert_int_equal(job->total, original.total);
        assert_int_equal(job->part_id_low, original.part_id_low);
        job_record_fini(&original);
    }
}

static void assert_all_saved(const struct result *result)
{
    assert_int_equal(result->loaded.n, N_JOBS);
    assert_int_equal(result->found.n_refused, 0);
    assert_true(result->has_setting);
    assert_int_equal(result->loaded.next_id, N_JOBS + MARGIN + 1);
    for (size_t i = 0; i < result->loaded.n; i++) {
        struct job_record original = make_full((int64_t)i + 1);
        assert_same_job(&result->loaded.jobs[i], &original);
        job_record_fini(&original);
    }
}

static void assert_salvages_all(struct fixture *f)
{
    struct result result;
    salvage(f, &result);
    assert_all_saved(&result);
    fini_loaded(&result.loaded);
}

/* Salvages, wants nothing false in what is saved, and gives how many jobs that is. */
static size_t salvage_some(struct fixture *f)
{
    struct result result;
    salvage(f, &result);
    assert_claims_are_true(&result);
    size_t n = result.loaded.n;
    int64_t last_id = n > 0 ? result.loaded.jobs[n - 1].id : 0;
    assert_true(result.loaded.next_id > last_id + MARGIN);
    fini_loaded(&result.loaded);
    close_store(f);
    remove_database(f->path);
    return n;
}

static void assert_refused(struct fixture *f)
{
    struct sg_err err = { 0 };
    assert_int_equal(store_open(f->loop, f->path, &f->store, &err), SG_E_DAMAGED);
}

/* ---- the cases ---- */

static void salvage__a_sound_database__is_saved_whole(void **state)
{
    struct fixture *f = *state;
    make_closed(f);
    assert_salvages_all(f);
}

static void salvage__a_crashed_database__is_saved_with_its_log(void **state)
{
    struct fixture *f = *state;
    make_crashed(f);
    assert_salvages_all(f);
}

static void salvage__an_overwritten_header__costs_nothing(void **state)
{
    struct fixture *f = *state;
    make_closed(f);
    overwrite(f->path, 0, 100, 1);
    assert_refused(f);
    assert_salvages_all(f);
}

/* The schema is on the first page: rows are known by their shape. */
static void salvage__an_overwritten_first_page__costs_nothing(void **state)
{
    struct fixture *f = *state;
    make_closed(f);
    overwrite(f->path, 0, PAGE, 2);
    assert_refused(f);
    assert_salvages_all(f);
}

static void salvage__an_overwritten_first_page__is_in_the_log(void **state)
{
    struct fixture *f = *state;
    make_crashed(f);
    overwrite(f->path, 0, PAGE, 3);
    assert_salvages_all(f);
}

static void salvage__overwritten_middles__cost_what_was_there(void **state)
{
    struct fixture *f = *state;
    size_t n_saved = 0;
    for (uint32_t seed = 0; seed < N_SEEDS; seed++) {
        uint32_t random = seed;
        make_closed(f);
        size_t pages = size_of(f->path) / PAGE;
        size_t at = next_random(&random) % pages * PAGE + next_random(&random) % PAGE;
        overwrite(f->path, at, 1 + next_random(&random) % (2 * PAGE), seed);
        n_saved += salvage_some(f);
    }
    assert_in_range(n_saved, N_SEEDS * N_JOBS / 2, N_SEEDS * N_JOBS);
}

static void salvage__cut_files__cost_what_is_gone(void **state)
{
    static const size_t lengths[] = { 0, 1, 99, 100, 512, PAGE - 1, PAGE, PAGE + 1, 5 * PAGE + 77 };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        make_closed(f);
        cut(f->path, lengths[i]);
        salvage_some(f);
    }
    make_closed(f);
    cut(f->path, size_of(f->path) - 1);
    assert_in_range(salvage_some(f), N_JOBS / 2, N_JOBS);
}

static void salvage__an_empty_file_with_its_log__is_saved_from_the_log(void **state)
{
    struct fixture *f = *state;
    make_crashed(f);
    cut(f->path, 0);
    char *log = with_suffix(f->path, "-wal");
    size_t before = size_of(log);
    assert_refused(f);
    assert_int_equal(size_of(log), before);
    sg_free(log);
    assert_true(salvage_some(f) >= N_JOBS / 2);
}

static void salvage__no_database_at_all__saves_nothing(void **state)
{
    struct fixture *f = *state;
    struct sg_buf content = { 0 };
    for (int i = 0; i < 3000; i++)
        sg_buf_puts(&content, "not a database\n");
    write_file(f->path, &content);
    sg_buf_fini(&content);
    assert_refused(f);
    assert_int_equal(salvage_some(f), 0);
}

static void damage_log(const struct fixture *f, size_t at, size_t n)
{
    char *log = with_suffix(f->path, "-wal");
    overwrite(log, at, n, 5);
    sg_free(log);
}

/* SQLite itself would say nothing and use the log up to the damage. */
static void store__a_damaged_log__is_noticed(void **state)
{
    struct fixture *f = *state;
    make_crashed(f);
    damage_log(f, PAGE * 2, 1);
    assert_refused(f);
}

static void store__a_log_whose_header_is_damaged__counts_as_gone(void **state)
{
    struct fixture *f = *state;
    make_crashed(f);
    damage_log(f, 20, 1);
    open_store(f);
    assert_int_equal(store_trouble(f->store), STORE_LOST_LOG);
}

/* Only what was not flushed can be spoilt by a power cut: the last transaction. */
static void store__a_log_that_a_power_cut_ended__is_no_damage(void **state)
{
    struct fixture *f = *state;
    struct loaded loaded = { 0 };
    make_crashed(f);
    char *log = with_suffix(f->path, "-wal");
    size_t size = size_of(log);
    sg_free(log);
    damage_log(f, size - 100, 100);
    open_store(f);
    assert_int_equal(store_trouble(f->store), STORE_SOUND);
    load(f, &loaded);
    assert_in_range(loaded.n, N_JOBS / 2, N_JOBS);
    fini_loaded(&loaded);
}

static void salvage__a_damaged_log__costs_what_is_behind_the_damage(void **state)
{
    struct fixture *f = *state;
    for (uint32_t seed = 0; seed < N_SEEDS / 2; seed++) {
        uint32_t random = seed;
        make_crashed(f);
        char *log = with_suffix(f->path, "-wal");
        overwrite(log, next_random(&random) % size_of(log), PAGE, seed);
        sg_free(log);
        assert_in_range(salvage_some(f), N_JOBS / 2, N_JOBS);
    }
}

/* The log of a second database that has jobs of its own, beside the first one's file. */
static void salvage__another_databases_log__is_noticed_and_left_out(void **state)
{
    struct fixture *f = *state;
    make_crashed(f);
    char *other = f->path;
    f->path = scratch_path();
    make_closed(f);
    copy_file(other, f->path, "-wal");
    remove_database(other);
    sg_free(other);
    assert_refused(f);
    assert_salvages_all(f);
}

static void salvage__a_removed_job__does_not_come_back(void **state)
{
    struct fixture *f = *state;
    open_store(f);
    fill(f, 1, N_JOBS);
    for (int64_t id = 2; id <= N_JOBS; id++)
        delete_job(f, id);
    close_store(f);
    struct result result;
    salvage(f, &result);
    assert_int_equal(result.loaded.n, 1);
    assert_int_equal(result.loaded.next_id, N_JOBS + MARGIN + 1);
    fini_loaded(&result.loaded);
}

static void salvage__a_job_that_makes_no_sense__is_refused_alone(void **state)
{
    struct fixture *f = *state;
    make_closed(f);
    execute_at(f->path, "UPDATE job SET state = 'sideways' WHERE id = 1");
    execute_at(f->path, "UPDATE job SET url = CAST(x'A5A5' AS TEXT) WHERE id = 2");
    execute_at(f->path, "UPDATE job SET url = NULL WHERE id = 3");
    struct result result;
    salvage(f, &result);
    assert_int_equal(result.found.n_refused, 3);
    assert_int_equal(result.found.n_jobs, N_JOBS - 3);
    assert_int_equal(result.loaded.jobs[0].id, 4);
    fini_loaded(&result.loaded);
}

/* One job that is there twice would write one part file from two sides. */
static void salvage__a_second_job_with_the_same_part_file__is_left_out(void **state)
{
    struct fixture *f = *state;
    make_closed(f);
    execute_at(f->path, "UPDATE job SET part_id_low = 2, part_id_high = (SELECT part_id_high FROM "
                        "job WHERE id = 2), state = 'queued' WHERE id IN (2, 4)");
    execute_at(f->path, "UPDATE job SET part_id_high = 5 WHERE id IN (2, 4)");
    struct result result;
    salvage(f, &result);
    assert_int_equal(result.found.n_jobs, N_JOBS - 1);
    fini_loaded(&result.loaded);
}

static void salvage__a_name_that_is_taken__is_replaced(void **state)
{
    struct fixture *f = *state;
    struct store_salvage found;
    make_closed(f);
    char *fresh = scratch_path();
    struct sg_buf rest = { 0 };
    sg_buf_puts(&rest, "the rest of an interrupted salvage");
    write_file(fresh, &rest);
    sg_buf_fini(&rest);
    assert_int_equal(store_salvage(f->path, fresh, &found, NULL), SG_OK);
    assert_int_equal(found.n_jobs, N_JOBS);
    remove_database(fresh);
    sg_free(fresh);
}

static void salvage__a_place_that_cannot_be_written__leaves_nothing(void **state)
{
    struct fixture *f = *state;
    struct store_salvage found;
    make_closed(f);
    char *fresh = with_suffix(f->path, ".missing/fresh.db");
    assert_int_equal(store_salvage(f->path, fresh, &found, NULL), SG_E_NO_FOLDER);
    sg_free(fresh);
}

/* ---- what is noticed without damage ---- */

static void store__a_log_that_is_gone__is_noticed_and_ids_keep_clear(void **state)
{
    struct fixture *f = *state;
    make_crashed(f);
    char *log = with_suffix(f->path, "-wal");
    assert_int_equal(remove(log), 0);
    sg_free(log);
    struct loaded loaded = { 0 };
    open_store(f);
    assert_int_equal(store_trouble(f->store), STORE_LOST_LOG);
    load(f, &loaded);
    assert_int_equal(loaded.n, N_JOBS / 2);
    assert_int_equal(loaded.next_id, N_JOBS / 2 + MARGIN + 1);
    fini_loaded(&loaded);
    close_store(f);
    open_store(f);
    assert_int_equal(store_trouble(f->store), STORE_SOUND);
}

static void store__an_empty_file__is_noticed_and_ids_keep_clear(void **state)
{
    struct fixture *f = *state;
    struct loaded loaded = { 0 };
    struct sg_buf nothing = { 0 };
    write_file(f->path, &nothing);
    open_store(f);
    assert_int_equal(store_trouble(f->store), STORE_WAS_EMPTY);
    load(f, &loaded);
    assert_int_equal(loaded.next_id, MARGIN + 1);
}

static void store__a_sound_file__is_no_trouble(void **state)
{
    struct fixture *f = *state;
    make_crashed(f);
    open_store(f);
    assert_int_equal(store_trouble(f->store), STORE_SOUND);
    struct loaded loaded = { 0 };
    load(f, &loaded);
    assert_int_equal(loaded.n, N_JOBS);
    assert_int_equal(loaded.next_id, N_JOBS + 1);
    fini_loaded(&loaded);
}

/* A claim that is older than its job's row would tell of bytes of an earlier version. */
static void store__a_claim_about_something_else__counts_as_nothing_done(void **state)
{
    static const char *const changes[] = {
        "UPDATE job SET etag = '\"other\"'", "UPDATE job SET last_modified = 'other'",
        "UPDATE job SET total = total + 1",  "UPDATE job SET restarts = restarts + 1",
        "UPDATE job SET part_id_low = 99",   "UPDATE job SET part_id_high = 99",
        "UPDATE job SET part_volume = 99",
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct loaded loaded = { 0 };
        struct job_record job = make_job(1, NULL, NULL);
        job.total = 1000;
        job.done = 100;
        assert_int_equal(extents_add(&job.extents, 0, 100), SG_OK);
        open_store(f);
        put(f, &job);
        tamper(f, "UPDATE job SET priority = 5");
        load(f, &loaded);
        assert_int_equal(loaded.jobs[0].done, 100);
        fini_loaded(&loaded);
        tamper(f, changes[i]);
        load(f, &loaded);
        assert_int_equal(loaded.n, 1);
        assert_int_equal(loaded.jobs[0].done, 0);
        assert_int_equal(loaded.jobs[0].extents.count, 0);
        fini_loaded(&loaded);
        job_record_fini(&job);
        close_store(f);
        remove_database(f->path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(salvage__a_sound_database__is_saved_whole),
        STORE_TEST(salvage__a_crashed_database__is_saved_with_its_log),
        STORE_TEST(salvage__an_overwritten_header__costs_nothing),
        STORE_TEST(salvage__an_overwritten_first_page__costs_nothing),
        STORE_TEST(salvage__an_overwritten_first_page__is_in_the_log),
        STORE_TEST(salvage__overwritten_middles__cost_what_was_there),
        STORE_TEST(salvage__cut_files__cost_what_is_gone),
        STORE_TEST(salvage__an_empty_file_with_its_log__is_saved_from_the_log),
        STORE_TEST(salvage__no_database_at_all__saves_nothing),
        STORE_TEST(salvage__a_damaged_log__costs_what_is_behind_the_damage),
        STORE_TEST(salvage__another_databases_log__is_noticed_and_left_out),
        STORE_TEST(salvage__a_removed_job__does_not_come_back),
        STORE_TEST(salvage__a_job_that_makes_no_sense__is_refused_alone),
        STORE_TEST(salvage__a_second_job_with_the_same_part_file__is_left_out),
        STORE_TEST(salvage__a_name_that_is_taken__is_replaced),
        STORE_TEST(salvage__a_place_that_cannot_be_written__leaves_nothing),
        STORE_TEST(store__a_log_that_is_gone__is_noticed_and_ids_keep_clear),
        STORE_TEST(store__an_empty_file__is_noticed_and_ids_keep_clear),
        STORE_TEST(store__a_sound_file__is_no_trouble),
        STORE_TEST(store__a_damaged_log__is_noticed),
        STORE_TEST(store__a_log_whose_header_is_damaged__counts_as_gone),
        STORE_TEST(store__a_log_that_a_power_cut_ended__is_no_damage),
        STORE_TEST(store__a_claim_about_something_else__counts_as_nothing_done),
    };
    return cmocka_run_group_tests_name("store_salvage", tests, NULL, NULL);
}
