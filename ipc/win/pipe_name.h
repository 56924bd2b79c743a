/* Names of pipes. Any thread. */
#ifndef SEGUE_IPC_WIN_PIPE_NAME_H
#define SEGUE_IPC_WIN_PIPE_NAME_H

#include <wchar.h>

#include "base/err.h"

/* The name as Windows takes it, owned by the caller (sg_free). SG_E_INVALID for what is not a pipe
 * of this machine: another machine's would be told who we are, and a file would be written to.
 * Windows documentation: "Pipe Names" */
SG_MUST_USE enum sg_status pipe_name_to_wide(const char *name, wchar_t **out, struct sg_err *err);

#endif
