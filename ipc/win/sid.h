/* Who somebody is, as Windows writes it: "S-1-5-21-…". Any thread. */
#ifndef SEGUE_IPC_WIN_SID_H
#define SEGUE_IPC_WIN_SID_H

#include "base/err.h"
#include "os/win/win.h"

/* A SID as text, owned by the caller. ConvertSidToStringSidW. */
SG_MUST_USE enum sg_status sid_to_text(PSID sid, char **out, struct sg_err *err);

/* The user of a token (TOKEN_QUERY), owned by the caller. GetTokenInformation. */
SG_MUST_USE enum sg_status sid_of_token(HANDLE token, char **out, struct sg_err *err);

/* The user that this process runs as, owned by the caller. */
SG_MUST_USE enum sg_status sid_of_process(char **out, struct sg_err *err);

#endif
