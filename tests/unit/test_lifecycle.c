/* Every pair of states, what a move writes down, and the order of the queue. */
#include "core/lifecycle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

static void lifecycle__every_pair_of_states__is_as_drawn(void **state)
{
    (void)state;
    /* rows: from; columns: to, in the order of JOB_STATE_TABLE:
     * queued active verifying paused waiting done failed cancelled */
    static const char *const table[JOB_STATE_COUNT] = {
        [JOB_QUEUED] = ".x.xx.xx", [JOB_ACTIVE] = "x.xxxxxx",    [JOB_VERIFYING] = "x..xxxxx",
        [JOB_PAUSED] = "x...x.xx", [JOB_WAITING] = "x..x..xx",   [JOB_DONE] = "........",
        [JOB_FAILED] = "x......x", [JOB_CANCELLED] = "x.......",
    };
    for (unsigned from = 0; from < JOB_STATE_COUNT; from++) {
        for (unsigned to = 0; to < JOB_STATE_COUNT; to++) {
            bool may = job_may_move((enum job_state)from, (enum job_state)to);
            if (may != (table[from][to] == 'x'))
                fail_msg("%s to %s: %d", job_state_word((enum job_state)from),
                         job_state_word((enum job_state)to), may);
        }
    }
}

static void lifecycle__every_state__has_a_way_out_or_is_done(void **state)
{
    (void)state;
    for (unsigned from = 0; from < JOB_STATE_COUNT; from++) {
        bool may_be_forgotten = job_state_is_final((enum job_state)from);
        assert_true(may_be_forgotten || job_may_move((enum job_state)from, JOB_CANCELLED));
        assert_false(job_may_move((enum job_state)from, (enum job_state)from));
    }
}

static void lifecycle__moves__keep_times_and_reasons(void **state)
{
    (void)state;
    struct job_record record;
    struct sg_err err = { 0 };
    job_record_init(&record);
    job_move(&record, JOB_ACTIVE, JOB_REASON_NONE, NULL, 100);
    assert_int_equal(record.started_ms, 100);
    assert_int_equal(record.finished_ms, 0);
    sg_err_set(&err, SG_E_BUSY, "busy at the moment");
    job_move(&record, JOB_WAITING, JOB_REASON_RETRY, &err, 200);
    assert_int_equal(record.reason, JOB_REASON_RETRY);
    assert_int_equal(record.error_code, SG_E_BUSY);
    assert_string_equal(record.error_message, "busy at the moment");
    job_move(&record, JOB_QUEUED, JOB_REASON_NONE, NULL, 300);
    assert_int_equal(record.reason, JOB_REASON_NONE);
    assert_int_equal(record.error_code, SG_OK);
    assert_null(record.error_message);
    job_move(&record, JOB_ACTIVE, JOB_REASON_NONE, NULL, 400);
    assert_int_equal(record.started_ms, 100);
    job_move(&record, JOB_FAILED, JOB_REASON_NONE, &(struct sg_err){ .status = SG_E_HTTP }, 500);
    assert_int_equal(record.finished_ms, 500);
    assert_string_equal(record.error_message, sg_status_sentence(SG_E_HTTP));
    job_move(&record, JOB_QUEUED, JOB_REASON_NONE, NULL, 600);
    assert_int_equal(record.finished_ms, 0);
    job_record_fini(&record);
    assert_int_equal(sg_mem_live(), 0);
}

static void lifecycle__memory_runs_out__keeps_the_code(void **state)
{
    (void)state;
    struct job_record record;
    job_record_init(&record);
    sg_mem_fail_after(0);
    job_move(&record, JOB_FAILED, JOB_REASON_NONE, &(struct sg_err){ .status = SG_E_IO }, 1);
    sg_mem_fail_after(UINT64_MAX);
    assert_int_equal(record.state, JOB_FAILED);
    assert_int_equal(record.error_code, SG_E_IO);
    job_record_fini(&record);
}

static uint64_t key_of(int64_t priority, int64_t rank)
{
    struct job_record record;
    job_record_init(&record);
    record.priority = priority;
    record.rank = rank;
    return job_queue_key(&record);
}

static void lifecycle__queue__goes_by_priority_then_rank(void **state)
{
    (void)state;
    static const struct {
        int64_t priority, rank;
    } order[] = {
        { JOB_PRIORITY_MAX, -((int64_t)1 << 49) },
        { JOB_PRIORITY_MAX, 0 },
        { JOB_PRIORITY_MAX, ((int64_t)1 << 49) - 1 },
        { 1, -5 },
        { 0, -JOB_RANK_STEP },
        { 0, -1 },
        { 0, 0 },
        { 0, 1 },
        { 0, JOB_RANK_STEP },
        { 0, JOB_RANK_STEP * (int64_t)1000000 },
        { -1, -JOB_RANK_STEP },
        { JOB_PRIORITY_MIN, -((int64_t)1 << 49) },
        { JOB_PRIORITY_MIN, ((int64_t)1 << 49) - 1 },
    };
    for (size_t i = 1; i < sizeof order / sizeof order[0]; i++)
        assert_true(key_of(order[i - 1].priority, order[i - 1].rank) <
                    key_of(order[i].priority, order[i].rank));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lifecycle__every_pair_of_states__is_as_drawn),
        cmocka_unit_test(lifecycle__every_state__has_a_way_out_or_is_done),
        cmocka_unit_test(lifecycle__moves__keep_times_and_reasons),
        cmocka_unit_test(lifecycle__memory_runs_out__keeps_the_code),
        cmocka_unit_test(lifecycle__queue__goes_by_priority_then_rank),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
