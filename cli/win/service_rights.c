/* A privilege for the service's account. */
#include "cli/win/service_win.h"

#include <wchar.h>

static wchar_t privilege[] = L"SeManageVolumePrivilege";

static LSA_UNICODE_STRING privilege_name(void)
{
    const USHORT size = (USHORT)(wcslen(privilege) * sizeof privilege[0]);
    return (LSA_UNICODE_STRING){ .Length = size,
                                 .MaximumLength = (USHORT)(size + sizeof privilege[0]),
                                 .Buffer = privilege };
}

static bool open_policy(LSA_HANDLE *out)
{
    LSA_OBJECT_ATTRIBUTES attributes = { .Length = sizeof attributes };
    return LsaOpenPolicy(NULL, &attributes, POLICY_CREATE_ACCOUNT | POLICY_LOOKUP_NAMES, out) == 0;
}

static bool change(bool gives)
{
    LSA_UNICODE_STRING name = privilege_name();
    LSA_HANDLE policy;
    PSID sid = NULL;
    bool has_worked = false;
    if (!ConvertStringSidToSidW(L"" SERVICE_SID_TEXT, &sid))
        return false;
    if (open_policy(&policy)) {
        NTSTATUS status = gives ? LsaAddAccountRights(policy, sid, &name, 1)
                                : LsaRemoveAccountRights(policy, sid, FALSE, &name, 1);
        has_worked = status == 0;
        LsaClose(policy);
    }
    LocalFree(sid);
    return has_worked;
}

bool service_rights_give(void)
{
    return change(true);
}

void service_rights_take(void)
{
    change(false);
}
