/* Paths that are separated by slashes, as text: no disk is looked at. The simulator's paths are
 * such, too. */
#ifndef SEGUE_OS_POSIX_PATH_TEXT_H
#define SEGUE_OS_POSIX_PATH_TEXT_H

#include "base/err.h"

/* Does what path_absolute does, with `folder` as the current one. */
SG_MUST_USE enum sg_status path_absolute_from(const char *folder, const char *path, char **out,
                                              struct sg_err *err);

#endif
