/* JSON-RPC 2.0 messages (https://www.jsonrpc.org/specification), without batches. Pure; cJSON is
 * the parser and printer. Errors carry our word in error.data.code and a JSON-RPC number in
 * error.code: -32700 parse_error, -32600 invalid_request, -32601 unknown_method, -32602 invalid,
 * -32000 others. */
#ifndef SEGUE_IPC_WIRE_RPC_H
#define SEGUE_IPC_WIRE_RPC_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "base/err.h"

enum { RPC_DEPTH_MAX = 32 };

/* A parsed message; rpc_message_fini releases it. A request has method and id, a notification
 * method and no id, a response id and result or error. */
struct rpc_message {
    cJSON *root;         /* owns everything below */
    const char *method;  /* NULL in a response */
    const cJSON *id;     /* number, string or null; NULL when there is none */
    const cJSON *params; /* an object, or NULL */
    const cJSON *result; /* in a successful response */
    const cJSON *error;  /* in a failed one: {code, message, data:{code}} */
};

/* Makes cJSON take its memory from base/mem.h, so that tests can count it and make it fail. Call it
 * once, before anything else uses cJSON; everything works without it, too. */
void rpc_init(void);

/* Parses one line. Valid UTF-8, strict JSON (wire/json.h) nested up to RPC_DEPTH_MAX, one object,
 * no member twice. `*out` is set in every case, and rpc_message_fini releases it.
 *   SG_E_PARSE    not JSON; nothing to answer by id (answer with id null)
 *   SG_E_REQUEST  JSON, but no message: *out has the id where there is one
 *   SG_E_NOMEM */
SG_MUST_USE enum sg_status rpc_parse(const char *line, size_t length, struct rpc_message *out,
                                     struct sg_err *err);

/* Releases a parsed message. */
void rpc_message_fini(struct rpc_message *message);

/* Each returns a line with its "\n", owned by the caller (sg_free), or NULL when memory ran out.
 * They take `params`, `result` over in every case; `id` is copied (NULL: null). */
char *rpc_request(double id, const char *method, cJSON *params);
char *rpc_notification(const char *method, cJSON *params);
char *rpc_response(const cJSON *id, cJSON *result);
char *rpc_failure(const cJSON *id, const struct sg_err *err);

/* Fills `err` from a response's error object; the status is found by its word, SG_E_SYSTEM when the
 * word is unknown. */
void rpc_error_read(const cJSON *error, struct sg_err *err);

#endif
