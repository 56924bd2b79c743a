/* Acting as another user by the numbers that Linux checks a thread's files against. Only root may;
 * as oneself anybody may. Groups beside the first stay root's. Any thread; what a thread is counts
 * for itself only. */
#include "os/posix/identity_posix.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/fsuid.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/mem.h"

struct identity {
    atomic_uint n_refs;
    unsigned user;
    unsigned group;
};

struct identity *identity_of_user(unsigned user, unsigned group)
{
    struct identity *identity = sg_alloc(sizeof *identity);
    if (identity == NULL)
        return NULL;
    identity->user = user;
    identity->group = group;
    atomic_init(&identity->n_refs, 1);
    return identity;
}

struct identity *identity_ref(struct identity *identity)
{
    if (identity != NULL)
        atomic_fetch_add(&identity->n_refs, 1);
    return identity;
}

void identity_unref(struct identity *identity)
{
    if (identity != NULL && atomic_fetch_sub(&identity->n_refs, 1) == 1)
        sg_free(identity);
}

/* The calls tell what was before, and nothing of failure: a second one that changes nothing says
 * what came of the first. */
static bool act_as(unsigned user, unsigned group)
{
    const unsigned none = (unsigned)-1;
    (void)setfsgid(group);
    (void)setfsuid(user);
    return (unsigned)setfsgid(none) == group && (unsigned)setfsuid(none) == user;
}

enum sg_status identity_become(const struct identity *identity, struct sg_err *err)
{
    if (identity == NULL)
        return sg_err_set(err, SG_E_DENIED, "there is nobody to act for");
    if (act_as(identity->user, identity->group))
        return SG_OK;
    identity_revert();
    return sg_err_set(err, SG_E_DENIED, "acting as user %u is not allowed", identity->user);
}

void identity_revert(void)
{
    bool is_reverted = act_as(geteuid(), getegid());
    SG_ASSERT(is_reverted);
}
