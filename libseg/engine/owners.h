/* Whose jobs there are, and the right to act as them: the newest that a connection of theirs
 * brought, kept until the last connection and the last unfinished job of the owner are gone. Rights
 * are not stored: after a restart there is none. Only in the service. Loop thread. */
#ifndef SEGUE_ENGINE_OWNERS_H
#define SEGUE_ENGINE_OWNERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "os/identity.h"

/* Somebody who has jobs or is connected; belongs to the list, and lives while one of both is so. */
struct owner {
    struct sg_list node;
    char *sid;
    struct identity *right; /* NULL: not here */
    uint32_t n_sessions;
    uint64_t n_jobs;
    uint64_t n_unfinished; /* of them */
};

/* The owner of this name, made if there is none; NULL when memory ran out. */
struct owner *owners_get(struct sg_list *owners, const char *sid);

/* The same, but NULL if there is none. */
struct owner *owners_find(struct sg_list *owners, const char *sid);

/* A connection of his has come, with the right to act as him (a reference is taken; NULL: it brings
 * none, and an older one stays). */
void owner_came(struct owner *owner, struct identity *right);

/* It has gone. */
void owner_left(struct owner *owner);

/* He has so many more jobs, and so many more unfinished ones. */
void owner_count(struct owner *owner, int n_jobs, int n_unfinished);

/* Forgets them all. */
void owners_fini(struct sg_list *owners);

#endif
