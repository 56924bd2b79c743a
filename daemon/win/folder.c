/* What a drive letter stands for. The letters that a service sees are the machine's own; those of a
 * logon session shadow them there, and are not seen here. */
#include "daemon/folder.h"

#include <stdbool.h>
#include <string.h>
#include <wchar.h>

#include "os/win/win.h"

enum { DEVICE_MAX = 1024 };

static bool is_separator(char c)
{
    return c == '\\' || c == '/';
}

/* The letter of "X:\…" and of "\\?\X:\…"; NUL when the path has none. */
static char letter_of(const char *path)
{
    if (is_separator(path[0]) && is_separator(path[1]) && (path[2] == '?' || path[2] == '.') &&
        is_separator(path[3]))
        path += 4;
    return path[0] != '\0' && path[1] == ':' ? path[0] : '\0';
}

/* "\Device\HarddiskVolume3" is a volume. "\??\C:\folder" was made by subst, and
 * "\Device\LanmanRedirector\;X:…\server\share" by net use. */
static bool is_volume(const wchar_t *device)
{
    static const wchar_t start[] = L"\\Device\\";
    size_t length = wcslen(start);
    return wcsncmp(device, start, length) == 0 && wcschr(device + length, L'\\') == NULL;
}

enum sg_status folder_check_shared(const char *folder, struct sg_err *err)
{
    wchar_t device[DEVICE_MAX];
    char letter = letter_of(folder);
    const wchar_t drive[] = { (wchar_t)(unsigned char)letter, L':', L'\0' };
    if (letter == '\0')
        return SG_OK;
    if (QueryDosDeviceW(drive, device, DEVICE_MAX) == 0)
        return sg_err_set(err, SG_E_INVALID,
                          "the service has no drive %c: name a mapped drive's folder as "
                          "\\\\server\\share\\..., or that behind a subst",
                          letter);
    if (!is_volume(device))
        return sg_err_set(err, SG_E_INVALID,
                          "the drive %c: stands for another folder or a share: name that with -d",
                          letter);
    return SG_OK;
}
