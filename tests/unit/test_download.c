/* Stories of downloads in which the server and the disk do what they should, or say clearly that
 * they will not. */
#include "core/download.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "tests/unit/download_driver.h"

static void assert_done(const struct driver *d, int version)
{
    assert_string_equal(d->outcome.err.message, "");
    assert_int_equal(d->outcome.state, JOB_DONE);
    assert_true(d->is_finished);
    assert_true(driver_has_version(d, version));
}

static void finish(struct driver *d, int version)
{
    assert_true(driver_run(d, 600));
    assert_done(d, version);
    driver_destroy(d);
    assert_int_equal(sg_mem_live(), 0);
}

static void download__one_lane__fetches_the_file(void **state)
{
    (void)state;
    struct driver *d = driver_create(4 * MIB, 1);
    driver_start(d);
    assert_true(driver_run(d, 60));
    assert_int_equal(d->n_requests, 1);
    assert_int_equal(d->most_open, 1);
    finish(d, 0);
}

static void download__four_lanes__fetch_the_file(void **state)
{
    (void)state;
    struct driver *d = driver_create(12 * MIB, 4);
    driver_start(d);
    finish(d, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(download__one_lane__fetches_the_file),
        cmocka_unit_test(download__four_lanes__fetch_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
