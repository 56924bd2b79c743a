/* The range set: a sorted array, searched by bisection. A file has at most a few hundred ranges (a
 * few per lane), so moving the tail of the array costs less than any tree would. */
#include "core/extents.h"

#include <string.h>

#include "base/mem.h"

/* Room for one first: most sets are those of files that are complete, and a service remembers many
 * of them. */
enum { SMALLEST_CAPACITY = 8 };

static enum sg_status reserve(struct extents *set, size_t count)
{
    if (count <= set->capacity)
        return SG_OK;
    size_t capacity = set->capacity > 0 ? set->capacity * 2 : 1;
    if (count > 1 && capacity < SMALLEST_CAPACITY)
        capacity = SMALLEST_CAPACITY;
    while (capacity < count)
        capacity *= 2;
    struct extent *items = sg_realloc(set->items, capacity * sizeof *items);
    if (items == NULL)
        return SG_E_NOMEM;
    set->items = items;
    set->capacity = capacity;
    return SG_OK;
}

/* The index of the first range that ends at or after `offset`. */
static size_t first_ending_from(const struct extents *set, uint64_t offset)
{
    size_t low = 0;
    size_t high = set->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (set->items[middle].to < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Replaces items [first, last) by `n` new ones; room for them is there. */
static void splice(struct extents *set, size_t first, size_t last, const struct extent *items,
                   size_t n)
{
    memmove(set->items + first + n, set->items + last, (set->count - last) * sizeof *set->items);
    if (n > 0)
        memcpy(set->items + first, items, n * sizeof *items);
    set->count = set->count - (last - first) + n;
}

void extents_fini(struct extents *set)
{
    sg_free(set->items);
    *set = (struct extents){ 0 };
}

void extents_clear(struct extents *set)
{
    set->count = 0;
}

enum sg_status extents_copy(struct extents *copy, const struct extents *set)
{
    enum sg_status status = reserve(copy, set->count);
    if (status != SG_OK)
        return status;
    if (set->count > 0)
        memcpy(copy->items, set->items, set->count * sizeof *set->items);
    copy->count = set->count;
    return SG_OK;
}

enum sg_status extents_add(struct extents *set, uint64_t from, uint64_t to)
{
    if (from >= to)
        return SG_OK;
    enum sg_status status = reserve(set, set->count + 1);
    if (status != SG_OK)
        return status;
    size_t first = first_ending_from(set, from); /* touching counts: its end may equal `from` */
    size_t last = first;
    struct extent merged = { from, to };
    while (last < set->count && set->items[last].from <= to) {
        if (set->items[last].from < merged.from)
            merged.from = set->items[last].from;
        if (set->items[last].to > merged.to)
            merged.to = set->items[last].to;
        last++;
    }
    splice(set, first, last, &merged, 1);
    return SG_OK;
}

enum sg_status extents_remove(struct extents *set, uint64_t from, uint64_t to)
{
    if (from >= to)
        return SG_OK;
    size_t first = first_ending_from(set, from + 1); /* one that only touches is not hit */
    size_t last = first;
    while (last < set->count && set->items[last].from < to)
        last++;
    if (first == last)
        return SG_OK;
    struct extent rest[2];
    size_t n = 0;
    if (set->items[first].from < from)
        rest[n++] = (struct extent){ set->items[first].from, from };
    if (set->items[last - 1].to > to)
        rest[n++] = (struct extent){ to, set->items[last - 1].to };
    enum sg_status status = reserve(set, set->count - (last - first) + n);
    if (status != SG_OK)
        return status;
    splice(set, first, last, rest, n);
    return SG_OK;
}

bool extents_contain(const struct extents *set, uint64_t from, uint64_t to)
{
    if (from >= to)
        return true;
    size_t i = first_ending_from(set, to);
    return i < set->count && set->items[i].from <= from;
}

uint64_t extents_total(const struct extents *set)
{
    uint64_t total = 0;
    for (size_t i = 0; i < set->count; i++)
        total += set->items[i].to - set->items[i].from;
    return total;
}

bool extents_gap(const struct extents *set, uint64_t from, uint64_t limit, struct extent *out_gap)
{
    if (from >= limit)
        return false; /* also keeps `from + 1` from overflowing */
    size_t i = first_ending_from(set, from + 1);
    if (i < set->count && set->items[i].from <= from) {
        from = set->items[i].to;
        i++;
    }
    if (from >= limit)
        return false;
    uint64_t to = limit;
    if (i < set->count && set->items[i].from < limit)
        to = set->items[i].from;
    *out_gap = (struct extent){ from, to };
    return true;
}

bool extents_are_equal(const struct extents *a, const struct extents *b)
{
    return a->count == b->count &&
           (a->count == 0 || memcmp(a->items, b->items, a->count * sizeof *a->items) == 0);
}

bool extents_check(const struct extents *set)
{
    for (size_t i = 0; i < set->count; i++) {
        if (set->items[i].from >= set->items[i].to)
            return false;
        if (i > 0 && set->items[i - 1].to >= set->items[i].from)
            return false;
    }
    return true;
}
