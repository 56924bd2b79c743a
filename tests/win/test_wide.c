/* How paths are handed to Windows. */
#include "os/win/wide.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"

/* `head`, then "\0123456789" as often as it takes to be long, then `tail`. */
static char *long_path(const char *head, const char *tail)
{
    struct sg_buf path = { 0 };
    sg_buf_puts(&path, head);
    while (path.length < 300)
        sg_buf_puts(&path, "\\0123456789");
    sg_buf_puts(&path, tail);
    char *text = sg_buf_take(&path);
    assert_non_null(text);
    return text;
}

static void assert_becomes(const char *path, const char *wanted)
{
    wchar_t *wide = NULL;
    assert_int_equal(wide_path(path, &wide, NULL), SG_OK);
    char *narrow = wide_to_utf8(wide);
    assert_string_equal(narrow, wanted);
    sg_free(narrow);
    sg_free(wide);
}

static void path__short__is_taken_as_it_is_with_backslashes(void **state)
{
    (void)state;
    assert_becomes("C:\\a\\b.bin", "C:\\a\\b.bin");
    assert_becomes("C:/a/b.bin", "C:\\a\\b.bin");
    assert_becomes("\\\\server\\share\\x", "\\\\server\\share\\x");
    assert_becomes("\\\\?\\C:\\x", "\\\\?\\C:\\x");
    assert_becomes("C:\\\xC3\xA4\xF0\x9F\x98\x80", "C:\\\xC3\xA4\xF0\x9F\x98\x80");
}

static void path__long__is_normalised_and_marked(void **state)
{
    (void)state;
    char *path = long_path("C:/folder", "\\.\\x\\..\\y");
    wchar_t *wide = NULL;
    assert_int_equal(wide_path(path, &wide, NULL), SG_OK);
    char *narrow = wide_to_utf8(wide);
    assert_memory_equal(narrow, "\\\\?\\C:\\folder\\0123456789\\", 25);
    assert_string_equal(narrow + strlen(narrow) - 13, "\\0123456789\\y");
    assert_null(strstr(narrow, ".."));
    sg_free(narrow);
    sg_free(wide);
    sg_free(path);
}

static void path__long_on_a_share__is_marked_as_one(void **state)
{
    (void)state;
    char *path = long_path("\\\\server\\share", "");
    wchar_t *wide = NULL;
    assert_int_equal(wide_path(path, &wide, NULL), SG_OK);
    char *narrow = wide_to_utf8(wide);
    assert_memory_equal(narrow, "\\\\?\\UNC\\server\\share\\", 21);
    assert_string_equal(narrow + 8, path + 2);
    sg_free(narrow);
    sg_free(wide);
    sg_free(path);
}

static void path__not_a_file_systems__is_refused(void **state)
{
    (void)state;
    static const char *const paths[] = {
        "",
        "x",
        "C:",
        "C:x",
        "\\x",
        "/x",
        "\\\\",
        "\\\\.\\pipe\\x",
        "//./pipe/x",
        "\\\\.\\C:",
        "\\\\?\\pipe\\x",
        "\\\\?\\GLOBALROOT\\Device\\Afd",
        "\\\\?\\UNC\\server\\pipe\\x",
        "\\\\server\\pipe\\x",
        "\\\\server\\PIPE\\x",
        "\\\\server\\mailslot\\x",
        "C:\\\xFF",
    };
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        wchar_t *wide = NULL;
        struct sg_err err = { 0 };
        assert_int_equal(wide_path(paths[i], &wide, &err), SG_E_INVALID);
        assert_null(wide);
        assert_true(err.message[0] != '\0');
    }
}

static int assert_no_leak(void **state)
{
    (void)state;
    assert_int_equal(sg_mem_live(), 0);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(path__short__is_taken_as_it_is_with_backslashes, assert_no_leak),
        cmocka_unit_test_teardown(path__long__is_normalised_and_marked, assert_no_leak),
        cmocka_unit_test_teardown(path__long_on_a_share__is_marked_as_one, assert_no_leak),
        cmocka_unit_test_teardown(path__not_a_file_systems__is_refused, assert_no_leak),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
