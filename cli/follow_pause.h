/* Ctrl-C in `seg get`. */
#ifndef SEGUE_CLI_FOLLOW_PAUSE_H
#define SEGUE_CLI_FOLLOW_PAUSE_H

#include "cli/call.h"
#include "cli/report.h"
#include "cli/tracker.h"

/* Pauses the jobs that run and says how to resume them. EXIT_INTERRUPTED; a failure has been
 * reported. */
enum exit_code pause_followed(struct caller *caller, const struct tracker *tracker);

#endif
