/* The live view's frames as text: rows in, lines out. No line is wider than the style says, and no
 * frame has more lines. Pure. */
#ifndef SEGUE_CLI_LIVE_VIEW_H
#define SEGUE_CLI_LIVE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "cli/row.h"

struct live_style {
    uint32_t width;  /* columns that a line may take, >= 1 */
    uint32_t height; /* lines that a frame may take, >= 1 */
    bool is_unicode;
    bool has_colour;
};

/* A frame for the rows that are not final, in the order given, and a line of totals where there are
 * several. A job has a line with name and numbers, a map of the parts that are there, and lanes;
 * when the lines do not suffice for all jobs, first the lanes go, then the maps, then jobs. Each
 * line ends with "\n". */
void live_view_frame(struct row *const *rows, size_t n_rows, const struct live_style *style,
                     struct sg_buf *out);

/* The same in one line without a line end, for consoles that can only go back in a line. */
void live_view_single(struct row *const *rows, size_t n_rows, const struct live_style *style,
                      struct sg_buf *out);

/* The line that stays when a job is done: "3  name  1.2 GiB  done". With "\n". */
void live_view_result(const struct row *row, const struct live_style *style, struct sg_buf *out);

#endif
