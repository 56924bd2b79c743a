/* Folders as the service may look at them. Any thread; may block. Implemented by daemon/win and,
 * for tests, daemon/posix. */
#ifndef SEGUE_DAEMON_FOLDER_H
#define SEGUE_DAEMON_FOLDER_H

#include "base/err.h"

/* SG_OK when the absolute path `folder` means the same to every session of the machine;
 * SG_E_INVALID when its drive letter is unknown here, or stands for a folder or a share: it was
 * made by `subst` or `net use` in somebody's session. QueryDosDeviceW. */
SG_MUST_USE enum sg_status folder_check_shared(const char *folder, struct sg_err *err);

#endif
