/* Who may see and change which job. A job belongs to the caller who added it. Pure, given who
 * calls. / */
#ifndef SEGUE_DAEMON_ACCESS_H
#define SEGUE_DAEMON_ACCESS_H

#include <stdbool.h>

#include "daemon/app.h"
#include "engine/engine.h"
#include "ipc/server/server.h"

/* True when the session's caller may see and change the job: its own jobs, and in the user's own
 * daemon (whose pipe admits nobody else) all. */
bool access_may_see(const struct app *app, const struct session *session, const struct job *job);

#endif
