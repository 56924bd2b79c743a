/* How an identity is made on Windows. */
#ifndef SEGUE_OS_WIN_IDENTITY_WIN_H
#define SEGUE_OS_WIN_IDENTITY_WIN_H

#include "os/identity.h"
#include "os/win/win.h"

/* An identity around a copy of an impersonation token; NULL when memory or handles ran out. Any
 * thread. DuplicateHandle. */
struct identity *identity_of_token(HANDLE token);

#endif
