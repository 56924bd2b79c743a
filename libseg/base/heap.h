/* An intrusive pairing heap: smallest key first, insertion in constant time and without an
 * allocation, so that starting a timer cannot fail. Not thread-safe.
 * Fredman, Sedgewick, Sleator, Tarjan: The pairing heap (Algorithmica 1, 1986). */
#ifndef SEGUE_BASE_HEAP_H
#define SEGUE_BASE_HEAP_H

#include <stdbool.h>
#include <stdint.h>

/* Lives in the element; zero-initialise it. `key` is set by sg_heap_insert. */
struct sg_heap_node {
    uint64_t key;
    struct sg_heap_node *child;
    struct sg_heap_node *next; /* sibling */
    struct sg_heap_node *prev; /* sibling before, or parent for a first child */
    bool is_in_heap;
};

/* Zero-initialise it. */
struct sg_heap {
    struct sg_heap_node *root;
};

/* Adds `node`, which is in no heap. Equal keys come out in any order. */
void sg_heap_insert(struct sg_heap *heap, struct sg_heap_node *node, uint64_t key);

/* Takes `node` out; nothing happens when it is in no heap. */
void sg_heap_remove(struct sg_heap *heap, struct sg_heap_node *node);

/* The node with the smallest key, which stays in the heap; NULL when the heap is empty. */
struct sg_heap_node *sg_heap_first(const struct sg_heap *heap);

#endif
