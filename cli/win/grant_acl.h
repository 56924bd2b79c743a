/* Access lists with an entry for the service. Any thread. */
#ifndef SEGUE_CLI_WIN_GRANT_ACL_H
#define SEGUE_CLI_WIN_GRANT_ACL_H

#include <stdbool.h>

#include "os/win/win.h"

/* What the entry allows in the folder and, by inheritance, below: all but changes of access lists
 * and owners ("modify" in Explorer). */
enum { GRANT_RIGHTS = FILE_GENERIC_READ | FILE_GENERIC_WRITE | FILE_GENERIC_EXECUTE | DELETE };

/* A copy of `acl` (NULL: an empty one) in which the service has that entry once, or none. A Windows
 * error; on success `*out` is the caller's (LocalFree). SetEntriesInAclW. */
DWORD grant_acl(PACL acl, bool is_granted, PACL *out);

#endif
