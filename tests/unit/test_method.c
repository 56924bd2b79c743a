/* The table of methods. */
#include "ipc/wire/method.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void method__every_name__leads_back_to_its_method(void **state)
{
    (void)state;
    for (unsigned i = 0; i < METHOD_COUNT; i++)
        assert_int_equal(method_from_name(method_name((enum method)i)), i);
}

static void method__every_name__is_two_words_with_a_dot(void **state)
{
    (void)state;
    for (unsigned i = 0; i < METHOD_COUNT; i++) {
        const char *name = method_name((enum method)i);
        size_t first = strspn(name, "abcdefghijklmnopqrstuvwxyz");
        assert_in_range(first, 1, strlen(name));
        assert_int_equal(name[first], '.');
        size_t second = strspn(name + first + 1, "abcdefghijklmnopqrstuvwxyz_");
        assert_int_equal(first + 1 + second, strlen(name));
    }
}

static void method__unknown_names__have_none(void **state)
{
    (void)state;
    const char *unknown[] = { "", "job", "job.", "Job.add", "job.add ", "job.adds", "event.job" };
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        assert_int_equal(method_from_name(unknown[i]), METHOD_COUNT);
}

static void method__some_names__are_those_of_protocol(void **state)
{
    (void)state;
    assert_string_equal(method_name(METHOD_DAEMON_INFO), "daemon.info");
    assert_string_equal(method_name(METHOD_JOB_ADD), "job.add");
    assert_string_equal(method_name(METHOD_EVENTS_UNSUBSCRIBE), "events.unsubscribe");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(method__every_name__leads_back_to_its_method),
        cmocka_unit_test(method__every_name__is_two_words_with_a_dot),
        cmocka_unit_test(method__unknown_names__have_none),
        cmocka_unit_test(method__some_names__are_those_of_protocol),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
