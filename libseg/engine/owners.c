/* The list of owners. They are few: who uses a machine. */
#include "engine/owners.h"

#include <string.h>

#include "base/assert.h"
#include "base/mem.h"

struct owner *owners_find(struct sg_list *owners, const char *sid)
{
    SG_LIST_FOR_EACH(node, owners)
    {
        struct owner *owner = sg_container_of(node, struct owner, node);
        if (strcmp(owner->sid, sid) == 0)
            return owner;
    }
    return NULL;
}

static void forget(struct owner *owner)
{
    sg_list_remove(&owner->node);
    identity_unref(owner->right);
    sg_free(owner->sid);
    sg_free(owner);
}

struct owner *owners_get(struct sg_list *owners, const char *sid)
{
    struct owner *known = owners_find(owners, sid);
    if (known != NULL)
        return known;
    struct owner *owner = sg_alloc(sizeof *owner);
    char *copy = sg_strdup(sid);
    if (owner == NULL || copy == NULL) {
        sg_free(owner);
        sg_free(copy);
        return NULL;
    }
    owner->sid = copy;
    sg_list_insert(owners, &owner->node);
    return owner;
}

/* Whoever has no more to do with us lends us nothing. */
static void review(struct owner *owner)
{
    if (owner->n_sessions > 0)
        return;
    if (owner->n_unfinished == 0) {
        identity_unref(owner->right);
        owner->right = NULL;
    }
    if (owner->n_jobs == 0)
        forget(owner);
}

void owner_came(struct owner *owner, struct identity *right)
{
    owner->n_sessions++;
    if (right == NULL)
        return;
    identity_unref(owner->right);
    owner->right = identity_ref(right);
}

void owner_left(struct owner *owner)
{
    SG_ASSERT(owner->n_sessions > 0);
    owner->n_sessions--;
    review(owner);
}

void owner_count(struct owner *owner, int n_jobs, int n_unfinished)
{
    owner->n_jobs += (uint64_t)(int64_t)n_jobs;
    owner->n_unfinished += (uint64_t)(int64_t)n_unfinished;
    review(owner);
}

void owners_fini(struct sg_list *owners)
{
    while (!sg_list_is_empty(owners))
        forget(sg_container_of(owners->next, struct owner, node));
}
