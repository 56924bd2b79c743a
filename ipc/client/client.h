/* A blocking client of the control channel. One thread at a time. */
#ifndef SEGUE_IPC_CLIENT_CLIENT_H
#define SEGUE_IPC_CLIENT_CLIENT_H

#include <stdint.h>

#include <cjson/cJSON.h>

#include "base/err.h"
#include "ipc/wire/method.h"

/* Events that are kept while an answer is awaited. */
enum { CLIENT_EVENTS_MAX = 100000 };

struct client;

/* Connects to a pipe by name. Errors as dial_open. */
SG_MUST_USE enum sg_status client_open(const char *pipe_name, uint32_t timeout_ms,
                                       struct client **out, struct sg_err *err);

/* Closes it. NULL is allowed. */
void client_close(struct client *client);

/* Calls a method and waits for its answer; events that arrive meanwhile are kept for
 * client_next_event (SG_E_LIMIT beyond CLIENT_EVENTS_MAX). Takes `params` over (NULL: none). The
 * caller owns `*out_result` (cJSON_Delete); `out_result` may be NULL if not wanted. The server's
 * own error comes back as status and message. SG_E_TIMEOUT: an answer that comes later is ignored.
 * */
SG_MUST_USE enum sg_status client_call(struct client *client, enum method method, cJSON *params,
                                       uint32_t timeout_ms, cJSON **out_result, struct sg_err *err);

/* The next notification, waiting up to `timeout_ms` (UINT32_MAX: for ever; 0: only what is there).
 * SG_E_TIMEOUT, SG_E_CLOSED. `*out_method` is valid until the next call; the caller owns
 * `*out_params` (NULL when the event has none). */
SG_MUST_USE enum sg_status client_next_event(struct client *client, uint32_t timeout_ms,
                                             const char **out_method, cJSON **out_params,
                                             struct sg_err *err);

#endif
