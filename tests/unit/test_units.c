/* Sizes, rates and times as people write and read them. */
#include "cli/units.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "cli/at.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void size__with_units__is_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t bytes;
    } cases[] = {
        { "0", 0 },
        { "500", 500 },
        { "500B", 500 },
        { "500K", 512000 },
        { "500k", 512000 },
        { "2M", 2097152 },
        { "2MB", 2097152 },
        { "2mib", 2097152 },
        { "1.5G", 1610612736 },
        { "0.5K", 512 },
        { "1.000001M", 1048577 },
        { "8192T", UNITS_BYTES_MAX },
        { "9007199254740992", UNITS_BYTES_MAX },
        { "7.999999P", 9007198128841085 },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t bytes = -1;
        assert_true(units_parse_size(cases[i].text, &bytes));
        assert_int_equal(bytes, cases[i].bytes);
    }
}

static void size__anything_else__is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",      "K",
        "-1",    "+1",
        " 1",    "1 K",
        "1KK",   "1X",
        "1.K",   "1.",
        ".5K",   "1.1234567",
        "1e3",   "0x1",
        "1Ki",   "1iB",
        "9P",    "8.1P",
        "off",   "9007199254740993",
        "1.5.5", "99999999999999999999",
        "1K/s",
    };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        int64_t bytes = 77;
        assert_false(units_parse_size(wrong[i], &bytes));
        assert_int_equal(bytes, 77);
    }
}

static void rate__off_and_per_second__are_read(void **state)
{
    (void)state;
    int64_t bps = -1;
    assert_true(units_parse_rate("off", &bps));
    assert_int_equal(bps, 0);
    assert_true(units_parse_rate("2M/s", &bps));
    assert_int_equal(bps, 2097152);
    assert_true(units_parse_rate("1.5MiB/s", &bps));
    assert_int_equal(bps, 1572864);
    assert_false(units_parse_rate("/s", &bps));
    assert_false(units_parse_rate("on", &bps));
    assert_false(units_parse_rate("1111111111111111111111111111111111111M/s", &bps));
}

static void integer__signs__are_read(void **state)
{
    (void)state;
    int64_t value = 77;
    assert_true(units_parse_integer("-5", &value));
    assert_int_equal(value, -5);
    assert_true(units_parse_integer("+5", &value));
    assert_int_equal(value, 5);
    assert_false(units_parse_integer("--5", &value));
    assert_false(units_parse_integer("", &value));
    assert_false(units_parse_integer("5.0", &value));
    assert_false(units_parse_integer("9007199254740993", &value));
    assert_int_equal(value, 5);
}

static void size__is_written_in_at_most_nine_columns(void **state)
{
    (void)state;
    static const struct {
        int64_t bytes;
        const char *text;
    } cases[] = {
        { -1, "-" },
        { 0, "0 B" },
        { 999, "999 B" },
        { 1000, "1.0 KiB" },
        { 1024, "1.0 KiB" },
        { 1536, "1.5 KiB" },
        { 1023948, "999.9 KiB" },
        { 1023949, "1.0 MiB" },
        { 24536678, "23.4 MiB" },
        { 5368709120, "5.0 GiB" },
        { UNITS_BYTES_MAX, "8.0 PiB" },
    };
    char text[UNITS_TEXT_SIZE];
    for (size_t i = 0; i < COUNT(cases); i++) {
        units_format_size(cases[i].bytes, text);
        assert_string_equal(text, cases[i].text);
    }
    units_format_rate(24536678, text);
    assert_string_equal(text, "23.4 MiB/s");
    units_format_rate(-1, text);
    assert_string_equal(text, "-");
}

static void duration__is_written_by_its_length(void **state)
{
    (void)state;
    static const struct {
        int64_t seconds;
        const char *text;
    } cases[] = {
        { -1, "-" },          { 0, "0:00" },          { 7, "0:07" },         { 125, "2:05" },
        { 3599, "59:59" },    { 3600, "1:00:00" },    { 86399, "23:59:59" }, { 86400, "1d 00h" },
        { 273600, "3d 04h" }, { 86400000, "> 999d" },
    };
    char text[UNITS_TEXT_SIZE];
    for (size_t i = 0; i < COUNT(cases); i++) {
        units_format_duration(cases[i].seconds, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void percent__only_all_of_it__is_hundred(void **state)
{
    (void)state;
    char text[UNITS_TEXT_SIZE];
    units_format_percent(0, 3, text);
    assert_string_equal(text, "0%");
    units_format_percent(2, 3, text);
    assert_string_equal(text, "66%");
    units_format_percent(UNITS_BYTES_MAX - 1, UNITS_BYTES_MAX, text);
    assert_string_equal(text, "99%");
    units_format_percent(3, 3, text);
    assert_string_equal(text, "100%");
    units_format_percent(0, 0, text);
    assert_string_equal(text, "100%");
    units_format_percent(5, -1, text);
    assert_string_equal(text, "-");
}

static void time__what_cannot_be_read__is_shown_as_it_is(void **state)
{
    (void)state;
    char text[UNITS_TEXT_SIZE];
    units_format_time(NULL, text);
    assert_string_equal(text, "-");
    units_format_time("soon, and certainly before the end of the year", text);
    assert_string_equal(text, "soon, and certainly before the ");
}

/* ---- points of time ---- */

/* Local time as the C library counts it. */
static int64_t local_ms(int year, int month, int day, int hour, int minute)
{
    struct tm local = { .tm_year = year - 1900,
                        .tm_mon = month - 1,
                        .tm_mday = day,
                        .tm_hour = hour,
                        .tm_min = minute,
                        .tm_isdst = -1 };
    return (int64_t)mktime(&local) * 1000;
}

static void assert_at(const char *text, int64_t now_ms, int64_t wanted_ms)
{
    int64_t ms = -1;
    assert_true(at_parse(text, now_ms, &ms));
    assert_int_equal(ms, wanted_ms);
}

static void at__a_zone__is_respected(void **state)
{
    (void)state;
    assert_at("2030-01-31T22:30:00Z", 0, 1896129000000);
    assert_at("2030-01-31T23:30:00+01:00", 0, 1896129000000);
}

static void at__without_a_zone__is_local(void **state)
{
    (void)state;
    assert_at("2030-01-31T22:30", 0, local_ms(2030, 1, 31, 22, 30));
    assert_at("2030-07-31 22:30:00", 0, local_ms(2030, 7, 31, 22, 30));
}

static void at__a_clock__is_its_next_time(void **state)
{
    (void)state;
    int64_t now_ms = local_ms(2030, 12, 31, 12, 0);
    assert_at("12:01", now_ms, local_ms(2030, 12, 31, 12, 1));
    assert_at("12:00", now_ms, local_ms(2031, 1, 1, 12, 0));
    assert_at("00:00:00", now_ms, local_ms(2031, 1, 1, 0, 0));
}

static void at__a_delay__is_added(void **state)
{
    (void)state;
    assert_at("+90s", 1000, 91000);
    assert_at("+15m", 1000, 901000);
    assert_at("+2h", 1000, 7201000);
    assert_at("+1d", 1000, 86401000);
}

static void at__anything_else__is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "now",
        "24:00",
        "12:60",
        "1:00",
        "12:00:60",
        "12",
        "12:00x",
        "+",
        "+5",
        "+h",
        "+5w",
        "+-5s",
        "2030-02-30T12:00",
        "2030-13-01T12:00",
        "2030-00-01T12:00",
        "2030-01-00T12:00",
        "2030-01-01",
        "2030-01-01T",
        "2030-01-01T25:00",
        "+999999999999999d",
    };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        int64_t ms = 77;
        assert_false(at_parse(wrong[i], 1000, &ms));
        assert_int_equal(ms, 77);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(size__with_units__is_read),
        cmocka_unit_test(size__anything_else__is_refused),
        cmocka_unit_test(rate__off_and_per_second__are_read),
        cmocka_unit_test(integer__signs__are_read),
        cmocka_unit_test(size__is_written_in_at_most_nine_columns),
        cmocka_unit_test(duration__is_written_by_its_length),
        cmocka_unit_test(percent__only_all_of_it__is_hundred),
        cmocka_unit_test(time__what_cannot_be_read__is_shown_as_it_is),
        cmocka_unit_test(at__a_zone__is_respected),
        cmocka_unit_test(at__without_a_zone__is_local),
        cmocka_unit_test(at__a_clock__is_its_next_time),
        cmocka_unit_test(at__a_delay__is_added),
        cmocka_unit_test(at__anything_else__is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
