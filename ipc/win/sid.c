/* From tokens and SIDs to text. */
#include "ipc/win/sid.h"

#include "base/mem.h"
#include "os/win/error_win.h"
#include "os/win/handle.h"
#include "os/win/wide.h"

/* TOKEN_USER points behind itself, into the same memory. */
union token_user {
    TOKEN_USER user;
    char room[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
};

union any_sid {
    SID sid;
    char room[SECURITY_MAX_SID_SIZE];
};

enum sg_status sid_to_text(PSID sid, char **out, struct sg_err *err)
{
    wchar_t *wide;
    if (!ConvertSidToStringSidW(sid, &wide))
        return error_report(err, GetLastError(), "naming a user", NULL);
    char *text = wide_to_utf8(wide);
    LocalFree(wide);
    if (text == NULL)
        return sg_err_set(err, SG_E_NOMEM, "naming a user");
    *out = text;
    return SG_OK;
}

enum sg_status sid_of_token(HANDLE token, char **out, struct sg_err *err)
{
    union token_user user;
    DWORD size;
    if (!GetTokenInformation(token, TokenUser, &user, sizeof user, &size))
        return error_report(err, GetLastError(), "asking for the user", NULL);
    return sid_to_text(user.user.User.Sid, out, err);
}

enum sg_status sid_of_process(char **out, struct sg_err *err)
{
    HANDLE token;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token))
        return error_report(err, GetLastError(), "opening the process's token", NULL);
    enum sg_status status = sid_of_token(token, out, err);
    handle_close(token);
    return status;
}

enum sg_status sid_is_administrator(HANDLE token, bool *out, struct sg_err *err)
{
    union any_sid administrators;
    DWORD size = sizeof administrators;
    BOOL is_member;
    if (!CreateWellKnownSid(WinBuiltinAdministratorsSid, NULL, &administrators, &size) ||
        !CheckTokenMembership(token, &administrators, &is_member))
        return error_report(err, GetLastError(), "asking for a user's groups", NULL);
    *out = is_member;
    return SG_OK;
}
