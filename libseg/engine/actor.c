/* Being the owner for as long as a few calls take. Knows nothing of jobs. Work threads. */
#include "engine/actor.h"

void actor_fini(struct actor *actor)
{
    identity_unref(actor->owner);
    *actor = (struct actor){ 0 };
}

static enum sg_status miss_owner(struct sg_err *err)
{
    return sg_err_set(err, SG_E_OWNER,
                      "the service needs the job's owner to get at the file: it goes on when he "
                      "runs any 'seg' command");
}

enum sg_status actor_begin(const struct actor *actor, struct sg_err *err)
{
    if (!actor->is_service)
        return SG_OK;
    return actor->owner != NULL ? identity_become(actor->owner, err) : miss_owner(err);
}

bool actor_try(const struct actor *actor)
{
    return actor_begin(actor, NULL) == SG_OK;
}

void actor_end(const struct actor *actor)
{
    if (actor->is_service)
        identity_revert();
}

enum sg_status actor_blame(const struct actor *actor, enum sg_status status, struct sg_err *err)
{
    bool may_be_owners = actor->is_service && actor->owner == NULL && status == SG_E_DENIED;
    return may_be_owners ? miss_owner(err) : status;
}

static enum sg_status open_as_owner(const struct actor *actor, struct loop *loop, const char *path,
                                    enum file_mode mode, struct file **out, struct sg_err *err)
{
    enum sg_status status = actor_begin(actor, err);
    if (status != SG_OK)
        return status;
    status = file_open(loop, path, mode, out, err);
    actor_end(actor);
    return status;
}

/* Only what is open can be compared: a path may lead elsewhere the next time. */
static enum sg_status open_if_it_is(struct loop *loop, const char *path, enum file_mode mode,
                                    const struct file_id *id, struct file **out, struct sg_err *err)
{
    struct file *file;
    struct file_id found;
    enum sg_status status = file_open(loop, path, mode, &file, err);
    if (status != SG_OK)
        return status;
    status = file_identity(file, &found, err);
    if (status == SG_OK && !file_id_is_same(&found, id))
        status = sg_err_set(err, SG_E_NOT_FOUND, "%s is another file now", path);
    if (status != SG_OK) {
        file_close(file);
        return status;
    }
    *out = file;
    return SG_OK;
}

enum sg_status actor_open(const struct actor *actor, struct loop *loop, const char *path,
                          enum file_mode mode, const struct file_id *id, struct file **out,
                          struct sg_err *err)
{
    enum sg_status status = open_as_owner(actor, loop, path, mode, out, err);
    if (!actor->is_service || (status != SG_E_OWNER && status != SG_E_DENIED))
        return status;
    status = open_if_it_is(loop, path, mode, id, out, err);
    return actor_blame(actor, status, err);
}
