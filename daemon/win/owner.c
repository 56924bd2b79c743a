/* Owners by SID. */
#include "daemon/owner.h"

#include <stdbool.h>

#include "base/mem.h"
#include "os/win/handle.h"
#include "os/win/wide.h"
#include "os/win/win.h"

static bool is_mighty(PSID owner)
{
    return IsWellKnownSid(owner, WinLocalSystemSid) ||
           IsWellKnownSid(owner, WinBuiltinAdministratorsSid);
}

/* What the process makes belongs to the account, or to a group that its token names for that. */
static bool is_own(PSID owner)
{
    BYTE user[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
    BYTE standard[sizeof(TOKEN_OWNER) + SECURITY_MAX_SID_SIZE];
    HANDLE token = NULL;
    DWORD size;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token))
        return false;
    bool is_known = GetTokenInformation(token, TokenUser, user, sizeof user, &size) &&
                    GetTokenInformation(token, TokenOwner, standard, sizeof standard, &size);
    handle_close(token);
    return is_known && (EqualSid(owner, ((const TOKEN_USER *)(const void *)user)->User.Sid) ||
                        EqualSid(owner, ((const TOKEN_OWNER *)(const void *)standard)->Owner));
}

static enum sg_status check(const wchar_t *wide, const char *path, struct sg_err *err)
{
    PSECURITY_DESCRIPTOR descriptor = NULL;
    PSID owner = NULL;
    DWORD error = GetNamedSecurityInfoW(wide, SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION, &owner,
                                        NULL, NULL, NULL, &descriptor);
    if (error != ERROR_SUCCESS)
        return sg_err_foreign(err, SG_E_DENIED, error,
                              "the owner of the data folder %s cannot be told", path);
    bool may_use = is_mighty(owner) || is_own(owner);
    LocalFree(descriptor);
    if (may_use)
        return SG_OK;
    return sg_err_set(err, SG_E_DENIED,
                      "the data folder %s belongs to another user: look at it, and delete it",
                      path);
}

enum sg_status owner_check(const char *path, struct sg_err *err)
{
    wchar_t *wide;
    enum sg_status status = wide_path(path, &wide, err);
    if (status != SG_OK)
        return status;
    status = check(wide, path, err);
    sg_free(wide);
    return status;
}
