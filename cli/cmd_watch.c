/* watch, wait, events. */
#include <string.h>

#include "base/mem.h"
#include "cli/call.h"
#include "cli/cmd.h"
#include "cli/columns.h"
#include "cli/follow.h"
#include "cli/json.h"
#include "cli/row.h"
#include "cli/units.h"

enum { PROGRESS_MS = 1000, PROGRESS_MIN_MS = 100, PROGRESS_MAX_MS = 60000 };

static enum exit_code follow_words(struct caller *caller, const struct args *args,
                                   const struct follow_options *options)
{
    struct sg_err err = { 0 };
    int64_t *ids;
    size_t n;
    if (cmd_read_ids(args, 0, &ids, &n, &err) != SG_OK)
        return report_failure(&err);
    enum exit_code code = follow_jobs(caller, ids, n, options);
    sg_free(ids);
    return code;
}

enum exit_code cmd_watch(struct caller *caller, const struct args *args)
{
    const struct follow_options options = {
        .mode = args_has(args, OPTION_JSON) ? FOLLOW_JSON : FOLLOW_LIVE,
    };
    return follow_words(caller, args, &options);
}

/* Prints what the jobs are at the end; those that are gone are left out. */
static void print_final(struct caller *caller, const struct args *args)
{
    cJSON *jobs = json_new_array();
    for (size_t i = 0; i < args->n_words; i++) {
        struct sg_err err;
        int64_t id;
        cJSON *job;
        if (cmd_read_id(args->words[i], &id, &err) == SG_OK &&
            call_job_get(caller, id, &job, &err) == SG_OK)
            json_append(jobs, job);
    }
    cmd_print_jobs(args, jobs, args->n_words == 1, "waited for");
    cJSON_Delete(jobs);
}

enum exit_code cmd_wait(struct caller *caller, const struct args *args)
{
    static const struct follow_options options = { .mode = FOLLOW_QUIET };
    enum exit_code code = follow_words(caller, args, &options);
    if (args_has(args, OPTION_JSON) && (code == EXIT_DONE || code == EXIT_FAILED))
        print_final(caller, args);
    return code;
}

/* ---- events ---- */

static void put_job_event(struct sg_buf *out, const cJSON *job)
{
    struct row *row = row_create(json_integer(job, "id", 0));
    row_read_job(row, job);
    sg_buf_printf(out, "%lld  ", (long long)row->id);
    row_put_state(row, out);
    sg_buf_puts(out, "  ");
    columns_put(out, row->name);
    if (row->error != NULL) {
        sg_buf_puts(out, "  ");
        columns_put(out, row->error);
    }
    sg_buf_putc(out, '\n');
    row_destroy(row);
}

static void put_progress_event(struct sg_buf *out, const cJSON *params)
{
    const cJSON *progress;
    cJSON_ArrayForEach(progress, json_array(params, "jobs"))
    {
        char done[UNITS_TEXT_SIZE];
        char percent[UNITS_TEXT_SIZE];
        char rate[UNITS_TEXT_SIZE];
        int64_t done_bytes = json_integer(progress, "done", -1);
        units_format_size(done_bytes, done);
        units_format_percent(done_bytes, json_integer(progress, "total", -1), percent);
        units_format_rate(json_integer(progress, "rate", -1), rate);
        sg_buf_printf(out, "%lld  %s  %s  %s\n", (long long)json_integer(progress, "id", 0),
                      percent, done, rate);
    }
}

static void print_event(const char *method, const cJSON *params)
{
    struct sg_buf text = { 0 };
    if (strcmp(method, "event.job") == 0)
        put_job_event(&text, cJSON_GetObjectItemCaseSensitive(params, "job"));
    else if (strcmp(method, "event.removed") == 0)
        sg_buf_printf(&text, "%lld  removed\n", (long long)json_integer(params, "id", 0));
    else if (strcmp(method, "event.progress") == 0)
        put_progress_event(&text, params);
    print_text(&text);
    sg_buf_fini(&text);
}

static enum sg_status read_progress_ms(const struct args *args, uint32_t *out_ms,
                                       struct sg_err *err)
{
    const char *text = args_value(args, OPTION_PROGRESS);
    int64_t value = PROGRESS_MS;
    if (text != NULL && strcmp(text, "off") == 0)
        value = 0;
    else if (text != NULL && (!units_parse_integer(text, &value) || value < PROGRESS_MIN_MS ||
                              value > PROGRESS_MAX_MS))
        return sg_err_set(err, SG_E_INVALID,
                          "--progress cannot be '%s': give 100 to 60000 (milliseconds) or off",
                          text);
    *out_ms = (uint32_t)value;
    return SG_OK;
}

static enum sg_status subscribe(struct caller *caller, const struct args *args, struct sg_err *err)
{
    uint32_t progress_ms = 0;
    int64_t *ids = NULL;
    size_t n = 0;
    enum sg_status status = read_progress_ms(args, &progress_ms, err);
    if (status == SG_OK)
        status = cmd_read_ids(args, 0, &ids, &n, err);
    if (status != SG_OK)
        return status;
    status = follow_subscribe(caller, ids, n, progress_ms, err);
    sg_free(ids);
    return status;
}

/* Ends with the connection: Ctrl-C ends the program. */
enum exit_code cmd_events(struct caller *caller, const struct args *args)
{
    struct sg_err err = { 0 };
    bool has_json = args_has(args, OPTION_JSON);
    enum sg_status status = subscribe(caller, args, &err);
    while (status == SG_OK) {
        const char *method;
        cJSON *params;
        status = call_next_event(caller, UINT32_MAX, &method, &params, &err);
        if (status != SG_OK)
            break;
        if (has_json)
            follow_print_event(method, params);
        else
            print_event(method, params);
        cJSON_Delete(params);
    }
    return report_failure(&err);
}
