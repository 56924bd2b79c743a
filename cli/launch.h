/* Starting the user's own daemon in the background: the segd beside this program. Implemented by
 * cli/win, and by cli/posix for tests. */
#ifndef SEGUE_CLI_LAUNCH_H
#define SEGUE_CLI_LAUNCH_H

#include <stdint.h>

#include "base/err.h"

struct launch_lock;

/* Keeps several callers of one user from starting a daemon each: waits up to `timeout_ms` for a
 * turn. What goes wrong with it does no harm, since the daemon itself suffers no second one on the
 * same data: so there is always a way to go on (NULL: no lock could be had). */
struct launch_lock *launch_lock_take(uint32_t timeout_ms);

/* Gives it up. NULL is allowed. */
void launch_lock_give(struct launch_lock *lock);

/* Starts segd without a console and with none of our handles, and waits until it listens.
 *   SG_E_NO_DAEMON  there is none beside us, or it ended at once
 *   SG_E_TIMEOUT    it did not listen in time
 *   others          the system's refusal */
SG_MUST_USE enum sg_status launch_daemon(uint32_t timeout_ms, struct sg_err *err);

#endif
