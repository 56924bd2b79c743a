/* Text files that people hand over: lists of addresses, cookies. */
#ifndef SEGUE_CLI_TEXT_FILE_H
#define SEGUE_CLI_TEXT_FILE_H

#include "base/buf.h"
#include "base/err.h"

/* Reads a whole file, or stdin for "-", as UTF-8 text without a byte order mark; UTF-16 with a mark
 * (as PowerShell 5 writes it) is converted. SG_E_INVALID when it cannot be opened, is no text or is
 * larger than 256 MiB, SG_E_IO when it cannot be read; the message says what to do. */
SG_MUST_USE enum sg_status text_file_read(const char *path, struct sg_buf *out, struct sg_err *err);

#endif
