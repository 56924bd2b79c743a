/* Downloads on a machine that sleeps: what becomes of the connections. */
#include "tests/unit/download_story.h"

/* From now on the lanes that are open send nothing. */
static void silence(struct driver *d)
{
    for (int i = 0; i < PLAN_LANES_MAX; i++)
        d->lanes[i].answer.rate_bps = 0;
}

static void download__connections_dead_after_a_sleep__are_made_anew_within_seconds(void **state)
{
    (void)state;
    struct driver *d = driver_create(12 * MIB, 4);
    driver_start(d);
    assert_true(driver_run_to_bytes(d, 4 * MIB));
    silence(d);
    d->now_us += 3600 * (uint64_t)SECOND;
    uint64_t woke_us = d->now_us;
    assert_true(driver_run(d, 60));
    assert_done(d, 0);
    assert_in_range(d->now_us - woke_us, 2 * SECOND, 4 * SECOND);
    assert_int_equal(d->record.attempts, 0);
    release(d);
}

/* A little lay in the system's buffers: it looks as if the connections lived. */
static void download__bytes_from_before_a_sleep__do_not_hide_dead_connections(void **state)
{
    (void)state;
    struct driver *d = driver_create(12 * MIB, 4);
    driver_start(d);
    assert_true(driver_run_to_bytes(d, 4 * MIB));
    uint64_t woke_us = d->now_us;
    driver_wake(d);
    assert_true(driver_turn(d));
    silence(d);
    assert_true(driver_run(d, 60));
    assert_done(d, 0);
    assert_in_range(d->now_us - woke_us, 2 * SECOND, 4 * SECOND);
    release(d);
}

/* What the system tells, although the clock did not see it. */
static void download__told_of_a_sleep__dead_connections_are_made_anew_within_seconds(void **state)
{
    (void)state;
    struct driver *d = driver_create(12 * MIB, 4);
    driver_start(d);
    assert_true(driver_run_to_bytes(d, 4 * MIB));
    silence(d);
    uint64_t woke_us = d->now_us;
    driver_wake(d);
    assert_true(driver_run(d, 60));
    assert_done(d, 0);
    assert_in_range(d->now_us - woke_us, 2 * SECOND, 4 * SECOND);
    release(d);
}

/* Each connection breaks when somebody looks at it, before it gave a byte. */
static void download__connections_broken_by_a_sleep__are_nobodys_failure(void **state)
{
    (void)state;
    struct driver *d = driver_create(12 * MIB, 4);
    d->origin.delay_us = SECOND;
    d->config.retries = 0;
    driver_start(d);
    for (int turn = 0; turn < 10; turn++)
        assert_true(driver_turn(d));
    for (int i = 0; i < 20; i++) { /* probing, at first */
        driver_wake(d);
        for (int lane = 0; lane < PLAN_LANES_MAX; lane++)
            driver_abort_lane(d, lane, SG_E_RESET);
        assert_true(driver_turn(d));
    }
    assert_true(driver_run(d, 60));
    assert_done(d, 0);
    assert_int_equal(d->record.attempts, 0);
    release(d);
}

/* Its connection may live, and all of it would have to be fetched again. */
static void download__without_ranges__has_the_usual_time_after_a_sleep(void **state)
{
    (void)state;
    struct driver *d = driver_create(4 * MIB, 4);
    d->origin.ignores_ranges = true;
    driver_start(d);
    assert_true(driver_run_to_bytes(d, MIB));
    uint64_t rate_bps = d->lanes[0].answer.rate_bps;
    silence(d);
    driver_wake(d);
    for (int turn = 0; turn < 5 * SECOND / DRIVER_TURN_US; turn++)
        assert_true(driver_turn(d));
    d->lanes[0].answer.rate_bps = rate_bps;
    assert_true(driver_run(d, 60));
    assert_done(d, 0);
    assert_int_equal(d->n_requests, 1);
    release(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(download__connections_dead_after_a_sleep__are_made_anew_within_seconds),
        cmocka_unit_test(download__bytes_from_before_a_sleep__do_not_hide_dead_connections),
        cmocka_unit_test(download__told_of_a_sleep__dead_connections_are_made_anew_within_seconds),
        cmocka_unit_test(download__connections_broken_by_a_sleep__are_nobodys_failure),
        cmocka_unit_test(download__without_ranges__has_the_usual_time_after_a_sleep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
