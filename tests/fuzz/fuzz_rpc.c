/* Messages: whatever the bytes are, reading them is safe, and what was read as a message is still
 * the same message after it was written and read again. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/assert.h"
#include "base/mem.h"
#include "ipc/wire/json.h"
#include "ipc/wire/rpc.h"

static void check_parts(const struct rpc_message *message)
{
    bool is_call = message->method != NULL;
    bool is_answer = message->result != NULL || message->error != NULL;
    SG_ASSERT(message->root != NULL);
    SG_ASSERT(is_call != is_answer);
    SG_ASSERT(message->params == NULL || (is_call && cJSON_IsObject(message->params)));
    SG_ASSERT(is_call || message->id != NULL);
}

/* The line that says the same; with the id, which is printed apart. */
static char *write_again(const struct rpc_message *message)
{
    if (message->error != NULL) {
        struct sg_err err;
        rpc_error_read(message->error, &err);
        return rpc_failure(message->id, &err);
    }
    if (message->result != NULL)
        return rpc_response(message->id, cJSON_Duplicate(message->result, true));
    cJSON *params = cJSON_Duplicate(message->params, true);
    return cJSON_IsNumber(message->id)
               ? rpc_request(message->id->valuedouble, message->method, params)
               : rpc_notification(message->method, params);
}

static bool is_same_id(const struct rpc_message *a, const struct rpc_message *b)
{
    if (a->method != NULL && !cJSON_IsNumber(a->id))
        return b->id == NULL; /* was written as a notification */
    if (cJSON_IsNumber(a->id))
        return cJSON_IsNumber(b->id) && !(a->id->valuedouble < b->id->valuedouble) &&
               !(a->id->valuedouble > b->id->valuedouble);
    if (cJSON_IsString(a->id))
        return cJSON_IsString(b->id) && strcmp(a->id->valuestring, b->id->valuestring) == 0;
    return cJSON_IsNull(b->id);
}

static bool is_same_value(const cJSON *a, const cJSON *b)
{
    return (a == NULL) == (b == NULL) && (a == NULL || cJSON_Compare(a, b, true));
}

static void check_round_trip(const struct rpc_message *message)
{
    struct rpc_message again;
    char *line = write_again(message);
    SG_ASSERT(line != NULL);
    size_t length = strlen(line);
    SG_ASSERT(line[length - 1] == '\n');
    SG_ASSERT(memchr(line, '\n', length - 1) == NULL);
    enum sg_status status = rpc_parse(line, length - 1, &again, NULL);
    SG_ASSERT(status == SG_OK);
    check_parts(&again);
    SG_ASSERT(is_same_id(message, &again));
    SG_ASSERT(is_same_value(message->params, again.params));
    SG_ASSERT(is_same_value(message->result, again.result));
    rpc_message_fini(&again);
    sg_free(line);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    rpc_init();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rpc_message message;
    struct sg_err err = { 0 };
    enum sg_status status = rpc_parse((const char *)data, size, &message, &err);
    SG_ASSERT(err.status == status);
    if (status == SG_OK) {
        check_parts(&message);
        check_round_trip(&message);
    }
    rpc_message_fini(&message);
    SG_ASSERT(sg_mem_live() == 0);
    return 0;
}
