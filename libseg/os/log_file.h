/* A text file that lines are appended to, and that is moved to "PATH.1" when it is full. Any
 * thread. */
#ifndef SEGUE_OS_LOG_FILE_H
#define SEGUE_OS_LOG_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct log_file;

/* Opens or creates it for appending; others may read it. `max_bytes`: its size is kept below. */
SG_MUST_USE enum sg_status log_file_open(const char *path, uint64_t max_bytes,
                                         struct log_file **out, struct sg_err *err);

/* Appends one line, as one write. A failure is forgotten: a log that cannot be written must not
 * stop the work it tells about. NULL is allowed. */
void log_file_append(struct log_file *log, const char *line, size_t length);

/* Closes it. NULL is allowed. */
void log_file_close(struct log_file *log);

#endif
