/* Reading and building JSON objects without a check after every line: what is missing or of another
 * type reads as "not known", and memory that runs out ends the program (need.h). */
#ifndef SEGUE_CLI_JSON_H
#define SEGUE_CLI_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

/* The field's text; NULL where there is none. It lives as long as the object. */
const char *json_text(const cJSON *object, const char *name);

/* The field's number; `otherwise` where there is none. */
int64_t json_integer(const cJSON *object, const char *name, int64_t otherwise);

/* A number outside of an object. */
int64_t json_integer_of(const cJSON *number, int64_t otherwise);

/* The field that is an array, or NULL (over which cJSON_ArrayForEach makes no round). */
const cJSON *json_array(const cJSON *object, const char *name);

/* A new object, a new array. */
cJSON *json_new_object(void);
cJSON *json_new_array(void);

/* Each adds a field; json_put takes `value` over. */
void json_put_text(cJSON *object, const char *name, const char *value);
void json_put_integer(cJSON *object, const char *name, int64_t value);
void json_put_bool(cJSON *object, const char *name, bool value);
void json_put(cJSON *object, const char *name, cJSON *value);

/* Each adds an element to an array; json_append takes `value` over. */
void json_append_text(cJSON *array, const char *value);
void json_append_integer(cJSON *array, int64_t value);
void json_append(cJSON *array, cJSON *value);

/* A copy of it with everything below. */
cJSON *json_copy(const cJSON *value);

/* Moves all elements of the array `from` to the end of the array `to`. */
void json_move_all(cJSON *to, cJSON *from);

/* The value as one line without a line end. The caller owns it (cJSON_free). */
char *json_line(const cJSON *value);

#endif
