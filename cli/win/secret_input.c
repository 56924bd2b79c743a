/* A Windows console that does not show what is typed. Its modes outlive the program, so they are
 * set back whatever happens. */
#include "cli/secret_input.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf.h"
#include "cli/need.h"
#include "os/win/win.h"

enum { LINE_UNITS = 4096 };

static DWORD shown_mode; /* of stdin, as it was */
static atomic_bool is_hiding;

void secret_input_restore(void)
{
    if (atomic_exchange(&is_hiding, false))
        SetConsoleMode(GetStdHandle(STD_INPUT_HANDLE), shown_mode);
}

/* What was typed before the prompt is not meant for it, and was seen. */
static bool hide(void)
{
    HANDLE input = GetStdHandle(STD_INPUT_HANDLE);
    if (!GetConsoleMode(input, &shown_mode))
        return false;
    DWORD mode =
        (shown_mode | ENABLE_LINE_INPUT | ENABLE_PROCESSED_INPUT) & ~(DWORD)ENABLE_ECHO_INPUT;
    atomic_store(&is_hiding, true);
    FlushConsoleInputBuffer(input);
    return SetConsoleMode(input, mode) != 0;
}

/* On the console, wherever stderr goes. */
static void show(const char *text)
{
    uint16_t *units = need(sg_utf16_from_utf8(text));
    HANDLE screen = CreateFileW(L"CONOUT$", GENERIC_READ | GENERIC_WRITE,
                                FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    DWORD n;
    if (screen != INVALID_HANDLE_VALUE) {
        WriteConsoleW(screen, units, (DWORD)sg_utf16_units(text), &n, NULL);
        CloseHandle(screen);
    }
    sg_free(units);
}

/* Units of a whole line without its end (CR LF), or -1. */
static int read_line(uint16_t *line)
{
    static const uint16_t control_z = 26; /* how people end what they type */
    DWORD n;
    if (!ReadConsoleW(GetStdHandle(STD_INPUT_HANDLE), line, LINE_UNITS, &n, NULL))
        return -1;
    if (n < 2 || line[n - 1] != L'\n' || line[n - 2] != L'\r' || line[0] == control_z)
        return -1;
    return (int)n - 2;
}

/* Ctrl-C makes ReadConsoleW succeed with nothing, while the handler ends the program in a thread of
 * its own: https://learn.microsoft.com/windows/console/readconsole. */
static enum sg_status explain(DWORD error, struct sg_err *err)
{
    if (error == ERROR_OPERATION_ABORTED)
        return sg_err_set(err, SG_E_CANCELLED, "it was interrupted");
    return sg_err_set(err, SG_E_INVALID, "no line was typed: try again");
}

enum sg_status secret_input_read(const char *prompt, char **out, struct sg_err *err)
{
    if (!hide())
        return sg_err_set(err, SG_E_INVALID,
                          "stdin is no console: give the login in a list (-i LIST) or a header "
                          "(--header @FILE)");
    uint16_t *line = need(sg_alloc_array(LINE_UNITS, sizeof *line));
    show(prompt);
    SetLastError(ERROR_SUCCESS);
    int n = read_line(line);
    DWORD error = GetLastError();
    secret_input_restore();
    show("\r\n");
    char *text = n >= 0 ? need(sg_utf8_from_utf16(line, (size_t)n)) : NULL;
    SecureZeroMemory(line, LINE_UNITS * sizeof *line);
    sg_free(line);
    if (text == NULL)
        return explain(error, err);
    *out = text;
    return SG_OK;
}
