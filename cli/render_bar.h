/* Bars as text. Pure. */
#ifndef SEGUE_CLI_RENDER_BAR_H
#define SEGUE_CLI_RENDER_BAR_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/columns.h"
#include "cli/spans.h"

/* Which parts of a file of `total` > 0 bytes are there: one character for each of `n_cells` equal
 * parts, denser the more of it is there; full only when all of it is. */
void bar_put_map(struct line *line, const struct spans *spans, int64_t total, uint32_t n_cells,
                 bool is_unicode);

/* How much of `whole` is done: filled from the left; full only when all of it is. */
void bar_put_fill(struct line *line, int64_t done, int64_t whole, uint32_t n_cells,
                  bool is_unicode);

#endif
