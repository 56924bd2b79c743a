/* The messages of the event log in the resource that the programs have, and what Windows takes. */
#include "daemon/event_log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages__each_event__has_its_sentence_with_the_line),
        cmocka_unit_test(event_log__not_open__takes_nothing),
        cmocka_unit_test(event_log__open__takes_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
