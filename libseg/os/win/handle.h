/* "No handle" is NULL in all of Segue. Some Windows functions say INVALID_HANDLE_VALUE instead;
 * their results go through here at once. */
#ifndef SEGUE_OS_WIN_HANDLE_H
#define SEGUE_OS_WIN_HANDLE_H

#include <stddef.h>

#include "os/win/win.h"

/* `handle`, or NULL for INVALID_HANDLE_VALUE. Keeps the last error. */
static inline HANDLE handle_normal(HANDLE handle)
{
    return handle == INVALID_HANDLE_VALUE ? NULL : handle;
}

/* Closes `handle` and keeps the last error; NULL is allowed. */
static inline void handle_close(HANDLE handle)
{
    if (handle == NULL)
        return;
    DWORD error = GetLastError();
    CloseHandle(handle);
    SetLastError(error);
}

#endif
