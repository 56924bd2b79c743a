/* A daemon on a thread of its own, over its own pipe, and callers whose identities the tests make
 * up: Wine has one user only. */
#ifndef SEGUE_TESTS_UNIT_HOUSE_H
#define SEGUE_TESTS_UNIT_HOUSE_H

#include <stdbool.h>

#include "daemon/app.h"
#include "ipc/client/client.h"
#include "tests/unit/talk.h"

/* Those who call. Everybody but the administrator is a plain user of the machine. */
enum who { OWNER, STRANGER, ADMINISTRATOR, WHO_COUNT };

extern const struct pipe_caller house_callers[WHO_COUNT];

struct house;

/* Opens and closes it: a test's set-up and tear-down. */
int house_open(void **state, enum app_mode mode, pipe_identify_fn *who_calls);
int house_close(void **state);

/* Stops it and starts it again with the same data. */
void house_restart(struct house *house);

/* The system's answer under the name of whoever connects; the right to act is the test's own. */
pipe_identify_fn house_identify;

/* Its pipe. */
const char *house_name(const struct house *house);

/* From now on callers only show who they are, and bring no right, or do again. */
void house_hide_rights(bool hides);

/* A connection of somebody, which is known as his from its first call on. */
struct client *house_connect_as(const struct house *house, enum who who);

/* A call, with the status that it is answered with. */
enum sg_status house_call(struct client *client, enum method method, const char *params,
                          cJSON **out_result);

/* The same over a connection of its own. */
enum sg_status house_call_as(const struct house *house, enum who who, enum method method,
                             const char *params, cJSON **out_result);

/* A paused job of somebody's, and its id: its server refuses connections. */
int house_add_job(const struct house *house, enum who who);

#endif
