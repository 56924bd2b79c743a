/* The names of one volume, and the changes of them that are not durable yet. Names own a reference
 * to what they name. */
#ifndef SEGUE_TESTS_SIM_OS_DISK_NAMES_H
#define SEGUE_TESTS_SIM_OS_DISK_NAMES_H

#include <stddef.h>

#include "base/list.h"

struct node;

struct name {
    char *path;
    struct node *node;
};

/* Zero-initialise it. */
struct names {
    struct name *items;
    size_t count;
    size_t capacity;
};

/* One change of names: `to` gets the node; `from` (or, without `to`, the name itself) goes. */
struct change {
    struct sg_list link;
    char *from;
    char *to;
    struct node *node;
};

/* Releases everything. */
void names_fini(struct names *names);

/* What has this name, or NULL. */
struct node *names_find(const struct names *names, const char *path);

/* Gives `node` the name, and takes it from whoever had it. */
void names_put(struct names *names, const char *path, struct node *node);

/* Takes a name away; nothing happens when nobody has it. */
void names_remove(struct names *names, const char *path);

/* Carries out a change. */
void names_apply(struct names *names, const struct change *change);

/* A change, owned by the caller; `from` or `to` may be NULL. */
struct change *change_create(const char *from, const char *to, struct node *node);

/* Frees it. */
void change_destroy(struct change *change);

#endif
