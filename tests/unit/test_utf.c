/* UTF-8 and UTF-16. */
#include "base/utf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

static bool is_scalar(uint32_t code_point)
{
    return code_point < 0xD800 || code_point > 0xDFFF;
}

static void utf8__every_code_point__comes_back(void **state)
{
    (void)state;
    for (uint32_t code_point = 0; code_point <= 0x10FFFF; code_point++) {
        char text[4];
        if (!is_scalar(code_point))
            continue;
        size_t length = sg_utf8_encode(code_point, text);
        size_t size = 0;
        if (sg_utf8_decode(text, length, &size) != code_point || size != length ||
            !sg_utf8_is_valid(text, length))
            fail_msg("U+%04X does not come back", (unsigned)code_point);
    }
}

/* The rows of table 3-7 of the Unicode standard: the byte ranges of well-formed sequences. */
static bool is_well_formed(const unsigned char *bytes, size_t length)
{
    static const unsigned char rows[][2 * 4] = {
        { 0xC2, 0xDF, 0x80, 0xBF },
        { 0xE0, 0xE0, 0xA0, 0xBF, 0x80, 0xBF },
        { 0xE1, 0xEC, 0x80, 0xBF, 0x80, 0xBF },
        { 0xED, 0xED, 0x80, 0x9F, 0x80, 0xBF },
        { 0xEE, 0xEF, 0x80, 0xBF, 0x80, 0xBF },
        { 0xF0, 0xF0, 0x90, 0xBF, 0x80, 0xBF, 0x80, 0xBF },
        { 0xF1, 0xF3, 0x80, 0xBF, 0x80, 0xBF, 0x80, 0xBF },
        { 0xF4, 0xF4, 0x80, 0x8F, 0x80, 0xBF, 0x80, 0xBF },
    };
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        size_t i = 0;
        while (i < length && bytes[i] >= rows[row][2 * i] && bytes[i] <= rows[row][2 * i + 1])
            i++;
        if (i == length && (length == 4 || rows[row][2 * i + 1] == 0))
            return true;
    }
    return false;
}

/* Two, three and four bytes, each out of the values at the borders of the table. */
static void utf8__sequences_at_the_borders__are_told_apart_as_the_standard_says(void **state)
{
    (void)state;
    static const unsigned char borders[] = { 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1,
                                             0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF,
                                             0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF };
    enum { N_BORDERS = sizeof borders };
    for (size_t i = 0; i < (size_t)N_BORDERS * N_BORDERS * N_BORDERS * N_BORDERS; i++) {
        const unsigned char bytes[] = { borders[i % N_BORDERS], borders[i / N_BORDERS % N_BORDERS],
                                        borders[i / N_BORDERS / N_BORDERS % N_BORDERS],
                                        borders[i / N_BORDERS / N_BORDERS / N_BORDERS] };
        size_t wanted = 1;
        size_t size = 0;
        for (size_t length = 2; length <= 4; length++) {
            if (is_well_formed(bytes, length))
                wanted = length;
        }
        uint32_t code_point = sg_utf8_decode((const char *)bytes, sizeof bytes, &size);
        if (size != wanted ||
            (code_point == 0xFFFD) != (wanted == 1 || memcmp(bytes, "\xEF\xBF\xBD", 3) == 0))
            fail_msg("%02X %02X %02X %02X", bytes[0], bytes[1], bytes[2], bytes[3]);
    }
}

static void utf8__cut_sequence__is_malformed_and_takes_one_byte(void **state)
{
    (void)state;
    const char *smile = "\xF0\x9F\x98\x80";
    for (size_t length = 1; length < 4; length++) {
        size_t size = 0;
        assert_int_equal(sg_utf8_decode(smile, length, &size), 0xFFFD);
        assert_int_equal(size, 1);
        assert_false(sg_utf8_is_valid(smile, length));
    }
}

static void valid__text__is_told_from_what_is_none(void **state)
{
    (void)state;
    assert_true(sg_utf8_is_valid("", 0));
    assert_true(sg_utf8_is_valid("Grüße, 日本 😀", strlen("Grüße, 日本 😀")));
    assert_true(sg_utf8_is_valid("a\0b", 3));
    assert_true(sg_utf8_is_valid("\xEF\xBF\xBD", 3)); /* U+FFFD itself */
    assert_false(sg_utf8_is_valid("ok then \xFF", 9));
    assert_false(sg_utf8_is_valid("\xC0\x80", 2));         /* overlong */
    assert_false(sg_utf8_is_valid("\xED\xA0\x80", 3));     /* surrogate */
    assert_false(sg_utf8_is_valid("\xF4\x90\x80\x80", 4)); /* beyond U+10FFFF */
}

static void assert_trimmed(const char *before, const char *after)
{
    char text[32] = "";
    memcpy(text, before, strlen(before));
    sg_utf8_trim_partial(text);
    assert_string_equal(text, after);
}

static void trim__incomplete_end__is_cut_off(void **state)
{
    (void)state;
    assert_trimmed("", "");
    assert_trimmed("abc", "abc");
    assert_trimmed("ab\xC3", "ab");
    assert_trimmed("ab\xC3\xBC", "ab\xC3\xBC");
    assert_trimmed("ab\xE6\x97", "ab");
    assert_trimmed("ab\xE6\x97\xA5", "ab\xE6\x97\xA5");
    assert_trimmed("ab\xF0", "ab");
    assert_trimmed("ab\xF0\x9F", "ab");
    assert_trimmed("ab\xF0\x9F\x98", "ab");
    assert_trimmed("ab\xF0\x9F\x98\x80", "ab\xF0\x9F\x98\x80");
    assert_trimmed("\xF0", "");
}

static void assert_utf16(const char *text, const uint16_t *wanted, size_t n_units)
{
    uint16_t *wide = sg_utf16_from_utf8(text);
    assert_non_null(wide);
    assert_int_equal(sg_utf16_units(text), n_units);
    assert_memory_equal(wide, wanted, n_units * sizeof *wide);
    assert_int_equal(wide[n_units], 0);
    sg_free(wide);
}

static void utf16__from_utf8__has_pairs_and_replacements(void **state)
{
    (void)state;
    assert_utf16("", (const uint16_t[]){ 0 }, 0);
    assert_utf16("aü日", (const uint16_t[]){ 0x61, 0xFC, 0x65E5 }, 3);
    assert_utf16("😀", (const uint16_t[]){ 0xD83D, 0xDE00 }, 2);
    assert_utf16("\xF0\x90\x80\x80", (const uint16_t[]){ 0xD800, 0xDC00 }, 2);
    assert_utf16("\xF4\x8F\xBF\xBF", (const uint16_t[]){ 0xDBFF, 0xDFFF }, 2);
    assert_utf16("a\xFF\xC3", (const uint16_t[]){ 0x61, 0xFFFD, 0xFFFD }, 3);
}

static void assert_utf8(const uint16_t *units, size_t n_units, const char *wanted)
{
    char *text = sg_utf8_from_utf16(units, n_units);
    assert_string_equal(text, wanted);
    sg_free(text);
}

static void utf8__from_utf16__replaces_lone_surrogates(void **state)
{
    (void)state;
    assert_utf8(NULL, 0, "");
    assert_utf8((const uint16_t[]){ 0x61, 0xFC, 0xD83D, 0xDE00 }, 4, "aü😀");
    assert_utf8((const uint16_t[]){ 0xD83D }, 1, "\xEF\xBF\xBD");
    assert_utf8((const uint16_t[]){ 0xD83D, 0x61 }, 2,
                "\xEF\xBF\xBD"
                "a");
    assert_utf8((const uint16_t[]){ 0xDE00, 0xD83D }, 2, "\xEF\xBF\xBD\xEF\xBF\xBD");
    assert_utf8((const uint16_t[]){ 0xFFFF, 0xFFFF }, 2, "\xEF\xBF\xBF\xEF\xBF\xBF");
}

static void conversion__memory_ran_out__gives_none(void **state)
{
    (void)state;
    sg_mem_fail_after(0);
    assert_null(sg_utf16_from_utf8("text"));
    assert_null(sg_utf8_from_utf16((const uint16_t[]){ 0x61 }, 1));
    sg_mem_fail_after(UINT64_MAX);
    assert_int_equal(sg_mem_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utf8__every_code_point__comes_back),
        cmocka_unit_test(utf8__sequences_at_the_borders__are_told_apart_as_the_standard_says),
        cmocka_unit_test(utf8__cut_sequence__is_malformed_and_takes_one_byte),
        cmocka_unit_test(valid__text__is_told_from_what_is_none),
        cmocka_unit_test(trim__incomplete_end__is_cut_off),
        cmocka_unit_test(utf16__from_utf8__has_pairs_and_replacements),
        cmocka_unit_test(utf8__from_utf16__replaces_lone_surrogates),
        cmocka_unit_test(conversion__memory_ran_out__gives_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
