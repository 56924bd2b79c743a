/* stderr on Windows. The console's own code page is left alone: it belongs to everybody who uses
 * that console. */
#include "daemon/console.h"

#include <string.h>
#include <wchar.h>

#include "base/mem.h"
#include "os/win/wide.h"
#include "os/win/win.h"

static void write_units(HANDLE handle, const char *text)
{
    DWORD n_written;
    wchar_t *wide = wide_from_utf8(text);
    if (wide != NULL)
        WriteConsoleW(handle, wide, (DWORD)wcslen(wide), &n_written, NULL);
    sg_free(wide);
}

void console_write_error(const char *text)
{
    DWORD mode;
    DWORD n_written;
    HANDLE handle = GetStdHandle(STD_ERROR_HANDLE);
    if (GetConsoleMode(handle, &mode))
        write_units(handle, text);
    else
        WriteFile(handle, text, (DWORD)strlen(text), &n_written, NULL);
}
