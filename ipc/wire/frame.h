/* Lines: one JSON message per line, ended by "\n" ("\r\n" is accepted). Pure. */
#ifndef SEGUE_IPC_WIRE_FRAME_H
#define SEGUE_IPC_WIRE_FRAME_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/status.h"

enum { FRAME_LINE_MAX = 1024 * 1024 };

/* Bytes received and not yet taken. Zero-initialise it; frame_fini at the end. */
struct frame_reader {
    struct sg_buf pending;
    size_t scanned;   /* no line end before this place */
    size_t taken;     /* bytes of `pending` that belong to lines that were given out */
    bool is_skipping; /* inside a line that is too long */
};

/* Releases the memory. */
void frame_fini(struct frame_reader *reader);

/* Adds received bytes. Memory stays bounded: of a line that is too long nothing is kept. */
SG_MUST_USE enum sg_status frame_feed(struct frame_reader *reader, const void *data,
                                      size_t n_bytes);

/* The next whole line without its end, valid until the next call on `reader`.
 *   SG_OK          *out_line, *out_length (may be 0); NUL-terminated
 *   SG_PENDING     none yet
 *   SG_E_TOO_LONG  a line was longer than FRAME_LINE_MAX; reported once, and reading goes on */
SG_MUST_USE enum sg_status frame_next(struct frame_reader *reader, const char **out_line,
                                      size_t *out_length);

#endif
