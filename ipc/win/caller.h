/* Who is at the other end of a pipe. Loop thread. */
#ifndef SEGUE_IPC_WIN_CALLER_H
#define SEGUE_IPC_WIN_CALLER_H

#include "base/err.h"
#include "ipc/pipe.h"
#include "os/win/win.h"

/* The user at the other end of a connected pipe (pipe_caller_fini). Works once bytes were read from
 * it, and is the identity with which the client opened the pipe; at the level "identification" it
 * comes without a right. SG_E_DENIED when the client is anonymous.
 * ImpersonateNamedPipeClient. */
SG_MUST_USE enum sg_status caller_identify(HANDLE pipe, struct pipe_caller *out,
                                           struct sg_err *err);

#endif
