/* Who waits for another network. */
#include "core/metered.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static enum metered_step step(enum job_state state, enum job_reason reason, enum job_metered own,
                              enum job_metered standard, bool is_metered)
{
    struct job_record record;
    job_record_init(&record);
    record.state = state;
    record.reason = reason;
    record.metered = own;
    return metered_step(&record, standard, is_metered);
}

static void metered__a_job_that_says_nothing__does_what_the_setting_says(void **state)
{
    (void)state;
    static const enum job_metered pause = JOB_METERED_PAUSE;
    static const enum job_metered ignore = JOB_METERED_IGNORE;
    static const enum job_metered as_set = JOB_METERED_AS_SET;
    assert_int_equal(step(JOB_QUEUED, JOB_REASON_NONE, as_set, pause, true), METERED_HOLD);
    assert_int_equal(step(JOB_QUEUED, JOB_REASON_NONE, as_set, ignore, true), METERED_STAY);
    assert_int_equal(step(JOB_QUEUED, JOB_REASON_NONE, as_set, as_set, true), METERED_STAY);
    assert_int_equal(step(JOB_QUEUED, JOB_REASON_NONE, pause, ignore, true), METERED_HOLD);
    assert_int_equal(step(JOB_QUEUED, JOB_REASON_NONE, ignore, pause, true), METERED_STAY);
}

static void metered__every_state__has_its_step(void **state)
{
    (void)state;
    static const enum metered_step on_metered[JOB_STATE_COUNT] = {
        [JOB_QUEUED] = METERED_HOLD, [JOB_ACTIVE] = METERED_STOP
    };
    for (unsigned i = 0; i < JOB_STATE_COUNT; i++) {
        enum job_reason reason = i == JOB_WAITING ? JOB_REASON_METERED : JOB_REASON_NONE;
        enum metered_step on_free = i == JOB_WAITING ? METERED_RELEASE : METERED_STAY;
        enum metered_step found =
            step((enum job_state)i, reason, JOB_METERED_AS_SET, JOB_METERED_PAUSE, true);
        assert_int_equal(found, on_metered[i]);
        found = step((enum job_state)i, reason, JOB_METERED_AS_SET, JOB_METERED_PAUSE, false);
        assert_int_equal(found, on_free);
    }
}

static void metered__a_job_that_waits_for_something_else__goes_on_waiting(void **state)
{
    (void)state;
    for (unsigned i = 0; i < JOB_REASON_COUNT; i++) {
        if (i == JOB_REASON_METERED)
            continue;
        enum metered_step found =
            step(JOB_WAITING, (enum job_reason)i, JOB_METERED_PAUSE, JOB_METERED_PAUSE, false);
        assert_int_equal(found, METERED_STAY);
    }
}

static void metered__a_job_that_may_after_all__is_released_on_the_same_network(void **state)
{
    (void)state;
    enum metered_step found =
        step(JOB_WAITING, JOB_REASON_METERED, JOB_METERED_IGNORE, JOB_METERED_PAUSE, true);
    assert_int_equal(found, METERED_RELEASE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(metered__a_job_that_says_nothing__does_what_the_setting_says),
        cmocka_unit_test(metered__every_state__has_its_step),
        cmocka_unit_test(metered__a_job_that_waits_for_something_else__goes_on_waiting),
        cmocka_unit_test(metered__a_job_that_may_after_all__is_released_on_the_same_network),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
