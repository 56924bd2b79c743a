/* Finding the daemon to talk to, and starting one where there is none. */
#ifndef SEGUE_CLI_CONNECT_H
#define SEGUE_CLI_CONNECT_H

#include <stdbool.h>

#include "base/err.h"
#include "ipc/client/client.h"

/* Connects to the pipe that SEGUE_PIPE names, and to no other; without it to the service, else to
 * the user's own daemon, which is started when there is none and `may_start`. SG_E_NO_DAEMON and
 * the errors of client_open, with what to do in the message. */
SG_MUST_USE enum sg_status connect_open(bool may_start, struct client **out, struct sg_err *err);

#endif
