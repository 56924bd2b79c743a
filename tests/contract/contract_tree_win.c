/* Removing a scratch folder, and reading a stream, on Windows, long paths included. */
#include "os/win/win.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/utf.h"
#include "tests/contract/contract.h"

/* The wide form of "\\?\" and `folder`, a backslash, and `name`; paths with this prefix may be
 * longer than MAX_PATH (Microsoft: Maximum Path Length Limitation). */
static wchar_t *extended_path(const char *folder, const char *name)
{
    char *plain = scratch_path(folder, name);
    char *prefixed = scratch_path("\\\\?", plain);
    wchar_t *wide = (wchar_t *)sg_utf16_from_utf8(prefixed);
    assert_non_null(wide);
    sg_free(prefixed);
    sg_free(plain);
    return wide;
}

static void remove_entry(const char *folder, const WIN32_FIND_DATAW *entry)
{
    if (wcscmp(entry->cFileName, L".") == 0 || wcscmp(entry->cFileName, L"..") == 0)
        return;
    char *name = sg_utf8_from_utf16((const uint16_t *)entry->cFileName, wcslen(entry->cFileName));
    assert_non_null(name);
    if ((entry->dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0) {
        char *path = scratch_path(folder, name);
        remove_tree(path);
        sg_free(path);
    } else {
        wchar_t *path = extended_path(folder, name);
        assert_true(DeleteFileW(path));
        sg_free(path);
    }
    sg_free(name);
}

void remove_tree(const char *folder)
{
    wchar_t *pattern = extended_path(folder, "*");
    WIN32_FIND_DATAW entry;
    HANDLE found = FindFirstFileW(pattern, &entry);
    assert_true(found != INVALID_HANDLE_VALUE);
    do {
        remove_entry(folder, &entry);
    } while (FindNextFileW(found, &entry));
    FindClose(found);
    pattern[wcslen(pattern) - 2] = L'\0'; /* without the backslash and the star */
    assert_true(RemoveDirectoryW(pattern));
    sg_free(pattern);
}

char *scratch_stream(const char *path, const char *name)
{
    char text[4096];
    DWORD n_read = 0;
    size_t size = strlen(path) + strlen(name) + 2; /* a colon, a NUL */
    char *both = sg_alloc(size);
    assert_non_null(both);
    snprintf(both, size, "%s:%s", path, name);
    wchar_t *wide = extended_path(both, "");
    wide[wcslen(wide) - 1] = L'\0'; /* without the backslash */
    sg_free(both);
    HANDLE stream = CreateFileW(wide, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    sg_free(wide);
    if (stream == INVALID_HANDLE_VALUE)
        return NULL;
    assert_true(ReadFile(stream, text, sizeof text, &n_read, NULL));
    CloseHandle(stream);
    return sg_strndup(text, n_read);
}
