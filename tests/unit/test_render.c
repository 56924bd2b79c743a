/* Columns, sets of ranges, bars and tables. */
#include "cli/render_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/utf.h"
#include "cli/columns.h"
#include "cli/render_bar.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const names[] = {
    "a",
    "ubuntu-24.04.1-desktop-amd64.iso",
    "日本語のとても長いファイル名です.tar.gz",
    "e\u0301te\u0301 with combining accents.bin",
    "\U0001F600\U0001F600\U0001F600 emoji.zip",
    "bad \xff\xfe bytes \x1b[2J and \u202e marks",
};

/* ---- columns ---- */

static void columns__wide_and_combining__are_counted(void **state)
{
    (void)state;
    assert_int_equal(columns_width(""), 0);
    assert_int_equal(columns_width("abc"), 3);
    assert_int_equal(columns_width("äöü"), 3);
    assert_int_equal(columns_width("日本"), 4);
    assert_int_equal(columns_width("e\u0301"), 1);
    assert_int_equal(columns_width("\U0001F600"), 2);
    assert_int_equal(columns_width("█▓▒░"), 4);
}

static void columns__what_steers_a_terminal__becomes_a_question_mark(void **state)
{
    (void)state;
    struct sg_buf text = { 0 };
    columns_put(&text, "a\x1b[2J\r\n\t\x7f\xc2\x9b\u202e\u2066\ufeff\xff"
                       "b");
    assert_string_equal(text.data, "a?[2J?????????b");
    sg_buf_fini(&text);
}

static void assert_shortened(const char *text, uint32_t max, bool is_unicode, const char *wanted)
{
    struct sg_buf out = { 0 };
    sg_buf_puts(&out, "");
    uint32_t taken = columns_put_short(&out, text, max, is_unicode);
    assert_string_equal(out.data, wanted);
    assert_int_equal(taken, columns_width(wanted));
    sg_buf_fini(&out);
}

static void columns__too_much__is_taken_out_of_the_middle(void **state)
{
    (void)state;
    assert_shortened("abcdefghij", 10, true, "abcdefghij");
    assert_shortened("abcdefghij", 9, true, "abcd…ghij");
    assert_shortened("abcdefghij", 8, true, "abcd…hij");
    assert_shortened("abcdefghij", 8, false, "abc...ij");
    assert_shortened("abcdefghij", 3, false, "abc");
    assert_shortened("abcdefghij", 0, true, "");
    assert_shortened("日本語日本語", 8, true, "日本…語");
    assert_shortened("日本語日本語", 7, true, "日…語");
}

static void columns__any_name_at_any_width__fits(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        for (uint32_t max = 0; max < 60; max++) {
            struct sg_buf out = { 0 };
            sg_buf_puts(&out, "");
            uint32_t taken = columns_put_short(&out, names[i], max, max % 2 == 0);
            assert_int_equal(taken, columns_width(out.data));
            assert_in_range(taken, 0, max);
            assert_true(sg_utf8_is_valid(out.data, out.length));
            sg_buf_fini(&out);
        }
    }
}

/* ---- sets of ranges ---- */

/* Ascending, not empty, not touching. */
static void spans_check(const struct spans *spans)
{
    for (size_t i = 0; i < spans->n; i++) {
        assert_true(spans->items[i].from < spans->items[i].to);
        assert_true(i == 0 || spans->items[i - 1].to < spans->items[i].from);
    }
}

static void spans__random_ranges__cover_what_a_bitmap_does(void **state)
{
    (void)state;
    enum { SIZE = 200 };
    uint32_t seed = 1;
    for (int round = 0; round < 200; round++) {
        struct spans spans = { 0 };
        bool bits[SIZE] = { false };
        for (int step = 0; step < 20; step++) {
            seed = seed * 1103515245u + 12345u;
            int64_t from = seed >> 16 & 0x7F;
            int64_t to = from + (seed >> 8 & 0x3F);
            spans_add(&spans, from, to);
            for (int64_t i = from; i < to; i++)
                bits[i] = true;
            spans_check(&spans);
            int64_t wanted = 0;
            for (int64_t i = 10; i < 150; i++)
                wanted += bits[i];
            assert_int_equal(spans_covered(&spans, 10, 150), wanted);
        }
        spans_fini(&spans);
    }
}

/* ---- bars ---- */

static void assert_map(const struct spans *spans, int64_t total, uint32_t cells, const char *wanted)
{
    struct sg_buf out = { 0 };
    struct line line = { .out = &out, .left = cells };
    bar_put_map(&line, spans, total, cells, false);
    assert_string_equal(out.data, wanted);
    sg_buf_fini(&out);
}

static void map__cells__are_as_dense_as_what_is_there(void **state)
{
    (void)state;
    struct spans spans = { 0 };
    assert_map(&spans, 1000, 10, "..........");
    spans_add(&spans, 0, 250);
    spans_add(&spans, 420, 421);
    spans_add(&spans, 501, 599);
    spans_add(&spans, 900, 1000);
    assert_map(&spans, 1000, 10, "##-.-+...#");
    spans_add(&spans, 0, 999);
    spans_add(&spans, 999, 1000);
    assert_map(&spans, 1000, 10, "##########");
    spans_fini(&spans);
}

static void map__fewer_bytes_than_cells__is_still_right(void **state)
{
    (void)state;
    struct spans spans = { 0 };
    spans_add(&spans, 0, 1);
    assert_map(&spans, 2, 6, "###...");
    assert_map(&spans, 1, 4, "####");
    spans_fini(&spans);
}

static void map__the_largest_file__does_not_overflow(void **state)
{
    (void)state;
    int64_t total = (int64_t)1 << 62;
    struct spans spans = { 0 };
    spans_add(&spans, total / 2, total);
    assert_map(&spans, total, 4, "..##");
    spans_fini(&spans);
}

static void fill__only_all_of_it__is_full(void **state)
{
    (void)state;
    static const struct {
        int64_t done;
        int64_t whole;
        const char *wanted;
    } cases[] = { { 0, 100, "...." },   { 25, 100, "#..." },  { 99, 100, "###." },
                  { 100, 100, "####" }, { 200, 100, "####" }, { 5, 0, "...." } };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct sg_buf out = { 0 };
        struct line line = { .out = &out, .left = 4 };
        bar_put_fill(&line, cases[i].done, cases[i].whole, 4, false);
        assert_string_equal(out.data, cases[i].wanted);
        sg_buf_fini(&out);
    }
}

static void bars__at_any_width__do_not_exceed_it(void **state)
{
    (void)state;
    struct spans spans = { 0 };
    spans_add(&spans, 100, 777);
    for (uint32_t width = 20; width <= 200; width++) {
        struct sg_buf out = { 0 };
        struct line line = { .out = &out, .left = width };
        bar_put_map(&line, &spans, 1000, width - 5, true);
        bar_put_fill(&line, 3, 10, 50, true);
        line_put(&line, "日本語");
        assert_in_range(columns_width(out.data), width - 5, width);
        sg_buf_fini(&out);
    }
    spans_fini(&spans);
}

/* ---- tables ---- */

static const struct table_column columns[] = { { "ID", true },
                                               { "STATE", false },
                                               { "NAME", false } };

static void fill_table(struct table *table)
{
    table_begin(table, columns, COUNT(columns));
    for (size_t i = 0; i < COUNT(names); i++) {
        table_cell(table, i == 0 ? "100" : "7");
        table_cell(table, i == 1 ? "waiting: link" : "done");
        table_cell(table, names[i]);
    }
}

static void table__cells__are_aligned(void **state)
{
    (void)state;
    struct table table = { 0 };
    struct sg_buf out = { 0 };
    table_begin(&table, columns, COUNT(columns));
    table_cell(&table, "7");
    table_cell(&table, "waiting");
    table_cell(&table, "日本.bin");
    table_cell(&table, "100");
    table_cell(&table, NULL);
    table_cell(&table, "b");
    table_put(&table, 0, true, &out);
    assert_string_equal(out.data, " ID  STATE    NAME\n"
                                  "  7  waiting  日本.bin\n"
                                  "100           b\n");
    sg_buf_fini(&out);
    table_fini(&table);
}

static void table__at_any_width__no_line_exceeds_it(void **state)
{
    (void)state;
    struct table table = { 0 };
    fill_table(&table);
    for (uint32_t width = 20; width <= 200; width++) {
        struct sg_buf out = { 0 };
        table_put(&table, width, width % 2 == 0, &out);
        size_t n_lines = 0;
        for (char *line = out.data; *line != '\0'; n_lines++) {
            char *end = strchr(line, '\n');
            *end = '\0';
            assert_in_range(columns_width(line), 1, width);
            line = end + 1;
        }
        assert_int_equal(n_lines, COUNT(names) + 1);
        sg_buf_fini(&out);
    }
    table_fini(&table);
}

static void table__no_memory__shows_in_the_output(void **state)
{
    (void)state;
    struct table table = { 0 };
    struct sg_buf out = { 0 };
    sg_mem_fail_after(0);
    fill_table(&table);
    sg_mem_fail_after(UINT64_MAX);
    table_put(&table, 80, true, &out);
    assert_true(out.is_failed);
    sg_buf_fini(&out);
    table_fini(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns__wide_and_combining__are_counted),
        cmocka_unit_test(columns__what_steers_a_terminal__becomes_a_question_mark),
        cmocka_unit_test(columns__too_much__is_taken_out_of_the_middle),
        cmocka_unit_test(columns__any_name_at_any_width__fits),
        cmocka_unit_test(spans__random_ranges__cover_what_a_bitmap_does),
        cmocka_unit_test(map__cells__are_as_dense_as_what_is_there),
        cmocka_unit_test(map__fewer_bytes_than_cells__is_still_right),
        cmocka_unit_test(map__the_largest_file__does_not_overflow),
        cmocka_unit_test(fill__only_all_of_it__is_full),
        cmocka_unit_test(bars__at_any_width__do_not_exceed_it),
        cmocka_unit_test(table__cells__are_aligned),
        cmocka_unit_test(table__at_any_width__no_line_exceeds_it),
        cmocka_unit_test(table__no_memory__shows_in_the_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
