/* Who somebody is, as Windows writes it: "S-1-5-21-…". Any thread. */
#ifndef SEGUE_IPC_WIN_SID_H
#define SEGUE_IPC_WIN_SID_H

#include <stdbool.h>

#include "base/err.h"
#include "os/win/win.h"

/* NT SERVICE\Segue, the account of the service. Windows makes the SID of a service's account from
 * the SHA-1 digest of its name in capitals, so it is the same on every machine, also where no
 * service is installed. `sc showsid Segue` prints it. */
#define SID_OF_SERVICE "S-1-5-80-4280619732-839869575-4031326268-3334226125-3369091928"

/* A SID as text, owned by the caller. ConvertSidToStringSidW. */
SG_MUST_USE enum sg_status sid_to_text(PSID sid, char **out, struct sg_err *err);

/* The user of a token (TOKEN_QUERY), owned by the caller. GetTokenInformation. */
SG_MUST_USE enum sg_status sid_of_token(HANDLE token, char **out, struct sg_err *err);

/* The user that this process runs as, owned by the caller. */
SG_MUST_USE enum sg_status sid_of_process(char **out, struct sg_err *err);

/* True for an impersonation token (TOKEN_QUERY) that has the administrators' group enabled. User
 * Account Control leaves the group in the token of an administrator who is not elevated, but only
 * to be denied things by: such a one is no administrator here. CheckTokenMembership. */
SG_MUST_USE enum sg_status sid_is_administrator(HANDLE token, bool *out, struct sg_err *err);

#endif
