/* Hostile names, and what is left of them. */
#include "core/name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/utf.h"

#define FACE "\xF0\x9F\x98\x80" /* two UTF-16 units */

/* What must hold for every name that comes out, whatever went in. */
static void check_safe(const char *raw, const char *safe)
{
    size_t length = strlen(safe);
    bool is_fine = length > 0 && sg_utf8_is_valid(safe, length) &&
                   strpbrk(safe, "<>:\"/\\|?*") == NULL && safe[length - 1] != '.' &&
                   safe[length - 1] != ' ' && safe[0] != ' ' &&
                   sg_utf16_units(safe) <= NAME_UNITS_MAX;
    for (size_t i = 0; i < length; i++)
        is_fine = is_fine && (unsigned char)safe[i] >= 0x20 && safe[i] != 0x7F;
    if (!is_fine || !name_is_safe(safe))
        fail_msg("from \"%s\" came \"%s\"", raw, safe);
}

static void assert_name(const char *raw, const char *expected)
{
    char *safe = name_sanitize(raw);
    assert_non_null(safe);
    check_safe(raw, safe);
    if (expected != NULL && strcmp(safe, expected) != 0)
        fail_msg("\"%s\" became \"%s\", not \"%s\"", raw, safe, expected);
    sg_free(safe);
    assert_int_equal(sg_mem_live(), 0);
}

struct row {
    const char *raw;
    const char *safe;
};

#define CHECK_ROWS(rows)                                        \
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows)[0]; i++) \
    assert_name((rows)[i].raw, (rows)[i].safe)

static void name__ordinary__stays(void **state)
{
    (void)state;
    static const char *const names[] = {
        "a",
        "file.zip",
        "archive.tar.gz",
        "no extension",
        ".hidden",
        "a b.c d",
        "100%.txt",
        "[1] (2) {3} #&'~!.x",
        "\xC3\xA4\xC3\xB6.txt",
        FACE ".txt",
        "console",
        "COMX.txt",
        "COM10.txt",
        "LPT.txt",
        "nullify.txt",
        "CON1",
        "xCON.txt",
        "_CON.txt",
        "AUXILIARY",
        "com.txt",
        "a..b",
        "..a",
        "\xE2\x82\xAC rates",
        "\xEF\xBF\xBD",
        "CLOCK.txt",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_name(names[i], names[i]);
        assert_true(name_is_safe(names[i]));
    }
}

static void name__traversal__cannot_leave_the_folder(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "", "download" },
        { ".", "download" },
        { "..", "download" },
        { "...", "download" },
        { "../", ".._" },
        { "../../etc/passwd", ".._.._etc_passwd" },
        { "..\\..\\Windows\\win.ini", ".._.._Windows_win.ini" },
        { "/", "_" },
        { "\\", "_" },
        { "/etc/passwd", "_etc_passwd" },
        { "\\\\server\\share\\x", "__server_share_x" },
        { "\\\\?\\C:\\x", "____C__x" },
        { "\\\\.\\PhysicalDrive0", "__._PhysicalDrive0" },
        { "C:", "C_" },
        { "C:\\x", "C__x" },
        { "c:x", "c_x" },
        { "a/../b", "a_.._b" },
        { "%2e%2e%2f", "%2e%2e%2f" },
    };
    CHECK_ROWS(rows);
}

static void name__streams_and_wildcards__are_defused(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "file.txt:stream", "file.txt_stream" },
        { "file.txt::$DATA", "file.txt__$DATA" },
        { ":x", "_x" },
        { "x:Zone.Identifier:$DATA", "x_Zone.Identifier_$DATA" },
        { "a*b?c", "a_b_c" },
        { "<script>", "_script_" },
        { "a\"b|c", "a_b_c" },
    };
    CHECK_ROWS(rows);
}

static void name__devices__are_files(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "CON", "_CON" },
        { "con", "_con" },
        { "Con.txt", "_Con.txt" },
        { "PRN.tar.gz", "_PRN.tar.gz" },
        { "AUX .txt", "_AUX .txt" },
        { "NUL", "_NUL" },
        { "nul.", "_nul" },
        { "nul. . .", "_nul" },
        { " NUL", "_NUL" },
        { "NUL:", "NUL_" },
        { "NUL\xE2\x80\x8B.txt", "_NUL.txt" },
        { "N\x01UL", "_NUL" },
        { "COM1", "_COM1" },
        { "com9.log", "_com9.log" },
        { "COM0", "_COM0" },
        { "LPT1.x.y", "_LPT1.x.y" },
        { "LPT9.tar.gz", "_LPT9.tar.gz" },
        { "AUX", "_AUX" },
        { "NUL .", "_NUL" },
        { "CON    ", "_CON" },
        { "prn. .txt", "_prn. .txt" },
        { "CON.", "_CON" },
        { "CON\xE2\x80\xAE", "_CON" },
        { "LPT0.x", "_LPT0.x" },
        { "COM\xC2\xB9", "_COM\xC2\xB9" },
        { "LPT\xC2\xB2.txt", "_LPT\xC2\xB2.txt" },
        { "COM\xC2\xB3   .txt", "_COM\xC2\xB3   .txt" },
        { "CONIN$", "_CONIN$" },
        { "conout$.txt", "_conout$.txt" },
    };
    CHECK_ROWS(rows);
}

static void name__ends__are_trimmed(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "a.", "a" },           { "a...", "a" },       { "a ", "a" },
        { "a . . ", "a" },       { "  a", "a" },        { " . a", ". a" },
        { "a.txt.", "a.txt" },   { "a.txt ", "a.txt" }, { "   ", "download" },
        { ". . .", "download" }, { "a\t", "a" },        { "a.\xE2\x80\x8B", "a" },
    };
    CHECK_ROWS(rows);
}

static void name__what_cannot_be_seen__is_left_out(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "a\r\nb", "ab" },
        { "a\x1B[2Jb", "a[2Jb" },
        { "a\x7F"
          "b",
          "ab" },
        { "a\xC2\x85"
          "b",
          "ab" }, /* C1 */
        { "invoice\xE2\x80\xAE"
          "fdp.exe",
          "invoicefdp.exe" }, /* right-to-left override */
        { "a\xE2\x80\xAA"
          "b\xE2\x80\xAC"
          "c",
          "abc" },
        { "a\xE2\x81\xA6"
          "b\xE2\x81\xA9"
          "c",
          "abc" }, /* isolates */
        { "a\xE2\x80\x8E"
          "b\xE2\x80\x8F"
          "c\xD8\x9C"
          "d",
          "abcd" },
        { "a\xE2\x80\xA8"
          "b\xE2\x80\xA9"
          "c",
          "abc" },
        { "a\xEF\xBB\xBF"
          "b\xC2\xAD"
          "c\xE2\x80\x8B"
          "d",
          "abcd" },
        { "a\xE1\xA0\x8E"
          "b",
          "ab" },
        { "a\xF3\xA0\x80\x81"
          "b",
          "ab" }, /* tag */
        { "\x01\x02", "download" },
    };
    CHECK_ROWS(rows);
}

static void name__broken_utf8__is_replaced(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "a\xFF"
          "b",
          "a\xEF\xBF\xBD"
          "b" },
        { "\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD" }, /* overlong slash */
        { "\xE0\x80\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD" },
        { "\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD" }, /* surrogate */
        { "\xF4\x90\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD" },
        { "a\xE2\x82", "a\xEF\xBF\xBD\xEF\xBF\xBD" },
        { "a\xC3", "a\xEF\xBF\xBD" },
    };
    CHECK_ROWS(rows);
}

/* `n` times `unit`, then `tail`. */
static const char *repeated(const char *unit, size_t n, const char *tail)
{
    static char text[4096];
    size_t length = 0;
    for (size_t i = 0; i < n; i++)
        length += (size_t)snprintf(text + length, sizeof text - length, "%s", unit);
    snprintf(text + length, sizeof text - length, "%s", tail);
    return text;
}

static void name__too_long__keeps_its_extension(void **state)
{
    (void)state;
    char expected[NAME_UNITS_MAX + 1] = { 0 };
    memset(expected, 'a', NAME_UNITS_MAX);
    assert_name(repeated("a", NAME_UNITS_MAX, ""), expected);
    assert_name(repeated("a", 300, ""), expected);
    memcpy(expected + NAME_UNITS_MAX - 4, ".zip", 4);
    assert_name(repeated("a", 300, ".zip"), expected);
    memcpy(expected + NAME_UNITS_MAX - 7, ".tar.gz", 7);
    assert_name(repeated("a", 300, ".tar.gz"), expected);
    memcpy(expected + NAME_UNITS_MAX - 7, "aaa", 3);
    memcpy(expected + NAME_UNITS_MAX - 4, ".zip", 4);
    assert_name(repeated("a", NAME_UNITS_MAX - 4, ".zip"), expected);
}

static void name__too_long_in_other_ways__is_cut(void **state)
{
    (void)state;
    char *expected = sg_strdup(repeated(FACE, (NAME_UNITS_MAX - 4) / 2, ".zip"));
    char *safe = name_sanitize(repeated(FACE, 300, ".zip"));
    assert_string_equal(safe, expected);
    sg_free(safe);
    sg_free(expected);
    assert_name(repeated("\xFF", 300, ""), NULL);
    assert_name(repeated(".a", 300, ""), NULL);
    assert_name(repeated(". ", 300, "a"), NULL);
    assert_name(repeated(" .", 300, ".txt"), NULL);
    assert_name(repeated("a ", 300, ".txt"), NULL);
    assert_name(repeated("a.", 300, "txt"), NULL);
    char word[NAME_UNITS_MAX];
    memset(word, 'a', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    assert_name(repeated(".", 300, word), "download"); /* nothing is left of the dots */
}

/* Cutting must not make a device of what was none. */
static void name__cut_down_to_a_device__is_a_file(void **state)
{
    (void)state;
    char raw[400];
    snprintf(raw, sizeof raw, "CON%300s.txt", "x");
    assert_name(raw, "_CON.txt");
    snprintf(raw, sizeof raw, "CON%*s.txt", NAME_UNITS_MAX - 7, "");
    assert_name(raw, NULL);
    snprintf(raw, sizeof raw, "CON%*s.txt", NAME_UNITS_MAX - 8, "");
    assert_name(raw, NULL);
}

static void name__random_bytes__always_give_a_safe_name(void **state)
{
    (void)state;
    static const char alphabet[] = "./\\: CONUL1\x01\xE2\x80\xAE\xC2\xB9\xF0\x9F\x98\x80\xFF*a";
    uint32_t x = 1;
    for (int run = 0; run < 20000; run++) {
        char raw[600] = { 0 };
        x = x * 1664525u + 1013904223u;
        size_t length = run % 40 == 0 ? x >> 23 : x >> 28;
        for (size_t i = 0; i < length; i++) {
            x = x * 1664525u + 1013904223u;
            raw[i] = alphabet[(x >> 16) % (sizeof alphabet - 1)];
        }
        assert_name(raw, NULL);
    }
}

static void name__numbered__counts_before_the_extension(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        unsigned n;
        const char *numbered;
    } rows[] = {
        { "a.zip", 0, "a.zip" },
        { "a.zip", 1, "a.zip" },
        { "a.zip", 2, "a (2).zip" },
        { "a", 3, "a (3)" },
        { ".hidden", 2, ".hidden (2)" },
        { "a.tar.gz", 10, "a (10).tar.gz" },
        { "a.TAR.zst", 2, "a (2).TAR.zst" },
        { ".tar.gz", 2, ".tar (2).gz" },
        { "a.tar", 2, "a (2).tar" },
        { "atar.gz", 2, "atar (2).gz" },
        { "a.b.gz", 2, "a.b (2).gz" },
        { "a (2).zip", 2, "a (2) (2).zip" },
        { "a.zip", UINT32_MAX, "a (4294967295).zip" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *numbered = name_numbered(rows[i].name, rows[i].n);
        assert_string_equal(numbered, rows[i].numbered);
        sg_free(numbered);
    }
}

static void name__longest__leaves_room_for_number_and_part(void **state)
{
    (void)state;
    char *name = name_sanitize(repeated("a", 300, ".zip"));
    char *numbered = name_numbered(name, 999);
    assert_true(sg_utf16_units(numbered) + sizeof ".part" - 1 <= 255);
    sg_free(name);
    sg_free(numbered);
}

static void name__memory_runs_out__is_null(void **state)
{
    (void)state;
    char *name = NULL;
    for (uint64_t n = 0; name == NULL; n++) {
        sg_mem_fail_after(n);
        name = name_sanitize("CON.txt");
        sg_mem_fail_after(UINT64_MAX);
        assert_int_equal(sg_mem_live(), name != NULL);
        assert_in_range(n, 0, 10);
    }
    assert_string_equal(name, "_CON.txt");
    sg_free(name);
    sg_mem_fail_after(0);
    assert_null(name_numbered("a", 2));
    assert_false(name_is_safe("a"));
    sg_mem_fail_after(UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(name__ordinary__stays),
        cmocka_unit_test(name__traversal__cannot_leave_the_folder),
        cmocka_unit_test(name__streams_and_wildcards__are_defused),
        cmocka_unit_test(name__devices__are_files),
        cmocka_unit_test(name__ends__are_trimmed),
        cmocka_unit_test(name__what_cannot_be_seen__is_left_out),
        cmocka_unit_test(name__broken_utf8__is_replaced),
        cmocka_unit_test(name__too_long__keeps_its_extension),
        cmocka_unit_test(name__too_long_in_other_ways__is_cut),
        cmocka_unit_test(name__cut_down_to_a_device__is_a_file),
        cmocka_unit_test(name__random_bytes__always_give_a_safe_name),
        cmocka_unit_test(name__numbered__counts_before_the_extension),
        cmocka_unit_test(name__longest__leaves_room_for_number_and_part),
        cmocka_unit_test(name__memory_runs_out__is_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
