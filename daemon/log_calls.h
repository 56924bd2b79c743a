/* The calls of daemon.log that wait for lines to come. Loop thread only; methods_log.c. */
#ifndef SEGUE_DAEMON_LOG_CALLS_H
#define SEGUE_DAEMON_LOG_CALLS_H

#include "daemon/app.h"

struct log_calls;

/* Creates the list, empty, and listens to the log. NULL when memory ran out. */
struct log_calls *log_calls_create(struct app *app);

/* Ends it; every session has closed, and with it every call that waited. NULL is allowed. */
void log_calls_destroy(struct log_calls *calls);

#endif
