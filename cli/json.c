/* cJSON with our conventions. */
#include "cli/json.h"

#include "cli/need.h"

const char *json_text(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

int64_t json_integer_of(const cJSON *number, int64_t otherwise)
{
    static const double max = 9007199254740992.0; /* doubles are exact up to here */
    if (!cJSON_IsNumber(number) || !(number->valuedouble >= -max && number->valuedouble <= max))
        return otherwise;
    return (int64_t)number->valuedouble;
}

int64_t json_integer(const cJSON *object, const char *name, int64_t otherwise)
{
    return json_integer_of(cJSON_GetObjectItemCaseSensitive(object, name), otherwise);
}

const cJSON *json_array(const cJSON *object, const char *name)
{
    const cJSON *array = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsArray(array) ? array : NULL;
}

cJSON *json_new_object(void)
{
    return need(cJSON_CreateObject());
}

cJSON *json_new_array(void)
{
    return need(cJSON_CreateArray());
}

void json_put_text(cJSON *object, const char *name, const char *value)
{
    need(cJSON_AddStringToObject(object, name, value));
}

void json_put_integer(cJSON *object, const char *name, int64_t value)
{
    need(cJSON_AddNumberToObject(object, name, (double)value));
}

void json_put_bool(cJSON *object, const char *name, bool value)
{
    need(cJSON_AddBoolToObject(object, name, value));
}

void json_put(cJSON *object, const char *name, cJSON *value)
{
    need(cJSON_AddItemToObject(object, name, value) ? value : NULL);
}

void json_append_text(cJSON *array, const char *value)
{
    json_append(array, need(cJSON_CreateString(value)));
}

void json_append_integer(cJSON *array, int64_t value)
{
    json_append(array, need(cJSON_CreateNumber((double)value)));
}

void json_append(cJSON *array, cJSON *value)
{
    need(cJSON_AddItemToArray(array, value) ? value : NULL);
}

cJSON *json_copy(const cJSON *value)
{
    return need(cJSON_Duplicate(value, true));
}

void json_move_all(cJSON *to, cJSON *from)
{
    while (from != NULL && from->child != NULL)
        json_append(to, cJSON_DetachItemViaPointer(from, from->child));
}

char *json_line(const cJSON *value)
{
    return need(cJSON_PrintUnformatted(value));
}
