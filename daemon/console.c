/* What segd says to whoever started it by hand. */
#include "daemon/console.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/utf.h"

enum { LINE_MAX_BYTES = 2048 };

void console_complain(const char *format, ...)
{
    char text[LINE_MAX_BYTES];
    char line[LINE_MAX_BYTES + sizeof "segd: \n"];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    sg_utf8_trim_partial(text);
    snprintf(line, sizeof line, "segd: %s\n", text);
    console_write_error(line);
}
