/* The header lines of a reply as they come in, within limits. Pure. */
#ifndef SEGUE_NET_XFER_HEAD_H
#define SEGUE_NET_XFER_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* Zero-initialise it. */
struct head {
    struct sg_buf lines; /* of the present response, each ended by "\n", without the status line */
    size_t n_bytes;      /* of all responses since head_clear, as they came */
    uint32_t n_lines;    /* likewise */
    bool is_open;        /* a status line came, and not yet the empty line behind the headers */
    bool is_complete;
};

/* Releases its memory and makes it empty. */
void head_fini(struct head *head);

/* Makes it empty, for another request. */
void head_clear(struct head *head);

/* Adds one line as libcurl hands it to CURLOPT_HEADERFUNCTION: a status line (which begins another
 * response: the lines before it are forgotten, but count), a header, or the empty line that
 * completes the head. SG_E_BAD_SERVER when there are more than XFER_HEADER_BYTES_MAX bytes or
 * XFER_HEADER_LINES_MAX headers, SG_E_NOMEM. */
SG_MUST_USE enum sg_status head_add(struct head *head, const char *line, size_t length,
                                    struct sg_err *err);

/* The value of the first header called `name` that is not empty, without the white space around
 * it; NULL when there is none. It points into `head`. RFC 9110 section 5.1: names are compared
 * without regard to case. */
const char *head_find(const struct head *head, const char *name, size_t *out_length);

#endif
