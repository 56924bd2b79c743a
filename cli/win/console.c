/* The Windows console. */
#include "cli/console.h"

#include <string.h>

#include "base/mem.h"
#include "base/utf.h"
#include "cli/host.h"
#include "cli/need.h"
#include "os/win/win.h"

enum { WRITE_UNITS_MAX = 8192 }; /* long writes failed on consoles before Windows 8 */

static struct console_traits traits;
static HANDLE handles[2];
static bool is_console[2];
static DWORD old_mode; /* of stdout */

static bool is_set(const char *name)
{
    char *value = host_env(name);
    sg_free(value);
    return value != NULL;
}

static bool is_dumb(void)
{
    char *term = host_env("TERM");
    bool is_dumb = term != NULL && strcmp(term, "dumb") == 0;
    sg_free(term);
    return is_dumb;
}

static bool where_is_cursor(COORD *out)
{
    CONSOLE_SCREEN_BUFFER_INFO info;
    if (!GetConsoleScreenBufferInfo(handles[CONSOLE_OUT], &info))
        return false;
    *out = info.dwCursorPosition;
    return true;
}

/* QUIRK(console-vt): Wine 8 takes the mode but does not act on it: escape sequences go out as
 * characters and move its idea of the cursor. So one that shows nothing ("no attributes") is
 * written, to see whether the cursor stays; it is put back. It is gone when the mode is refused or
 * the cursor stays. */
static bool obeys_vt(void)
{
    COORD before;
    COORD after;
    DWORD n_written;
    if (!where_is_cursor(&before) ||
        !WriteConsoleW(handles[CONSOLE_OUT], L"\x1b[m", 3, &n_written, NULL) ||
        !where_is_cursor(&after))
        return false;
    if (before.X == after.X && before.Y == after.Y)
        return true;
    SetConsoleCursorPosition(handles[CONSOLE_OUT], before);
    return false;
}

/* Fails on consoles before Windows 10 1511, and where the user asked for the legacy console. */
static bool turn_vt_on(void)
{
    DWORD mode = old_mode | ENABLE_PROCESSED_OUTPUT | ENABLE_VIRTUAL_TERMINAL_PROCESSING;
    if (!SetConsoleMode(handles[CONSOLE_OUT], mode))
        return false;
    if (obeys_vt())
        return true;
    SetConsoleMode(handles[CONSOLE_OUT], old_mode);
    return false;
}

/* Consoles draw with a font that goes with their code page: what that has, can be seen. */
static bool has_block_characters(void)
{
    static const wchar_t blocks[] = L"\x2588\x2593\x2592\x2591";
    char bytes[16];
    BOOL is_replaced = FALSE;
    UINT code_page = GetConsoleOutputCP();
    if (code_page == CP_UTF8)
        return true;
    int n_bytes = WideCharToMultiByte(code_page, WC_NO_BEST_FIT_CHARS, blocks, -1, bytes,
                                      (int)sizeof bytes, NULL, &is_replaced);
    return n_bytes > 0 && !is_replaced;
}

void console_open(void)
{
    DWORD mode;
    handles[CONSOLE_OUT] = GetStdHandle(STD_OUTPUT_HANDLE);
    handles[CONSOLE_ERR] = GetStdHandle(STD_ERROR_HANDLE);
    is_console[CONSOLE_OUT] = GetConsoleMode(handles[CONSOLE_OUT], &old_mode) != 0;
    is_console[CONSOLE_ERR] = GetConsoleMode(handles[CONSOLE_ERR], &mode) != 0;
    traits.is_terminal = is_console[CONSOLE_OUT];
    traits.has_cursor = traits.is_terminal && !is_dumb();
    traits.has_vt = traits.has_cursor && turn_vt_on();
    traits.has_colour = traits.has_vt && !is_set("NO_COLOR");
    traits.has_unicode = !traits.is_terminal || has_block_characters();
}

void console_close(void)
{
    if (traits.has_vt)
        SetConsoleMode(handles[CONSOLE_OUT], old_mode);
}

const struct console_traits *console_traits(void)
{
    return &traits;
}

void console_size(uint32_t *out_columns, uint32_t *out_lines)
{
    CONSOLE_SCREEN_BUFFER_INFO info;
    *out_columns = 80;
    *out_lines = 24;
    if (!GetConsoleScreenBufferInfo(handles[CONSOLE_OUT], &info))
        return;
    *out_columns = (uint32_t)(info.srWindow.Right - info.srWindow.Left + 1);
    *out_lines = (uint32_t)(info.srWindow.Bottom - info.srWindow.Top + 1);
}

void console_go_up(uint32_t n_lines)
{
    COORD place;
    if (!traits.has_cursor || !where_is_cursor(&place))
        return;
    place.X = 0;
    place.Y = (SHORT)((uint32_t)place.Y > n_lines ? (uint32_t)place.Y - n_lines : 0);
    SetConsoleCursorPosition(handles[CONSOLE_OUT], place);
}

static bool write_units(HANDLE handle, const wchar_t *units, size_t n_units)
{
    while (n_units > 0) {
        DWORD n = n_units < WRITE_UNITS_MAX ? (DWORD)n_units : WRITE_UNITS_MAX;
        bool cuts_pair = n < n_units && units[n - 1] >= 0xD800 && units[n - 1] <= 0xDBFF;
        DWORD n_written;
        if (!WriteConsoleW(handle, units, cuts_pair ? n - 1 : n, &n_written, NULL))
            return false;
        units += n_written;
        n_units -= n_written;
    }
    return true;
}

static bool write_bytes(HANDLE handle, const char *bytes, size_t n_bytes)
{
    while (n_bytes > 0) {
        DWORD n = n_bytes < 0x40000000 ? (DWORD)n_bytes : 0x40000000;
        DWORD n_written;
        if (!WriteFile(handle, bytes, n, &n_written, NULL))
            return false;
        bytes += n_written;
        n_bytes -= n_written;
    }
    return true;
}

bool console_write(enum console_stream stream, const char *text)
{
    if (!is_console[stream])
        return write_bytes(handles[stream], text, strlen(text));
    uint16_t *units = need(sg_utf16_from_utf8(text));
    bool is_written = write_units(handles[stream], (const wchar_t *)units, sg_utf16_units(text));
    sg_free(units);
    return is_written;
}
