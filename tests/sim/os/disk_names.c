/* Names in a plain array: there are never many. */
#include "tests/sim/os/disk_names.h"

#include <string.h>

#include "base/mem.h"
#include "tests/sim/os/disk.h"
#include "tests/sim/os/sim_mem.h"

static size_t place_of(const struct names *names, const char *path)
{
    size_t i = 0;
    while (i < names->count && strcmp(names->items[i].path, path) != 0)
        i++;
    return i;
}

struct node *names_find(const struct names *names, const char *path)
{
    size_t i = place_of(names, path);
    return i < names->count ? names->items[i].node : NULL;
}

void names_remove(struct names *names, const char *path)
{
    size_t i = place_of(names, path);
    if (i == names->count)
        return;
    sg_free(names->items[i].path);
    node_unref(names->items[i].node);
    names->items[i] = names->items[--names->count];
}

static void grow(struct names *names)
{
    size_t capacity = names->capacity > 0 ? names->capacity * 2 : 8;
    struct name *items = sim_realloc(names->items, capacity * sizeof *items);
    names->items = items;
    names->capacity = capacity;
}

void names_put(struct names *names, const char *path, struct node *node)
{
    node_ref(node);
    names_remove(names, path);
    if (names->count == names->capacity)
        grow(names);
    names->items[names->count++] = (struct name){ sim_strdup(path), node };
}

void names_fini(struct names *names)
{
    while (names->count > 0)
        names_remove(names, names->items[names->count - 1].path);
    sg_free(names->items);
    *names = (struct names){ 0 };
}

void names_apply(struct names *names, const struct change *change)
{
    if (change->to != NULL)
        names_put(names, change->to, change->node);
    if (change->from != NULL)
        names_remove(names, change->from);
}

struct change *change_create(const char *from, const char *to, struct node *node)
{
    struct change *change = sim_alloc(sizeof *change);
    change->from = sim_strdup(from);
    change->to = sim_strdup(to);
    change->node = node_ref(node);
    return change;
}

void change_destroy(struct change *change)
{
    sg_free(change->from);
    sg_free(change->to);
    node_unref(change->node);
    sg_free(change);
}
