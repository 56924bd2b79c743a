/* The pairing heap. */
#include "base/heap.h"

#include <stddef.h>

static struct sg_heap_node *meld(struct sg_heap_node *a, struct sg_heap_node *b)
{
    if (a == NULL)
        return b;
    if (b == NULL)
        return a;
    if (b->key < a->key) {
        struct sg_heap_node *swap = a;
        a = b;
        b = swap;
    }
    b->prev = a;
    b->next = a->child;
    if (a->child != NULL)
        a->child->prev = b;
    a->child = b;
    return a;
}

/* Melds neighbours pairwise from the left, then the pairs from the right. */
static struct sg_heap_node *meld_siblings(struct sg_heap_node *first)
{
    struct sg_heap_node *pairs = NULL;
    while (first != NULL) {
        struct sg_heap_node *a = first;
        struct sg_heap_node *b = a->next;
        first = b != NULL ? b->next : NULL;
        a->next = NULL;
        if (b != NULL)
            b->next = NULL;
        struct sg_heap_node *pair = meld(a, b);
        pair->next = pairs;
        pairs = pair;
    }
    struct sg_heap_node *root = NULL;
    while (pairs != NULL) {
        struct sg_heap_node *pair = pairs;
        pairs = pair->next;
        pair->next = NULL;
        root = meld(root, pair);
    }
    if (root != NULL)
        root->prev = NULL;
    return root;
}

void sg_heap_insert(struct sg_heap *heap, struct sg_heap_node *node, uint64_t key)
{
    *node = (struct sg_heap_node){ .key = key, .is_in_heap = true };
    heap->root = meld(heap->root, node);
}

void sg_heap_remove(struct sg_heap *heap, struct sg_heap_node *node)
{
    if (!node->is_in_heap)
        return;
    node->is_in_heap = false;
    if (node == heap->root) {
        heap->root = meld_siblings(node->child);
        return;
    }
    if (node->prev->child == node)
        node->prev->child = node->next;
    else
        node->prev->next = node->next;
    if (node->next != NULL)
        node->next->prev = node->prev;
    node->prev = NULL;
    node->next = NULL;
    heap->root = meld(heap->root, meld_siblings(node->child));
}

struct sg_heap_node *sg_heap_first(const struct sg_heap *heap)
{
    return heap->root;
}
