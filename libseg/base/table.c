/* The hash table: chains in buckets, as many buckets as elements. */
#include "base/table.h"

#include "base/mem.h"

enum { BUCKETS_MIN = 64 };

void sg_table_fini(struct sg_table *table)
{
    sg_free(table->buckets);
    *table = (struct sg_table){ 0 };
}

static struct sg_table_node **bucket_of(const struct sg_table *table, uint64_t hash)
{
    return &table->buckets[hash & (table->n_buckets - 1)];
}

static void push(struct sg_table *table, struct sg_table_node *node)
{
    struct sg_table_node **bucket = bucket_of(table, node->hash);
    node->next = *bucket;
    *bucket = node;
}

static enum sg_status grow(struct sg_table *table)
{
    struct sg_table grown = { .n_nodes = table->n_nodes };
    grown.n_buckets = table->n_buckets > 0 ? table->n_buckets * 2 : BUCKETS_MIN;
    grown.buckets = sg_alloc_array(grown.n_buckets, sizeof(struct sg_table_node *));
    if (grown.buckets == NULL)
        return SG_E_NOMEM;
    for (size_t i = 0; i < table->n_buckets; i++) {
        struct sg_table_node *node = table->buckets[i];
        while (node != NULL) {
            struct sg_table_node *next = node->next;
            push(&grown, node);
            node = next;
        }
    }
    sg_free(table->buckets);
    *table = grown;
    return SG_OK;
}

enum sg_status sg_table_insert(struct sg_table *table, struct sg_table_node *node, uint64_t hash)
{
    if (table->n_nodes >= table->n_buckets && grow(table) != SG_OK)
        return SG_E_NOMEM;
    node->hash = hash;
    push(table, node);
    table->n_nodes++;
    return SG_OK;
}

void sg_table_remove(struct sg_table *table, struct sg_table_node *node)
{
    if (table->n_buckets == 0)
        return;
    struct sg_table_node **link = bucket_of(table, node->hash);
    while (*link != NULL && *link != node)
        link = &(*link)->next;
    if (*link == NULL)
        return;
    *link = node->next;
    node->next = NULL;
    table->n_nodes--;
}

static struct sg_table_node *skip_others(struct sg_table_node *node, uint64_t hash)
{
    while (node != NULL && node->hash != hash)
        node = node->next;
    return node;
}

struct sg_table_node *sg_table_first(const struct sg_table *table, uint64_t hash)
{
    return table->n_buckets > 0 ? skip_others(*bucket_of(table, hash), hash) : NULL;
}

struct sg_table_node *sg_table_next(const struct sg_table_node *node)
{
    return skip_others(node->next, node->hash);
}

uint64_t sg_table_hash(const char *text)
{
    uint64_t hash = 14695981039346656037u;
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * 1099511628211u;
    return hash;
}
