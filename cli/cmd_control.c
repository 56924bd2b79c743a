/* pause, resume, cancel, remove, move, set, refresh. */
#include <string.h>

#include "base/mem.h"
#include "cli/call.h"
#include "cli/cmd.h"
#include "cli/json.h"
#include "cli/need.h"
#include "cli/spec.h"
#include "cli/units.h"
#include "cli/url_list.h"

static enum sg_status put_ids(cJSON *params, const struct args *args, struct sg_err *err)
{
    int64_t *ids;
    size_t n;
    enum sg_status status = cmd_read_ids(args, 0, &ids, &n, err);
    if (status != SG_OK)
        return status;
    cJSON *array = json_new_array();
    for (size_t i = 0; i < n; i++)
        json_append_integer(array, ids[i]);
    json_put(params, "ids", array);
    sg_free(ids);
    return SG_OK;
}

static enum sg_status put_ids_or_all(cJSON *params, const struct args *args, struct sg_err *err)
{
    if (args_has(args, OPTION_ALL) == (args->n_words > 0))
        return sg_err_set(err, SG_E_INVALID, "give either job numbers or --all: read 'seg help %s'",
                          args->command->name);
    if (args->n_words > 0)
        return put_ids(params, args, err);
    json_put_bool(params, "all", true);
    return SG_OK;
}

/* Of all jobs the daemon only tells the numbers. */
static void print_all(const struct args *args, const cJSON *result, const char *verb)
{
    struct sg_buf text = { 0 };
    int n = cJSON_GetArraySize(json_array(result, "ids"));
    if (args_has(args, OPTION_JSON)) {
        print_json(result);
        return;
    }
    sg_buf_printf(&text, "%s %d job%s\n", verb, n, n == 1 ? "" : "s");
    print_text(&text);
    sg_buf_fini(&text);
}

static enum exit_code change_many(struct caller *caller, const struct args *args,
                                  enum method method, const char *verb)
{
    struct sg_err err = { 0 };
    cJSON *params = json_new_object();
    cJSON *result;
    enum sg_status status = put_ids_or_all(params, args, &err);
    if (status == SG_OK)
        status = call_daemon(caller, method, params, &result, &err);
    else
        cJSON_Delete(params);
    if (status != SG_OK)
        return report_failure(&err);
    if (args_has(args, OPTION_ALL))
        print_all(args, result, verb);
    else
        cmd_print_jobs(args, json_array(result, "jobs"), args->n_words == 1, verb);
    cJSON_Delete(result);
    return EXIT_DONE;
}

enum exit_code cmd_pause(struct caller *caller, const struct args *args)
{
    return change_many(caller, args, METHOD_JOB_PAUSE, "paused");
}

enum exit_code cmd_resume(struct caller *caller, const struct args *args)
{
    return change_many(caller, args, METHOD_JOB_RESUME, "resumed");
}

enum exit_code cmd_cancel(struct caller *caller, const struct args *args)
{
    return change_many(caller, args, METHOD_JOB_CANCEL, "cancelled");
}

static void print_removed(const cJSON *removed)
{
    struct sg_buf text = { 0 };
    const cJSON *id;
    sg_buf_puts(&text, "removed");
    cJSON_ArrayForEach(id, removed)
        sg_buf_printf(&text, " %lld", (long long)json_integer_of(id, 0));
    sg_buf_putc(&text, '\n');
    print_text(&text);
    sg_buf_fini(&text);
}

enum exit_code cmd_remove(struct caller *caller, const struct args *args)
{
    struct sg_err err = { 0 };
    cJSON *params = json_new_object();
    cJSON *result;
    if (args_has(args, OPTION_PURGE))
        json_put_bool(params, "purge", true);
    enum sg_status status = put_ids(params, args, &err);
    if (status == SG_OK)
        status = call_daemon(caller, METHOD_JOB_REMOVE, params, &result, &err);
    else
        cJSON_Delete(params);
    if (status != SG_OK)
        return report_failure(&err);
    if (args_has(args, OPTION_JSON))
        print_json(result);
    else
        print_removed(json_array(result, "removed"));
    cJSON_Delete(result);
    return EXIT_DONE;
}

/* ---- one job ---- */

/* Sends `params` for one job and prints it. Takes `params` over. `status` is what became of reading
 * the arguments. */
static enum exit_code change_one(struct caller *caller, const struct args *args, enum method method,
                                 cJSON *params, enum sg_status status, struct sg_err *err,
                                 const char *verb)
{
    cJSON *job;
    if (status == SG_OK)
        status = call_daemon(caller, method, params, &job, err);
    else
        cJSON_Delete(params);
    if (status != SG_OK)
        return report_failure(err);
    cJSON *jobs = json_new_array();
    json_append(jobs, job);
    cmd_print_jobs(args, jobs, true, verb);
    cJSON_Delete(jobs);
    return EXIT_DONE;
}

static enum sg_status put_id(cJSON *params, const char *name, const char *word, struct sg_err *err)
{
    int64_t id;
    enum sg_status status = cmd_read_id(word, &id, err);
    if (status == SG_OK)
        json_put_integer(params, name, id);
    return status;
}

static enum sg_status put_place(cJSON *params, const struct args *args, struct sg_err *err)
{
    int n_places =
        args_has(args, OPTION_FIRST) + args_has(args, OPTION_LAST) + args_has(args, OPTION_BEFORE);
    if (n_places != 1)
        return sg_err_set(err, SG_E_INVALID,
                          "give one of --first, --last and --before ID: read 'seg help move'");
    if (args_has(args, OPTION_BEFORE))
        return put_id(params, "before", args_value(args, OPTION_BEFORE), err);
    json_put_text(params, "to", args_has(args, OPTION_FIRST) ? "first" : "last");
    return SG_OK;
}

enum exit_code cmd_move(struct caller *caller, const struct args *args)
{
    struct sg_err err = { 0 };
    cJSON *params = json_new_object();
    enum sg_status status = put_id(params, "id", args->words[0], &err);
    if (status == SG_OK)
        status = put_place(params, args, &err);
    return change_one(caller, args, METHOD_JOB_MOVE, params, status, &err, "moved");
}

static bool is_anything_new(const struct args *args)
{
    return args->n_words > 1 || args_has(args, OPTION_HEADER) || args_has(args, OPTION_USER) ||
           args_has(args, OPTION_COOKIE_FILE) || args_has(args, OPTION_PROXY);
}

/* Which cookies of a file are sent depends on the address: where none is given, on the job's. */
static enum sg_status put_access(struct caller *caller, cJSON *params, const struct args *args,
                                 struct sg_err *err)
{
    const char *url = args->n_words > 1 ? args->words[1] : NULL;
    cJSON *job = NULL;
    struct url_list urls = { 0 };
    enum sg_status status = url != NULL ? url_list_add(&urls, url, err) : SG_OK;
    if (url != NULL)
        json_put_text(params, "url", url);
    else if (args_has(args, OPTION_COOKIE_FILE))
        status = call_job_get(caller, json_integer(params, "id", 0), &job, err);
    if (job != NULL)
        url = json_text(job, "url");
    if (status == SG_OK)
        status = spec_put_access(params, args, url, err);
    cJSON_Delete(job);
    url_list_fini(&urls);
    return status;
}

enum exit_code cmd_refresh(struct caller *caller, const struct args *args)
{
    struct sg_err err = { 0 };
    cJSON *params = json_new_object();
    enum sg_status status = put_id(params, "id", args->words[0], &err);
    if (status == SG_OK && !is_anything_new(args))
        status = sg_err_set(&err, SG_E_INVALID,
                            "nothing to change: give a URL, --header, --user, --cookie-file or "
                            "--proxy");
    if (status == SG_OK)
        status = put_access(caller, params, args, &err);
    return change_one(caller, args, METHOD_JOB_REFRESH, params, status, &err, "refreshed");
}

/* ---- set ---- */

static bool parse_field(const char *name, const char *text, int64_t *out)
{
    if (strcmp(name, "limit") == 0)
        return units_parse_rate(text, out);
    return units_parse_integer(text, out) && (*out >= 0 || strcmp(name, "priority") == 0);
}

/* Reads "metered=ignore"; the daemon knows the words, and "default" is its null. */
static bool put_metered(cJSON *params, const char *word)
{
    static const char start[] = "metered=";
    if (strncmp(word, start, sizeof start - 1) != 0)
        return false;
    const char *value = word + sizeof start - 1;
    cJSON_DeleteItemFromObjectCaseSensitive(params, "metered");
    if (strcmp(value, "default") == 0)
        json_put(params, "metered", need(cJSON_CreateNull()));
    else
        json_put_text(params, "metered", value);
    return true;
}

/* Reads "limit=2M". */
static enum sg_status put_assignment(cJSON *params, const char *word, struct sg_err *err)
{
    static const char *const names[] = { "priority", "limit", "connections" };
    static const char *const right[] = { "a whole number from -1000 to 1000",
                                         "a rate such as 500K, 2M or off",
                                         "a whole number from 1 to 64, or 0 for the settings'" };
    size_t length = strcspn(word, "=");
    if (put_metered(params, word))
        return SG_OK;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        int64_t value;
        if (strlen(names[i]) != length || memcmp(names[i], word, length) != 0 ||
            word[length] != '=')
            continue;
        if (!parse_field(names[i], word + length + 1, &value))
            return sg_err_set(err, SG_E_INVALID, "%s cannot be '%s': give %s", names[i],
                              word + length + 1, right[i]);
        cJSON_DeleteItemFromObjectCaseSensitive(params, names[i]); /* the last one counts */
        json_put_integer(params, names[i], value);
        return SG_OK;
    }
    return sg_err_set(err, SG_E_INVALID,
                      "'%s' cannot be set: use priority=N, limit=RATE, connections=N or "
                      "metered=pause|ignore|default",
                      word);
}

enum exit_code cmd_set(struct caller *caller, const struct args *args)
{
    struct sg_err err = { 0 };
    cJSON *params = json_new_object();
    enum sg_status status = put_id(params, "id", args->words[0], &err);
    for (size_t i = 1; i < args->n_words && status == SG_OK; i++)
        status = put_assignment(params, args->words[i], &err);
    return change_one(caller, args, METHOD_JOB_SET, params, status, &err, "changed");
}
