/* stderr on POSIX, for tests only. */
#include "daemon/console.h"

#include <stdio.h>

void console_write_error(const char *text)
{
    fputs(text, stderr);
}
