/* An intrusive, circular, doubly linked list: the node lives in the element, so linking never
 * fails. Not thread-safe. */
#ifndef SEGUE_BASE_LIST_H
#define SEGUE_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"

/* A list head, or the node of an element; an element in no list points at itself or is zero. */
struct sg_list {
    struct sg_list *prev;
    struct sg_list *next;
};

/* Makes `list` an empty list, or a node that is in no list. */
static inline void sg_list_init(struct sg_list *list)
{
    list->prev = list;
    list->next = list;
}

/* True when the list has no element, and for a node that is in no list. */
static inline bool sg_list_is_empty(const struct sg_list *list)
{
    return list->next == list || list->next == NULL;
}

/* Puts `node`, which is in no list, before `place`; with the head as `place`: at the end. */
static inline void sg_list_insert(struct sg_list *place, struct sg_list *node)
{
    node->prev = place->prev;
    node->next = place;
    place->prev->next = node;
    place->prev = node;
}

/* Takes `node` out of its list; nothing happens when it is in none. */
static inline void sg_list_remove(struct sg_list *node)
{
    if (sg_list_is_empty(node))
        return;
    node->prev->next = node->next;
    node->next->prev = node->prev;
    sg_list_init(node);
}

/* Takes the first node out and returns it; NULL when the list is empty. */
static inline struct sg_list *sg_list_pop(struct sg_list *list)
{
    if (sg_list_is_empty(list))
        return NULL;
    struct sg_list *first = list->next;
    sg_list_remove(first);
    return first;
}

/* Walks from first to last. `node` may be removed inside the loop, other nodes may not. */
#define SG_LIST_FOR_EACH(node, list)                                                     \
    for (struct sg_list *node = (list)->next, *node##_next = node->next; node != (list); \
         node = node##_next, node##_next = node->next)

#endif
