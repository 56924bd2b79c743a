/* The caller's identity, by becoming the caller for a moment. Asking for the client's process id
 * instead would name whoever has that id by now. */
#include "ipc/win/caller.h"

#include "base/assert.h"
#include "ipc/win/sid.h"
#include "os/win/error_win.h"
#include "os/win/handle.h"

/* The token is opened with our own rights: the client's may not suffice for that. A thread that
 * could not stop being somebody else must not go on.
 *
 * A token of level "identification" is taken: nothing is done in its name, and a daemon without
 * SeImpersonatePrivilege gets no other from callers that are elevated, or are somebody else, however
 * they opened the pipe. "Anonymous" has no token to open. */
static enum sg_status open_caller(HANDLE pipe, HANDLE *out_token, struct sg_err *err)
{
    if (!ImpersonateNamedPipeClient(pipe))
        return error_report_as(err, SG_E_DENIED, GetLastError(), "asking who calls", NULL);
    BOOL has_token = OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, out_token);
    DWORD error = GetLastError();
    BOOL is_reverted = RevertToSelf();
    SG_ASSERT(is_reverted);
    return has_token ? SG_OK : error_report_as(err, SG_E_DENIED, error, "asking who calls", NULL);
}

static enum sg_status describe(HANDLE token, struct pipe_caller *out, struct sg_err *err)
{
    struct pipe_caller caller = { 0 };
    enum sg_status status = sid_is_administrator(token, &caller.is_administrator, err);
    if (status == SG_OK)
        status = sid_of_token(token, &caller.sid, err);
    if (status == SG_OK)
        *out = caller;
    return status;
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
