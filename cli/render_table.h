/* Tables with aligned columns. Cells are added row by row, and widths are found when it is written.
 * Pure. */
#ifndef SEGUE_CLI_RENDER_TABLE_H
#define SEGUE_CLI_RENDER_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum { TABLE_COLUMNS_MAX = 8 };

struct table_column {
    const char *title;
    bool is_right; /* aligned to the right, as numbers are */
};

/* Zero-initialise it, then table_begin; table_fini releases it. */
struct table {
    const struct table_column *columns;
    size_t n_columns;
    size_t n_cells;
    struct sg_buf text; /* clean cells, each with a NUL behind it */
    uint32_t widths[TABLE_COLUMNS_MAX];
};

/* Begins a table; `columns` must stay, and be no more than TABLE_COLUMNS_MAX. */
void table_begin(struct table *table, const struct table_column *columns, size_t n_columns);

/* Adds the next cell; the text is made clean. NULL is an empty one. */
void table_cell(struct table *table, const char *text);

/* Writes it with a line of titles. With `width` > 0 no line is wider: the last column is shortened
 * in the middle, and what does not fit even then is cut. */
void table_put(const struct table *table, uint32_t width, bool is_unicode, struct sg_buf *out);

/* Releases the memory. */
void table_fini(struct table *table);

#endif
