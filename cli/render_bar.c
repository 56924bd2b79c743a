/* The map of a file's segments, and the simple bar of a lane. */
#include "cli/render_bar.h"

enum { SHADE_NONE, SHADE_SOME, SHADE_MOST, SHADE_ALL };

/* The block characters are in the old code pages of consoles (437, 850) and in all their fonts. */
static const char *const unicode_shades[] = { "░", "▒", "▓", "█" };
static const char *const ascii_shades[] = { ".", "-", "+", "#" };

static int shade_of(int64_t covered, int64_t size)
{
    if (covered <= 0)
        return SHADE_NONE;
    if (covered >= size)
        return SHADE_ALL;
    return covered > size / 2 ? SHADE_MOST : SHADE_SOME;
}

/* Where cell `i` of `n` begins. In two steps, so that the product stays small. */
static int64_t cell_start(int64_t total, uint32_t i, uint32_t n)
{
    return total / n * i + total % n * i / n;
}

void bar_put_map(struct line *line, const struct spans *spans, int64_t total, uint32_t n_cells,
                 bool is_unicode)
{
    const char *const *shades = is_unicode ? unicode_shades : ascii_shades;
    for (uint32_t i = 0; i < n_cells; i++) {
        int64_t from = cell_start(total, i, n_cells);
        int64_t to = cell_start(total, i + 1, n_cells);
        if (to == from)
            to = from + 1; /* a file with fewer bytes than cells */
        line_put(line, shades[shade_of(spans_covered(spans, from, to), to - from)]);
    }
}

void bar_put_fill(struct line *line, int64_t done, int64_t whole, uint32_t n_cells, bool is_unicode)
{
    const char *const *shades = is_unicode ? unicode_shades : ascii_shades;
    uint32_t full = 0;
    if (whole > 0 && done >= whole)
        full = n_cells;
    else if (whole > 0 && done > 0)
        full = (uint32_t)((double)done / (double)whole * n_cells);
    for (uint32_t i = 0; i < n_cells; i++)
        line_put(line, shades[i < full ? SHADE_ALL : SHADE_NONE]);
}
