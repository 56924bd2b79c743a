/* JSON-RPC messages to and from text. What a method means is not known here. Members are looked up
 * with regard to case everywhere: cJSON's short names do not do that. */
#include "ipc/wire/rpc.h"

#include <math.h>
#include <string.h>

#include "base/assert.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/utf.h"
#include "ipc/wire/json.h"

enum {
    MEMBERS_MAX = 64, /* of one object: every pair of names is compared */
    ID_LENGTH_MAX = 256,
    CODE_PARSE = -32700,
    CODE_REQUEST = -32600,
    CODE_METHOD = -32601,
    CODE_PARAMS = -32602,
    CODE_OTHER = -32000,
};

/* Near its end the range of a double is no longer safe: cJSON prints 15 digits, which may be more
 * than the greatest double. */
static const double NUMBER_MAX = 1e300;

static const double ID_MAX = 9007199254740992.0; /* 2^53: whole numbers to there keep their value */

static const char *const member_names[] = {
    "jsonrpc", "id", "method", "params", "result", "error"
};

void rpc_init(void)
{
    cJSON_Hooks hooks = { .malloc_fn = sg_alloc, .free_fn = sg_free };
    cJSON_InitHooks(&hooks);
}

static const cJSON *member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

static enum sg_status refuse(struct sg_err *err, const char *why)
{
    return sg_err_set(err, SG_E_REQUEST, "not a request: %s", why);
}

/* A list of jobs has a million pairs of names: hardly any of them begin alike. */
static bool is_name_unique(const cJSON *item)
{
    const char *name = item->string;
    for (const cJSON *other = item->next; other != NULL; other = other->next) {
        if (name[0] == other->string[0] && strcmp(name, other->string) == 0)
            return false;
    }
    return true;
}

static enum sg_status check_names(const cJSON *object, struct sg_err *err)
{
    unsigned n_members = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, object)
    {
        if (++n_members > MEMBERS_MAX)
            return refuse(err, "an object has too many members");
    }
    cJSON_ArrayForEach(item, object)
    {
        if (!is_name_unique(item))
            return sg_err_set(err, SG_E_REQUEST, "not a request: \"%s\" is there twice",
                              item->string);
    }
    return SG_OK;
}

/* What the grammar cannot see. Recursion ends at RPC_DEPTH_MAX. */
static enum sg_status check_values(const cJSON *value, struct sg_err *err)
{
    if (cJSON_IsNumber(value) && fabs(value->valuedouble) > NUMBER_MAX)
        return refuse(err, "a number is too large");
    enum sg_status status = cJSON_IsObject(value) ? check_names(value, err) : SG_OK;
    const cJSON *item;
    cJSON_ArrayForEach(item, value)
    {
        if (status == SG_OK)
            status = check_values(item, err);
    }
    return status;
}

static bool is_known_member(const char *name)
{
    for (size_t i = 0; i < sizeof member_names / sizeof member_names[0]; i++) {
        if (strcmp(member_names[i], name) == 0)
            return true;
    }
    return false;
}

static enum sg_status check_members(const cJSON *root, struct sg_err *err)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, root)
    {
        if (!is_known_member(item->string))
            return sg_err_set(err, SG_E_REQUEST, "not a request: it has no member \"%s\"",
                              item->string);
    }
    return SG_OK;
}

static bool is_usable_id(const cJSON *id)
{
    if (cJSON_IsNumber(id))
        return fabs(id->valuedouble) <= ID_MAX;
    if (cJSON_IsString(id))
        return strlen(id->valuestring) <= ID_LENGTH_MAX;
    return cJSON_IsNull(id);
}

static enum sg_status read_id(struct rpc_message *message, struct sg_err *err)
{
    const cJSON *id = member(message->root, "id");
    if (id == NULL)
        return SG_OK;
    if (!is_usable_id(id))
        return refuse(err, "the id must be a string of at most 256 bytes, a number of at most "
                           "2^53, or null");
    message->id = id;
    return SG_OK;
}

static enum sg_status read_request(struct rpc_message *message, struct sg_err *err)
{
    const cJSON *method = member(message->root, "method");
    const cJSON *params = member(message->root, "params");
    if (!cJSON_IsString(method))
        return refuse(err, "the method must be a string");
    if (params != NULL && !cJSON_IsObject(params) && !cJSON_IsNull(params))
        return refuse(err, "params must be an object");
    if (member(message->root, "result") != NULL || member(message->root, "error") != NULL)
        return refuse(err, "it has a method, and is an answer too");
    message->method = method->valuestring;
    message->params = cJSON_IsObject(params) ? params : NULL;
    return SG_OK;
}

static bool is_error(const cJSON *error)
{
    return cJSON_IsObject(error) && cJSON_IsNumber(member(error, "code")) &&
           cJSON_IsString(member(error, "message"));
}

static enum sg_status read_response(struct rpc_message *message, struct sg_err *err)
{
    const cJSON *result = member(message->root, "result");
    const cJSON *error = member(message->root, "error");
    if (message->id == NULL)
        return refuse(err, "it has neither method nor id");
    if ((result == NULL) == (error == NULL))
        return refuse(err, "it has no method, and not one of result and error");
    if (error != NULL && !is_error(error))
        return refuse(err, "the error has no code or no message");
    if (member(message->root, "params") != NULL)
        return refuse(err, "it has params, but no method");
    message->result = result;
    message->error = error;
    return SG_OK;
}

/* The id comes first, so that whatever else is wrong can be answered by id. */
static enum sg_status read_message(struct rpc_message *message, struct sg_err *err)
{
    const cJSON *root = message->root;
    if (!cJSON_IsObject(root))
        return refuse(err, "it must be an object (there are no batches)");
    enum sg_status status = read_id(message, err);
    if (status == SG_OK)
        status = check_values(root, err);
    if (status == SG_OK)
        status = check_members(root, err);
    if (status != SG_OK)
        return status;
    const cJSON *version = member(root, "jsonrpc");
    if (!cJSON_IsString(version) || strcmp(version->valuestring, "2.0") != 0)
        return refuse(err, "\"jsonrpc\" must be \"2.0\"");
    return member(root, "method") != NULL ? read_request(message, err)
                                          : read_response(message, err);
}

enum sg_status rpc_parse(const char *line, size_t length, struct rpc_message *out,
                         struct sg_err *err)
{
    *out = (struct rpc_message){ 0 };
    if (!sg_utf8_is_valid(line, length))
        return sg_err_set(err, SG_E_PARSE, "the message is not valid UTF-8");
    enum sg_status status = json_check(line, length, RPC_DEPTH_MAX, err);
    if (status != SG_OK)
        return status;
    out->root = cJSON_ParseWithLength(line, length);
    if (out->root == NULL) /* what json_check lets through fails for this reason only */
        return sg_err_set(err, SG_E_NOMEM, "reading a message");
    return read_message(out, err);
}

void rpc_message_fini(struct rpc_message *message)
{
    cJSON_Delete(message->root);
    *message = (struct rpc_message){ 0 };
}

/* `value` NULL: it could not be made. */
static void put_value(struct sg_buf *out, const cJSON *value)
{
    char *text = value != NULL ? cJSON_PrintUnformatted(value) : NULL;
    if (text == NULL)
        out->is_failed = true;
    else
        sg_buf_puts(out, text);
    cJSON_free(text);
}

static void put_text(struct sg_buf *out, const char *text)
{
    cJSON *value = cJSON_CreateStringReference(text);
    put_value(out, value);
    cJSON_Delete(value);
}

/* cJSON prints 15 digits where it takes them for close enough; a number that comes back must be the
 * number that was sent. */
static void put_id_value(struct sg_buf *out, const cJSON *id)
{
    if (id == NULL)
        sg_buf_puts(out, "null");
    else if (cJSON_IsNumber(id))
        sg_buf_printf(out, "%.17g", id->valuedouble);
    else
        put_value(out, id);
}

static void put_id(struct sg_buf *out, const cJSON *id)
{
    sg_buf_puts(out, "{\"jsonrpc\":\"2.0\",\"id\":");
    put_id_value(out, id);
}

/* Takes `params` over. */
static void put_call(struct sg_buf *out, const char *method, cJSON *params)
{
    sg_buf_puts(out, ",\"method\":");
    put_text(out, method);
    if (params != NULL) {
        sg_buf_puts(out, ",\"params\":");
        put_value(out, params);
        cJSON_Delete(params);
    }
    sg_buf_puts(out, "}\n");
}

char *rpc_request(double id, const char *method, cJSON *params)
{
    struct sg_buf out = { 0 };
    const cJSON number = { .type = cJSON_Number, .valuedouble = id };
    put_id(&out, &number);
    put_call(&out, method, params);
    return sg_buf_take(&out);
}

char *rpc_notification(const char *method, cJSON *params)
{
    struct sg_buf out = { 0 };
    sg_buf_puts(&out, "{\"jsonrpc\":\"2.0\"");
    put_call(&out, method, params);
    return sg_buf_take(&out);
}

char *rpc_response(const cJSON *id, cJSON *result)
{
    struct sg_buf out = { 0 };
    put_id(&out, id);
    sg_buf_puts(&out, ",\"result\":");
    if (result == NULL)
        sg_buf_puts(&out, "{}");
    else
        put_value(&out, result);
    cJSON_Delete(result);
    sg_buf_puts(&out, "}\n");
    return sg_buf_take(&out);
}

static int code_of(enum sg_status status)
{
    switch (status) {
    case SG_E_PARSE:
        return CODE_PARSE;
    case SG_E_REQUEST:
        return CODE_REQUEST;
    case SG_E_METHOD:
        return CODE_METHOD;
    case SG_E_INVALID:
        return CODE_PARAMS;
    default:
        return CODE_OTHER;
    }
}

char *rpc_failure(const cJSON *id, const struct sg_err *err)
{
    SG_ASSERT(err->status != SG_OK && err->status != SG_PENDING);
    struct sg_buf out = { 0 };
    put_id(&out, id);
    sg_buf_printf(&out, ",\"error\":{\"code\":%d,\"message\":", code_of(err->status));
    put_text(&out, sg_err_text(err));
    sg_buf_printf(&out, ",\"data\":{\"code\":\"%s\"}}}\n", sg_status_word(err->status));
    return sg_buf_take(&out);
}

/* The words of what is no failure are unknown here too: an error must not look like success. */
static enum sg_status status_from(const cJSON *word)
{
    if (!cJSON_IsString(word))
        return SG_E_SYSTEM;
    enum sg_status status = sg_status_from_word(word->valuestring);
    bool is_failure = status != SG_STATUS_COUNT && status != SG_OK && status != SG_PENDING;
    return is_failure ? status : SG_E_SYSTEM;
}

void rpc_error_read(const cJSON *error, struct sg_err *err)
{
    const cJSON *message = member(error, "message");
    enum sg_status status = status_from(member(member(error, "data"), "code"));
    *err = (struct sg_err){ .status = status };
    if (cJSON_IsString(message) && message->valuestring[0] != '\0')
        sg_err_set(err, status, "%s", message->valuestring);
}
