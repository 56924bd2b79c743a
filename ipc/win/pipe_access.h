/* The access lists of our pipes. Any thread. */
#ifndef SEGUE_IPC_WIN_PIPE_ACCESS_H
#define SEGUE_IPC_WIN_PIPE_ACCESS_H

#include "base/err.h"
#include "ipc/pipe.h"
#include "os/win/win.h"

/* What a client may and must ask for: reading, writing, attributes and the owner's name, but not
 * FILE_CREATE_PIPE_INSTANCE (the same bit as FILE_APPEND_DATA, and part of GENERIC_WRITE), with
 * which it could listen in our place. */
enum { PIPE_CLIENT_RIGHTS = (FILE_GENERIC_READ | FILE_GENERIC_WRITE) & ~FILE_CREATE_PIPE_INSTANCE };

/* The security descriptor for a pipe, owned by the caller (pipe_access_destroy). */
SG_MUST_USE enum sg_status pipe_access_create(enum pipe_access access, PSECURITY_DESCRIPTOR *out,
                                              struct sg_err *err);

/* NULL is allowed. */
void pipe_access_destroy(PSECURITY_DESCRIPTOR descriptor);

#endif
