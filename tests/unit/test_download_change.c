/* Stories of downloads whose file becomes another one on the server. */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(download__file_changed__begins_again_and_has_the_new_bytes),
        cmocka_unit_test(download__file_of_same_length_changed__begins_again),
        cmocka_unit_test(download__file_became_empty__is_done_empty),
        cmocka_unit_test(download__file_changed_but_link_died__keeps_the_old_part),
        cmocka_unit_test(download__file_changed_and_may_not__keeps_the_part_and_fails),
        cmocka_unit_test(download__file_changes_all_the_time__fails_after_three_restarts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
