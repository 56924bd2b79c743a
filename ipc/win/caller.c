/* The caller's identity, by becoming the caller for a moment. Asking for the client's process id
 * instead would name whoever has that id by now. */
#include "ipc/win/caller.h"

#include "base/assert.h"
#include "ipc/win/sid.h"
#include "os/win/error_win.h"
#include "os/win/handle.h"

/* The token is opened with our own rights: the client's may not suffice for that. A thread that
 * could not stop being somebody else must not go on. */
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

enum sg_status caller_sid(HANDLE pipe, char **out_sid, struct sg_err *err)
{
    HANDLE token;
    enum sg_status status = open_caller(pipe, &token, err);
    if (status != SG_OK)
        return status;
    status = sid_of_token(token, out_sid, err);
    handle_close(token);
    return status;
}
