/* What the files about files share. */
#ifndef SEGUE_OS_WIN_FILE_WIN_H
#define SEGUE_OS_WIN_FILE_WIN_H

#include <stdbool.h>

#include "os/file.h"
#include "os/win/win.h"

/* An open file. After file_open nothing changes in it but what blocking calls change, of which
 * there is one at a time; so any thread may use it. */
struct file {
    HANDLE handle;
    struct port *port;
    char *path; /* that it was opened with */
    bool may_write;
    bool is_closed;    /* to other accounts: file_access.c */
    bool is_for_owner; /* its list has an entry for us until it is complete */
    bool is_skipping;  /* a write that worked at once sends no packet */
};

/* The identity of what `handle` was opened for; `path` is for the message. Any thread; blocks. */
SG_MUST_USE enum sg_status file_handle_identity(HANDLE handle, const char *path,
                                                struct file_id *out_id, struct sg_err *err);

/* Puts an entry for our account into the list of a file that was just made for its owner. As the
 * owner; blocks. SetSecurityInfo. */
SG_MUST_USE enum sg_status file_admit_us(struct file *file, struct sg_err *err);

/* What a rename's Windows error means; `target` is its full path, as Windows takes it. Any thread;
 * blocks. */
enum sg_status file_rename_status(DWORD error, const wchar_t *target);

/* What a file system says that does not know a request. */
bool file_is_unknown_request(DWORD error);

/* What a file is created with that others must not open (LocalFree); NULL when that fails. Any
 * thread. */
PSECURITY_DESCRIPTOR file_closed_descriptor(void);

#endif
