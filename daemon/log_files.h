/* The log's files: segd.log, which is appended to, and segd.log.1 (newer) to segd.log.4 (older).
 * A full one is moved on, so that all together never take more than LOG_FILES times the most that
 * one may take. One thread at a time. */
#ifndef SEGUE_DAEMON_LOG_FILES_H
#define SEGUE_DAEMON_LOG_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum { LOG_FILES = 5, LOG_FILE_MAX = 10 * 1024 * 1024 };

struct log_files;

/* Opens segd.log in `folder`; no file becomes larger than `max_bytes`. */
SG_MUST_USE enum sg_status log_files_open(const char *folder, uint64_t max_bytes,
                                          struct log_files **out, struct sg_err *err);

/* Looks whether the file was taken away (renamed, removed): then the next line begins it again.
 * Before each batch of lines. */
void log_files_look(struct log_files *files);

/* Appends one line. False when it could not be written: the disk is full, or the file is full and
 * somebody keeps it from being moved. The next one may succeed. */
bool log_files_append(struct log_files *files, const char *line, size_t length);

/* The last lines, of segd.log and where it is short of segd.log.1 too: `max_bytes` of each at most.
 * The first one may be cut. */
void log_files_read_end(const struct log_files *files, size_t max_bytes, struct sg_buf *out);

/* Closes them. NULL is allowed. */
void log_files_close(struct log_files *files);

#endif
