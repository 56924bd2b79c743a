/* Events are lines of the log first: whoever reads one of the two misses nothing. */
#include "daemon/event_log.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/utf.h"
#include "daemon/log.h"

void event_report(enum event event, const char *format, ...)
{
    char text[LOG_LINE_SIZE];
    bool is_good = event == EVENT_STARTED || event == EVENT_STOPPED;
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    sg_utf8_trim_partial(text);
    log_line(is_good ? LOG_INFO : LOG_ERROR, "%s", text);
    (void)event_log_write(event, is_good, text);
}
