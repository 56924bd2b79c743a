/* Whose a folder is. Implemented by daemon/win and, for tests, daemon/posix. */
#ifndef SEGUE_DAEMON_OWNER_H
#define SEGUE_DAEMON_OWNER_H

#include "base/err.h"

/* Checks that the folder `path` belongs to this process's account or to those who may do anything
 * anyway (Windows: SYSTEM, Administrators). Every user may make folders in %ProgramData%: one that
 * somebody else has made there is no place for a service's database. SG_E_DENIED when it belongs to
 * another, or when that cannot be told. Any thread.
 * GetNamedSecurityInfoW; stat(2). */
SG_MUST_USE enum sg_status owner_check(const char *path, struct sg_err *err);

#endif
