/* Who may call which method, and see and change which job. A job belongs to the caller who added
 * it. The user's own daemon has a pipe that admits the user, the system and administrators only:
 * whoever is admitted there is the owner of everything. Pure, given who calls. */
#ifndef SEGUE_DAEMON_ACCESS_H
#define SEGUE_DAEMON_ACCESS_H

#include <stdbool.h>

#include "daemon/app.h"
#include "engine/engine.h"
#include "ipc/server/server.h"

/* What a method asks of its caller. */
enum access_rule {
    /* nothing: whoever the pipe admits */
    ACCESS_ANYONE,
    /* nothing, but the caller's own jobs are all that it sees and touches; an administrator's call
     * sees and touches all jobs */
    ACCESS_OWN_JOBS,
    /* in the service, that the caller is an administrator */
    ACCESS_ADMINISTRATORS,
};

/* The method's rule. */
enum access_rule access_rule_of(enum method method);

/* True when the session's caller may call the method; which jobs he finds there is
 * access_may_see's. */
bool access_may_call(const struct app *app, const struct session *session, enum method method);

/* True when the session's caller may see and change every job. */
bool access_sees_all(const struct app *app, const struct session *session);

/* True when the session's caller may see and change the job of this owner (NULL: of nobody).
 * Somebody else's job is to him as if it did not exist. */
bool access_may_see(const struct app *app, const struct session *session, const char *owner);

#endif
