/* Stories of downloads whose connections break, fall silent or are slow. */
#include "tests/unit/download_story.h"

static void break_at(struct driver *d, struct answer *answer, enum sg_status status)
{
    uint64_t bytes = *(const uint64_t *)d->ctx;
    if (answer->body_length <= bytes)
        return;
    answer->body_length = bytes;
    answer->body_end = status;
}

static void reset_after(struct driver *d, int lane, struct answer *answer)
{
    (void)lane;
    break_at(d, answer, SG_E_RESET);
}

static void end_after(struct driver *d, int lane, struct answer *answer)
{
    (void)lane;
    break_at(d, answer, SG_OK);
}

static void download__reset_every_mib__is_done_without_a_pause(void **state)
{
    (void)state;
    uint64_t bytes = MIB;
    struct driver *d = driver_create(12 * MIB, 4);
    d->on_request = reset_after;
    d->ctx = &bytes;
    uint64_t start_us = d->now_us;
    run(d);
    assert_done(d, 0);
    assert_int_equal(d->taken_bytes, 12 * MIB);
    assert_in_range(d->now_us - start_us, SECOND / 2, 4 * SECOND);
    release(d);
}

static void download__reset_every_few_bytes__is_done_politely(void **state)
{
    (void)state;
    uint64_t bytes = 10000;
    struct driver *d = driver_create(200000, 4);
    d->on_request = reset_after;
    d->ctx = &bytes;
    uint64_t start_us = d->now_us;
    run(d);
    assert_done(d, 0);
    assert_in_range(d->n_requests, 20, 24);
    assert_in_range(d->now_us - start_us, 3 * (uint64_t)SECOND, 30 * (uint64_t)SECOND);
    release(d);
}

static void download__bodies_end_early__are_continued(void **state)
{
    (void)state;
    uint64_t bytes = 100000;
    struct driver *d = driver_create(4 * MIB, 4);
    d->on_request = end_after;
    d->ctx = &bytes;
    run(d);
    assert_done(d, 0);
    assert_int_equal(d->taken_bytes, 4 * MIB);
    release(d);
}

static void serve_at_most(struct driver *d, int lane, struct answer *answer)
{
    end_after(d, lane, answer);
    if (answer->body_length == 0)
        return;
    answer->reply.range_last = answer->reply.range_first + answer->body_length - 1;
    answer->reply.content_length = (int64_t)answer->body_length;
}

static void download__server_gives_less_than_asked__is_asked_for_the_rest(void **state)
{
    (void)state;
    uint64_t bytes = MIB;
    struct driver *d = driver_create(8 * MIB, 4);
    d->on_request = serve_at_most;
    d->ctx = &bytes;
    run(d);
    assert_done(d, 0);
    assert_int_equal(d->taken_bytes, 8 * MIB);
    release(d);
}

static void fail_request(struct driver *d, int lane, struct answer *answer)
{
    (void)lane;
    answer->failure = *(const enum sg_status *)d->ctx;
}

static void download__request_fails__waits_for_another_round(void **state)
{
    (void)state;
    enum sg_status passing[] = { SG_E_CONNECT, SG_E_RESET, SG_E_DNS, SG_E_TIMEOUT };
    for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++) {
        struct driver *d = driver_create(MIB, 4);
        d->on_request = fail_request;
        d->ctx = &passing[i];
        run(d);
        assert_waits(d, JOB_REASON_RETRY, passing[i]);
        assert_in_range(d->outcome.delay_ms, 750, 1000);
        d->on_request = NULL;
        run(d);
        assert_done(d, 0);
        release(d);
    }
}

static void download__request_fails_for_good__fails(void **state)
{
    (void)state;
    enum sg_status lasting[] = { SG_E_TLS, SG_E_REDIRECT, SG_E_NOMEM };
    for (size_t i = 0; i < sizeof lasting / sizeof lasting[0]; i++) {
        struct driver *d = driver_create(MIB, 4);
        d->on_request = fail_request;
        d->ctx = &lasting[i];
        run(d);
        assert_failed(d, lasting[i]);
        release(d);
    }
}

static void download__no_network__waits_for_one_and_spends_no_attempt(void **state)
{
    (void)state;
    enum sg_status status = SG_E_NETWORK;
    struct driver *d = driver_create(MIB, 4);
    d->on_request = fail_request;
    d->ctx = &status;
    run(d);
    assert_waits(d, JOB_REASON_NETWORK, SG_E_NETWORK);
    assert_int_equal(d->record.attempts, 0);
    release(d);
}

static void fall_silent(struct driver *d, int lane, struct answer *answer)
{
    (void)lane;
    answer->body_length = *(const uint64_t *)d->ctx;
    answer->body_end = SG_PENDING;
}

static void download__server_falls_silent__waits_for_another_round(void **state)
{
    (void)state;
    uint64_t bytes = 1000;
    struct driver *d = driver_create(MIB, 1);
    d->on_request = fall_silent;
    d->ctx = &bytes;
    driver_start(d);
    assert_true(driver_run_to_bytes(d, bytes));
    d->lanes[0].answer.delay_us = 0;
    bytes = 0;
    assert_true(driver_run(d, 60));
    assert_waits(d, JOB_REASON_RETRY, SG_E_STALLED);
    assert_int_equal(d->record.done, 1000);
    release(d);
}

static void never_reply(struct driver *d, int lane, struct answer *answer)
{
    (void)d;
    (void)lane;
    answer->delay_us = UINT64_MAX;
}

static void download__server_never_replies__waits_for_another_round(void **state)
{
    (void)state;
    struct driver *d = driver_create(MIB, 4);
    d->on_request = never_reply;
    uint64_t start_us = d->now_us;
    run(d);
    assert_waits(d, JOB_REASON_RETRY, SG_E_STALLED);
    assert_in_range(d->now_us - start_us, 10 * SECOND, 11 * SECOND);
    release(d);
}

static void download__all_lanes_fall_silent__are_replaced(void **state)
{
    (void)state;
    struct driver *d = driver_create(12 * MIB, 4);
    d->origin.rate_bps = MIB;
    driver_start(d);
    assert_true(driver_run_to_bytes(d, 6 * MIB));
    for (int i = 0; i < PLAN_LANES_MAX; i++) {
        if (!d->lanes[i].is_open)
            continue;
        d->lanes[i].answer.body_length = d->lanes[i].sent;
        d->lanes[i].answer.body_end = SG_PENDING;
    }
    uint64_t start_us = d->now_us;
    assert_true(driver_run(d, 60));
    assert_done(d, 0);
    assert_in_range(d->now_us - start_us, 10 * (uint64_t)SECOND, 16 * (uint64_t)SECOND);
    release(d);
}

/* Makes the lane silent once it has sent all but `left` bytes of its range. */
static void silence_near_end(struct driver *d, int lane, uint64_t left)
{
    const struct plan_lane *range = &d->download.plan.lanes[lane];
    assert_true(d->lanes[lane].is_open);
    assert_true(range->end - range->pos > left);
    d->lanes[lane].answer.body_length = d->lanes[lane].sent + (range->end - range->pos) - left;
    d->lanes[lane].answer.body_end = SG_PENDING;
}

static void download__one_lane_falls_silent__others_do_not_wait_for_it(void **state)
{
    (void)state;
    static const uint64_t left[] = { 20 * KIB, 100 * KIB, 700 * KIB };
    for (size_t i = 0; i < sizeof left / sizeof left[0]; i++) {
        struct driver *d = driver_create(12 * MIB, 4);
        d->origin.rate_bps = MIB;
        driver_start(d);
        assert_true(driver_run_to_bytes(d, 4 * MIB));
        silence_near_end(d, 1, left[i]);
        uint64_t start_us = d->now_us;
        assert_true(driver_run(d, 60));
        assert_done(d, 0);
        assert_in_range(d->now_us - start_us, SECOND, 7 * SECOND);
        release(d);
    }
}

static void slow_second(struct driver *d, int lane, struct answer *answer)
{
    (void)lane;
    if (d->n_requests == 2)
        answer->rate_bps /= 40;
}

static void download__one_lane_is_slow__others_take_its_work(void **state)
{
    (void)state;
    struct driver *d = driver_create(12 * MIB, 4);
    d->origin.rate_bps = MIB;
    d->config.max_lanes = 4;
    d->on_request = slow_second;
    uint64_t start_us = d->now_us;
    run(d);
    assert_done(d, 0);
    assert_in_range(d->now_us - start_us, 3 * SECOND, 6 * SECOND);
    release(d);
}

static void download__lane_held_back__does_not_stall(void **state)
{
    (void)state;
    struct driver *d = driver_create(4 * MIB, 1);
    driver_start(d);
    assert_true(driver_run_to_bytes(d, MIB));
    driver_hold_back(d, 0, true);
    assert_false(driver_run(d, 60));
    assert_int_equal(d->n_requests, 1);
    driver_hold_back(d, 0, false);
    assert_true(driver_run(d, 60));
    assert_done(d, 0);
    assert_int_equal(d->n_requests, 1);
    release(d);
}

static void download__lane_breaks_while_part_is_made__is_asked_for_again(void **state)
{
    (void)state;
    enum sg_status statuses[] = { SG_E_RESET, SG_E_BAD_SERVER };
    for (size_t i = 0; i < 2; i++) {
        struct driver *d = driver_create(2 * MIB, 4);
        d->work_delay_us = 30 * (uint64_t)SECOND;
        driver_start(d);
        assert_true(driver_run_to_phase(d, DOWNLOAD_CREATING));
        driver_abort_lane(d, 0, statuses[i]);
        d->work_delay_us = MS;
        assert_true(driver_run(d, 120));
        assert_done(d, 0);
        assert_int_equal(d->record.attempts, 0);
        release(d);
    }
}

static void download__slow_part__keeps_the_first_request(void **state)
{
    (void)state;
    struct driver *d = driver_create(2 * MIB, 1);
    d->work_delay_us = 30 * (uint64_t)SECOND;
    run(d);
    assert_done(d, 0);
    assert_int_equal(d->n_requests, 1);
    release(d);
}

static void fail_other_lanes(struct driver *d, int lane, struct answer *answer)
{
    if (lane > 0)
        answer->failure = *(const enum sg_status *)d->ctx;
}

/* Lanes that back off must not keep one that works from going on. */
static void download__other_lanes_fail__working_lane_does_all(void **state)
{
    (void)state;
    enum sg_status statuses[] = { SG_E_TIMEOUT, SG_E_CONNECT, SG_E_RESET, SG_E_BAD_SERVER };
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        struct driver *d = driver_create(12 * MIB, 16);
        d->on_request = fail_other_lanes;
        d->ctx = &statuses[i];
        uint64_t start_us = d->now_us;
        run(d);
        assert_done(d, 0);
        assert_int_equal(d->taken_bytes, 12 * MIB);
        assert_in_range(d->now_us - start_us, 3 * SECOND, 5 * SECOND);
        release(d);
    }
}

/* Counts what is asked for beyond the first request. */
static void count_asked(struct driver *d, int lane, struct answer *answer)
{
    if (lane > 0)
        *(uint64_t *)d->ctx += answer->reply.range_last - answer->reply.range_first + 1;
}

/* Who asked for more than it gets has to be cut off, and loses its connection. */
static void download__lanes_opened_together__ask_for_what_each_will_fetch(void **state)
{
    (void)state;
    uint64_t asked = 0;
    struct driver *d = driver_create(12 * MIB, 16);
    d->origin.rate_bps = MIB;
    d->on_request = count_asked;
    d->ctx = &asked;
    driver_start(d);
    download_know(&d->download, 0, &(struct profile){ .useful_lanes = 16 });
    assert_true(driver_run_to_phase(d, DOWNLOAD_FETCHING));
    driver_turn(d);
    assert_int_equal(d->n_open, 16);
    assert_in_range(asked, 11 * MIB, 12 * MIB);
    assert_true(driver_run(d, 600));
    assert_done(d, 0);
    release(d);
}

static void shift_other_lanes(struct driver *d, int lane, struct answer *answer)
{
    (void)d;
    if (lane > 0)
        answer->reply.range_first += 1000;
}

/* The lane that brings bytes is worth more than a new one from the beginning. */
static void download__all_other_answers_are_wrong__the_first_lane_goes_on(void **state)
{
    (void)state;
    struct driver *d = driver_create(4 * MIB, 16);
    d->origin.rate_bps = 256 * KIB; /* and so it brings nothing between two wrong answers */
    d->on_request = shift_other_lanes;
    run(d);
    assert_done(d, 0);
    assert_int_equal(d->taken_bytes, 4 * MIB);
    release(d);
}

static void download__more_lanes_allowed__are_used(void **state)
{
    (void)state;
    struct driver *d = driver_create(12 * MIB, 1);
    d->origin.rate_bps = 256 * KIB;
    driver_start(d);
    assert_true(driver_run_to_bytes(d, MIB));
    assert_int_equal(d->n_open, 1);
    download_set_max_lanes(&d->download, 8);
    assert_true(driver_run_to_bytes(d, 6 * MIB));
    assert_int_equal(d->n_open, 8);
    download_set_max_lanes(&d->download, 2);
    assert_true(driver_run(d, 120));
    assert_done(d, 0);
    release(d);
}

/* Only the first request is served. */
static void serve_once(struct driver *d, int lane, struct answer *answer)
{
    (void)lane;
    if (d->n_requests > 1)
        become(answer, *(const int *)d->ctx);
}

static void download__link_works_once__the_lane_that_has_it_fetches_everything(void **state)
{
    (void)state;
    const int codes[] = { 403, 404, 410, 401, 400 };
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        int code = codes[i];
        struct driver *d = driver_create(12 * MIB, 16);
        d->on_request = serve_once;
        d->ctx = &code;
        run(d);
        assert_done(d, 0);
        assert_in_range(d->n_requests, 2, 4);
        release(d);
    }
}

/* The link has expired, and the server tolerates one connection: the first lane learns of the one,
 * the others of the other. */
static void expire_at_a_busy_server(struct driver *d, int lane, struct answer *answer)
{
    (void)lane;
    become(answer, d->n_open == 1 ? 403 : 503);
    answer->delay_us = d->n_open == 1 ? 10 * MS : 200 * MS;
}

static void download__link_expired_at_a_busy_server__waits_for_another_link(void **state)
{
    (void)state;
    struct driver *d = driver_create(4 * MIB, 4);
    run_part_of(d, 2 * MIB);
    d->on_request = expire_at_a_busy_server;
    run(d);
    assert_waits(d, JOB_REASON_LINK, SG_E_LINK);
    assert_true(d->most_open > 1);
    d->on_request = NULL;
    run(d);
    assert_done(d, 0);
    release(d);
}

/* Further requests are refused, and only after a while: meanwhile the first lane comes to the end
 * of what was left to it. */
static void refuse_others_late(struct driver *d, int lane, struct answer *answer)
{
    serve_once(d, lane, answer);
    if (d->n_requests > 1)
        answer->delay_us = 3 * SECOND;
}

static void download__others_are_refused_late__the_first_lane_takes_back_its_range(void **state)
{
    (void)state;
    int code = 403;
    struct driver *d = driver_create(4 * MIB, 16);
    d->on_request = refuse_others_late;
    d->ctx = &code;
    run(d);
    assert_done(d, 0);
    assert_int_equal(d->taken_bytes, 4 * MIB);
    release(d);
}

static void answer_nothing(struct driver *d, int lane, struct answer *answer)
{
    (void)d;
    (void)lane;
    answer->body_length = 0;
    answer->body_end = SG_PENDING;
}

static void download__many_lanes_without_a_byte__are_a_round(void **state)
{
    (void)state;
    struct driver *d = driver_create(4 * MIB, 16);
    run_part_of(d, 2 * MIB);
    d->on_request = answer_nothing;
    d->config.stall_timeout_us = 2 * SECOND;
    d->config.retries = 2;
    int before = d->n_requests;
    assert_true(driver_run_job(d, 4, 60));
    assert_failed(d, SG_E_STALLED);
    assert_in_range(d->n_requests - before, 3, 3 * 2 * 16);
    release(d);
}

/* The machine slept: what looks like silence was nobody looking. */
static void download__nobody_looked_for_long__is_no_silence(void **state)
{
    (void)state;
    struct driver *d = driver_create(12 * MIB, 4);
    driver_start(d);
    assert_true(driver_run_to_bytes(d, 4 * MIB));
    int before = d->n_requests;
    d->now_us += 3600 * (uint64_t)SECOND;
    assert_true(driver_run(d, 60));
    assert_done(d, 0);
    assert_in_range(d->n_requests - before, 0, 3);
    release(d);
}

static void fail_all_but_first(struct driver *d, int lane, struct answer *answer)
{
    (void)lane;
    if (d->n_requests > 1)
        answer->failure = *(const enum sg_status *)d->ctx;
}

static void download__one_lane_cannot_be_trusted__costs_only_that_lane(void **state)
{
    (void)state;
    const enum sg_status failures[] = { SG_E_TLS, SG_E_REDIRECT, SG_E_BAD_SERVER, SG_E_LIMIT };
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        enum sg_status failure = failures[i];
        struct driver *d = driver_create(12 * MIB, 4);
        d->on_request = fail_all_but_first;
        d->ctx = &failure;
        run(d);
        assert_done(d, 0);
        release(d);
    }
}

static void download__reset_sooner_than_a_seam_is_long__gets_through(void **state)
{
    (void)state;
    uint64_t bytes = 2000;
    struct driver *d = driver_create(40000, 2);
    d->on_request = reset_after;
    d->ctx = &bytes;
    assert_true(driver_run_job(d, 10, 600));
    assert_done(d, 0);
    release(d);
}

static void download__lanes_meet__every_seam_is_compared(void **state)
{
    (void)state;
    struct driver *d = driver_create(12 * MIB, 8);
    run(d);
    assert_done(d, 0);
    /* each request but the one that ends the file has a seam behind it */
    assert_int_equal(d->compared_bytes, (uint64_t)(d->n_requests - 1) * SEAM_SIZE);
    release(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(download__link_works_once__the_lane_that_has_it_fetches_everything),
        cmocka_unit_test(download__link_expired_at_a_busy_server__waits_for_another_link),
        cmocka_unit_test(download__others_are_refused_late__the_first_lane_takes_back_its_range),
        cmocka_unit_test(download__many_lanes_without_a_byte__are_a_round),
        cmocka_unit_test(download__nobody_looked_for_long__is_no_silence),
        cmocka_unit_test(download__one_lane_cannot_be_trusted__costs_only_that_lane),
        cmocka_unit_test(download__reset_sooner_than_a_seam_is_long__gets_through),
        cmocka_unit_test(download__lanes_meet__every_seam_is_compared),
        cmocka_unit_test(download__reset_every_mib__is_done_without_a_pause),
        cmocka_unit_test(download__reset_every_few_bytes__is_done_politely),
        cmocka_unit_test(download__bodies_end_early__are_continued),
        cmocka_unit_test(download__server_gives_less_than_asked__is_asked_for_the_rest),
        cmocka_unit_test(download__request_fails__waits_for_another_round),
        cmocka_unit_test(download__request_fails_for_good__fails),
        cmocka_unit_test(download__no_network__waits_for_one_and_spends_no_attempt),
        cmocka_unit_test(download__server_falls_silent__waits_for_another_round),
        cmocka_unit_test(download__server_never_replies__waits_for_another_round),
        cmocka_unit_test(download__all_lanes_fall_silent__are_replaced),
        cmocka_unit_test(download__one_lane_falls_silent__others_do_not_wait_for_it),
        cmocka_unit_test(download__one_lane_is_slow__others_take_its_work),
        cmocka_unit_test(download__lane_held_back__does_not_stall),
        cmocka_unit_test(download__lane_breaks_while_part_is_made__is_asked_for_again),
        cmocka_unit_test(download__slow_part__keeps_the_first_request),
        cmocka_unit_test(download__other_lanes_fail__working_lane_does_all),
        cmocka_unit_test(download__lanes_opened_together__ask_for_what_each_will_fetch),
        cmocka_unit_test(download__all_other_answers_are_wrong__the_first_lane_goes_on),
        cmocka_unit_test(download__more_lanes_allowed__are_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
