/* Environment, paths and files of Windows. */
#include "cli/host.h"

#include <fcntl.h>
#include <io.h>
#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "cli/need.h"
#include "cli/win/text.h"
#include "os/win/win.h"

char *host_env(const char *name)
{
    wchar_t *wide_name = text_wide(name);
    char *value = NULL;
    DWORD size = GetEnvironmentVariableW(wide_name, NULL, 0);
    wchar_t *wide = need(sg_alloc_array(size + 1, sizeof *wide));
    if (size > 1 && GetEnvironmentVariableW(wide_name, wide, size) == size - 1)
        value = text_utf8(wide);
    sg_free(wide);
    sg_free(wide_name);
    return value;
}

static bool is_separator(wchar_t c)
{
    return c == L'\\' || c == L'/';
}

/* "C:\x\" becomes "C:\x"; "C:\" stays. */
static void strip_separators(wchar_t *path)
{
    size_t length = wcslen(path);
    while (length > 3 && is_separator(path[length - 1]))
        path[--length] = L'\0';
}

enum sg_status host_absolute(const char *path, char **out, struct sg_err *err)
{
    wchar_t *wide = text_wide(path);
    DWORD size = GetFullPathNameW(wide, 0, NULL, NULL);
    wchar_t *full = need(sg_alloc_array(size + 1, sizeof *full));
    DWORD length = size > 0 ? GetFullPathNameW(wide, size, full, NULL) : 0;
    char reason[TEXT_ERROR_SIZE];
    text_of_error(GetLastError(), reason);
    bool is_done = length > 0 && length < size;
    if (is_done) {
        strip_separators(full);
        *out = text_utf8(full);
    }
    sg_free(full);
    sg_free(wide);
    return is_done ? SG_OK
                   : sg_err_set(err, SG_E_INVALID, "'%s' is no path: %s: check it", path, reason);
}

size_t host_name_start(const char *path)
{
    size_t start = strlen(path);
    while (start > 0 && path[start - 1] != '\\' && path[start - 1] != '/' &&
           !(start == 2 && path[1] == ':'))
        start--;
    return start;
}

FILE *host_open(const char *path)
{
    if (strcmp(path, "-") == 0) {
        _setmode(_fileno(stdin), _O_BINARY);
        return stdin;
    }
    wchar_t *wide = text_wide(path);
    FILE *file = _wfopen(wide, L"rb");
    sg_free(wide);
    return file;
}
