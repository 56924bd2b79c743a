/* A sorted array of ranges. */
#include "cli/spans.h"

#include <string.h>

#include "base/mem.h"
#include "cli/need.h"

void spans_fini(struct spans *spans)
{
    sg_free(spans->items);
    *spans = (struct spans){ 0 };
}

void spans_clear(struct spans *spans)
{
    spans->n = 0;
}

/* The first range that ends at `place` or behind it. */
static size_t find(const struct spans *spans, int64_t place)
{
    size_t low = 0;
    size_t high = spans->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (spans->items[middle].to < place)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void make_room(struct spans *spans)
{
    if (spans->n < spans->capacity)
        return;
    size_t capacity = spans->capacity == 0 ? 16 : spans->capacity * 2;
    spans->items = need(sg_realloc(spans->items, capacity * sizeof *spans->items));
    spans->capacity = capacity;
}

/* Puts `span` in the place of `n_old` ranges that begin at `at`. */
static void replace(struct spans *spans, size_t at, size_t n_old, struct span span)
{
    if (n_old == 0)
        make_room(spans);
    memmove(spans->items + at + 1, spans->items + at + n_old,
            (spans->n - at - n_old) * sizeof *spans->items);
    spans->items[at] = span;
    spans->n = spans->n - n_old + 1;
}

void spans_add(struct spans *spans, int64_t from, int64_t to)
{
    if (to <= from)
        return;
    size_t at = find(spans, from);
    size_t past = at;
    for (; past < spans->n && spans->items[past].from <= to; past++) {
        if (spans->items[past].from < from)
            from = spans->items[past].from;
        if (spans->items[past].to > to)
            to = spans->items[past].to;
    }
    replace(spans, at, past - at, (struct span){ from, to });
}

int64_t spans_covered(const struct spans *spans, int64_t from, int64_t to)
{
    int64_t covered = 0;
    for (size_t i = find(spans, from); i < spans->n && spans->items[i].from < to; i++) {
        int64_t low = spans->items[i].from > from ? spans->items[i].from : from;
        int64_t high = spans->items[i].to < to ? spans->items[i].to : to;
        covered += high > low ? high - low : 0;
    }
    return covered;
}
