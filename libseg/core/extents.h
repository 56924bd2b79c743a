/* A set of byte offsets, kept as sorted, disjoint, non-touching half-open ranges [from, to). It
 * says what of a file is written, durable, or still to be assigned. Pure. */
#ifndef SEGUE_CORE_EXTENTS_H
#define SEGUE_CORE_EXTENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct extent {
    uint64_t from;
    uint64_t to; /* > from */
};

/* Zero-initialised it is the empty set. Read `items` and `count` freely, change them only here. */
struct extents {
    struct extent *items;
    size_t count;
    size_t capacity;
};

/* Releases the memory; the set is then empty. */
void extents_fini(struct extents *set);

/* Empties the set, keeps the memory. */
void extents_clear(struct extents *set);

/* Makes `copy` (zero-initialised or a set) equal to `set`. SG_E_NOMEM leaves it as it was. */
SG_MUST_USE enum sg_status extents_copy(struct extents *copy, const struct extents *set);

/* Adds [from, to); what is in the set already stays. An empty range changes nothing. SG_E_NOMEM
 * leaves the set as it was. Constant time when it extends the range that begins or ends there,
 * after a binary search. */
SG_MUST_USE enum sg_status extents_add(struct extents *set, uint64_t from, uint64_t to);

/* Takes [from, to) away. SG_E_NOMEM (a range is split) leaves the set as it was. */
SG_MUST_USE enum sg_status extents_remove(struct extents *set, uint64_t from, uint64_t to);

/* True when every offset of [from, to) is in the set. */
bool extents_contain(const struct extents *set, uint64_t from, uint64_t to);

/* The number of offsets in the set. */
uint64_t extents_total(const struct extents *set);

/* The first gap at or after `from`, cut at `limit`. False when there is none below it: `*out_gap`
 * is untouched then. */
bool extents_gap(const struct extents *set, uint64_t from, uint64_t limit, struct extent *out_gap);

/* True when the two sets are equal. */
bool extents_are_equal(const struct extents *a, const struct extents *b);

/* True when the ranges are sorted, disjoint, non-empty and do not touch: the invariant, for tests.
 */
bool extents_check(const struct extents *set);

#endif
