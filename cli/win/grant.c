/* The folder's access list is read, changed and written back; Windows hands the change down to what
 * is in the folder. */
#include "cli/grant.h"

#include <wchar.h>

#include "base/mem.h"
#include "cli/win/grant_acl.h"
#include "cli/win/text.h"
#include "os/win/win.h"

static enum sg_status fail(struct sg_err *err, DWORD error, const char *folder)
{
    char reason[TEXT_ERROR_SIZE];
    enum sg_status status = error == ERROR_ACCESS_DENIED ? SG_E_DENIED : SG_E_IO;
    text_of_error(error, reason);
    return sg_err_foreign(err, status, error,
                          "the access list of %s cannot be changed: %s: see "
                          "who owns the folder",
                          folder, reason);
}

/* "C:\" and "\\server\share", without a separator at the end unless it is a drive's: what is there
 * is too much to be given away with one word. */
static bool is_root(const wchar_t *path)
{
    if (path[0] != L'\\' || path[1] != L'\\')
        return wcslen(path) <= 3;
    const wchar_t *share = wcschr(path + 2, L'\\');
    return share == NULL || wcschr(share + 1, L'\\') == NULL;
}

static enum sg_status check(const wchar_t *path, const char *folder, struct sg_err *err)
{
    DWORD attributes = GetFileAttributesW(path);
    if (attributes == INVALID_FILE_ATTRIBUTES || (attributes & FILE_ATTRIBUTE_DIRECTORY) == 0)
        return sg_err_set(err, SG_E_NO_FOLDER, "%s is no folder: name one that exists", folder);
    if (is_root(path))
        return sg_err_set(err, SG_E_INVALID, "%s is all of a drive or share: name a folder on it",
                          folder);
    return SG_OK;
}

static DWORD change(wchar_t *path, bool is_granted)
{
    PACL old;
    PACL changed = NULL;
    PSECURITY_DESCRIPTOR descriptor = NULL;
    DWORD error = GetNamedSecurityInfoW(path, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION, NULL, NULL,
                                        &old, NULL, &descriptor);
    if (error == ERROR_SUCCESS)
        error = grant_acl(old, is_granted, &changed);
    if (error == ERROR_SUCCESS)
        error = SetNamedSecurityInfoW(path, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION, NULL, NULL,
                                      changed, NULL);
    LocalFree(changed);
    LocalFree(descriptor);
    return error;
}

enum sg_status grant_to_service(const char *folder, bool is_granted, struct sg_err *err)
{
    wchar_t *path = text_wide(folder);
    enum sg_status status = check(path, folder, err);
    DWORD error = status == SG_OK ? change(path, is_granted) : ERROR_SUCCESS;
    sg_free(path);
    return error == ERROR_SUCCESS ? status : fail(err, error, folder);
}
