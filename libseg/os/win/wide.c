/* Conversion of text and paths for Windows. No state; any thread. */
#include "os/win/wide.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "base/utf.h"
#include "os/path.h"
#include "os/win/error_win.h"
#include "os/win/win.h"

_Static_assert(sizeof(wchar_t) == sizeof(uint16_t), "Windows' wchar_t is a UTF-16 unit");

/* CreateDirectoryW keeps twelve units of the 260 free for an 8.3 name: the lowest limit. */
enum { LONG_PATH_UNITS = MAX_PATH - 12 };

static const wchar_t LONG_PREFIX[] = L"\\\\?\\";
static const wchar_t LONG_UNC_PREFIX[] = L"\\\\?\\UNC\\"; /* instead of the two backslashes */

wchar_t *wide_from_utf8(const char *text)
{
    return (wchar_t *)sg_utf16_from_utf8(text);
}

char *wide_to_utf8(const wchar_t *text)
{
    return sg_utf8_from_utf16((const uint16_t *)text, wcslen(text));
}

static bool is_separator(char c)
{
    return c == '\\' || c == '/';
}

/* `\\server\pipe\…` and `\\server\mailslot\…` reach whoever made the pipe, not a file system. */
static bool is_pipe_share(const char *path)
{
    const char *share = path + 2;
    while (*share != '\0' && !is_separator(*share))
        share++;
    if (*share != '\0')
        share++;
    size_t length = strcspn(share, "\\/");
    char word[sizeof "mailslot"];
    if (length >= sizeof word)
        return false;
    memcpy(word, share, length);
    word[length] = '\0';
    return sg_equals_ignoring_case(word, "pipe") || sg_equals_ignoring_case(word, "mailslot");
}

/* `\\.\…` is the namespace of devices; `\\?\…` leads there too, except to a drive or a share. */
static bool is_device(const char *path)
{
    if (!is_separator(path[0]) || !is_separator(path[1]))
        return false;
    if (path[2] == '.' && is_separator(path[3]))
        return true;
    if (path[2] != '?' || !is_separator(path[3]))
        return is_pipe_share(path);
    if (path[4] != '\0' && path[5] == ':')
        return false;
    return strncmp(path + 4, "UNC", 3) != 0 || !is_separator(path[7]) || is_pipe_share(path + 6);
}

static void use_backslashes(wchar_t *path)
{
    for (; *path != L'\0'; path++) {
        if (*path == L'/')
            *path = L'\\';
    }
}

static wchar_t *concatenated(const wchar_t *head, const wchar_t *tail)
{
    size_t head_units = wcslen(head);
    size_t tail_units = wcslen(tail);
    wchar_t *both = sg_alloc_array(head_units + tail_units + 1, sizeof *both);
    if (both == NULL)
        return NULL;
    memcpy(both, head, head_units * sizeof *both);
    memcpy(both + head_units, tail, (tail_units + 1) * sizeof *both);
    return both;
}

enum sg_status wide_full_path(const wchar_t *path, wchar_t **out, struct sg_err *err)
{
    DWORD capacity = MAX_PATH;
    for (;;) {
        wchar_t *full = sg_alloc_array(capacity, sizeof *full);
        if (full == NULL)
            return sg_err_set(err, SG_E_NOMEM, "reading a path");
        DWORD units = GetFullPathNameW(path, capacity, full, NULL);
        if (units > 0 && units < capacity) {
            *out = full;
            return SG_OK;
        }
        DWORD error = GetLastError();
        sg_free(full);
        if (units == 0)
            return error_report_as(err, SG_E_INVALID, error, "reading a path", NULL);
        capacity = units; /* what it needs, with the NUL */
    }
}

/* With the prefix Windows takes a path literally, so "." and ".." must be resolved before. */
static enum sg_status mark_long(const wchar_t *path, wchar_t **out, struct sg_err *err)
{
    wchar_t *full = NULL;
    enum sg_status status = wide_full_path(path, &full, err);
    if (full == NULL)
        return status;
    bool is_unc = full[0] == L'\\';
    wchar_t *marked =
        is_unc ? concatenated(LONG_UNC_PREFIX, full + 2) : concatenated(LONG_PREFIX, full);
    sg_free(full);
    if (marked == NULL)
        return sg_err_set(err, SG_E_NOMEM, "reading a path");
    *out = marked;
    return SG_OK;
}

enum sg_status wide_path(const char *path, wchar_t **out, struct sg_err *err)
{
    if (!sg_utf8_is_valid(path, strlen(path)))
        return sg_err_set(err, SG_E_INVALID, "the path is not valid UTF-8");
    if (!path_is_absolute(path))
        return sg_err_set(err, SG_E_INVALID, "not an absolute path: %s", path);
    if (is_device(path))
        return sg_err_set(err, SG_E_INVALID, "not a path in a file system: %s", path);

    wchar_t *wide = wide_from_utf8(path);
    if (wide == NULL)
        return sg_err_set(err, SG_E_NOMEM, "reading a path");
    use_backslashes(wide);
    bool is_marked = wcsncmp(wide, LONG_PREFIX, wcslen(LONG_PREFIX)) == 0;
    if (is_marked || wcslen(wide) < LONG_PATH_UNITS) {
        *out = wide;
        return SG_OK;
    }
    enum sg_status status = mark_long(wide, out, err);
    sg_free(wide);
    return status;
}
