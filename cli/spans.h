/* A set of byte ranges: the parts of a file that are there, as far as the display knows. Pure. */
#ifndef SEGUE_CLI_SPANS_H
#define SEGUE_CLI_SPANS_H

#include <stddef.h>
#include <stdint.h>

/* [from, to) */
struct span {
    int64_t from;
    int64_t to;
};

/* In ascending order; no two of them touch. Zero-initialise it. */
struct spans {
    struct span *items;
    size_t n;
    size_t capacity;
};

/* Releases the memory. */
void spans_fini(struct spans *spans);

/* Makes it empty; keeps the memory. */
void spans_clear(struct spans *spans);

/* Adds [from, to); an empty range changes nothing. */
void spans_add(struct spans *spans, int64_t from, int64_t to);

/* The number of bytes of [from, to) that are in the set. */
int64_t spans_covered(const struct spans *spans, int64_t from, int64_t to);

#endif
