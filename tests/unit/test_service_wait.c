/* Waiting for a service. */
#include "cli/service_wait.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void wait__checkpoints_that_move__goes_on(void **state)
{
    (void)state;
    struct service_wait wait;
    service_wait_begin(&wait, 1000);
    for (uint32_t i = 1; i < 20; i++)
        assert_true(service_wait_goes_on(&wait, i, 3000, 1000 + i * 9000ULL));
}

static void wait__checkpoint_that_stands_still__ends_after_the_hint(void **state)
{
    (void)state;
    struct service_wait wait;
    service_wait_begin(&wait, 0);
    assert_true(service_wait_goes_on(&wait, 1, 20000, 5000));
    assert_true(service_wait_goes_on(&wait, 1, 20000, 24999));
    assert_false(service_wait_goes_on(&wait, 1, 20000, 25000));
}

static void wait__hint_of_nothing_or_of_hours__is_bounded(void **state)
{
    (void)state;
    struct service_wait wait;
    service_wait_begin(&wait, 0);
    assert_true(service_wait_goes_on(&wait, 0, 0, SERVICE_HINT_MIN_MS - 1));
    assert_false(service_wait_goes_on(&wait, 0, 0, SERVICE_HINT_MIN_MS));
    service_wait_begin(&wait, 0);
    assert_false(service_wait_goes_on(&wait, 0, UINT32_MAX, SERVICE_HINT_MAX_MS));
}

static void wait__checkpoints_for_ever__ends_in_the_end(void **state)
{
    (void)state;
    struct service_wait wait;
    service_wait_begin(&wait, 0);
    assert_true(service_wait_goes_on(&wait, 1, 3000, SERVICE_WAIT_MAX_MS - 1));
    assert_false(service_wait_goes_on(&wait, 2, 3000, SERVICE_WAIT_MAX_MS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wait__checkpoints_that_move__goes_on),
        cmocka_unit_test(wait__checkpoint_that_stands_still__ends_after_the_hint),
        cmocka_unit_test(wait__hint_of_nothing_or_of_hours__is_bounded),
        cmocka_unit_test(wait__checkpoints_for_ever__ends_in_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
