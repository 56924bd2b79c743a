/* The caller's identity, by becoming the caller for a moment, with the right to act as him later.
 * Asking for the client's process id instead would name whoever has that id by now. */
#include "ipc/win/caller.h"

#include "base/mem.h"
#include "ipc/win/sid.h"
#include "os/win/error_win.h"
#include "os/win/handle.h"
#include "os/win/identity_win.h"

/* The token is opened with our own rights: the client's may not suffice for that. */
static enum sg_status open_caller(HANDLE pipe, HANDLE *out_token, struct sg_err *err)
{
    if (!ImpersonateNamedPipeClient(pipe))
        return error_report_as(err, SG_E_DENIED, GetLastError(), "asking who calls", NULL);
    BOOL has_token = OpenThreadToken(
        GetCurrentThread(), TOKEN_QUERY | TOKEN_IMPERSONATE | TOKEN_DUPLICATE, TRUE, out_token);
    DWORD error = GetLastError();
    identity_revert();
    return has_token ? SG_OK : error_report_as(err, SG_E_DENIED, error, "asking who calls", NULL);
}

/* A token of level "identification" says who calls, and is worth no more. A daemon without
 * SeImpersonatePrivilege gets no other from callers that are elevated, or are somebody else,
 * however they opened the pipe. "Anonymous" has no token to open. */
static bool may_act_as(HANDLE token)
{
    SECURITY_IMPERSONATION_LEVEL level;
    DWORD size;
    return GetTokenInformation(token, TokenImpersonationLevel, &level, sizeof level, &size) &&
           level >= SecurityImpersonation;
}

static enum sg_status describe(HANDLE token, struct pipe_caller *out, struct sg_err *err)
{
    struct pipe_caller caller = { 0 };
    enum sg_status status = sid_is_administrator(token, &caller.is_administrator, err);
    if (status == SG_OK)
        status = sid_of_token(token, &caller.sid, err);
    if (status != SG_OK)
        return status;
    if (may_act_as(token))
        caller.right = identity_of_token(token);
    *out = caller;
    return SG_OK;
}

enum sg_status caller_identify(HANDLE pipe, struct pipe_caller *out, struct sg_err *err)
{
    HANDLE token;
    enum sg_status status = open_caller(pipe, &token, err);
    if (status != SG_OK)
        return status;
    status = describe(token, out, err);
    handle_close(token);
    return status;
}

void pipe_caller_fini(struct pipe_caller *caller)
{
    sg_free(caller->sid);
    identity_unref(caller->right);
    *caller = (struct pipe_caller){ 0 };
}
