/* The job store's calls: what is committed together, what fails alone, what comes back in which
 * order, what survives closing. Real files, a real loop, the store's real thread; what a test says
 * about the disk it finds in a copy of the files, as a crash would leave them. */
#include <stdio.h>
#include <string.h>

#include <sqlite3.h>

#include "base/mem.h"
#include "tests/unit/store_fixture.h"

enum { DEADLINE_US = 30000000 };

/* What a query would find if the machine stopped now: asked of a copy of the files. */
static int64_t number_after_crash(const struct fixture *f, const char *sql)
{
    char *copy = scratch_path();
    copy_file(f->path, copy, "");
    copy_file(f->path, copy, "-wal");
    int64_t number = number_at(copy, sql);
    remove_database(copy);
    sg_free(copy);
    return number;
}

static uint32_t big_endian(const char *bytes)
{
    uint32_t value = 0;
    for (int i = 0; i < 4; i++)
        value = value << 8 | (uint8_t)bytes[i];
    return value;
}

/* The transactions in the write-ahead log: frames that carry the size of the database and the salt
 * of the log's header (https://www.sqlite.org/fileformat2.html#the_write_ahead_log). */
static int count_commits(const struct fixture *f)
{
    enum { HEADER = 32, FRAME_HEADER = 24, PAGE_SIZE_AT = 8, SALT_AT = 16, SIZE_AT = 4 };
    char *name = with_suffix(f->path, "-wal");
    struct sg_buf wal = read_file(name);
    sg_free(name);
    int commits = 0;
    if (wal.length > HEADER) {
        size_t frame_size = FRAME_HEADER + big_endian(wal.data + PAGE_SIZE_AT);
        for (size_t at = HEADER; at + frame_size <= wal.length; at += frame_size) {
            const char *frame = wal.data + at;
            if (memcmp(frame + 8, wal.data + SALT_AT, 8) == 0 && big_endian(frame + SIZE_AT) > 0)
                commits++;
        }
    }
    sg_buf_fini(&wal);
    return commits;
}

/* The letters of calls in the order in which they came back. */
struct sequence {
    struct outcome outcome;
    char order[16];
};

struct call {
    struct sequence *sequence;
    char letter;
    enum sg_status status;
};

static void on_call_done(void *ctx, enum sg_status status, const struct sg_err *err)
{
    struct call *call = ctx;
    call->status = status;
    call->sequence->order[call->sequence->outcome.n_calls] = call->letter;
    on_done(&call->sequence->outcome, status, err);
}

/* ---- all or none, and who is guilty ---- */

static void store__several_jobs_with_one_that_fails__are_not_put_at_all(void **state)
{
    struct fixture *f = *state;
    open_store(f);
    struct job_record jobs[] = { make_job(1, "me", "a"), make_job(2, "me", "b"),
                                 make_job(3, "me", "a") };
    const struct job_record *pointers[] = { &jobs[0], &jobs[1], &jobs[2] };
    struct outcome outcome = { 0 };
    assert_int_equal(store_put_jobs(f->store, pointers, 3, on_done, &outcome), SG_OK);
    await(f, &outcome, 1);
    assert_int_equal(outcome.status, SG_E_EXISTS);
    assert_int_equal(outcome.err.status, SG_E_EXISTS);
    assert_int_equal(outcome.err.foreign, SQLITE_CONSTRAINT_UNIQUE);
    assert_non_null(strstr(outcome.err.message, "saving job 3"));
    assert_ids(f, "");
    for (size_t i = 0; i < 3; i++)
        job_record_fini(&jobs[i]);
}

static void store__one_call_of_a_group_that_fails__fails_alone(void **state)
{
    struct fixture *f = *state;
    open_store(f);
    struct job_record jobs[] = { make_job(1, "me", "a"), make_job(2, "me", "a"),
                                 make_job(3, "me", "b") };
    struct sequence sequence = { 0 };
    struct call calls[4];
    for (int i = 0; i < 4; i++)
        calls[i] = (struct call){ .sequence = &sequence, .letter = (char)('A' + i) };
    for (int i = 0; i < 3; i++) {
        const struct job_record *job = &jobs[i];
        assert_int_equal(store_put_jobs(f->store, &job, 1, on_call_done, &calls[i]), SG_OK);
    }
    assert_int_equal(store_put_setting(f->store, "retries", "3", on_call_done, &calls[3]), SG_OK);
    await(f, &sequence.outcome, 4);
    assert_string_equal(sequence.order, "ABCD");
    assert_int_equal(calls[0].status, SG_OK);
    assert_int_equal(calls[1].status, SG_E_EXISTS);
    assert_int_equal(calls[2].status, SG_OK);
    assert_int_equal(calls[3].status, SG_OK);
    assert_ids(f, "1 3");
    for (size_t i = 0; i < 3; i++)
        job_record_fini(&jobs[i]);
}

static void store__a_key__is_unique_for_its_owner_only(void **state)
{
    struct fixture *f = *state;
    open_store(f);
    struct job_record mine = make_job(1, "me", "k");
    struct job_record yours = make_job(2, "you", "k");
    struct job_record nobodys = make_job(3, NULL, "k");
    struct job_record nobodys_too = make_job(4, NULL, "k");
    struct job_record keyless = make_job(5, "me", NULL);
    struct job_record keyless_too = make_job(6, "me", NULL);
    put(f, &mine);
    put(f, &mine);
    put(f, &yours);
    put(f, &nobodys);
    assert_int_equal(put_status(f, &nobodys_too), SG_E_EXISTS);
    put(f, &keyless);
    put(f, &keyless_too);
    delete_job(f, 3);
    put(f, &nobodys_too);
    assert_ids(f, "1 2 4 5 6");
    job_record_fini(&mine);
    job_record_fini(&yours);
    job_record_fini(&nobodys);
    job_record_fini(&nobodys_too);
    job_record_fini(&keyless);
    job_record_fini(&keyless_too);
}

static void store__a_job_without_a_positive_id__is_refused(void **state)
{
    struct fixture *f = *state;
    open_store(f);
    struct job_record job = make_job(0, NULL, NULL);
    assert_int_equal(put_status(f, &job), SG_E_INVALID);
    job.id = -1;
    assert_int_equal(put_status(f, &job), SG_E_INVALID);
    assert_ids(f, "");
    job_record_fini(&job);
}

static void store__no_job_at_all__is_put_at_once(void **state)
{
    struct fixture *f = *state;
    open_store(f);
    struct outcome outcome = { 0 };
    assert_int_equal(store_put_jobs(f->store, NULL, 0, on_done, &outcome), SG_OK);
    assert_int_equal(outcome.n_calls, 0);
    await(f, &outcome, 1);
    assert_int_equal(outcome.status, SG_OK);
}

/* ---- commits ---- */

struct look {
    const struct fixture *f;
    struct outcome outcome;
    int64_t n_jobs_on_disk;
};

static void on_done_look(void *ctx, enum sg_status status, const struct sg_err *err)
{
    struct look *look = ctx;
    look->n_jobs_on_disk = number_after_crash(look->f, "SELECT count(*) FROM job");
    on_done(&look->outcome, status, err);
}

static void store__done__comes_after_the_commit(void **state)
{
    struct fixture *f = *state;
    open_store(f);
    struct job_record job = make_job(1, NULL, NULL);
    const struct job_record *pointer = &job;
    struct look look = { .f = f };
    assert_int_equal(store_put_jobs(f->store, &pointer, 1, on_done_look, &look), SG_OK);
    assert_int_equal(look.outcome.n_calls, 0);
    await(f, &look.outcome, 1);
    assert_int_equal(look.outcome.status, SG_OK);
    assert_int_equal(look.n_jobs_on_disk, 1);
    job_record_fini(&job);
}

static void store__calls_of_one_turn__share_a_transaction(void **state)
{
    enum { N_CALLS = 200 };
    struct fixture *f = *state;
    open_store(f);
    put_plain(f, 1);
    int before = count_commits(f);
    struct extents durable = { 0 };
    struct outcome outcome = { 0 };
    for (uint64_t i = 0; i < N_CALLS; i++) {
        assert_int_equal(extents_add(&durable, i * 10, i * 10 + 5), SG_OK);
        assert_int_equal(store_put_progress(f->store, 1, &durable, on_done, &outcome), SG_OK);
    }
    await(f, &outcome, N_CALLS);
    assert_int_equal(count_commits(f), before + 1);

    struct loaded loaded = { 0 };
    load(f, &loaded);
    assert_true(extents_are_equal(&loaded.jobs[0].extents, &durable));
    assert_int_equal(loaded.jobs[0].done, N_CALLS * 5);
    fini_loaded(&loaded);
    extents_fini(&durable);
}

/* The first group is on the thread, or just done, when the others are asked for. */
static void store__calls_made_while_the_thread_is_busy__share_the_next_transaction(void **state)
{
    enum { N_CALLS = 50 };
    struct fixture *f = *state;
    open_store(f);
    int before = count_commits(f);
    struct outcome outcome = { 0 };
    assert_int_equal(store_put_setting(f->store, "n", "0", on_done, &outcome), SG_OK);
    loop_turn(f->loop, DEADLINE_US); /* delivers the kick, which starts the group */
    for (int i = 0; i < N_CALLS; i++)
        assert_int_equal(store_put_setting(f->store, "n", "1", on_done, &outcome), SG_OK);
    await(f, &outcome, 1 + N_CALLS);
    assert_int_equal(count_commits(f), before + 2);
}

struct chain {
    struct fixture *f;
    int left;
    bool is_ended;
};

/* Asks again from inside the callback, and closes the store there in the end. */
static void on_done_again(void *ctx, enum sg_status status, const struct sg_err *err)
{
    (void)err;
    struct chain *chain = ctx;
    assert_int_equal(status, SG_OK);
    if (chain->left-- > 0) {
        assert_int_equal(store_put_setting(chain->f->store, "n", "1", on_done_again, chain), SG_OK);
        return;
    }
    struct store *store = chain->f->store;
    chain->f->store = NULL;
    chain->is_ended = true;
    store_close(store);
}

static void store__a_callback__may_ask_again_and_may_close(void **state)
{
    struct fixture *f = *state;
    open_store(f);
    struct chain chain = { .f = f, .left = 10 };
    assert_int_equal(store_put_setting(f->store, "n", "0", on_done_again, &chain), SG_OK);
    uint64_t deadline_us = loop_clock_us(f->loop) + DEADLINE_US;
    while (!chain.is_ended && loop_clock_us(f->loop) < deadline_us)
        loop_turn(f->loop, 100000);
    assert_true(chain.is_ended);
    loop_turn(f->loop, 0);
    assert_int_equal(number_at(f->path, "SELECT count(*) FROM setting"), 1);
}

/* ---- progress, deletion, ids ---- */

static void store__progress__replaces_ranges_and_nothing_else(void **state)
{
    struct fixture *f = *state;
    open_store(f);
    struct job_record job = make_sample(8);
    put(f, &job);
    struct extents durable = { 0 };
    assert_int_equal(extents_add(&durable, 10, 30), SG_OK);
    assert_int_equal(extents_add(&durable, 50, 51), SG_OK);
    struct outcome outcome = { 0 };
    assert_int_equal(store_put_progress(f->store, job.id, &durable, on_done, &outcome), SG_OK);
    await(f, &outcome, 1);
    assert_int_equal(outcome.status, SG_OK);

    job.done = 21;
    assert_int_equal(extents_copy(&job.extents, &durable), SG_OK);
    struct loaded loaded = { 0 };
    load(f, &loaded);
    assert_int_equal(loaded.n, 1);
    assert_same_job(&loaded.jobs[0], &job);
    fini_loaded(&loaded);
    extents_fini(&durable);
    job_record_fini(&job);
}

static void store__progress_of_a_job_that_is_gone__is_not_found(void **state)
{
    struct fixture *f = *state;
    open_store(f);
    struct extents durable = { 0 };
    assert_int_equal(extents_add(&durable, 0, 10), SG_OK);
    struct outcome outcome = { 0 };
    assert_int_equal(store_put_progress(f->store, 7, &durable, on_done, &outcome), SG_OK);
    await(f, &outcome, 1);
    assert_int_equal(outcome.status, SG_E_NOT_FOUND);
    extents_fini(&durable);
}

static void store__a_deleted_job__takes_all_that_is_its_own_along(void **state)
{
    struct fixture *f = *state;
    open_store(f);
    struct job_record job = make_sample(8);
    set(&job.cookies, "a=b");
    put(f, &job);
    delete_job(f, job.id);
    delete_job(f, job.id);
    assert_ids(f, "");
    close_store(f);
    assert_int_equal(number_at(f->path, "SELECT (SELECT count(*) FROM progress)"
                                        " + (SELECT count(*) FROM secret)"),
                     0);
    job_record_fini(&job);
}

static int64_t next_id(struct fixture *f)
{
    struct loaded loaded = { 0 };
    load(f, &loaded);
    int64_t id = loaded.next_id;
    fini_loaded(&loaded);
    return id;
}

static void store__an_id__is_never_given_again(void **state)
{
    struct fixture *f = *state;
    open_store(f);
    assert_int_equal(next_id(f), 1);
    put_plain(f, 1);
    put_plain(f, 5);
    assert_int_equal(next_id(f), 6);
    delete_job(f, 5);
    assert_int_equal(next_id(f), 6);
    delete_job(f, 1);
    close_store(f);
    open_store(f);
    assert_int_equal(next_id(f), 6);
    put_plain(f, 3);
    assert_int_equal(next_id(f), 6);
}

static void store__reading__ends_when_the_reader_has_enough(void **state)
{
    struct fixture *f = *state;
    open_store(f);
    for (int64_t id = 1; id <= 5; id++)
        put_plain(f, id);
    struct loaded loaded = { .most = 2 };
    load(f, &loaded);
    assert_int_equal(loaded.n, 2);
    assert_int_equal(loaded.jobs[1].id, 2);
    assert_int_equal(loaded.next_id, 6);
    fini_loaded(&loaded);
}

/* ---- settings ---- */

static void append_setting(void *ctx, const char *name, const char *value)
{
    sg_buf_printf(ctx, "%s=%s;", name, value);
}

static void assert_settings(struct fixture *f, const char *expected)
{
    struct sg_buf text = { 0 };
    assert_int_equal(store_load_settings(f->store, append_setting, &text, NULL), SG_OK);
    char *found = sg_buf_take(&text);
    assert_string_equal(found, expected);
    sg_free(found);
}

static void store__settings__are_kept_replaced_and_forgotten(void **state)
{
    struct fixture *f = *state;
    open_store(f);
    assert_settings(f, "");
    struct outcome outcome = { 0 };
    assert_int_equal(store_put_setting(f->store, "limit", "1000", NULL, NULL), SG_OK);
    assert_int_equal(store_put_setting(f->store, "retries", "3", NULL, NULL), SG_OK);
    assert_int_equal(store_put_setting(f->store, "user_agent", "", NULL, NULL), SG_OK);
    assert_int_equal(store_put_setting(f->store, "limit", "2000", NULL, NULL), SG_OK);
    assert_int_equal(store_put_setting(f->store, "retries", NULL, NULL, NULL), SG_OK);
    assert_int_equal(store_put_setting(f->store, "unknown", NULL, on_done, &outcome), SG_OK);
    await(f, &outcome, 1);
    assert_int_equal(outcome.status, SG_OK);
    close_store(f);
    open_store(f);
    assert_settings(f, "limit=2000;user_agent=;");
}

/* ---- closing ---- */

static void store__closing__carries_out_what_was_asked_for(void **state)
{
    struct fixture *f = *state;
    open_store(f);
    struct sequence sequence = { 0 };
    struct call calls[6];
    for (int i = 0; i < 6; i++) {
        calls[i] = (struct call){ .sequence = &sequence, .letter = (char)('A' + i) };
        struct job_record job = make_job(i + 1, NULL, i == 4 ? "k0" : NULL);
        if (i == 0)
            set(&job.key, "k0");
        const struct job_record *pointer = &job;
        assert_int_equal(store_put_jobs(f->store, &pointer, 1, on_call_done, &calls[i]), SG_OK);
        job_record_fini(&job);
        if (i == 2)
            loop_turn(f->loop, DEADLINE_US); /* three are on the thread, three wait */
    }
    store_close(f->store);
    f->store = NULL;
    assert_int_equal(number_at(f->path, "SELECT count(*) FROM job"), 5);
    await(f, &sequence.outcome, 6);
    assert_string_equal(sequence.order, "ABCDEF");
    assert_int_equal(calls[3].status, SG_OK);
    assert_int_equal(calls[4].status, SG_E_EXISTS);
    assert_int_equal(calls[5].status, SG_OK);
}

static void store__closing_before_the_loop_ever_turned__loses_nothing(void **state)
{
    struct fixture *f = *state;
    open_store(f);
    struct outcome outcome = { 0 };
    assert_int_equal(store_put_setting(f->store, "a", "1", on_done, &outcome), SG_OK);
    store_close(f->store);
    f->store = NULL;
    assert_int_equal(outcome.n_calls, 0);
    await(f, &outcome, 1);
    assert_int_equal(outcome.status, SG_OK);
    open_store(f);
    assert_settings(f, "a=1;");
}

static void store__closing__leaves_one_file(void **state)
{
    struct fixture *f = *state;
    open_store(f);
    put_plain(f, 1);
    close_store(f);
    char *wal = with_suffix(f->path, "-wal");
    assert_null(fopen(wal, "rb"));
    sg_free(wal);
}

static void store__no_store__can_be_closed(void **state)
{
    (void)state;
    store_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(store__several_jobs_with_one_that_fails__are_not_put_at_all),
        STORE_TEST(store__one_call_of_a_group_that_fails__fails_alone),
        STORE_TEST(store__a_key__is_unique_for_its_owner_only),
        STORE_TEST(store__a_job_without_a_positive_id__is_refused),
        STORE_TEST(store__no_job_at_all__is_put_at_once),
        STORE_TEST(store__done__comes_after_the_commit),
        STORE_TEST(store__calls_of_one_turn__share_a_transaction),
        STORE_TEST(store__calls_made_while_the_thread_is_busy__share_the_next_transaction),
        STORE_TEST(store__a_callback__may_ask_again_and_may_close),
        STORE_TEST(store__progress__replaces_ranges_and_nothing_else),
        STORE_TEST(store__progress_of_a_job_that_is_gone__is_not_found),
        STORE_TEST(store__a_deleted_job__takes_all_that_is_its_own_along),
        STORE_TEST(store__an_id__is_never_given_again),
        STORE_TEST(store__reading__ends_when_the_reader_has_enough),
        STORE_TEST(store__settings__are_kept_replaced_and_forgotten),
        STORE_TEST(store__closing__carries_out_what_was_asked_for),
        STORE_TEST(store__closing_before_the_loop_ever_turned__loses_nothing),
        STORE_TEST(store__closing__leaves_one_file),
        STORE_TEST(store__no_store__can_be_closed),
    };
    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
