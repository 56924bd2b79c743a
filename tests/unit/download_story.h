/* What the stories about downloads share: beginnings and ends. Every function fails the test when
 * things are not so. */
#ifndef SEGUE_TESTS_UNIT_DOWNLOAD_STORY_H
#define SEGUE_TESTS_UNIT_DOWNLOAD_STORY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "tests/unit/download_driver.h"

/* Ends a story; nothing may be left allocated. */
static inline void release(struct driver *d)
{
    driver_destroy(d);
    assert_int_equal(sg_mem_live(), 0);
}

/* The run ended with exactly the version's bytes under its name. */
static inline void assert_done(const struct driver *d, int version)
{
    assert_int_equal(d->outcome.err.status, SG_OK);
    assert_int_equal(d->outcome.state, JOB_DONE);
    assert_true(driver_has_version(d, version));
}

/* The run ended as failed. */
static inline void assert_failed(const struct driver *d, enum sg_status status)
{
    assert_int_equal(d->outcome.state, JOB_FAILED);
    assert_int_equal(d->outcome.err.status, status);
}

/* The run ended as waiting. */
static inline void assert_waits(const struct driver *d, enum job_reason reason,
                                enum sg_status status)
{
    assert_int_equal(d->outcome.state, JOB_WAITING);
    assert_int_equal(d->outcome.reason, reason);
    assert_int_equal(d->outcome.err.status, status);
}

/* One run to its end. */
static inline void run(struct driver *d)
{
    driver_start(d);
    assert_true(driver_run(d, 600));
}

/* A run that is stopped after `bytes`, with everything written kept. */
static inline void run_part_of(struct driver *d, uint64_t bytes)
{
    driver_start(d);
    assert_true(driver_run_to_bytes(d, bytes));
    driver_stop(d, JOB_PAUSED);
    assert_true(driver_run(d, 10));
    assert_int_equal(d->outcome.state, JOB_PAUSED);
    assert_int_equal(d->record.done, d->taken_bytes);
}

/* Makes the answer a bare one with this status and no body. */
static inline void become(struct answer *answer, int http_status)
{
    answer->reply = (struct reply){
        .http_status = http_status, .content_length = -1, .range_total = -1, .retry_after_ms = -1
    };
    answer->body_length = 0;
}

#endif
