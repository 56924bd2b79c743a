/* As whom files are touched. In a user's own daemon that is nobody's question. The service touches
 * files that belong to its callers, and must never write where the owner of a job could not:
 *
 *   What looks up a path of a job, makes a file, replaces one or removes one by its name is done as
 *   the owner. With its own right the service opens a file that is there, and does not touch it
 *   unless the open file is, by volume and identity, the job's own; to that one it writes, gives a
 *   free name in the folder that it is in, and removes it.
 *
 * So whatever somebody puts under a path meanwhile, a link, a junction, another folder, it leads to
 * where the owner may write himself, or to the job's own file, or nowhere. Nobody is impersonated
 * but on a work thread, between actor_begin and actor_end. */
#ifndef SEGUE_ENGINE_ACTOR_H
#define SEGUE_ENGINE_ACTOR_H

#include <stdbool.h>

#include "base/err.h"
#include "os/file.h"
#include "os/identity.h"

/* Goes with each work on a job's files. All zero: the process as itself (actor_fini). */
struct actor {
    bool is_service;        /* it acts for others */
    struct identity *owner; /* his right, a reference; NULL: he has not connected */
};

/* Gives the reference back. Loop thread. */
void actor_fini(struct actor *actor);

/* The calling thread is the owner from here to actor_end; nothing happens in a user's own daemon.
 * SG_E_OWNER when he is not connected, SG_E_DENIED; the thread is then as before. Work thread. */
SG_MUST_USE enum sg_status actor_begin(const struct actor *actor, struct sg_err *err);
void actor_end(const struct actor *actor);

/* The same where it is only better to be the owner: false when the thread stays what it is, and
 * there is nothing to end. */
bool actor_try(const struct actor *actor);

/* Opens a file of the job's that is there: as the owner, and where that is not possible as the
 * process, if it is then the very file that `id` says (else SG_E_NOT_FOUND). SG_E_OWNER when he
 * alone could. Work thread, outside of actor_begin. Otherwise as file_open. */
SG_MUST_USE enum sg_status actor_open(const struct actor *actor, struct loop *loop,
                                      const char *path, enum file_mode mode,
                                      const struct file_id *id, struct file **out,
                                      struct sg_err *err);

/* SG_E_OWNER instead of SG_E_DENIED where the owner is missing, who may be allowed to. */
SG_MUST_USE enum sg_status actor_blame(const struct actor *actor, enum sg_status status,
                                       struct sg_err *err);

#endif
