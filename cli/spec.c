/* From options to SPEC objects. Paths become absolute here: the daemon's current folder is another
 * one. What a value means is judged by the daemon, except where only we know (sizes, times). */
#include "cli/spec.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/text.h"
#include "cli/at.h"
#include "cli/cookies.h"
#include "cli/host.h"
#include "cli/json.h"
#include "cli/login.h"
#include "cli/need.h"
#include "cli/text_file.h"
#include "cli/units.h"
#include "ipc/wire/frame.h"

/* The answer has to fit into a message as well, and a JOB has more to say than a SPEC. */
enum {
    BATCH_SIZE_MAX = FRAME_LINE_MAX - 64 * 1024,
    JOB_EXTRA_SIZE = 1200,
};

static enum sg_status refuse(struct sg_err *err, enum option_id id, const char *value,
                             const char *todo)
{
    return sg_err_set(err, SG_E_INVALID, "--%s cannot be '%s': %s", option_info(id)->name, value,
                      todo);
}

/* ---- where it goes ---- */

static enum sg_status put_folder(cJSON *common, const char *path, struct sg_err *err)
{
    char *folder;
    enum sg_status status = host_absolute(path, &folder, err);
    if (status != SG_OK)
        return status;
    json_put_text(common, "folder", folder);
    sg_free(folder);
    return SG_OK;
}

static enum sg_status put_target(cJSON *common, const struct args *args, struct sg_err *err)
{
    const char *output = args_value(args, OPTION_OUTPUT);
    const char *dir = args_value(args, OPTION_DIR);
    size_t start = output != NULL ? host_name_start(output) : 0;
    if (output != NULL && output[start] == '\0')
        return refuse(err, OPTION_OUTPUT, output, "give a file name, or use -d for a folder");
    if (output != NULL)
        json_put_text(common, "name", output + start);
    if (start == 0)
        return put_folder(common, dir != NULL ? dir : ".", err);
    if (dir != NULL)
        return refuse(err, OPTION_OUTPUT, output, "with -d, give a name without a folder");
    char *folder = need(sg_strndup(output, start));
    enum sg_status status = put_folder(common, folder, err);
    sg_free(folder);
    return status;
}

/* ---- the other options ---- */

static enum sg_status put_integer(cJSON *common, const struct args *args, enum option_id id,
                                  const char *field, int64_t least, struct sg_err *err)
{
    const char *text = args_value(args, id);
    int64_t value;
    if (text == NULL)
        return SG_OK;
    if (!units_parse_integer(text, &value) || value < least)
        return refuse(err, id, text, least > 0 ? "give a number from 1" : "give a whole number");
    json_put_integer(common, field, value);
    return SG_OK;
}

static enum sg_status put_limit(cJSON *common, const struct args *args, struct sg_err *err)
{
    const char *text = args_value(args, OPTION_LIMIT);
    int64_t bps;
    if (text == NULL)
        return SG_OK;
    if (!units_parse_rate(text, &bps))
        return refuse(err, OPTION_LIMIT, text, "give a rate such as 500K, 2M or off");
    json_put_integer(common, "limit", bps);
    return SG_OK;
}

static enum sg_status put_at(cJSON *common, const struct args *args, struct sg_err *err)
{
    const char *text = args_value(args, OPTION_AT);
    char iso[SG_ISO8601_SIZE];
    int64_t wall_ms;
    if (text == NULL)
        return SG_OK;
    if (!at_parse(text, (int64_t)time(NULL) * 1000, &wall_ms))
        return refuse(err, OPTION_AT, text, "give a time such as 22:30, +2h or 2030-01-31T22:30");
    sg_format_iso8601(wall_ms, iso);
    json_put_text(common, "at", iso);
    return SG_OK;
}

static void put_texts(cJSON *common, const struct args *args)
{
    static const struct {
        enum option_id id;
        const char *field;
    } texts[] = {
        { OPTION_PROXY, "proxy" },
        { OPTION_CHECKSUM, "checksum" },
        { OPTION_KEY, "key" },
        { OPTION_IF_EXISTS, "if_exists" },
        { OPTION_ON_CHANGE, "on_change" },
        { OPTION_METERED, "metered" },
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (args_has(args, texts[i].id))
            json_put_text(common, texts[i].field, args_value(args, texts[i].id));
    }
    if (args_has(args, OPTION_PAUSED))
        json_put_bool(common, "paused", true);
}

static void put_repeated(cJSON *common, const struct args *args, enum option_id id,
                         const char *field)
{
    if (!args_has(args, id))
        return;
    cJSON *array = json_new_array();
    for (size_t i = 0; i < args->n_options; i++) {
        if (args->options[i].id == id)
            json_append_text(array, args->options[i].value);
    }
    json_put(common, field, array);
}

/* One header a line, from a file: a command line can be read by everybody on the machine. */
static enum sg_status append_header_file(cJSON *array, const char *path, struct sg_err *err)
{
    struct sg_buf text = { 0 };
    enum sg_status status = text_file_read(path, &text, err);
    const char *lines = text.data;
    size_t length;
    for (const char *line; status == SG_OK && (line = sg_next_line(&lines, &length)) != NULL;) {
        if (length > 0 && line[length - 1] == '\r')
            length--;
        char *header = need(sg_strndup(line, length));
        if (length > 0)
            json_append_text(array, header);
        sg_free_secret(header);
    }
    sg_buf_fini(&text);
    return status;
}

/* No header begins with "@". */
static enum sg_status append_header(cJSON *array, const char *value, struct sg_err *err)
{
    if (value[0] == '@')
        return append_header_file(array, value + 1, err);
    json_append_text(array, value);
    return SG_OK;
}

static enum sg_status put_headers(cJSON *common, const struct args *args, struct sg_err *err)
{
    if (!args_has(args, OPTION_HEADER))
        return SG_OK;
    cJSON *array = json_new_array();
    enum sg_status status = SG_OK;
    for (size_t i = 0; i < args->n_options && status == SG_OK; i++) {
        if (args->options[i].id == OPTION_HEADER)
            status = append_header(array, args->options[i].value, err);
    }
    json_put(common, "headers", array);
    return status;
}

/* May ask for a password, which is best done when all else is known to be right. */
static enum sg_status put_user(cJSON *common, const struct args *args, struct sg_err *err)
{
    char *userinfo;
    if (!args_has(args, OPTION_USER))
        return SG_OK;
    enum sg_status status = login_complete(args_value(args, OPTION_USER), &userinfo, err);
    if (status != SG_OK)
        return status;
    json_put_text(common, "user", userinfo);
    sg_free_secret(userinfo);
    return SG_OK;
}

static enum sg_status put_common(cJSON *common, const struct args *args, struct sg_err *err)
{
    put_texts(common, args);
    put_repeated(common, args, OPTION_MIRROR, "mirrors");
    enum sg_status status = put_headers(common, args, err);
    if (status == SG_OK)
        status = put_target(common, args, err);
    if (status == SG_OK)
        status = put_integer(common, args, OPTION_CONNECTIONS, "connections", 1, err);
    if (status == SG_OK)
        status = put_integer(common, args, OPTION_PRIORITY, "priority", INT64_MIN, err);
    if (status == SG_OK)
        status = put_limit(common, args, err);
    return status == SG_OK ? put_at(common, args, err) : status;
}

/* ---- addresses ---- */

static enum sg_status add_list_file(struct url_list *urls, const char *path, struct sg_err *err)
{
    struct sg_buf text = { 0 };
    enum sg_status status = text_file_read(path, &text, err);
    if (status == SG_OK)
        status = url_list_add_lines(urls, path, text.data, err);
    sg_buf_fini(&text);
    return status;
}

static enum sg_status read_addresses(struct spec_list *list, const struct args *args,
                                     struct sg_err *err)
{
    enum sg_status status = SG_OK;
    for (size_t i = 0; i < args->n_words && status == SG_OK; i++)
        status = url_list_add(&list->urls, args->words[i], err);
    for (size_t i = 0; i < args->n_options && status == SG_OK; i++) {
        if (args->options[i].id == OPTION_INPUT)
            status = add_list_file(&list->urls, args->options[i].value, err);
    }
    return status;
}

/* Options that make sense for one file only. */
static enum sg_status check_count(const struct spec_list *list, const struct args *args,
                                  struct sg_err *err)
{
    static const enum option_id singles[] = { OPTION_OUTPUT, OPTION_MIRROR, OPTION_CHECKSUM,
                                              OPTION_KEY };
    if (list->urls.n == 0)
        return sg_err_set(err, SG_E_INVALID,
                          "there is no address to download: give a URL, or -i "
                          "with a file that has some");
    for (size_t i = 0; i < sizeof singles / sizeof singles[0]; i++) {
        if (list->urls.n > 1 && args_has(args, singles[i]))
            return sg_err_set(err, SG_E_INVALID,
                              "--%s is about one file, but there are %lu addresses: add that one "
                              "by itself",
                              option_info(singles[i])->name, (unsigned long)list->urls.n);
    }
    return SG_OK;
}

static enum sg_status read_cookies(struct spec_list *list, const struct args *args,
                                   struct sg_err *err)
{
    const char *path = args_value(args, OPTION_COOKIE_FILE);
    struct sg_buf text = { 0 };
    if (path == NULL)
        return SG_OK;
    enum sg_status status = text_file_read(path, &text, err);
    if (status == SG_OK)
        list->cookie_text = need(sg_buf_take(&text));
    sg_buf_fini(&text);
    return status;
}

enum sg_status spec_list_init(struct spec_list *list, const struct args *args, struct sg_err *err)
{
    list->is_single = args->n_words == 1 && !args_has(args, OPTION_INPUT);
    list->common = json_new_object();
    enum sg_status status = put_common(list->common, args, err);
    if (status == SG_OK)
        status = read_addresses(list, args, err);
    if (status == SG_OK)
        status = check_count(list, args, err);
    if (status == SG_OK)
        status = read_cookies(list, args, err);
    return status == SG_OK ? put_user(list->common, args, err) : status;
}

/* ---- secrets of a job that is there ---- */

static enum sg_status put_cookies(cJSON *params, const struct args *args, const char *url,
                                  struct sg_err *err)
{
    const char *path = args_value(args, OPTION_COOKIE_FILE);
    struct sg_buf text = { 0 };
    struct sg_buf cookies = { 0 };
    if (path == NULL)
        return SG_OK;
    enum sg_status status = text_file_read(path, &text, err);
    if (status == SG_OK && !cookies_for_url(text.data, url, (int64_t)time(NULL), &cookies))
        status = sg_err_set(err, SG_E_INVALID,
                            "%s has no cookie for this address: nothing was changed", path);
    if (status == SG_OK)
        json_put_text(params, "cookies", need(cookies.is_failed ? NULL : cookies.data));
    sg_buf_fini(&cookies);
    sg_buf_fini(&text);
    return status;
}

static void put_proxy(cJSON *params, const struct args *args)
{
    if (args_has(args, OPTION_PROXY))
        json_put_text(params, "proxy", args_value(args, OPTION_PROXY));
}

/* Puts null where the option's value is empty; true then. */
static bool put_emptied(cJSON *params, const struct args *args, enum option_id id,
                        const char *field)
{
    const char *value = args_value(args, id);
    if (value == NULL || value[0] != '\0')
        return false;
    json_put(params, field, need(cJSON_CreateNull()));
    return true;
}

enum sg_status spec_put_access(cJSON *params, const struct args *args, const char *url,
                               struct sg_err *err)
{
    enum sg_status status = SG_OK;
    if (!put_emptied(params, args, OPTION_PROXY, "proxy"))
        put_proxy(params, args);
    if (!put_emptied(params, args, OPTION_COOKIE_FILE, "cookies"))
        status = put_cookies(params, args, url, err);
    if (status == SG_OK && !put_emptied(params, args, OPTION_HEADER, "headers"))
        status = put_headers(params, args, err);
    if (status == SG_OK && !put_emptied(params, args, OPTION_USER, "user"))
        status = put_user(params, args, err);
    return status;
}

/* ---- batches ---- */

static cJSON *make_spec(struct spec_list *list, const char *url)
{
    cJSON *spec = json_copy(list->common);
    struct sg_buf cookies = { 0 };
    json_put_text(spec, "url", url);
    if (list->cookie_text != NULL &&
        cookies_for_url(list->cookie_text, url, (int64_t)time(NULL), &cookies)) {
        json_put_text(spec, "cookies", need(cookies.is_failed ? NULL : cookies.data));
        list->has_sent_cookie = true;
    }
    sg_buf_fini(&cookies);
    return spec;
}

/* What a SPEC costs in the request or in the answer, whichever is more. */
static size_t size_of(const cJSON *spec)
{
    char *line = json_line(spec);
    size_t size = strlen(line);
    cJSON_free(line);
    return size + JOB_EXTRA_SIZE;
}

enum sg_status spec_list_next_batch(struct spec_list *list, cJSON **out_specs, struct sg_err *err)
{
    cJSON *specs = NULL;
    size_t total = 0;
    while (list->next < list->urls.n) {
        cJSON *spec = make_spec(list, list->urls.items[list->next]);
        size_t size = size_of(spec);
        if (total + size > BATCH_SIZE_MAX) {
            cJSON_Delete(spec);
            break;
        }
        if (specs == NULL)
            specs = json_new_array();
        json_append(specs, spec);
        total += size;
        list->next++;
    }
    if (specs == NULL && list->next < list->urls.n)
        return sg_err_set(err, SG_E_TOO_LONG,
                          "a job with its options is longer than 1 MiB: give fewer of them");
    *out_specs = specs;
    return SG_OK;
}

void spec_list_fini(struct spec_list *list)
{
    url_list_fini(&list->urls);
    sg_free(list->cookie_text);
    cJSON_Delete(list->common);
    *list = (struct spec_list){ 0 };
}
