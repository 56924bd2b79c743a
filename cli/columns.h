/* Text measured in terminal columns: wide characters take two, combining ones none. What comes from
 * servers is made harmless here before a person sees it. Pure. */
#ifndef SEGUE_CLI_COLUMNS_H
#define SEGUE_CLI_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* Columns that the clean form of `text` takes. */
uint32_t columns_width(const char *text);

/* Appends `text` with control characters, marks that turn the direction of writing, and malformed
 * bytes each replaced by '?': a server's words must not steer the terminal. */
void columns_put(struct sg_buf *out, const char *text);

/* As columns_put, at most `max` columns: what is too much is taken out of the middle, and an
 * ellipsis put there ("..." unless `is_unicode`). Returns the columns it took. */
uint32_t columns_put_short(struct sg_buf *out, const char *text, uint32_t max, bool is_unicode);

/* Appends blanks. */
void columns_put_blanks(struct sg_buf *out, uint32_t n);

/* A line that must not grow beyond a width: what does not fit any more is left out. */
struct line {
    struct sg_buf *out;
    uint32_t left; /* columns */
};

/* Appends clean text, cut at the end of the line. */
void line_put(struct line *line, const char *text);

/* Appends bytes that take no columns, such as colours. */
void line_put_invisible(struct line *line, const char *bytes);

/* Appends up to `n` blanks. */
void line_put_blanks(struct line *line, uint32_t n);

#endif
