/* See store_fixture.h. */
#include "tests/unit/store_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "base/mem.h"
#include "os/clock.h"

enum { DEADLINE_US = 30000000 };

/* ---- a store in a file of its own ---- */

char *scratch_path(void)
{
    const char *folder = getenv("TMPDIR");
    if (folder == NULL)
        folder = getenv("TEMP");
    if (folder == NULL)
        folder = "/tmp";
    struct sg_buf path = { 0 };
    sg_buf_printf(&path, "%s/segue-store-%016llx.db", folder, (unsigned long long)clock_random());
    char *text = sg_buf_take(&path);
    assert_non_null(text);
    return text;
}

char *with_suffix(const char *path, const char *suffix)
{
    struct sg_buf text = { 0 };
    sg_buf_printf(&text, "%s%s", path, suffix);
    char *joined = sg_buf_take(&text);
    assert_non_null(joined);
    return joined;
}

void remove_database(const char *path)
{
    static const char *const suffixes[] = { "", "-wal", "-shm", "-journal" };
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        char *name = with_suffix(path, suffixes[i]);
        remove(name);
        sg_free(name);
    }
}

int store_setup(void **state)
{
    int64_t live_before = sg_mem_live();
    struct fixture *f = sg_alloc(sizeof *f);
    assert_non_null(f);
    f->live_before = live_before;
    f->path = scratch_path();
    assert_int_equal(loop_create(&f->loop, NULL), SG_OK);
    *state = f;
    return 0;
}

int store_teardown(void **state)
{
    struct fixture *f = *state;
    store_close(f->store);
    loop_destroy(f->loop);
    remove_database(f->path);
    sg_free(f->path);
    int64_t live_before = f->live_before;
    sg_free(f);
    assert_int_equal(sg_mem_live(), live_before);
    return 0;
}

void open_store(struct fixture *f)
{
    struct sg_err err = { 0 };
    if (store_open(f->loop, f->path, &f->store, &err) != SG_OK)
        fail_msg("%s", err.message);
}

void close_store(struct fixture *f)
{
    store_close(f->store);
    f->store = NULL;
    loop_turn(f->loop, 0);
}

void on_done(void *ctx, enum sg_status status, const struct sg_err *err)
{
    struct outcome *outcome = ctx;
    outcome->n_calls++;
    outcome->status = status;
    outcome->err = *err;
}

void await(struct fixture *f, const struct outcome *outcome, int n_calls)
{
    uint64_t deadline_us = loop_clock_us(f->loop) + DEADLINE_US;
    while (outcome->n_calls < n_calls) {
        if (loop_clock_us(f->loop) > deadline_us)
            fail_msg("%d of %d calls came back", outcome->n_calls, n_calls);
        loop_turn(f->loop, 100000);
    }
    assert_int_equal(outcome->n_calls, n_calls);
}

/* ---- jobs ---- */

void set(char **field, const char *text)
{
    assert_int_equal(job_record_set(field, text), SG_OK);
}

struct job_record make_job(int64_t id, const char *owner, const char *key)
{
    struct job_record job;
    job_record_init(&job);
    job.id = id;
    set(&job.url, "https://example.org/file.bin");
    set(&job.owner, owner);
    set(&job.key, key);
    return job;
}

enum sg_status put_status(struct fixture *f, const struct job_record *job)
{
    struct outcome outcome = { 0 };
    assert_int_equal(store_put_jobs(f->store, &job, 1, on_done, &outcome), SG_OK);
    await(f, &outcome, 1);
    return outcome.status;
}

void put(struct fixture *f, const struct job_record *job)
{
    assert_int_equal(put_status(f, job), SG_OK);
}

void put_plain(struct fixture *f, int64_t id)
{
    struct job_record job = make_job(id, NULL, NULL);
    put(f, &job);
    job_record_fini(&job);
}

void delete_job(struct fixture *f, int64_t id)
{
    struct outcome outcome = { 0 };
    assert_int_equal(store_delete_job(f->store, id, on_done, &outcome), SG_OK);
    await(f, &outcome, 1);
    assert_int_equal(outcome.status, SG_OK);
}

static bool take_job(void *ctx, struct job_record *record)
{
    struct loaded *loaded = ctx;
    assert_true(loaded->n < MOST_LOADED);
    loaded->jobs[loaded->n++] = *record;
    return loaded->n != loaded->most;
}

void load(struct fixture *f, struct loaded *loaded)
{
    struct sg_err err = { 0 };
    if (store_load_jobs(f->store, take_job, loaded, &loaded->next_id, &loaded->damaged, &err) !=
        SG_OK)
        fail_msg("%s", err.message);
}

void fini_loaded(struct loaded *loaded)
{
    for (size_t i = 0; i < loaded->n; i++)
        job_record_fini(&loaded->jobs[i]);
    *loaded = (struct loaded){ 0 };
}

void assert_ids(struct fixture *f, const char *expected)
{
    struct loaded loaded = { 0 };
    load(f, &loaded);
    struct sg_buf ids = { 0 };
    for (size_t i = 0; i < loaded.n; i++)
        sg_buf_printf(&ids, "%s%lld", i > 0 ? " " : "", (long long)loaded.jobs[i].id);
    char *text = sg_buf_take(&ids);
    assert_string_equal(text, expected);
    sg_free(text);
    fini_loaded(&loaded);
}

bool drop_job(void *ctx, struct job_record *record)
{
    size_t *n = ctx;
    ++*n;
    job_record_fini(record);
    return true;
}

/* ---- a view from outside ---- */

void execute_at(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    char *message = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s", message);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* Closes the store, changes its file behind its back, opens it again. */
void tamper(struct fixture *f, const char *sql)
{
    close_store(f);
    execute_at(f->path, sql);
    open_store(f);
}

int64_t number_at(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(db));
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return number;
}

/* The file's bytes; nothing where there is no such file. */
struct sg_buf read_file(const char *path)
{
    struct sg_buf content = { 0 };
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return content;
    char piece[4096];
    size_t n;
    while ((n = fread(piece, 1, sizeof piece, file)) > 0)
        sg_buf_append(&content, piece, n);
    fclose(file);
    assert_false(content.is_failed);
    return content;
}

void write_file(const char *path, const struct sg_buf *content)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    if (content->length > 0)
        assert_int_equal(fwrite(content->data, 1, content->length, file), content->length);
    assert_int_equal(fclose(file), 0);
}

void copy_file(const char *from, const char *to, const char *suffix)
{
    char *source = with_suffix(from, suffix);
    char *target = with_suffix(to, suffix);
    struct sg_buf content = read_file(source);
    if (content.length > 0)
        write_file(target, &content);
    sg_buf_fini(&content);
    sg_free(source);
    sg_free(target);
}

/* ---- every field ---- */

/* The number of values that a field's type has; 0 for plain numbers. */
/* clang-format off */
#define COUNT_OF(field)                            \
    _Generic((field),                              \
        int64_t: 0,                                \
        enum job_state: JOB_STATE_COUNT,           \
        enum job_reason: JOB_REASON_COUNT,         \
        enum job_if_exists: JOB_IF_EXISTS_COUNT,   \
        enum job_on_change: JOB_ON_CHANGE_COUNT,   \
        enum job_metered: JOB_METERED_COUNT,       \
        enum sg_status: SG_STATUS_COUNT)
/* clang-format on */

static const int64_t sample_numbers[] = { 0, 1, -1, INT64_MAX, INT64_MIN, 1099511627776 };

static int64_t sample_number(unsigned seed, int count)
{
    if (count > 0)
        return seed % (unsigned)count;
    return sample_numbers[seed % (sizeof sample_numbers / sizeof sample_numbers[0])];
}

/* NULL, "", or a text that names the field and is not plain ASCII. */
static void sample_text(char **field, const char *name, unsigned seed)
{
    struct sg_buf text = { 0 };
    if (seed % 3 == 2)
        sg_buf_printf(&text, "%s %u\n\xC3\xA4\xE2\x82\xAC '\"\\", name, seed);
    char *sample = sg_buf_take(&text);
    set(field, seed % 3 == 0 ? NULL : sample);
    sg_free(sample);
}

/* Over the seeds each field takes all its kinds of values, and not the same as its neighbours. */
struct job_record make_sample(unsigned seed)
{
    struct job_record job;
    job_record_init(&job);
    unsigned n = seed;
#define X(field) sample_text(&job.field, #field, n++);
    JOB_TEXT_FIELDS(X)
#undef X
#define X(field, type) job.field = (type)sample_number(n++, COUNT_OF(job.field));
    JOB_NUMBER_FIELDS(X)
#undef X
    if (job.key != NULL)
        sample_text(&job.key, "key", seed * 3 + 2); /* unique */
    job.id = (int64_t)seed + 1;
    job.total = seed % 4 == 0 ? -1 : INT64_MAX - seed;
    job.done = seed % 3 == 0 ? 0 : (int64_t)seed * 1000;
    for (uint64_t i = 0; i < seed % 5; i++)
        assert_int_equal(extents_add(&job.extents, i * 100, i * 100 + 1 + seed), SG_OK);
    return job;
}

static void assert_same_text(const char *field, const char *a, const char *b)
{
    if ((a == NULL) != (b == NULL))
        fail_msg("%s: %s and %s", field, a != NULL ? a : "NULL", b != NULL ? b : "NULL");
    if (a != NULL)
        assert_string_equal(a, b);
}

void assert_same_job(const struct job_record *a, const struct job_record *b)
{
#define X(field) assert_same_text(#field, a->field, b->field);
    JOB_TEXT_FIELDS(X)
#undef X
#define X(field, type)            \
    if (a->field != b->field)     \
        print_error(#field ": "); \
    assert_int_equal(a->field, b->field);
    JOB_NUMBER_FIELDS(X)
#undef X
    assert_true(extents_are_equal(&a->extents, &b->extents));
}
