/* Looking at and switching one privilege. No state of its own; any thread. */
#include "os/win/privilege.h"

#include <stddef.h>

#include "base/mem.h"
#include "os/win/handle.h"
#include "os/win/win.h"

static bool find_luid(LUID *out)
{
    return LookupPrivilegeValueW(NULL, SE_MANAGE_VOLUME_NAME, out);
}

/* The identity that the system checks: the thread's, where it impersonates. */
static HANDLE open_effective_token(void)
{
    HANDLE token = NULL;
    if (OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token))
        return token;
    if (GetLastError() != ERROR_NO_TOKEN)
        return NULL;
    return OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token) ? token : NULL;
}

/* NULL when it cannot be read; else the caller's (sg_free). */
static TOKEN_PRIVILEGES *read_privileges(HANDLE token)
{
    DWORD size = 0;
    GetTokenInformation(token, TokenPrivileges, NULL, 0, &size);
    TOKEN_PRIVILEGES *privileges = size > 0 ? sg_alloc(size) : NULL;
    if (privileges == NULL)
        return NULL;
    if (GetTokenInformation(token, TokenPrivileges, privileges, size, &size))
        return privileges;
    sg_free(privileges);
    return NULL;
}

static bool is_enabled(const TOKEN_PRIVILEGES *privileges, LUID luid)
{
    for (DWORD i = 0; i < privileges->PrivilegeCount; i++) {
        const LUID_AND_ATTRIBUTES *each = &privileges->Privileges[i];
        if (each->Luid.LowPart == luid.LowPart && each->Luid.HighPart == luid.HighPart)
            return (each->Attributes & SE_PRIVILEGE_ENABLED) != 0;
    }
    return false;
}

bool privilege_may_manage_volume(void)
{
    LUID luid;
    HANDLE token = find_luid(&luid) ? open_effective_token() : NULL;
    if (token == NULL)
        return false;
    TOKEN_PRIVILEGES *privileges = read_privileges(token);
    handle_close(token);
    bool is_on = privileges != NULL && is_enabled(privileges, luid);
    sg_free(privileges);
    return is_on;
}

/* AdjustTokenPrivileges reports success also when it changed nothing; the last error tells. */
static bool adjust(DWORD attributes)
{
    TOKEN_PRIVILEGES change = { .PrivilegeCount = 1 };
    change.Privileges[0].Attributes = attributes;
    if (!find_luid(&change.Privileges[0].Luid))
        return false;
    HANDLE token = NULL;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES, &token))
        return false;
    bool has_worked = AdjustTokenPrivileges(token, FALSE, &change, 0, NULL, NULL) &&
                      GetLastError() == ERROR_SUCCESS;
    handle_close(token);
    return has_worked;
}

bool privilege_enable_manage_volume(void)
{
    return adjust(SE_PRIVILEGE_ENABLED);
}

void privilege_disable_manage_volume(void)
{
    adjust(0);
}
