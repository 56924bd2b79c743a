/* JSON to records: reading what a caller wants downloaded. Every field is checked here, once. */
#include "daemon/job_json.h"

#include <math.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/utf.h"
#include "net/net.h"
#include "os/path.h"

enum { TEXT_MAX = 64 * 1024, LIST_MAX = 256, MIRRORS_MAX = ENGINE_SOURCES_MAX - 1 };

static const double whole_max = 9007199254740991.0; /* beyond, a JSON number is not exact */

typedef enum sg_status field_fn(const cJSON *value, struct job_record *record, struct sg_err *err);

static enum sg_status wrong(struct sg_err *err, const cJSON *value, const char *right)
{
    return sg_err_set(err, SG_E_INVALID, "'%s' is not valid: give %s", value->string, right);
}

static bool is_plain_text(const char *text)
{
    if (strlen(text) > TEXT_MAX)
        return false;
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7F)
            return false;
    }
    return true;
}

static enum sg_status keep(char **field, const char *text, struct sg_err *err)
{
    enum sg_status status = job_record_set(field, text);
    return status == SG_OK ? SG_OK : sg_err_set(err, status, "out of memory");
}

static enum sg_status take_text(const cJSON *value, char **field, const char *right,
                                struct sg_err *err)
{
    if (!cJSON_IsString(value) || value->valuestring[0] == '\0' ||
        !is_plain_text(value->valuestring))
        return wrong(err, value, right);
    return keep(field, value->valuestring, err);
}

static enum sg_status take_whole(const cJSON *value, double min, double max, const char *right,
                                 int64_t *out, struct sg_err *err)
{
    double number = cJSON_IsNumber(value) ? value->valuedouble : NAN;
    if (!(number >= min && number <= max) || floor(number) < number)
        return wrong(err, value, right);
    *out = (int64_t)number;
    return SG_OK;
}

static enum sg_status on_url(const cJSON *value, struct job_record *record, struct sg_err *err)
{
    if (!cJSON_IsString(value) || !is_plain_text(value->valuestring))
        return wrong(err, value, "an http or https URL");
    char *url;
    char *userinfo;
    enum sg_status status = net_url_check(value->valuestring, &url, &userinfo, err);
    if (status != SG_OK)
        return status;
    sg_free(record->url);
    record->url = url;
    if (record->userinfo == NULL)
        record->userinfo = userinfo;
    else
        sg_free(userinfo);
    return SG_OK;
}

static enum sg_status on_folder(const cJSON *value, struct job_record *record, struct sg_err *err)
{
    static const char right[] = "the absolute path of a folder";
    enum sg_status status = take_text(value, &record->folder, right, err);
    if (status == SG_OK && !path_is_absolute(record->folder))
        status = wrong(err, value, right);
    return status;
}

static enum sg_status on_name(const cJSON *value, struct job_record *record, struct sg_err *err)
{
    return take_text(value, &record->name, "a file name", err);
}

/* Joins an array of texts, one a line, each checked and perhaps rewritten by `check`. */
static enum sg_status take_list(const cJSON *value, char **field, const char *right,
                                enum sg_status (*check)(const char *text, struct sg_buf *out,
                                                        struct sg_err *err),
                                struct sg_err *err)
{
    struct sg_buf lines = { 0 };
    enum sg_status status = SG_OK;
    if (!cJSON_IsArray(value) || cJSON_GetArraySize(value) > LIST_MAX)
        return wrong(err, value, right);
    for (const cJSON *item = value->child; item != NULL && status == SG_OK; item = item->next) {
        if (!cJSON_IsString(item) || !is_plain_text(item->valuestring)) {
            status = wrong(err, value, right);
            break;
        }
        if (lines.length > 0)
            sg_buf_putc(&lines, '\n');
        status = check(item->valuestring, &lines, err);
    }
    if (status == SG_OK && lines.is_failed)
        status = sg_err_set(err, SG_E_NOMEM, "out of memory");
    if (status == SG_OK && lines.length > 0)
        status = keep(field, lines.data, err);
    sg_buf_fini(&lines);
    return status;
}

static enum sg_status check_mirror(const char *text, struct sg_buf *out, struct sg_err *err)
{
    char *url;
    char *userinfo;
    enum sg_status status = net_url_check(text, &url, &userinfo, err);
    if (status != SG_OK)
        return status;
    if (userinfo != NULL)
        status = sg_err_set(err, SG_E_INVALID,
                            "a mirror's URL cannot have a user name: leave it out of %s", url);
    else
        sg_buf_puts(out, url);
    sg_free(url);
    sg_free(userinfo);
    return status;
}

static enum sg_status on_mirrors(const cJSON *value, struct job_record *record, struct sg_err *err)
{
    int n = cJSON_GetArraySize(value);
    if (n > MIRRORS_MAX)
        return sg_err_set(err, SG_E_INVALID, "a job has at most %d mirrors, not %d: leave some out",
                          (int)MIRRORS_MAX, n);
    return take_list(value, &record->mirrors, "a list of URLs", check_mirror, err);
}

/* RFC 9110, 5.1: a field name is a token. Those that decide how ranges work are not the caller's.
 */
static enum sg_status check_header(const char *text, struct sg_buf *out, struct sg_err *err)
{
    static const char *const ours[] = { "Range", "If-Range",       "Accept-Encoding",  "Connection",
                                        "Host",  "Content-Length", "Transfer-Encoding" };
    char name[128] = { 0 };
    size_t length = strcspn(text, ":");
    bool is_token = length > 0 && length < sizeof name && text[length] == ':';
    for (size_t i = 0; i < length && is_token; i++)
        is_token = text[i] > 0x20 && strchr("()<>@,;:\\\"/[]?={}", text[i]) == NULL;
    if (!is_token)
        return sg_err_set(err, SG_E_INVALID, "a header is not one: give 'Name: value'");
    memcpy(name, text, length);
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
        if (sg_equals_ignoring_case(name, ours[i]))
            return sg_err_set(err, SG_E_INVALID, "the header %s is Segue's own: leave it out",
                              name);
    }
    sg_buf_puts(out, text);
    return SG_OK;
}

static enum sg_status on_headers(const cJSON *value, struct job_record *record, struct sg_err *err)
{
    return take_list(value, &record->headers, "a list of 'Name: value'", check_header, err);
}

static enum sg_status on_user(const cJSON *value, struct job_record *record, struct sg_err *err)
{
    return take_text(value, &record->userinfo, "'user:password'", err);
}

static enum sg_status on_cookies(const cJSON *value, struct job_record *record, struct sg_err *err)
{
    return take_text(value, &record->cookies, "'name=value; name=value'", err);
}

static enum sg_status on_proxy(const cJSON *value, struct job_record *record, struct sg_err *err)
{
    enum sg_status status = take_text(value, &record->proxy, "the URL of a proxy", err);
    return status == SG_OK ? net_proxy_check(record->proxy, err) : status;
}

static enum sg_status on_checksum(const cJSON *value, struct job_record *record, struct sg_err *err)
{
    return take_text(value, &record->checksum, "'sha256:HEX' (or sha512, sha1, md5)", err);
}

static enum sg_status on_connections(const cJSON *value, struct job_record *record,
                                     struct sg_err *err)
{
    return take_whole(value, 1, ENGINE_LANES_MAX, "a whole number from 1 to 64", &record->max_lanes,
                      err);
}

static enum sg_status on_limit(const cJSON *value, struct job_record *record, struct sg_err *err)
{
    return take_whole(value, 0, whole_max, "bytes per second, 0 for none", &record->limit_bps, err);
}

static enum sg_status on_priority(const cJSON *value, struct job_record *record, struct sg_err *err)
{
    return take_whole(value, JOB_PRIORITY_MIN, JOB_PRIORITY_MAX,
                      "a whole number from -1000 to 1000", &record->priority, err);
}

static enum sg_status on_key(const cJSON *value, struct job_record *record, struct sg_err *err)
{
    return take_text(value, &record->key, "a text of your own", err);
}

static enum sg_status on_at(const cJSON *value, struct job_record *record, struct sg_err *err)
{
    if (!cJSON_IsString(value) || !sg_parse_iso8601(value->valuestring, &record->not_before_ms))
        return wrong(err, value, "a time such as 2026-11-23T22:00:00Z");
    return SG_OK;
}

static enum sg_status on_paused(const cJSON *value, struct job_record *record, struct sg_err *err)
{
    if (!cJSON_IsBool(value))
        return wrong(err, value, "true or false");
    record->state = cJSON_IsTrue(value) ? JOB_PAUSED : JOB_QUEUED;
    return SG_OK;
}

static enum sg_status on_if_exists(const cJSON *value, struct job_record *record,
                                   struct sg_err *err)
{
    enum job_if_exists choice =
        cJSON_IsString(value) ? job_if_exists_from_word(value->valuestring) : JOB_IF_EXISTS_COUNT;
    if (choice == JOB_IF_EXISTS_COUNT)
        return wrong(err, value, "rename, fail or overwrite");
    record->if_exists = choice;
    return SG_OK;
}

static enum sg_status on_on_change(const cJSON *value, struct job_record *record,
                                   struct sg_err *err)
{
    enum job_on_change choice =
        cJSON_IsString(value) ? job_on_change_from_word(value->valuestring) : JOB_ON_CHANGE_COUNT;
    if (choice == JOB_ON_CHANGE_COUNT)
        return wrong(err, value, "restart or fail");
    record->on_change = choice;
    return SG_OK;
}

static enum sg_status on_metered(const cJSON *value, struct job_record *record, struct sg_err *err)
{
    return job_json_read_metered(value, &record->metered)
               ? SG_OK
               : wrong(err, value, "pause or ignore, or null for what the setting says");
}

static const struct {
    const char *name;
    field_fn *read;
} fields[] = {
    { "url", on_url },
    { "folder", on_folder },
    { "name", on_name },
    { "mirrors", on_mirrors },
    { "headers", on_headers },
    { "user", on_user },
    { "cookies", on_cookies },
    { "proxy", on_proxy },
    { "checksum", on_checksum },
    { "connections", on_connections },
    { "limit", on_limit },
    { "priority", on_priority },
    { "key", on_key },
    { "at", on_at },
    { "paused", on_paused },
    { "if_exists", on_if_exists },
    { "on_change", on_on_change },
    { "metered", on_metered },
};

bool job_json_read_metered(const cJSON *value, enum job_metered *out)
{
    enum job_metered choice = JOB_METERED_COUNT;
    if (cJSON_IsNull(value))
        choice = JOB_METERED_AS_SET;
    else if (cJSON_IsString(value) && value->valuestring[0] != '\0')
        choice = job_metered_from_word(value->valuestring);
    if (choice == JOB_METERED_COUNT)
        return false;
    *out = choice;
    return true;
}

static field_fn *reader_of(const char *name)
{
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (strcmp(fields[i].name, name) == 0)
            return fields[i].read;
    }
    return NULL;
}

enum sg_status job_json_read(const cJSON *spec, struct job_record *record, struct sg_err *err)
{
    if (!cJSON_IsObject(spec))
        return sg_err_set(err, SG_E_INVALID, "a job is an object with at least a url");
    for (const cJSON *value = spec->child; value != NULL; value = value->next) {
        field_fn *read = reader_of(value->string);
        if (read == NULL)
            return sg_err_set(err, SG_E_INVALID, "there is no '%s' in a job", value->string);
        enum sg_status status = read(value, record, err);
        if (status != SG_OK)
            return status;
    }
    if (record->url == NULL)
        return sg_err_set(err, SG_E_INVALID, "a job needs a url");
    return engine_check(record, err);
}

static enum sg_status read_access(const cJSON *value, field_fn *read, struct job_record *record,
                                  char **field, struct sg_err *err)
{
    enum sg_status status = cJSON_IsNull(value) ? SG_OK : read(value, record, err);
    bool is_emptied = status == SG_OK && *field == NULL; /* an empty list is none */
    if (status == SG_OK && (cJSON_IsNull(value) || is_emptied))
        status = keep(field, "", err);
    return status;
}

/* The URL first: a login beside it counts for more than one in it. */
enum sg_status job_json_read_access(const cJSON *params, struct job_record *record,
                                    struct sg_err *err)
{
    const struct {
        const char *name;
        char **field;
    } parts[] = {
        { "headers", &record->headers },
        { "user", &record->userinfo },
        { "cookies", &record->cookies },
        { "proxy", &record->proxy },
    };
    const cJSON *url = cJSON_GetObjectItemCaseSensitive(params, "url");
    bool is_given = url != NULL;
    enum sg_status status = url != NULL ? on_url(url, record, err) : SG_OK;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && status == SG_OK; i++) {
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(params, parts[i].name);
        if (value == NULL)
            continue;
        is_given = true;
        status = read_access(value, reader_of(parts[i].name), record, parts[i].field, err);
    }
    if (status == SG_OK && !is_given)
        status = sg_err_set(err, SG_E_INVALID,
                            "nothing to change: give 'url', 'headers', 'user', 'cookies' or "
                            "'proxy'");
    return status;
}
