/* Subscriptions: which session wants to hear of which jobs, and how often of their progress. Loop
 * thread only. */
#ifndef SEGUE_DAEMON_EVENTS_H
#define SEGUE_DAEMON_EVENTS_H

#include <cjson/cJSON.h>

#include "base/err.h"
#include "daemon/app.h"
#include "ipc/server/server.h"

struct events;

enum { EVENTS_PROGRESS_MIN_MS = 100, EVENTS_PROGRESS_MAX_MS = 60000, EVENTS_JOBS_MAX = 10000 };

/* Creates the registry and listens to the engine. NULL when memory ran out. */
struct events *events_create(struct app *app);

/* Ends it; every session has closed. NULL is allowed. */
void events_destroy(struct events *events);

/* (Re)places the session's subscription as the parameters of events.subscribe say. SG_E_INVALID. */
SG_MUST_USE enum sg_status events_subscribe(struct events *events, struct session *session,
                                            const cJSON *params, struct sg_err *err);

/* Ends the session's subscription; nothing happens without one. */
void events_unsubscribe(struct events *events, struct session *session);

#endif
