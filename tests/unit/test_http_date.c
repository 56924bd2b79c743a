/* Dates in the three forms of HTTP, and what is none. */
#include "core/http_date.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void http_date__three_forms__are_the_same_moment(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
    };
    for (size_t i = 0; i < 3; i++) {
        int64_t wall_ms = 0;
        assert_true(http_date_parse(texts[i], strlen(texts[i]), &wall_ms));
        assert_int_equal(wall_ms, 784111777000);
    }
}

static void http_date__edges__are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t wall_ms;
    } rows[] = {
        { "Thu, 01 Jan 1970 00:00:00 GMT", 0 },
        { "Thu, 29 Feb 2024 23:59:59 GMT", 1709251199000 },
        { "Wed, 31 Dec 1969 23:59:59 GMT", -1000 },
        { "Friday, 31-Dec-99 23:59:60 GMT", 946684800000 },
        { "Tuesday, 01-Jan-30 00:00:00 GMT", 1893456000000 },
        { "Fri, 31 Dec 9999 23:59:59 GMT", 253402300799000 },
        { "Tue, 20 Nov 2029 00:00:00 GMT", 1889827200000 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t wall_ms = 1;
        assert_true(http_date_parse(rows[i].text, strlen(rows[i].text), &wall_ms));
        assert_int_equal(wall_ms, rows[i].wall_ms);
    }
}

static void http_date__anything_else__is_refused_and_changes_nothing(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "0",
        "-1",
        "3600",
        "now",
        "Sun, 06 Nov 1994",
        "08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 PST",
        "Sun, 06 Nov 1994 08:49:37 +0100",
        "Sun, 06 Nov 1994 08:49 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:00 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 32 Nov 1994 08:49:37 GMT",
        "Fri, 30 Feb 2024 08:49:37 GMT",
        "Wed, 29 Feb 2023 08:49:37 GMT",
        "Sun, 06 Nov 01994 08:49:37 GMT",
        "Sun, 06 Nox 1994 08:49:37 GMT",
        "Sun, 06 Nov Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 1995 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT;",
        "1994-11-06T08:49:37Z",
        "Sun, 06 Nov 1994 08:49:37 GMT\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        int64_t wall_ms = 12345;
        if (http_date_parse(texts[i], strlen(texts[i]), &wall_ms))
            fail_msg("read as a date: %s", texts[i]);
        assert_int_equal(wall_ms, 12345);
    }
}

static void http_date__length__is_respected(void **state)
{
    (void)state;
    static const char text[] = "Sun, 06 Nov 1994 08:49:37 GMTgarbage";
    int64_t wall_ms;
    assert_true(http_date_parse(text, 29, &wall_ms));
    assert_false(http_date_parse(text, sizeof text - 1, &wall_ms));
    for (size_t length = 0; length < 25; length++)
        assert_false(http_date_parse(text, length, &wall_ms));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(http_date__three_forms__are_the_same_moment),
        cmocka_unit_test(http_date__edges__are_read),
        cmocka_unit_test(http_date__anything_else__is_refused_and_changes_nothing),
        cmocka_unit_test(http_date__length__is_respected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
