/* Who is at the other end of a pipe. Loop thread. */
#ifndef SEGUE_IPC_WIN_CALLER_H
#define SEGUE_IPC_WIN_CALLER_H

#include "base/err.h"
#include "os/win/win.h"

/* The SID of the user at the other end of a connected pipe, owned by the caller. Works once bytes
 * were read from it, and is the identity with which the client opened the pipe. SG_E_DENIED when
 * the client does not let itself be impersonated. ImpersonateNamedPipeClient. */
SG_MUST_USE enum sg_status caller_sid(HANDLE pipe, char **out_sid, struct sg_err *err);

#endif
