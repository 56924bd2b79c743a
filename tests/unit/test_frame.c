/* Lines out of a byte stream: however it is cut into pieces, the lines are the same. */
#include "ipc/wire/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

enum { PIECE = 32 * 1024 };

/* Everything that comes out of a stream as one text: lines with "|" behind them, "!" for too long.
 * */
static void collect(struct frame_reader *reader, struct sg_buf *out)
{
    const char *line;
    size_t length;
    for (;;) {
        enum sg_status status = frame_next(reader, &line, &length);
        if (status == SG_PENDING)
            return;
        if (status == SG_E_TOO_LONG) {
            sg_buf_puts(out, "!");
            continue;
        }
        assert_int_equal(status, SG_OK);
        assert_int_equal(line[length], '\0');
        sg_buf_append(out, line, length);
        sg_buf_puts(out, "|");
    }
}

static void feed(struct frame_reader *reader, const char *bytes, size_t length, struct sg_buf *out)
{
    assert_int_equal(frame_feed(reader, bytes, length), SG_OK);
    collect(reader, out);
}

static void expect_lines(struct frame_reader *reader, struct sg_buf *out, const char *expected)
{
    assert_false(out->is_failed);
    assert_string_equal(out->data != NULL ? out->data : "", expected);
    sg_buf_fini(out);
    frame_fini(reader);
}

static const char STREAM[] = "{\"a\":1}\n\r\n\nx\r\ry\r\n\tz \n\r\r\n0123456789\nrest";
static const char STREAM_LINES[] = "{\"a\":1}|||x\r\ry|\tz |\r|0123456789|";

static void frame__stream_cut_in_two__gives_same_lines(void **state)
{
    (void)state;
    for (size_t at = 0; at < sizeof STREAM; at++) {
        struct frame_reader reader = { 0 };
        struct sg_buf out = { 0 };
        feed(&reader, STREAM, at, &out);
        feed(&reader, STREAM + at, sizeof STREAM - 1 - at, &out);
        expect_lines(&reader, &out, STREAM_LINES);
    }
}

static void frame__stream_cut_in_three__gives_same_lines(void **state)
{
    (void)state;
    for (size_t first = 0; first < sizeof STREAM; first++) {
        for (size_t second = first; second < sizeof STREAM; second++) {
            struct frame_reader reader = { 0 };
            struct sg_buf out = { 0 };
            feed(&reader, STREAM, first, &out);
            feed(&reader, STREAM + first, second - first, &out);
            feed(&reader, STREAM + second, sizeof STREAM - 1 - second, &out);
            expect_lines(&reader, &out, STREAM_LINES);
        }
    }
}

static void frame__bytes_one_by_one__give_same_lines(void **state)
{
    (void)state;
    struct frame_reader reader = { 0 };
    struct sg_buf out = { 0 };
    for (size_t at = 0; at < sizeof STREAM - 1; at++)
        feed(&reader, STREAM + at, 1, &out);
    expect_lines(&reader, &out, STREAM_LINES);
}

static void frame__lines_fed_before_any_is_taken__come_in_order(void **state)
{
    (void)state;
    struct frame_reader reader = { 0 };
    struct sg_buf out = { 0 };
    assert_int_equal(frame_feed(&reader, "one\ntw", 6), SG_OK);
    assert_int_equal(frame_feed(&reader, "o\nthree\n", 8), SG_OK);
    collect(&reader, &out);
    expect_lines(&reader, &out, "one|two|three|");
}

/* `length` times 'x' and then `tail`. */
static char *long_text(size_t length, const char *tail)
{
    char *text = sg_alloc(length + strlen(tail) + 1);
    assert_non_null(text);
    memset(text, 'x', length);
    memcpy(text + length, tail, strlen(tail) + 1);
    return text;
}

static size_t length_of_only_line(const char *text, size_t first_piece)
{
    struct frame_reader reader = { 0 };
    const char *line;
    size_t length = 0;
    size_t total = strlen(text);
    assert_int_equal(frame_feed(&reader, text, first_piece), SG_OK);
    if (first_piece < total) {
        assert_int_equal(frame_next(&reader, &line, &length), SG_PENDING);
        assert_int_equal(frame_feed(&reader, text + first_piece, total - first_piece), SG_OK);
    }
    assert_int_equal(frame_next(&reader, &line, &length), SG_OK);
    assert_int_equal(line[length], '\0');
    frame_fini(&reader);
    return length;
}

static void frame__line_of_greatest_length__is_given_with_either_end(void **state)
{
    (void)state;
    const char *ends[] = { "\n", "\r\n" };
    for (size_t i = 0; i < 2; i++) {
        char *text = long_text(FRAME_LINE_MAX, ends[i]);
        for (size_t piece = FRAME_LINE_MAX - 1; piece <= strlen(text); piece++)
            assert_int_equal(length_of_only_line(text, piece), FRAME_LINE_MAX);
        sg_free(text);
    }
}

static void expect_reported_once(const char *text, size_t first_piece)
{
    struct frame_reader reader = { 0 };
    struct sg_buf out = { 0 };
    feed(&reader, text, first_piece, &out);
    feed(&reader, text + first_piece, strlen(text) - first_piece, &out);
    feed(&reader, "next\n", 5, &out);
    expect_lines(&reader, &out, "!after|next|");
}

static void frame__line_too_long__is_reported_once_and_next_line_is_read(void **state)
{
    (void)state;
    const size_t lengths[] = { FRAME_LINE_MAX + 1, FRAME_LINE_MAX + 2, 2 * (size_t)FRAME_LINE_MAX };
    const char *ends[] = { "\nafter\n", "\r\nafter\r\n" };
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        for (size_t end = 0; end < 2; end++) {
            char *text = long_text(lengths[i], ends[end]);
            expect_reported_once(text, 0);
            for (size_t at = FRAME_LINE_MAX - 2; at <= FRAME_LINE_MAX + 8; at++)
                expect_reported_once(text, at);
            expect_reported_once(text, lengths[i]);
            expect_reported_once(text, lengths[i] + 1);
            sg_free(text);
        }
    }
}

static void frame__line_without_end__keeps_memory_bounded(void **state)
{
    (void)state;
    struct frame_reader reader = { 0 };
    struct sg_buf out = { 0 };
    char *piece = long_text(PIECE, "");
    for (int i = 0; i < 1024; i++) {
        feed(&reader, piece, PIECE, &out);
        assert_in_range(reader.pending.length, 0, FRAME_LINE_MAX + PIECE);
    }
    assert_int_equal(reader.pending.capacity, 0);
    feed(&reader, "\nnext\n", 6, &out);
    sg_free(piece);
    expect_lines(&reader, &out, "!next|");
}

static void frame__buffer_after_long_line__is_given_back(void **state)
{
    (void)state;
    struct frame_reader reader = { 0 };
    struct sg_buf out = { 0 };
    char *text = long_text(FRAME_LINE_MAX, "\n");
    feed(&reader, text, strlen(text), &out);
    sg_buf_fini(&out);
    feed(&reader, "a\n", 2, &out);
    assert_in_range(reader.pending.capacity, 1, PIECE);
    sg_free(text);
    expect_lines(&reader, &out, "a|");
}

static void frame__memory_runs_out__is_told(void **state)
{
    (void)state;
    struct frame_reader reader = { 0 };
    sg_mem_fail_after(0);
    assert_int_equal(frame_feed(&reader, "x\n", 2), SG_E_NOMEM);
    sg_mem_fail_after(UINT64_MAX);
    frame_fini(&reader);
    assert_int_equal(sg_mem_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frame__stream_cut_in_two__gives_same_lines),
        cmocka_unit_test(frame__stream_cut_in_three__gives_same_lines),
        cmocka_unit_test(frame__bytes_one_by_one__give_same_lines),
        cmocka_unit_test(frame__lines_fed_before_any_is_taken__come_in_order),
        cmocka_unit_test(frame__line_of_greatest_length__is_given_with_either_end),
        cmocka_unit_test(frame__line_too_long__is_reported_once_and_next_line_is_read),
        cmocka_unit_test(frame__line_without_end__keeps_memory_bounded),
        cmocka_unit_test(frame__buffer_after_long_line__is_given_back),
        cmocka_unit_test(frame__memory_runs_out__is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
