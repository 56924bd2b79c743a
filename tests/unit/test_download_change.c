/* Stories of downloads whose file becomes another one on the server. */
#include "tests/unit/download_driver_internal.h"
#include "tests/unit/download_story.h"

static void download__file_changed__begins_again_and_has_the_new_bytes(void **state)
{
    (void)state;
    struct driver *d = driver_create(8 * MIB, 4);
    d->origin.totals[1] = 6 * MIB;
    driver_start(d);
    assert_true(driver_run_to_bytes(d, 4 * MIB));
    d->origin.version = 1;
    driver_abort_lane(d, 0, SG_E_RESET);
    assert_true(driver_run(d, 60));
    assert_done(d, 1);
    assert_int_equal(d->record.restarts, 1);
    assert_int_equal(d->n_resets, 1);
    release(d);
}

static void download__file_of_same_length_changed__begins_again(void **state)
{
    (void)state;
    struct driver *d = driver_create(4 * MIB, 4);
    run_part_of(d, 2 * MIB);
    d->origin.version = 1;
    run(d);
    assert_done(d, 1);
    assert_int_equal(d->record.restarts, 1);
    release(d);
}

static void download__file_became_empty__is_done_empty(void **state)
{
    (void)state;
    struct driver *d = driver_create(4 * MIB, 4);
    d->origin.totals[1] = 0;
    run_part_of(d, 2 * MIB);
    d->origin.version = 1;
    run(d);
    assert_done(d, 1);
    release(d);
}

static void download__file_changed_but_link_died__keeps_the_old_part(void **state)
{
    (void)state;
    int code = 404;
    struct driver *d = driver_create(4 * MIB, 1);
    run_part_of(d, 2 * MIB);
    int64_t done = d->record.done;
    d->origin.version = 1;
    d->ctx = &code;
    driver_start(d);
    while (d->download.phase != DOWNLOAD_PROBING)
        assert_true(driver_turn(d));
    d->lanes[0].answer.reply.http_status = 404;
    assert_true(driver_run(d, 60));
    assert_waits(d, JOB_REASON_LINK, SG_E_LINK);
    assert_int_equal(d->record.done, done);
    assert_int_equal(d->n_resets, 0);
    d->origin.version = 0;
    run(d);
    assert_done(d, 0);
    assert_int_equal(d->taken_bytes, 4 * MIB);
    release(d);
}

static void download__file_changed_and_may_not__keeps_the_part_and_fails(void **state)
{
    (void)state;
    struct driver *d = driver_create(4 * MIB, 4);
    d->record.on_change = JOB_ON_CHANGE_FAIL;
    run_part_of(d, 2 * MIB);
    int64_t done = d->record.done;
    d->origin.version = 1;
    run(d);
    assert_failed(d, SG_E_CHANGED);
    assert_int_equal(d->record.done, done);
    release(d);
}

static void change_always(struct driver *d, int lane, struct answer *answer)
{
    (void)lane;
    (void)answer;
    if (d->lanes[lane].first > 0)
        d->origin.version = (d->origin.version + 1) % DRIVER_VERSIONS;
}

static void download__file_changes_all_the_time__fails_after_three_restarts(void **state)
{
    (void)state;
    struct driver *d = driver_create(4 * MIB, 4);
    d->on_request = change_always;
    run(d);
    assert_failed(d, SG_E_CHANGED);
    assert_int_equal(d->record.restarts, 3);
    release(d);
}

/* From now on other bytes come under the validators of the first version. */
static void change_secretly(struct driver *d, int lane, struct answer *answer)
{
    (void)lane;
    if (*(const bool *)d->ctx)
        answer->version = 1;
}

/* A job whose content changes so when `*is_secret` is set. */
static struct driver *create_secretive(uint64_t total, int max_lanes, bool *is_secret)
{
    struct driver *d = driver_create(total, max_lanes);
    d->on_request = change_secretly;
    d->has_secrets = true;
    d->ctx = is_secret;
    return d;
}

static void assert_done_with_the_other(const struct driver *d, uint64_t total)
{
    assert_int_equal(d->outcome.state, JOB_DONE);
    assert_memory_equal(d->disk, origin_bytes(1, 0), (size_t)total);
}

static void download__content_changes_secretly__is_found_where_requests_meet(void **state)
{
    (void)state;
    bool is_secret = false;
    struct driver *d = create_secretive(8 * MIB, 4, &is_secret);
    driver_start(d);
    assert_true(driver_run_to_bytes(d, 2 * MIB));
    is_secret = true;
    driver_abort_lane(d, 1, SG_E_RESET);
    assert_true(driver_run(d, 60));
    assert_int_equal(d->record.restarts, 1);
    assert_done_with_the_other(d, 8 * MIB);
    release(d);
}

static void download__content_changed_secretly_between_runs__is_found(void **state)
{
    (void)state;
    bool is_secret = false;
    struct driver *d = create_secretive(4 * MIB, 1, &is_secret);
    run_part_of(d, 2 * MIB);
    is_secret = true;
    run(d);
    assert_int_equal(d->record.restarts, 1);
    assert_done_with_the_other(d, 4 * MIB);
    release(d);
}

static void download__content_changed_secretly_and_may_not__fails_and_claims_nothing(void **state)
{
    (void)state;
    bool is_secret = false;
    struct driver *d = create_secretive(4 * MIB, 4, &is_secret);
    d->record.on_change = JOB_ON_CHANGE_FAIL;
    run_part_of(d, 2 * MIB);
    is_secret = true;
    run(d);
    assert_failed(d, SG_E_CHANGED);
    assert_int_equal(d->record.done, 0);
    assert_int_equal(d->committed.extents.count, 0);
    release(d);
}

/* The power fails before the new version has begun: the mixture must not be believed then. */
static void download__content_changed_secretly__crash__nothing_of_it_is_claimed(void **state)
{
    (void)state;
    bool is_secret = false;
    struct driver *d = create_secretive(4 * MIB, 2, &is_secret);
    run_part_of(d, 2 * MIB);
    assert_true(d->committed.extents.count > 0);
    is_secret = true;
    driver_start(d);
    assert_true(driver_run_to_phase(d, DOWNLOAD_PROBING));
    driver_crash(d);
    assert_int_equal(d->record.extents.count, 0);
    run(d);
    assert_done_with_the_other(d, 4 * MIB);
    release(d);
}

static void download__content_changed_secretly__paused_before_it_was_known__claims_nothing(
    void **state)
{
    (void)state;
    bool is_secret = false;
    struct driver *d = create_secretive(4 * MIB, 1, &is_secret);
    run_part_of(d, 2 * MIB);
    is_secret = true;
    driver_start(d);
    while (!d->download.is_comparing)
        assert_true(driver_turn(d));
    driver_stop(d, JOB_PAUSED);
    assert_true(driver_run(d, 10));
    assert_int_equal(d->outcome.state, JOB_PAUSED);
    assert_int_equal(d->record.extents.count, 0);
    run(d);
    assert_done_with_the_other(d, 4 * MIB);
    release(d);
}

static void download__part_file_was_changed_by_another__is_found(void **state)
{
    (void)state;
    struct driver *d = driver_create(4 * MIB, 1);
    run_part_of(d, 2 * MIB);
    d->disk[d->record.done - 1] ^= 1u;
    driver_start(d);
    assert_true(driver_run_to_phase(d, DOWNLOAD_PROBING));
    assert_true(driver_run(d, 60));
    assert_done(d, 0);
    release(d);
}

static void other_tag(struct driver *d, int lane, struct answer *answer)
{
    static char *const tags[] = { "\"node-1\"", "\"node-2\"", "\"node-3\"" };
    (void)d;
    answer->reply.etag = tags[lane % 3];
}

static void download__nodes_differ_in_tag_and_not_in_content__is_accepted(void **state)
{
    (void)state;
    struct driver *d = driver_create(8 * MIB, 4);
    d->on_request = other_tag;
    run(d);
    assert_int_equal(d->outcome.state, JOB_DONE);
    assert_int_equal(d->record.restarts, 0);
    assert_memory_equal(d->disk, origin_bytes(0, 0), 8 * MIB);
    assert_true(d->compared_bytes >= 2 * SEAM_SIZE);
    release(d);
}

static void download__seam_cannot_be_read__fails_as_any_disk(void **state)
{
    (void)state;
    struct driver *d = driver_create(8 * MIB, 4);
    d->compare = (struct fault){ .status = SG_E_IO };
    run(d);
    assert_failed(d, SG_E_IO);
    release(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(download__content_changes_secretly__is_found_where_requests_meet),
        cmocka_unit_test(download__content_changed_secretly_between_runs__is_found),
        cmocka_unit_test(download__content_changed_secretly_and_may_not__fails_and_claims_nothing),
        cmocka_unit_test(download__content_changed_secretly__crash__nothing_of_it_is_claimed),
        cmocka_unit_test(
            download__content_changed_secretly__paused_before_it_was_known__claims_nothing),
        cmocka_unit_test(download__part_file_was_changed_by_another__is_found),
        cmocka_unit_test(download__nodes_differ_in_tag_and_not_in_content__is_accepted),
        cmocka_unit_test(download__seam_cannot_be_read__fails_as_any_disk),
        cmocka_unit_test(download__file_changed__begins_again_and_has_the_new_bytes),
        cmocka_unit_test(download__file_of_same_length_changed__begins_again),
        cmocka_unit_test(download__file_became_empty__is_done_empty),
        cmocka_unit_test(download__file_changed_but_link_died__keeps_the_old_part),
        cmocka_unit_test(download__file_changed_and_may_not__keeps_the_part_and_fails),
        cmocka_unit_test(download__file_changes_all_the_time__fails_after_three_restarts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
