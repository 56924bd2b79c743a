/* How the daemon is hosted: by a console, in the background, by the service manager. The part of
 * main that differs between systems. Implemented by daemon/win and, for tests, daemon/posix. */
#ifndef SEGUE_DAEMON_HOST_H
#define SEGUE_DAEMON_HOST_H

#include "base/err.h"
#include "daemon/app.h"

/* What the command line asked for. Strings point into it. */
struct host_request {
    struct app_options app;
    bool is_background;
    const char *ready_token; /* of --ready-event (Windows) or --ready-fd; NULL: nobody waits */
};

/* Opens the app, stops it on Ctrl-C, console close and shutdown, runs it until its end, and returns
 * the process's exit code. Failures are written to stderr and the log. */
int host_run(const struct host_request *request);

/* The same for a process that the service manager started; a process started by hand is told so.
 * StartServiceCtrlDispatcherW. */
int host_serve(const struct host_request *request);

/* A variable of the environment, in UTF-8; NULL when it is not set or empty. The caller owns it
 * (sg_free). */
char *host_env(const char *name);

/* Tells whoever waits with `ready_token` that calls are accepted. */
void host_signal_ready(const char *ready_token);

#endif
