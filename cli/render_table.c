/* Tables with aligned columns. */
#include "cli/render_table.h"

#include <string.h>

#include "base/assert.h"
#include "cli/columns.h"

enum { GAP = 2 };

static void widen(struct table *table, size_t column, uint32_t width)
{
    if (width > table->widths[column])
        table->widths[column] = width;
}

void table_begin(struct table *table, const struct table_column *columns, size_t n_columns)
{
    SG_ASSERT(n_columns <= TABLE_COLUMNS_MAX);
    table->columns = columns;
    table->n_columns = n_columns;
    for (size_t i = 0; i < n_columns; i++)
        widen(table, i, columns_width(columns[i].title));
}

void table_cell(struct table *table, const char *text)
{
    if (text == NULL)
        text = "";
    widen(table, table->n_cells % table->n_columns, columns_width(text));
    columns_put(&table->text, text);
    sg_buf_putc(&table->text, '\0');
    table->n_cells++;
}

/* The last column takes what the others leave. */
static void put_last(struct line *line, const char *text, bool is_unicode)
{
    line->left -= columns_put_short(line->out, text, line->left, is_unicode);
}

static void put_cell(const struct table *table, size_t column, struct line *line, const char *text,
                     bool is_unicode)
{
    if (column + 1 == table->n_columns && !table->columns[column].is_right) {
        put_last(line, text, is_unicode);
        return;
    }
    uint32_t blanks = table->widths[column] - columns_width(text);
    if (table->columns[column].is_right)
        line_put_blanks(line, blanks);
    line_put(line, text);
    if (!table->columns[column].is_right)
        line_put_blanks(line, blanks);
    line_put_blanks(line, column + 1 < table->n_columns ? GAP : 0);
}

static void put_titles(const struct table *table, uint32_t width, bool is_unicode,
                       struct sg_buf *out)
{
    struct line line = { .out = out, .left = width };
    for (size_t i = 0; i < table->n_columns; i++)
        put_cell(table, i, &line, table->columns[i].title, is_unicode);
    sg_buf_putc(out, '\n');
}

void table_put(const struct table *table, uint32_t width, bool is_unicode, struct sg_buf *out)
{
    if (width == 0)
        width = UINT32_MAX;
    put_titles(table, width, is_unicode, out);
    if (table->text.is_failed)
        out->is_failed = true;
    struct line line = { .out = out, .left = width };
    const char *text = table->text.data;
    for (size_t i = 0; i < table->n_cells && !table->text.is_failed; i++) {
        size_t column = i % table->n_columns;
        put_cell(table, column, &line, text, is_unicode);
        text += strlen(text) + 1;
        if (column + 1 == table->n_columns) {
            sg_buf_putc(out, '\n');
            line.left = width;
        }
    }
}

void table_fini(struct table *table)
{
    sg_buf_fini(&table->text);
}
