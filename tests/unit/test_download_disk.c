/* Stories of downloads whose disk fails, and of what is left after a crash. */
#include "tests/unit/download_story.h"

static void download__part_is_gone__begins_again(void **state)
{
    (void)state;
    struct driver *d = driver_create(4 * MIB, 4);
    run_part_of(d, 2 * MIB);
    d->has_part = false;
    driver_start(d);
    assert_true(driver_run_to_phase(d, DOWNLOAD_FETCHING));
    assert_int_equal(d->committed.extents.count, 0); /* nothing of the old part is claimed */
    assert_true(driver_run(d, 60));
    assert_done(d, 0);
    release(d);
}

static void download__part_cannot_be_opened__fails_and_keeps_the_claims(void **state)
{
    (void)state;
    struct driver *d = driver_create(4 * MIB, 4);
    run_part_of(d, 2 * MIB);
    int64_t done = d->record.done;
    d->open = (struct fault){ .status = SG_E_NO_FOLDER, .is_once = true };
    run(d);
    assert_failed(d, SG_E_NO_FOLDER);
    assert_int_equal(d->record.done, done);
    run(d);
    assert_done(d, 0);
    assert_int_equal(d->taken_bytes, 4 * MIB);
    release(d);
}

static void download__part_held_by_others__waits_and_keeps_the_claims(void **state)
{
    (void)state;
    struct driver *d = driver_create(4 * MIB, 4);
    run_part_of(d, 2 * MIB);
    int64_t done = d->record.done;
    d->open = (struct fault){ .status = SG_E_IN_USE, .is_once = true };
    run(d);
    assert_waits(d, JOB_REASON_RETRY, SG_E_IN_USE);
    assert_int_equal(d->record.done, done);
    run(d);
    assert_done(d, 0);
    assert_int_equal(d->taken_bytes, 4 * MIB);
    release(d);
}

static void download__no_room_for_part__waits_for_space(void **state)
{
    (void)state;
    struct driver *d = driver_create(4 * MIB, 4);
    d->create = (struct fault){ .status = SG_E_DISK_FULL, .is_once = true };
    run(d);
    assert_waits(d, JOB_REASON_SPACE, SG_E_DISK_FULL);
    assert_int_equal(d->taken_bytes, 0);
    run(d);
    assert_done(d, 0);
    release(d);
}

static void download__part_cannot_be_made__fails(void **state)
{
    (void)state;
    struct driver *d = driver_create(4 * MIB, 4);
    d->create = (struct fault){ .status = SG_E_NO_FOLDER };
    run(d);
    assert_failed(d, SG_E_NO_FOLDER);
    release(d);
}

static void download__disk_full_on_any_write__waits_and_keeps_the_rest(void **state)
{
    (void)state;
    for (uint64_t after = 0; after < 16; after++) {
        struct driver *d = driver_create(4 * MIB, 4);
        d->write = (struct fault){ .status = SG_E_DISK_FULL, .after = after, .is_once = true };
        run(d);
        assert_waits(d, JOB_REASON_SPACE, SG_E_DISK_FULL);
        assert_true(after < 2 || d->record.done > 0);
        run(d);
        assert_done(d, 0);
        release(d);
    }
}

static void download__write_fails__fails_and_keeps_the_rest(void **state)
{
    (void)state;
    struct driver *d = driver_create(4 * MIB, 4);
    d->write = (struct fault){ .status = SG_E_IO, .after = 5, .is_once = true };
    run(d);
    assert_failed(d, SG_E_IO);
    assert_true(d->record.done > 0);
    run(d);
    assert_done(d, 0);
    release(d);
}

/* What a flush that failed has lost stays lost when the next one succeeds. */
static void fail_flush(uint64_t after)
{
    struct driver *d = driver_create(8 * MIB, 1);
    d->origin.rate_bps = 2 * MIB;
    d->flush = (struct fault){ .status = SG_E_IO, .after = after, .is_once = true };
    run(d);
    assert_failed(d, SG_E_IO);
    assert_true(after == 0 || d->record.done > 0);
    run(d);
    assert_done(d, 0);
    assert_true(d->taken_bytes > 8 * MIB);
    release(d);
}

static void download__any_flush_fails__its_bytes_are_not_claimed(void **state)
{
    (void)state;
    for (uint64_t after = 0; after < 4; after++)
        fail_flush(after);
}

static void download__disk_full_on_flush__waits_for_space(void **state)
{
    (void)state;
    struct driver *d = driver_create(MIB, 1);
    d->flush = (struct fault){ .status = SG_E_DISK_FULL, .is_once = true };
    run(d);
    assert_waits(d, JOB_REASON_SPACE, SG_E_DISK_FULL);
    run(d);
    assert_done(d, 0);
    release(d);
}

static void download__finish_fails__fails_and_works_later(void **state)
{
    (void)state;
    struct driver *d = driver_create(2 * MIB, 4);
    d->finish = (struct fault){ .status = SG_E_EXISTS, .is_once = true };
    run(d);
    assert_failed(d, SG_E_EXISTS);
    assert_int_equal(d->record.done, 2 * MIB);
    int n_requests = d->n_requests;
    run(d);
    assert_done(d, 0);
    assert_int_equal(d->n_requests, n_requests);
    release(d);
}

static void download__create_needs_owner__waits_for_him(void **state)
{
    (void)state;
    struct driver *d = driver_create(MIB, 1);
    d->create = (struct fault){ .status = SG_E_OWNER, .is_once = true };
    run(d);
    assert_waits(d, JOB_REASON_OWNER, SG_E_OWNER);
    run(d);
    assert_done(d, 0);
    release(d);
}

static void download__finish_needs_owner__waits_for_him_with_all_that_came(void **state)
{
    (void)state;
    struct driver *d = driver_create(2 * MIB, 4);
    d->finish = (struct fault){ .status = SG_E_OWNER, .is_once = true };
    run(d);
    assert_waits(d, JOB_REASON_OWNER, SG_E_OWNER);
    assert_int_equal(d->record.done, 2 * MIB);
    int n_requests = d->n_requests;
    run(d);
    assert_done(d, 0);
    assert_int_equal(d->n_requests, n_requests);
    release(d);
}

static void download__digest_is_wrong__fails_and_keeps_the_part(void **state)
{
    (void)state;
    struct driver *d = driver_create(2 * MIB, 4);
    assert_int_equal(job_record_set(&d->record.checksum, "3"), SG_OK);
    run(d);
    assert_failed(d, SG_E_CHECKSUM);
    assert_false(d->is_finished);
    assert_int_equal(d->record.done, 2 * MIB);
    release(d);
}

static void download__digest_is_right__is_done(void **state)
{
    (void)state;
    struct driver *d = driver_create(2 * MIB, 4);
    assert_int_equal(job_record_set(&d->record.checksum, "0"), SG_OK);
    run(d);
    assert_done(d, 0);
    release(d);
}

static void download__stopped_while_wrong_digest_is_made__fails_next_time(void **state)
{
    (void)state;
    struct driver *d = driver_create(2 * MIB, 4);
    assert_int_equal(job_record_set(&d->record.checksum, "3"), SG_OK);
    driver_start(d);
    assert_true(driver_run_to_phase(d, DOWNLOAD_VERIFYING));
    driver_stop(d, JOB_PAUSED);
    assert_true(driver_run(d, 10));
    assert_int_equal(d->outcome.state, JOB_PAUSED);
    run(d);
    assert_failed(d, SG_E_CHECKSUM);
    release(d);
}

/* ---- what the server declares ---- */

static char declared[] = "0"; /* the number of the version it is right for */

static void declare(struct driver *d, int lane, struct answer *answer)
{
    (void)d;
    (void)lane;
    answer->reply.digest = declared;
}

static struct driver *create_declaring(char version)
{
    struct driver *d = driver_create(2 * MIB, 4);
    declared[0] = version;
    d->on_request = declare;
    return d;
}

static void download__declared_digest_is_right__is_done(void **state)
{
    (void)state;
    struct driver *d = create_declaring('0');
    driver_start(d);
    assert_true(driver_run_to_phase(d, DOWNLOAD_VERIFYING));
    assert_string_equal(d->committed.digest, "0");
    assert_true(driver_run(d, 10));
    assert_done(d, 0);
    release(d);
}

static void download__declared_digest_is_wrong__fails_and_is_checked_again(void **state)
{
    (void)state;
    struct driver *d = create_declaring('3');
    run(d);
    assert_failed(d, SG_E_CHECKSUM);
    assert_false(d->is_finished);
    assert_int_equal(d->record.done, 2 * MIB);
    int n_requests = d->n_requests;
    run(d);
    assert_failed(d, SG_E_CHECKSUM);
    assert_int_equal(d->n_requests, n_requests);
    assert_int_equal(d->record.done, 2 * MIB);
    release(d);
}

static void download__both_digests__the_callers_counts(void **state)
{
    (void)state;
    struct driver *d = create_declaring('3');
    assert_int_equal(job_record_set(&d->record.checksum, "0"), SG_OK);
    run(d);
    assert_done(d, 0);
    assert_string_equal(d->record.digest, "3");
    release(d);
    d = create_declaring('0');
    assert_int_equal(job_record_set(&d->record.checksum, "3"), SG_OK);
    run(d);
    assert_failed(d, SG_E_CHECKSUM);
    release(d);
}

static void download__another_version__has_another_digest_or_none(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct driver *d = create_declaring('0');
        run_part_of(d, MIB);
        d->origin.version = 1;
        declared[0] = '1';
        d->on_request = i == 0 ? declare : NULL;
        run(d);
        assert_done(d, 1);
        if (i == 0)
            assert_string_equal(d->record.digest, "1");
        else
            assert_null(d->record.digest);
        release(d);
    }
}

static void download__stopped_while_digest_is_made__gives_it_up_and_keeps_all(void **state)
{
    (void)state;
    struct driver *d = create_declaring('0');
    driver_start(d);
    assert_true(driver_run_to_phase(d, DOWNLOAD_VERIFYING));
    driver_stop(d, JOB_PAUSED);
    d->verify = (struct fault){ .status = SG_E_CANCELLED, .is_once = true };
    assert_true(driver_run(d, 10));
    assert_int_equal(d->outcome.state, JOB_PAUSED);
    assert_int_equal(d->outcome.err.status, SG_OK);
    assert_int_equal(d->record.done, 2 * MIB);
    int n_requests = d->n_requests;
    run(d);
    assert_done(d, 0);
    assert_int_equal(d->n_requests, n_requests);
    release(d);
}

static void download__checkpoints__come_every_second(void **state)
{
    (void)state;
    struct driver *d = driver_create(8 * MIB, 1);
    d->origin.rate_bps = MIB;
    run(d);
    assert_done(d, 0);
    assert_in_range(d->n_checkpoints, 7, 9);
    release(d);
}

static void download__checkpoints__come_after_many_bytes(void **state)
{
    (void)state;
    struct driver *d = driver_create(8 * MIB, 1);
    d->config.checkpoint_interval_us = 1000 * (uint64_t)SECOND;
    d->config.checkpoint_bytes = MIB;
    run(d);
    assert_done(d, 0);
    assert_in_range(d->n_checkpoints, 4, 8);
    release(d);
}

/* Crashes after `turns`; false when the run was over before. */
static bool crash_after(struct driver *d, int turns)
{
    driver_start(d);
    for (int i = 0; i < turns; i++) {
        if (!driver_turn(d))
            return false;
    }
    driver_crash(d);
    return true;
}

static void download__crash_at_any_time__costs_little_and_ends_right(void **state)
{
    (void)state;
    bool has_crashed = true;
    for (int turns = 1; has_crashed; turns += 5) {
        struct driver *d = driver_create(6 * MIB, 4);
        d->origin.rate_bps = MIB;
        has_crashed = crash_after(d, turns);
        uint64_t lost = d->taken_bytes - (uint64_t)d->record.done;
        assert_in_range(lost, 0, 4 * MIB * 3 / 2);
        if (has_crashed)
            run(d);
        assert_done(d, 0);
        assert_int_equal(d->taken_bytes, 6 * MIB + lost);
        release(d);
    }
}

static void download__crash_after_the_file_changed__never_mixes(void **state)
{
    (void)state;
    bool has_crashed = true;
    for (int turns = 1; has_crashed; turns += 3) {
        struct driver *d = driver_create(4 * MIB, 4);
        d->origin.rate_bps = MIB;
        run_part_of(d, 2 * MIB);
        d->origin.version = 1;
        has_crashed = crash_after(d, turns);
        if (has_crashed)
            run(d);
        assert_done(d, 1);
        release(d);
    }
}

static void download__memory_runs_out__ends_cleanly(void **state)
{
    (void)state;
    static struct effects effects;
    static struct download download;
    struct job_record record;
    struct reply reply = { .http_status = 206,
                           .content_length = 100,
                           .has_range = true,
                           .range_last = 99,
                           .range_total = 100,
                           .retry_after_ms = -1 };
    const struct download_config config = { .max_lanes = 4, .retries = 10 };
    job_record_init(&record);
    record.done = 5;
    assert_int_equal(extents_add(&record.extents, 0, 5), SG_OK);
    assert_int_equal(download_init(&download, &record, &config, 1), SG_OK);
    download_step(&download, &(struct event){ .kind = EV_START }, &effects);
    sg_mem_fail_after(0);
    download_step(&download, &(struct event){ .kind = EV_HEAD, .reply = &reply }, &effects);
    sg_mem_fail_after(UINT64_MAX);
    assert_int_equal(download.phase, DOWNLOAD_ENDED);
    assert_int_equal(download.outcome.err.status, SG_E_NOMEM);
    assert_int_equal(record.extents.count, 0); /* they belong to another version than `total` */
    download_fini(&download);
    job_record_fini(&record);
    assert_int_equal(sg_mem_live(), 0);
}

/* Where a volume fills up with zeros what lies before a write, lanes stay near each other. */
static void download__part_file_grows_as_written__lanes_stay_at_its_low_end(void **state)
{
    (void)state;
    for (int is_ascending = 0; is_ascending <= 1; is_ascending++) {
        struct driver *d = driver_create(12 * MIB, 2);
        d->is_ascending = is_ascending;
        run(d);
        assert_done(d, 0);
        if (is_ascending)
            assert_in_range(d->furthest, 1, PLAN_PIECE_ASCENDING + MIB);
        else
            assert_in_range(d->furthest, 6 * MIB, 12 * MIB);
        release(d);
    }
}

static void download__part_file_grows_as_written__resumes_in_pieces(void **state)
{
    (void)state;
    struct driver *d = driver_create(12 * MIB, 2);
    d->is_ascending = true;
    run_part_of(d, MIB);
    run(d);
    assert_done(d, 0);
    assert_int_equal(d->taken_bytes, 12 * MIB);
    assert_in_range(d->furthest, 1, PLAN_PIECE_ASCENDING + MIB);
    release(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(download__part_file_grows_as_written__lanes_stay_at_its_low_end),
        cmocka_unit_test(download__part_file_grows_as_written__resumes_in_pieces),
        cmocka_unit_test(download__part_is_gone__begins_again),
        cmocka_unit_test(download__part_cannot_be_opened__fails_and_keeps_the_claims),
        cmocka_unit_test(download__part_held_by_others__waits_and_keeps_the_claims),
        cmocka_unit_test(download__no_room_for_part__waits_for_space),
        cmocka_unit_test(download__part_cannot_be_made__fails),
        cmocka_unit_test(download__disk_full_on_any_write__waits_and_keeps_the_rest),
        cmocka_unit_test(download__write_fails__fails_and_keeps_the_rest),
        cmocka_unit_test(download__any_flush_fails__its_bytes_are_not_claimed),
        cmocka_unit_test(download__disk_full_on_flush__waits_for_space),
        cmocka_unit_test(download__finish_fails__fails_and_works_later),
        cmocka_unit_test(download__create_needs_owner__waits_for_him),
        cmocka_unit_test(download__finish_needs_owner__waits_for_him_with_all_that_came),
        cmocka_unit_test(download__digest_is_wrong__fails_and_keeps_the_part),
        cmocka_unit_test(download__digest_is_right__is_done),
        cmocka_unit_test(download__stopped_while_wrong_digest_is_made__fails_next_time),
        cmocka_unit_test(download__checkpoints__come_every_second),
        cmocka_unit_test(download__checkpoints__come_after_many_bytes),
        cmocka_unit_test(download__crash_at_any_time__costs_little_and_ends_right),
        cmocka_unit_test(download__crash_after_the_file_changed__never_mixes),
        cmocka_unit_test(download__memory_runs_out__ends_cleanly),
        cmocka_unit_test(download__declared_digest_is_right__is_done),
        cmocka_unit_test(download__declared_digest_is_wrong__fails_and_is_checked_again),
        cmocka_unit_test(download__both_digests__the_callers_counts),
        cmocka_unit_test(download__another_version__has_another_digest_or_none),
        cmocka_unit_test(download__stopped_while_digest_is_made__gives_it_up_and_keeps_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
