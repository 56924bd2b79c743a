/* The messages of the event log in the resource that the programs have, and what Windows takes. */
#include "daemon/event_log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <wchar.h>

#include <cmocka.h>

#include "base/mem.h"
#include "cli/win/event_source.h"
#include "os/win/wide.h"
#include "os/win/win.h"

static const DWORD english = 0x409;

/* The message with this id and a line in it; the caller's (sg_free). */
static char *message_text(DWORD id, const char *line)
{
    wchar_t text[512];
    wchar_t *wide = wide_from_utf8(line);
    DWORD_PTR strings[] = { (DWORD_PTR)wide };
    DWORD n = FormatMessageW(FORMAT_MESSAGE_FROM_HMODULE | FORMAT_MESSAGE_ARGUMENT_ARRAY,
                             GetModuleHandleW(NULL), id, english, text,
                             sizeof text / sizeof text[0], (va_list *)(void *)strings);
    sg_free(wide);
    assert_true(n > 0);
    return wide_to_utf8(text);
}

static void assert_message(enum event event, DWORD severity, const char *wanted)
{
    char *text = message_text((DWORD)event | severity, "The line.");
    assert_string_equal(text, wanted);
    sg_free(text);
}

static void messages__each_event__has_its_sentence_with_the_line(void **state)
{
    (void)state;
    assert_int_equal(EVENT_LIMIT, 7);
    assert_message(EVENT_STARTED, 0x40000000, "Segue has started. The line.\r\n");
    assert_message(EVENT_STOPPED, 0x40000000, "Segue has stopped. The line.\r\n");
    assert_message(EVENT_START_FAILED, 0xC0000000, "Segue could not start. The line.\r\n");
    assert_message(EVENT_ENDED, 0xC0000000, "Segue did not stop in time. The line.\r\n");
    assert_message(EVENT_CRASHED, 0xC0000000, "The last run of Segue crashed. The line.\r\n");
    assert_message(EVENT_DATABASE_DAMAGED, 0xC0000000,
                   "The database of Segue was damaged. The line.\r\n");
}

static void event_log__not_open__takes_nothing(void **state)
{
    (void)state;
    assert_false(event_log_write(EVENT_STARTED, true, "not to be seen"));
}

static void event_log__open__takes_events(void **state)
{
    (void)state;
    event_log_open();
    assert_true(event_log_write(EVENT_STARTED, true, "a test of Segue's"));
    assert_true(event_log_write(EVENT_CRASHED, false, "a test of Segue's"));
    assert_int_equal(sg_mem_live(), 0);
}

/* ---- the source ---- */

static const wchar_t source_key[] =
    L"SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\Segue";

static LSTATUS read_program(wchar_t *out, DWORD size)
{
    return RegGetValueW(HKEY_LOCAL_MACHINE, source_key, L"EventMessageFile",
                        RRF_RT_REG_EXPAND_SZ | RRF_NOEXPAND, NULL, out, &size);
}

static void event_source__made_and_removed__names_the_program_meanwhile(void **state)
{
    (void)state;
    wchar_t program[64];
    DWORD types = 0;
    DWORD size = sizeof types;
    assert_int_equal(event_source_install("C:\\old\\segd.exe", NULL), SG_OK);
    assert_int_equal(event_source_install("C:\\new place\\segd.exe", NULL), SG_OK);
    assert_int_equal(read_program(program, sizeof program), ERROR_SUCCESS);
    assert_int_equal(wcscmp(program, L"C:\\new place\\segd.exe"), 0);
    assert_int_equal(RegGetValueW(HKEY_LOCAL_MACHINE, source_key, L"TypesSupported", RRF_RT_DWORD,
                                  NULL, &types, &size),
                     ERROR_SUCCESS);
    assert_int_equal(types, 7);
    assert_int_equal(event_source_uninstall(NULL), SG_OK);
    assert_int_equal(read_program(program, sizeof program), ERROR_FILE_NOT_FOUND);
    assert_int_equal(event_source_uninstall(NULL), SG_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages__each_event__has_its_sentence_with_the_line),
        cmocka_unit_test(event_log__not_open__takes_nothing),
        cmocka_unit_test(event_log__open__takes_events),
        cmocka_unit_test(event_source__made_and_removed__names_the_program_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
