/* The entry of the service in an access list; nothing of a folder is known here. */
#include "cli/win/grant_acl.h"

#include "ipc/win/sid.h"

static PSID service_sid(void)
{
    PSID sid = NULL;
    return ConvertStringSidToSidW(L"" SID_OF_SERVICE, &sid) ? sid : NULL;
}

/* SET_ACCESS takes the place of an entry that is there, REVOKE_ACCESS takes it away. */
DWORD grant_acl(PACL acl, bool is_granted, PACL *out)
{
    PSID service = service_sid();
    if (service == NULL)
        return GetLastError();
    EXPLICIT_ACCESSW entry = {
        .grfAccessPermissions = GRANT_RIGHTS,
        .grfAccessMode = is_granted ? SET_ACCESS : REVOKE_ACCESS,
        .grfInheritance = SUB_CONTAINERS_AND_OBJECTS_INHERIT,
    };
    entry.Trustee.TrusteeForm = TRUSTEE_IS_SID;
    entry.Trustee.TrusteeType = TRUSTEE_IS_USER;
    entry.Trustee.ptstrName = service;
    DWORD error = SetEntriesInAclW(1, &entry, acl, out);
    LocalFree(service);
    return error;
}
