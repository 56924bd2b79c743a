/* The edge where errno becomes a status, for the blocking calls of os/posix. Any thread. */
#ifndef SEGUE_OS_POSIX_FAIL_POSIX_H
#define SEGUE_OS_POSIX_FAIL_POSIX_H

#include "base/err.h"

/* Records that `doing` (as in "opening", with `subject`, a path, behind it unless NULL) failed
 * with `os_error`, and returns its status: os_error_status's. */
enum sg_status posix_fail(struct sg_err *err, int os_error, const char *doing, const char *subject);

/* As posix_fail, where the caller knows better what `os_error` means. */
enum sg_status posix_fail_as(struct sg_err *err, enum sg_status status, int os_error,
                             const char *doing, const char *subject);

#endif
