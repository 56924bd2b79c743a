/* What Windows' error codes say and mean. */
#include "os/win/error_win.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "os/op.h"
#include "os/win/win.h"

static void text__disk_full__is_windows_sentence_and_the_code(void **state)
{
    (void)state;
    char text[128];
    os_error_text(ERROR_DISK_FULL, text, sizeof text);
    assert_non_null(strstr(text, " (Windows error 112)"));
    assert_non_null(strstr(text, "isk"));
    assert_null(strstr(text, ". ("));
    assert_null(strchr(text, '\n'));
}

static void text__unknown_code__still_names_the_code(void **state)
{
    (void)state;
    char text[128];
    os_error_text(INT32_MAX, text, sizeof text);
    assert_string_equal(text, "Windows has no text for this (Windows error 2147483647)");
    os_error_text(INT32_MIN + 1, text, sizeof text);
    assert_string_equal(text, "Windows has no text for this (Windows error 0x80000001)");
}

static void text__little_room__keeps_the_code_and_is_terminated(void **state)
{
    (void)state;
    char text[40];
    memset(text, 'x', sizeof text);
    os_error_text(ERROR_DISK_FULL, text, 30);
    assert_int_equal(strlen(text), 29);
    assert_string_equal(text + 29 - strlen(" (Windows error 112)"), " (Windows error 112)");
    assert_int_equal(text[30], 'x');
    os_error_text(ERROR_DISK_FULL, text, 1);
    assert_string_equal(text, "");
}

static void text__asked_for__keeps_the_last_error(void **state)
{
    (void)state;
    char text[128];
    SetLastError(ERROR_CRC);
    os_error_text(INT32_MAX, text, sizeof text);
    assert_int_equal(GetLastError(), ERROR_CRC);
}

static void status__codes_that_users_meet__are_told_apart(void **state)
{
    (void)state;
    static const struct {
        int32_t code;
        enum sg_status status;
    } cases[] = {
        { ERROR_DISK_FULL, SG_E_DISK_FULL },         { ERROR_HANDLE_DISK_FULL, SG_E_DISK_FULL },
        { ERROR_ACCESS_DENIED, SG_E_DENIED },        { ERROR_SHARING_VIOLATION, SG_E_IN_USE },
        { ERROR_LOCK_VIOLATION, SG_E_IN_USE },       { ERROR_FILE_NOT_FOUND, SG_E_NOT_FOUND },
        { ERROR_PATH_NOT_FOUND, SG_E_NO_FOLDER },    { ERROR_FILE_EXISTS, SG_E_EXISTS },
        { ERROR_ALREADY_EXISTS, SG_E_EXISTS },       { ERROR_FILE_TOO_LARGE, SG_E_TOO_LARGE },
        { ERROR_OPERATION_ABORTED, SG_E_CANCELLED }, { ERROR_BROKEN_PIPE, SG_E_CLOSED },
        { ERROR_NOT_ENOUGH_MEMORY, SG_E_NOMEM },     { WSAECONNRESET, SG_E_RESET },
        { WSAECONNREFUSED, SG_E_CONNECT },           { INT32_MAX, SG_E_SYSTEM },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(os_error_status(cases[i].code), cases[i].status);
}

static void status__nt_codes__become_windows_errors(void **state)
{
    (void)state;
    enum { NT_CANCELLED = (int32_t)0xC0000120, NT_DISK_FULL = (int32_t)0xC000007F };
    assert_int_equal(error_from_nt(NT_CANCELLED), ERROR_OPERATION_ABORTED);
    assert_int_equal(error_from_nt(NT_DISK_FULL), ERROR_DISK_FULL);
}

static void report__a_refused_call__has_status_code_and_story(void **state)
{
    (void)state;
    struct sg_err err = { 0 };
    assert_int_equal(error_report(&err, ERROR_DISK_FULL, "writing", "C:\\x"), SG_E_DISK_FULL);
    assert_int_equal(err.status, SG_E_DISK_FULL);
    assert_int_equal(err.foreign, ERROR_DISK_FULL);
    assert_memory_equal(err.message, "writing C:\\x: ", strlen("writing C:\\x: "));
    assert_non_null(strstr(err.message, "(Windows error 112)"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text__disk_full__is_windows_sentence_and_the_code),
        cmocka_unit_test(text__unknown_code__still_names_the_code),
        cmocka_unit_test(text__little_room__keeps_the_code_and_is_terminated),
        cmocka_unit_test(text__asked_for__keeps_the_last_error),
        cmocka_unit_test(status__codes_that_users_meet__are_told_apart),
        cmocka_unit_test(status__nt_codes__become_windows_errors),
        cmocka_unit_test(report__a_refused_call__has_status_code_and_story),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
