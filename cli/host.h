/* What the commands need of the system besides the terminal. Implemented by cli/win, and by
 * cli/posix for tests. UTF-8. One thread. */
#ifndef SEGUE_CLI_HOST_H
#define SEGUE_CLI_HOST_H

#include <stddef.h>
#include <stdio.h>

#include "base/err.h"

/* A variable of the environment; NULL when it is not set or empty. The caller owns it (sg_free). */
char *host_env(const char *name);

/* Makes `path` absolute by the current folder ("." is that folder itself); the caller owns the
 * result (sg_free). The file need not exist. GetFullPathNameW. */
SG_MUST_USE enum sg_status host_absolute(const char *path, char **out, struct sg_err *err);

/* Where the name begins in `path`, behind the last separator (or "C:"). Pure. */
size_t host_name_start(const char *path);

/* Opens a file for reading as bytes; NULL when that fails, errno tells why. "-" is stdin. */
FILE *host_open(const char *path);

#endif
