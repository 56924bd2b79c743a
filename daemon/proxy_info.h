/* Which proxy applies, for people and scripts. Loop thread only. */
#ifndef SEGUE_DAEMON_PROXY_INFO_H
#define SEGUE_DAEMON_PROXY_INFO_H

#include <cjson/cJSON.h>

#include "daemon/app.h"
#include "ipc/server/server.h"

/* Adds `proxy` (docs/protocol.md, daemon.info) to `result`, which it takes over, and answers `call`
 * with it: later where the system's settings have to be read, which may block. Passwords are not
 * shown, and the address of the setting only to those who may read the settings. */
void proxy_info_reply(struct app *app, struct call *call, cJSON *result);

#endif
