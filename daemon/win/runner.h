/* The one app of this process, and its end, which other threads ask for at any time: while it is
 * being opened, while it runs, when it is going. What console and service have in common. */
#ifndef SEGUE_DAEMON_WIN_RUNNER_H
#define SEGUE_DAEMON_WIN_RUNNER_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/app.h"

/* Opens the app, runs it until its end and closes it, all on the calling thread; once per process.
 * SG_OK after a clean end; otherwise it could not be opened, which is in the log then, where that
 * can be written. */
SG_MUST_USE enum sg_status runner_run(const struct app_options *options, struct sg_err *err);

/* Makes runner_run return soon. Any thread; more than once, too early and too late do no harm. */
void runner_stop(void);

/* Waits until runner_run is through, for `timeout_ms` at most. True when it is. Any thread. */
bool runner_await_end(uint32_t timeout_ms);

#endif
