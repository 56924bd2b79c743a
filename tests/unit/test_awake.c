/* Keeping the machine awake, on a machine whose plug tests pull. */
#include "daemon/awake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "os/posix/power_posix.h"

enum { LOOK_MS = 1 };

struct fixture {
    struct loop *loop;
    struct awake *awake;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    power_posix_set_mains(true);
    assert_int_equal(loop_create(&fixture.loop, NULL), SG_OK);
    assert_int_equal(awake_create(fixture.loop, LOOK_MS, &fixture.awake, NULL), SG_OK);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    awake_destroy(fixture->awake);
    assert_int_equal(power_posix_held(), 0);
    loop_destroy(fixture->loop);
    return 0;
}

/* The timer of the next look ends the turn. */
static void look_once(struct fixture *fixture)
{
    loop_turn(fixture->loop, UINT64_MAX);
}

static void awake__a_download_runs__is_held_until_it_ends(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(power_posix_held(), 0);
    awake_want(fixture->awake, true);
    assert_int_equal(power_posix_held(), 1);
    awake_want(fixture->awake, true);
    assert_int_equal(power_posix_held(), 1);
    awake_want(fixture->awake, false);
    assert_int_equal(power_posix_held(), 0);
}

static void awake__on_battery__is_not_held(void **state)
{
    struct fixture *fixture = *state;
    power_posix_set_mains(false);
    awake_want(fixture->awake, true);
    assert_int_equal(power_posix_held(), 0);
}

static void awake__the_plug_is_pulled_and_put_in__is_seen_at_the_next_look(void **state)
{
    struct fixture *fixture = *state;
    awake_want(fixture->awake, true);
    power_posix_set_mains(false);
    look_once(fixture);
    assert_int_equal(power_posix_held(), 0);
    power_posix_set_mains(true);
    look_once(fixture);
    assert_int_equal(power_posix_held(), 1);
}

static void awake__is_destroyed_in_mid_download__lets_go(void **state)
{
    struct fixture *fixture = *state;
    awake_want(fixture->awake, true);
    assert_int_equal(power_posix_held(), 1);
}

static void awake__a_system_without__is_no_failure(void **state)
{
    (void)state;
    awake_want(NULL, true);
    awake_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(awake__a_download_runs__is_held_until_it_ends, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(awake__on_battery__is_not_held, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            awake__the_plug_is_pulled_and_put_in__is_seen_at_the_next_look, set_up, tear_down),
        cmocka_unit_test_setup_teardown(awake__is_destroyed_in_mid_download__lets_go, set_up,
                                        tear_down),
        cmocka_unit_test(awake__a_system_without__is_no_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
