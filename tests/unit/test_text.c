/* Numbers and times as text. */
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void assert_number(const char *text, uint64_t wanted)
{
    uint64_t value = 99;
    assert_true(sg_parse_u64(text, strlen(text), &value));
    assert_true(value == wanted);
}

static void assert_no_number(const char *text)
{
    uint64_t value = 99;
    assert_false(sg_parse_u64(text, strlen(text), &value));
    assert_int_equal(value, 99);
}

static void number__digits__is_read(void **state)
{
    (void)state;
    assert_number("0", 0);
    assert_number("0007", 7);
    assert_number("1234567890", 1234567890);
    assert_number("18446744073709551615", UINT64_MAX);
    uint64_t value = 0;
    assert_true(sg_parse_u64("123456", 3, &value));
    assert_int_equal(value, 123);
}

static void number__anything_else__is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = { "",
                                         "-1",
                                         "+1",
                                         " 1",
                                         "1 ",
                                         "0x1",
                                         "1.0",
                                         "1e3",
                                         "18446744073709551616",
                                         "99999999999999999999",
                                         "184467440737095516150" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_no_number(wrong[i]);
}

static const struct {
    int64_t wall_ms;
    const char *text;
} times[] = {
    { 0, "1970-01-01T00:00:00.000Z" },
    { -1, "1969-12-31T23:59:59.999Z" },
    { 951782400000, "2000-02-29T00:00:00.000Z" },
    { 1709164799999, "2024-02-28T23:59:59.999Z" },
    { 1234567890123, "2009-02-13T23:31:30.123Z" },
    { 4102444800000, "2100-01-01T00:00:00.000Z" },
    { 253402300799999, "9999-12-31T23:59:59.999Z" },
    { -11676096000000, "1600-01-01T00:00:00.000Z" },
};

static void time__known_moments__are_written_and_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        char text[SG_ISO8601_SIZE];
        int64_t wall_ms = 5;
        sg_format_iso8601(times[i].wall_ms, text);
        assert_string_equal(text, times[i].text);
        assert_true(sg_parse_iso8601(text, &wall_ms));
        assert_true(wall_ms == times[i].wall_ms);
    }
}

static void assert_time(const char *text, int64_t wanted_ms)
{
    int64_t wall_ms = 5;
    assert_true(sg_parse_iso8601(text, &wall_ms));
    assert_true(wall_ms == wanted_ms);
}

static void time__other_spellings__are_read(void **state)
{
    (void)state;
    assert_time("1970-01-01T00:00:01Z", 1000);
    assert_time("1970-01-01T00:00:01.5Z", 1500);
    assert_time("1970-01-01T00:00:01.123456789Z", 1123);
    assert_time("1970-01-01T01:00:00+01:00", 0);
    assert_time("1969-12-31T18:30:00-05:30", 0);
    assert_time("1970-01-01T00:00:00+00:00", 0);
}

static void time__anything_else__is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "now",
        "1970-01-01",
        "1970-01-01T00:00:00",
        "1970-01-01 00:00:00Z",
        "1970-01-01T00:00Z",
        "1970-1-1T00:00:00Z",
        "1970-13-01T00:00:00Z",
        "1970-00-01T00:00:00Z",
        "1970-01-00T00:00:00Z",
        "1970-01-32T00:00:00Z",
        "1970-04-31T00:00:00Z",
        "1970-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "1970-12-32T00:00:00Z",
        "1970-01-01T24:00:00Z",
        "1970-01-01T00:60:00Z",
        "1970-01-01T00:00:61Z",
        "1970-01-01T00:00:00.Z",
        "1970-01-01T00:00:00Zx",
        "1970-01-01T00:00:00+0100",
        "1970-01-01T00:00:00+24:00",
        "1970-01-01T00:00:00+01:60",
        "1970-01-01T00:00:00+01:00x",
        "-970-01-01T00:00:00Z",
        "1970-01-01T00:00:00.123",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        int64_t wall_ms = 5;
        if (sg_parse_iso8601(wrong[i], &wall_ms))
            fail_msg("%s was taken for a time", wrong[i]);
        assert_int_equal(wall_ms, 5);
    }
}

static void time__every_cut_of_a_right_one__is_refused(void **state)
{
    (void)state;
    const char *whole = "2026-11-23T13:01:02.345+01:00";
    for (size_t length = 0; length < strlen(whole); length++) {
        char cut[SG_ISO8601_SIZE] = "";
        int64_t wall_ms = 5;
        memcpy(cut, whole, length);
        assert_false(sg_parse_iso8601(cut, &wall_ms));
    }
}

static void days__every_day_of_1000_years__follows_the_one_before(void **state)
{
    (void)state;
    static const unsigned month_days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int64_t wanted = sg_days_from_civil(1600, 1, 1);
    assert_int_equal(sg_days_from_civil(1970, 1, 1), 0);
    for (int64_t year = 1600; year < 2600; year++) {
        bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        for (unsigned month = 1; month <= 12; month++) {
            unsigned n_days = month_days[month - 1] + (month == 2 && is_leap ? 1 : 0);
            for (unsigned day = 1; day <= n_days; day++)
                assert_int_equal(sg_days_from_civil(year, month, day), wanted++);
        }
    }
}

static void equals__ignoring_case__is_about_ascii_letters_only(void **state)
{
    (void)state;
    assert_true(sg_equals_ignoring_case("Content-Length", "content-LENGTH"));
    assert_true(sg_equals_ignoring_case("", ""));
    assert_false(sg_equals_ignoring_case("abc", "abcd"));
    assert_false(sg_equals_ignoring_case("abcd", "abc"));
    assert_false(sg_equals_ignoring_case("a", ""));
    assert_false(sg_equals_ignoring_case("[", "{"));
    assert_false(sg_equals_ignoring_case("@", "`"));
    assert_false(sg_equals_ignoring_case("Ü", "ü"));
    assert_true(sg_equals_ignoring_case("Ü", "Ü"));
}

static void next_line__goes_through_a_text(void **state)
{
    (void)state;
    const char *text = "ab\n\nc";
    size_t length = 0;
    assert_memory_equal(sg_next_line(&text, &length), "ab", 2);
    assert_int_equal(length, 2);
    assert_non_null(sg_next_line(&text, &length));
    assert_int_equal(length, 0);
    assert_string_equal(sg_next_line(&text, &length), "c");
    assert_int_equal(length, 1);
    assert_null(sg_next_line(&text, &length));
    text = "d\n";
    assert_non_null(sg_next_line(&text, &length));
    assert_null(sg_next_line(&text, &length));
    text = NULL;
    assert_null(sg_next_line(&text, &length));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(next_line__goes_through_a_text),
        cmocka_unit_test(number__digits__is_read),
        cmocka_unit_test(number__anything_else__is_refused),
        cmocka_unit_test(time__known_moments__are_written_and_read),
        cmocka_unit_test(time__other_spellings__are_read),
        cmocka_unit_test(time__anything_else__is_refused),
        cmocka_unit_test(time__every_cut_of_a_right_one__is_refused),
        cmocka_unit_test(days__every_day_of_1000_years__follows_the_one_before),
        cmocka_unit_test(equals__ignoring_case__is_about_ascii_letters_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
