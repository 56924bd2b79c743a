/* The service's right to a folder of the user's. Implemented by cli/win and, for tests, cli/posix,
 * where there is no service. One thread; blocks. */
#ifndef SEGUE_CLI_GRANT_H
#define SEGUE_CLI_GRANT_H

#include <stdbool.h>

#include "base/err.h"

/* Adds an entry for the service to the access list of the absolute path `folder`, or takes it away
 * again: reading, making, changing and deleting of what is in the folder and below, but not changes
 * of access lists. Other entries stay. SG_E_INVALID for the root of a drive or share;
 * SG_E_NO_FOLDER; SG_E_DENIED when the user may not change the list. SetEntriesInAclW,
 * SetNamedSecurityInfoW. */
SG_MUST_USE enum sg_status grant_to_service(const char *folder, bool is_granted,
                                            struct sg_err *err);

#endif
