/* Stories of downloads: what servers offer, refuse and get wrong, and what becomes of the file.
 * The disk's stories are in test_download_disk.c, breaking connections in test_download_lanes.c,
 * files that change in test_download_change.c. */
#include "tests/unit/download_story.h"

/* ---- a server that does its best ---- */

static void download__one_lane__needs_one_request(void **state)
{
    (void)state;
    struct driver *d = driver_create(4 * MIB, 1);
    run(d);
    assert_done(d, 0);
    assert_int_equal(d->n_requests, 1);
    assert_int_equal(d->taken_bytes, 4 * MIB);
    release(d);
}

static void download__many_lanes__are_used_and_fetch_each_byte_once(void **state)
{
    (void)state;
    static const int ceilings[] = { 4, 16, PLAN_LANES_MAX };
    for (size_t i = 0; i < sizeof ceilings / sizeof ceilings[0]; i++) {
        struct driver *d = driver_create(12 * MIB, ceilings[i]);
        d->origin.rate_bps = 512 * KIB;
        run(d);
        assert_done(d, 0);
        assert_in_range(d->most_open, 4, ceilings[i]);
        assert_int_equal(d->taken_bytes, 12 * MIB);
        release(d);
    }
}

static void download__file_of_one_byte__is_done(void **state)
{
    (void)state;
    struct driver *d = driver_create(1, 16);
    run(d);
    assert_done(d, 0);
    assert_int_equal(d->n_requests, 1);
    release(d);
}

static void download__empty_file__is_done(void **state)
{
    (void)state;
    for (int has_ranges = 0; has_ranges < 2; has_ranges++) {
        struct driver *d = driver_create(0, 4);
        d->origin.ignores_ranges = !has_ranges;
        run(d);
        assert_done(d, 0);
        assert_int_equal(d->n_requests, 1);
        release(d);
    }
}

static void download__length_unknown__is_done_at_its_end(void **state)
{
    (void)state;
    for (uint64_t total = 0; total <= 3 * MIB; total += 3 * MIB) {
        struct driver *d = driver_create(total, 16);
        d->origin.ignores_ranges = true;
        d->origin.hides_length = true;
        run(d);
        assert_done(d, 0);
        assert_int_equal(d->most_open, 1);
        release(d);
    }
}

static void download__stopped_and_resumed__fetches_the_rest_only(void **state)
{
    (void)state;
    struct driver *d = driver_create(8 * MIB, 4);
    run_part_of(d, 3 * MIB);
    run(d);
    assert_done(d, 0);
    assert_int_equal(d->taken_bytes, 8 * MIB);
    assert_int_equal(d->n_resets, 0);
    release(d);
}

static void download__stopped_in_each_phase__keeps_what_was_written(void **state)
{
    (void)state;
    static const enum download_phase phases[] = {
        DOWNLOAD_PROBING, DOWNLOAD_CREATING,  DOWNLOAD_FETCHING,  DOWNLOAD_DRAINING,
        DOWNLOAD_SYNCING, DOWNLOAD_VERIFYING, DOWNLOAD_FINISHING,
    };
    for (size_t i = 0; i < sizeof phases / sizeof phases[0]; i++) {
        struct driver *d = driver_create(2 * MIB, 4);
        d->write_delay_us = 60 * MS;
        assert_int_equal(job_record_set(&d->record.checksum, "0"), SG_OK);
        driver_start(d);
        assert_true(driver_run_to_phase(d, phases[i]));
        driver_stop(d, JOB_PAUSED);
        assert_true(driver_run(d, 10));
        bool is_too_late = phases[i] == DOWNLOAD_FINISHING;
        assert_int_equal(d->outcome.state, is_too_late ? JOB_DONE : JOB_PAUSED);
        assert_int_equal(d->record.done, d->taken_bytes);
        if (!is_too_late)
            run(d);
        assert_done(d, 0);
        assert_int_equal(d->taken_bytes, 2 * MIB);
        release(d);
    }
}

static void download__stopped_while_reopening__keeps_what_was_written(void **state)
{
    (void)state;
    struct driver *d = driver_create(4 * MIB, 4);
    run_part_of(d, 1 * MIB);
    int64_t done = d->record.done;
    driver_start(d);
    assert_int_equal(d->download.phase, DOWNLOAD_OPENING);
    driver_stop(d, JOB_QUEUED);
    assert_true(driver_run(d, 10));
    assert_int_equal(d->outcome.state, JOB_QUEUED);
    assert_int_equal(d->record.done, done);
    run(d);
    assert_done(d, 0);
    assert_int_equal(d->taken_bytes, 4 * MIB);
    release(d);
}

/* ---- servers without ranges ---- */

static void ignore_range(struct driver *d, int lane, struct answer *answer)
{
    d->origin.ignores_ranges = true;
    driver_answer(d, d->lanes[lane].first, d->lanes[lane].end, true, answer);
}

static void ignore_later_ranges(struct driver *d, int lane, struct answer *answer)
{
    if (d->lanes[lane].first > 0)
        ignore_range(d, lane, answer);
}

static void download__ranges_ignored_at_first__takes_one_lane(void **state)
{
    (void)state;
    struct driver *d = driver_create(4 * MIB, 16);
    d->on_request = ignore_range;
    run(d);
    assert_done(d, 0);
    assert_int_equal(d->n_requests, 1);
    release(d);
}

static void download__ranges_ignored_later__begins_again_with_one_lane(void **state)
{
    (void)state;
    struct driver *d = driver_create(8 * MIB, 16);
    d->on_request = ignore_later_ranges;
    run(d);
    assert_done(d, 0);
    assert_int_equal(d->record.restarts, 0);
    assert_in_range(d->n_requests, 2, 5);
    release(d);
}

static void download__ranges_ignored_on_resume__begins_again(void **state)
{
    (void)state;
    struct driver *d = driver_create(4 * MIB, 4);
    run_part_of(d, 2 * MIB);
    d->origin.ignores_ranges = true;
    run(d);
    assert_done(d, 0);
    assert_int_equal(d->n_resets, 1);
    release(d);
}

/* The beginning of a file whose length the server does not tell looks like all of it. */
static void tell_no_total(struct driver *d, int lane, struct answer *answer)
{
    if (!d->lanes[lane].wants_range)
        return;
    answer->reply.range_total = -1;
    answer->reply.range_last = MIB - 1;
    answer->reply.content_length = MIB;
    answer->body_length = MIB;
}

static void download__part_of_untold_length__is_not_taken_for_the_file(void **state)
{
    (void)state;
    struct driver *d = driver_create(2 * MIB, 4);
    d->on_request = tell_no_total;
    run(d);
    assert_done(d, 0);
    release(d);
}

/* A server that never gets through a file which it cannot continue. */
static void break_in_the_middle(struct driver *d, int lane, struct answer *answer)
{
    (void)d;
    (void)lane;
    answer->body_length /= 2;
    answer->body_end = SG_E_RESET;
}

static void download__no_ranges_and_always_broken__fails_in_the_end(void **state)
{
    (void)state;
    struct driver *d = driver_create(2 * MIB, 4);
    d->origin.ignores_ranges = true;
    d->on_request = break_in_the_middle;
    assert_true(driver_run_job(d, 20, 60));
    assert_failed(d, SG_E_RESET);
    assert_int_equal(d->record.attempts, 11);
    release(d);
}

/* ---- refusals ---- */

static void refuse_second(struct driver *d, int lane, struct answer *answer)
{
    (void)lane;
    if (d->n_open > 1) {
        become(answer, *(const int *)d->ctx);
        answer->reply.retry_after_ms = 0;
    }
}

static void download__more_lanes_refused__goes_on_with_one(void **state)
{
    (void)state;
    int codes[] = { 429, 503 };
    for (size_t i = 0; i < 2; i++) {
        struct driver *d = driver_create(12 * MIB, 16);
        d->on_request = refuse_second;
        d->ctx = &codes[i];
        run(d);
        assert_done(d, 0);
        assert_in_range(d->n_requests, 2, 8);
        assert_int_equal(d->record.attempts, 0);
        release(d);
    }
}

static void refuse_more_than_four(struct driver *d, int lane, struct answer *answer)
{
    (void)lane;
    if (d->n_open > 4)
        answer->failure = SG_E_CONNECT;
}

static void download__fifth_connection_refused__keeps_four(void **state)
{
    (void)state;
    struct driver *d = driver_create(12 * MIB, 16);
    d->origin.rate_bps = 256 * KIB;
    d->on_request = refuse_more_than_four;
    driver_start(d);
    assert_true(driver_run_to_bytes(d, 8 * MIB));
    assert_in_range(d->n_open, 3, 4);
    assert_true(driver_run(d, 60));
    assert_done(d, 0);
    assert_in_range(d->n_requests, 5, 24);
    release(d);
}

static void refuse_all(struct driver *d, int lane, struct answer *answer)
{
    (void)lane;
    become(answer, 503);
    answer->reply.retry_after_ms = *(const int64_t *)d->ctx;
}

static void download__refused_at_first__waits_as_long_as_asked(void **state)
{
    (void)state;
    int64_t retry_after_ms = 7000;
    struct driver *d = driver_create(MIB, 4);
    d->on_request = refuse_all;
    d->ctx = &retry_after_ms;
    run(d);
    assert_waits(d, JOB_REASON_RETRY, SG_E_BUSY);
    assert_int_equal(d->outcome.delay_ms, 7000);
    assert_int_equal(d->n_requests, 1);
    d->on_request = NULL;
    run(d);
    assert_done(d, 0);
    assert_int_equal(d->record.attempts, 0);
    release(d);
}

static void download__always_refused__fails_after_ten_rounds(void **state)
{
    (void)state;
    int64_t at_once = 0;
    struct driver *d = driver_create(MIB, 4);
    d->on_request = refuse_all;
    d->ctx = &at_once;
    uint64_t start_us = d->now_us;
    assert_true(driver_run_job(d, 12, 10));
    assert_failed(d, SG_E_BUSY);
    assert_int_equal(d->n_requests, 11);
    assert_true(d->now_us - start_us > 120 * (uint64_t)SECOND);
    release(d);
}

static void download__refused_on_resume__keeps_everything(void **state)
{
    (void)state;
    int64_t retry_after_ms = -1;
    struct driver *d = driver_create(8 * MIB, 4);
    run_part_of(d, 4 * MIB);
    int64_t done = d->record.done;
    d->on_request = refuse_all;
    d->ctx = &retry_after_ms;
    run(d);
    assert_waits(d, JOB_REASON_RETRY, SG_E_BUSY);
    assert_int_equal(d->record.done, done);
    d->on_request = NULL;
    run(d);
    assert_done(d, 0);
    assert_int_equal(d->taken_bytes, 8 * MIB);
    release(d);
}

static void answer_with_code(struct driver *d, int lane, struct answer *answer)
{
    (void)lane;
    become(answer, *(const int *)d->ctx);
}

static void download__link_expired__waits_for_another(void **state)
{
    (void)state;
    int codes[] = { 403, 404, 410 };
    for (size_t i = 0; i < 3; i++) {
        struct driver *d = driver_create(4 * MIB, 4);
        run_part_of(d, MIB);
        d->on_request = answer_with_code;
        d->ctx = &codes[i];
        run(d);
        assert_waits(d, JOB_REASON_LINK, SG_E_LINK);
        d->on_request = NULL;
        run(d);
        assert_done(d, 0);
        assert_int_equal(d->taken_bytes, 4 * MIB);
        release(d);
    }
}

static void answer_with_page(struct driver *d, int lane, struct answer *answer)
{
    (void)d;
    (void)lane;
    become(answer, 200);
    answer->reply.is_html = true;
    answer->reply.content_length = 5000;
    answer->body_length = 5000;
}

static void download__web_page_on_resume__waits_for_another_link(void **state)
{
    (void)state;
    struct driver *d = driver_create(4 * MIB, 4);
    run_part_of(d, MIB);
    d->on_request = answer_with_page;
    run(d);
    assert_waits(d, JOB_REASON_LINK, SG_E_LINK);
    release(d);
}

static void download__refused_for_good__fails(void **state)
{
    (void)state;
    static const struct {
        int code;
        enum sg_status status;
    } rows[] = { { 404, SG_E_HTTP }, { 403, SG_E_HTTP }, { 401, SG_E_AUTH },
                 { 407, SG_E_AUTH }, { 400, SG_E_HTTP }, { 304, SG_E_HTTP } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int code = rows[i].code;
        struct driver *d = driver_create(MIB, 4);
        d->on_request = answer_with_code;
        d->ctx = &code;
        run(d);
        assert_failed(d, rows[i].status);
        assert_int_equal(d->n_requests, 1);
        release(d);
    }
}

static void download__range_always_unsatisfiable__fails(void **state)
{
    (void)state;
    int code = 416;
    struct driver *d = driver_create(MIB, 4);
    d->on_request = answer_with_code;
    d->ctx = &code;
    run(d);
    assert_failed(d, SG_E_BAD_SERVER);
    assert_in_range(d->n_requests, 2, 4);
    release(d);
}

/* ---- answers that make no sense ---- */

/* `ctx` counts how many requests are answered wrong. */
static void shift_range(struct driver *d, int lane, struct answer *answer)
{
    int *left = d->ctx;
    if (*left == 0 || !d->lanes[lane].wants_range)
        return;
    (*left)--;
    answer->reply.range_first++;
    answer->reply.content_length--;
}

static void download__wrong_range_once__asks_again(void **state)
{
    (void)state;
    int left = 1;
    struct driver *d = driver_create(4 * MIB, 4);
    d->on_request = shift_range;
    d->ctx = &left;
    run(d);
    assert_done(d, 0);
    assert_int_equal(d->taken_bytes, 4 * MIB);
    release(d);
}

static void download__wrong_range_once_in_the_middle__keeps_everything(void **state)
{
    (void)state;
    int left = 2; /* both lanes that are opened first */
    struct driver *d = driver_create(8 * MIB, 4);
    run_part_of(d, 4 * MIB);
    d->on_request = shift_range;
    d->ctx = &left;
    run(d);
    assert_done(d, 0);
    assert_int_equal(d->taken_bytes, 8 * MIB);
    release(d);
}

static void download__wrong_ranges_always__takes_the_whole(void **state)
{
    (void)state;
    int left = 1000;
    for (int is_resumed = 0; is_resumed < 2; is_resumed++) {
        struct driver *d = driver_create(4 * MIB, 4);
        if (is_resumed)
            run_part_of(d, MIB);
        d->on_request = shift_range;
        d->ctx = &left;
        run(d);
        assert_done(d, 0);
        release(d);
    }
    assert_in_range(left, 990, 998);
}

static void encode(struct driver *d, int lane, struct answer *answer)
{
    (void)d;
    (void)lane;
    answer->reply.is_encoded = true;
}

static void download__encoded_body__fails(void **state)
{
    (void)state;
    struct driver *d = driver_create(MIB, 4);
    d->on_request = encode;
    run(d);
    assert_failed(d, SG_E_BAD_SERVER);
    assert_in_range(d->n_requests, 2, 3);
    release(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(download__one_lane__needs_one_request),
        cmocka_unit_test(download__many_lanes__are_used_and_fetch_each_byte_once),
        cmocka_unit_test(download__file_of_one_byte__is_done),
        cmocka_unit_test(download__empty_file__is_done),
        cmocka_unit_test(download__length_unknown__is_done_at_its_end),
        cmocka_unit_test(download__stopped_and_resumed__fetches_the_rest_only),
        cmocka_unit_test(download__stopped_in_each_phase__keeps_what_was_written),
        cmocka_unit_test(download__stopped_while_reopening__keeps_what_was_written),
        cmocka_unit_test(download__ranges_ignored_at_first__takes_one_lane),
        cmocka_unit_test(download__ranges_ignored_later__begins_again_with_one_lane),
        cmocka_unit_test(download__ranges_ignored_on_resume__begins_again),
        cmocka_unit_test(download__part_of_untold_length__is_not_taken_for_the_file),
        cmocka_unit_test(download__no_ranges_and_always_broken__fails_in_the_end),
        cmocka_unit_test(download__more_lanes_refused__goes_on_with_one),
        cmocka_unit_test(download__fifth_connection_refused__keeps_four),
        cmocka_unit_test(download__refused_at_first__waits_as_long_as_asked),
        cmocka_unit_test(download__always_refused__fails_after_ten_rounds),
        cmocka_unit_test(download__refused_on_resume__keeps_everything),
        cmocka_unit_test(download__link_expired__waits_for_another),
        cmocka_unit_test(download__web_page_on_resume__waits_for_another_link),
        cmocka_unit_test(download__refused_for_good__fails),
        cmocka_unit_test(download__range_always_unsatisfiable__fails),
        cmocka_unit_test(download__wrong_range_once__asks_again),
        cmocka_unit_test(download__wrong_range_once_in_the_middle__keeps_everything),
        cmocka_unit_test(download__wrong_ranges_always__takes_the_whole),
        cmocka_unit_test(download__encoded_body__fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
