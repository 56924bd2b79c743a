/* The source "Segue" of the Application event log. Where its key is missing from the registry (it
 * is made when the service is installed) events are kept all the same, only without sentences. */
#include "daemon/event_log.h"

#include <stdatomic.h>

#include "base/mem.h"
#include "os/win/wide.h"
#include "os/win/win.h"

/* What messages.mc makes of severities: the highest bits of a message's id. */
static const DWORD informational = 0x40000000;
static const DWORD error = 0xC0000000;

/* Open until the process ends: the last event is that it stopped. */
static _Atomic(HANDLE) source;

void event_log_open(void)
{
    source = RegisterEventSourceW(NULL, L"Segue");
}

bool event_log_write(enum event event, bool is_good, const char *text)
{
    wchar_t *wide = source != NULL ? wide_from_utf8(text) : NULL;
    const wchar_t *strings[] = { wide };
    WORD type = is_good ? EVENTLOG_INFORMATION_TYPE : EVENTLOG_ERROR_TYPE;
    DWORD id = (DWORD)event | (is_good ? informational : error);
    bool is_taken = wide != NULL && ReportEventW(source, type, 0, id, NULL, 1, 0, strings, NULL);
    sg_free(wide);
    return is_taken;
}
