/* Lines of the log, and the ring that keeps the newest. */
#include "daemon/log_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "daemon/log_ring.h"

enum { WHEN_LENGTH = sizeof "1970-01-01T00:00:00.000Z info " - 1 };

static void assert_shown(const char *text, const char *wanted)
{
    char line[LOG_LINE_SIZE];
    size_t length = log_text_format(0, LOG_INFO, text, line);
    assert_int_equal(length, strlen(line));
    assert_memory_equal(line, "1970-01-01T00:00:00.000Z info ", WHEN_LENGTH);
    assert_int_equal(line[length - 1], '\n');
    line[length - 1] = '\0';
    assert_string_equal(line + WHEN_LENGTH, wanted);
}

static void format__plain_text__stays_as_it_is(void **state)
{
    (void)state;
    assert_shown("", "");
    assert_shown("job 3: C:\\new\\t.bin", "job 3: C:\\new\\t.bin");
    assert_shown("gr\xc3\xbc\xc3\x9f dich \xf0\x9f\x98\x80",
                 "gr\xc3\xbc\xc3\x9f dich \xf0\x9f\x98\x80");
}

static void format__what_steers_a_terminal__is_escaped(void **state)
{
    (void)state;
    assert_shown("a\nb\r\nc\td", "a\\nb\\r\\nc\\td");
    assert_shown("\x1b[31mred\x7f", "\\x1b[31mred\\x7f");
    assert_shown("\xc2\x85 next, \xe2\x80\xa8 line", "\\u0085 next, \\u2028 line");
    assert_shown("exe.\xe2\x80\xae"
                 "fdp \xe2\x81\xa6 \xd8\x9c",
                 "exe.\\u202efdp \\u2066 \\u061c");
}

static void format__malformed_bytes__are_shown_as_bytes(void **state)
{
    (void)state;
    assert_shown("\xff\xfe \xc3", "\\xff\\xfe \\xc3");
    assert_shown("\xed\xa0\x80", "\\xed\\xa0\\x80");
}

static void format__too_long_a_text__is_cut_between_characters(void **state)
{
    (void)state;
    char text[2 * LOG_LINE_SIZE];
    char line[LOG_LINE_SIZE];
    for (size_t shift = 0; shift < 8; shift++) {
        memset(text, 'x', shift);
        for (size_t i = shift; i + 4 < sizeof text; i += 3)
            memcpy(text + i, "\xe2\x82\xac", 4);
        size_t length = log_text_format(0, LOG_WARNING, text, line);
        assert_true(length < LOG_LINE_SIZE);
        assert_true(length > LOG_LINE_SIZE - 16);
        assert_string_equal(line + length - 7, "\xe2\x82\xac...\n");
    }
}

static void parse__what_was_formatted__is_read(void **state)
{
    (void)state;
    char line[LOG_LINE_SIZE];
    for (int level = 0; level < LOG_LEVEL_COUNT; level++) {
        struct log_record record;
        log_text_format(1700000000123, (enum log_level)level, "some text", line);
        assert_true(log_text_parse(line, &record));
        assert_int_equal(record.level, level);
        assert_string_equal(record.text, "some text\n");
    }
}

static void parse__anything_else__is_refused(void **state)
{
    (void)state;
    static const char *const others[] = {
        "",
        "info text",
        "2026-11-23T13:01:02.345Z",
        "2026-11-23T13:01:02.345Z info",
        "2026-11-23T13:01:02.345Z loud text",
        "2026-11-23T13:01:02.345Z informational text",
        "2026-11-23T13:01:02.345Xinfo text",
        "cut off: 2026-11-23T13:01:02.345Z info text",
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct log_record record;
        assert_false(log_text_parse(others[i], &record));
    }
}

static void level__words__are_found(void **state)
{
    (void)state;
    assert_int_equal(log_level_find("error"), LOG_ERROR);
    assert_int_equal(log_level_find("debug"), LOG_DEBUG);
    assert_int_equal(log_level_find("Debug"), LOG_LEVEL_COUNT);
    assert_int_equal(log_level_find(""), LOG_LEVEL_COUNT);
}

/* ---- the ring ---- */

static void add(struct log_ring *ring, enum log_level level, const char *text)
{
    log_ring_add(ring, level, text, strlen(text));
}

static void ring__few_lines__are_all_there_in_order(void **state)
{
    (void)state;
    struct log_ring *ring = log_ring_create();
    assert_null(log_ring_next(ring, 0));
    assert_int_equal(log_ring_newest(ring), 0);
    add(ring, LOG_INFO, "one\n");
    add(ring, LOG_ERROR, "two\n");
    add(ring, LOG_INFO, "three\n");
    assert_string_equal(log_ring_next(ring, 0)->text, "one\n");
    assert_string_equal(log_ring_next(ring, 1)->text, "two\n");
    assert_int_equal(log_ring_next(ring, 2)->number, 3);
    assert_null(log_ring_next(ring, 3));
    assert_int_equal(log_ring_before_last(ring, LOG_INFO, 2), 1);
    assert_int_equal(log_ring_before_last(ring, LOG_ERROR, 2), 1);
    assert_int_equal(log_ring_before_last(ring, LOG_DEBUG, 100), 0);
    assert_int_equal(log_ring_before_last(ring, LOG_DEBUG, 0), 3);
    log_ring_destroy(ring);
    assert_int_equal(sg_mem_live(), 0);
}

static void ring__more_lines_than_it_holds__keeps_the_newest(void **state)
{
    (void)state;
    struct log_ring *ring = log_ring_create();
    for (int i = 0; i < 3 * LOG_RING_LINES + 7; i++)
        add(ring, LOG_INFO, "line\n");
    assert_int_equal(log_ring_newest(ring), 3 * LOG_RING_LINES + 7);
    assert_int_equal(log_ring_next(ring, 0)->number, 2 * LOG_RING_LINES + 8);
    log_ring_destroy(ring);
    assert_int_equal(sg_mem_live(), 0);
}

static void ring__long_lines__are_bounded_by_their_bytes(void **state)
{
    (void)state;
    char line[LOG_LINE_SIZE];
    memset(line, 'x', sizeof line);
    struct log_ring *ring = log_ring_create();
    for (int i = 0; i < LOG_RING_LINES; i++)
        log_ring_add(ring, LOG_INFO, line, sizeof line);
    uint64_t oldest = log_ring_next(ring, 0)->number;
    assert_int_equal(LOG_RING_LINES - oldest + 1, LOG_RING_BYTES / LOG_LINE_SIZE);
    log_ring_destroy(ring);
}

static void ring__no_memory_for_a_line__leaves_a_gap(void **state)
{
    (void)state;
    struct log_ring *ring = log_ring_create();
    add(ring, LOG_INFO, "one\n");
    sg_mem_fail_once_after(0);
    add(ring, LOG_INFO, "two\n");
    sg_mem_fail_after(UINT64_MAX);
    add(ring, LOG_INFO, "three\n");
    assert_int_equal(log_ring_next(ring, 1)->number, 3);
    log_ring_destroy(ring);
    assert_int_equal(sg_mem_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(format__plain_text__stays_as_it_is),
        cmocka_unit_test(format__what_steers_a_terminal__is_escaped),
        cmocka_unit_test(format__malformed_bytes__are_shown_as_bytes),
        cmocka_unit_test(format__too_long_a_text__is_cut_between_characters),
        cmocka_unit_test(parse__what_was_formatted__is_read),
        cmocka_unit_test(parse__anything_else__is_refused),
        cmocka_unit_test(level__words__are_found),
        cmocka_unit_test(ring__few_lines__are_all_there_in_order),
        cmocka_unit_test(ring__more_lines_than_it_holds__keeps_the_newest),
        cmocka_unit_test(ring__long_lines__are_bounded_by_their_bytes),
        cmocka_unit_test(ring__no_memory_for_a_line__leaves_a_gap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
