/* An intrusive hash table: elements by a hash of what they are looked up by. Equal hashes stay
 * apart, so who looks something up compares. Not thread-safe. */
#ifndef SEGUE_BASE_TABLE_H
#define SEGUE_BASE_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* Lives in the element. */
struct sg_table_node {
    uint64_t hash;
    struct sg_table_node *next; /* in its bucket */
};

/* Zero-initialise it. */
struct sg_table {
    struct sg_table_node **buckets;
    size_t n_buckets; /* 0, or a power of two */
    size_t n_nodes;
};

/* Releases the table, not the elements; it is then as zero-initialised. */
void sg_table_fini(struct sg_table *table);

/* Adds `node`, which is in no table, under `hash`. SG_E_NOMEM. */
SG_MUST_USE enum sg_status sg_table_insert(struct sg_table *table, struct sg_table_node *node,
                                           uint64_t hash);

/* Takes `node` out; nothing happens when it is not in there. */
void sg_table_remove(struct sg_table *table, struct sg_table_node *node);

/* A node with this hash, or NULL. */
struct sg_table_node *sg_table_first(const struct sg_table *table, uint64_t hash);

/* The one after `node` with the same hash, or NULL. */
struct sg_table_node *sg_table_next(const struct sg_table_node *node);

/* A hash of a text, for a start (FNV-1a). */
uint64_t sg_table_hash(const char *text);

#endif
