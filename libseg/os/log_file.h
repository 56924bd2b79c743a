/* One text file that is only appended to, while others may read, rename or delete it. One thread
 * at a time. */
#ifndef SEGUE_OS_LOG_FILE_H
#define SEGUE_OS_LOG_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct log_file;

/* Opens or creates it; `*out_bytes` is its size. CreateFileW with FILE_APPEND_DATA and all sharing.
 */
SG_MUST_USE enum sg_status log_file_open(const char *path, struct log_file **out,
                                         uint64_t *out_bytes, struct sg_err *err);

/* Appends, as one write, and returns how many bytes were written: fewer than `length` where the
 * disk is full. */
size_t log_file_write(struct log_file *file, const char *data, size_t length);

/* Closes it. NULL is allowed. */
void log_file_close(struct log_file *file);

/* Appends the last `max_bytes` bytes of the file `path`, or all there are, to `out`.
 * SG_E_NOT_FOUND; SG_E_NOMEM. */
SG_MUST_USE enum sg_status log_file_read_end(const char *path, size_t max_bytes, struct sg_buf *out,
                                             struct sg_err *err);

#endif
