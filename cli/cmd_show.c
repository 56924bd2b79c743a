/* show. */
#include <stdio.h>
#include <string.h>

#include "cli/call.h"
#include "cli/cmd.h"
#include "cli/columns.h"
#include "cli/json.h"
#include "cli/need.h"
#include "cli/row.h"
#include "cli/units.h"

enum { LABEL_WIDTH = 14 };

static void put_label(struct sg_buf *out, const char *label)
{
    sg_buf_printf(out, "%-*s", LABEL_WIDTH, label);
}

/* A line, left out where there is nothing to tell. */
static void put_text(struct sg_buf *out, const char *label, const char *text)
{
    if (text == NULL || text[0] == '\0')
        return;
    put_label(out, label);
    columns_put(out, text);
    sg_buf_putc(out, '\n');
}

static void put_field(struct sg_buf *out, const cJSON *job, const char *label, const char *name)
{
    put_text(out, label, json_text(job, name));
}

static void put_time(struct sg_buf *out, const cJSON *job, const char *label, const char *name)
{
    char text[UNITS_TEXT_SIZE];
    if (json_text(job, name) == NULL)
        return;
    units_format_time(json_text(job, name), text);
    put_text(out, label, text);
}

static void put_number(struct sg_buf *out, const cJSON *job, const char *label, const char *name)
{
    int64_t value = json_integer(job, name, 0);
    if (value == 0)
        return;
    put_label(out, label);
    sg_buf_printf(out, "%lld\n", (long long)value);
}

static void put_state(struct sg_buf *out, const struct row *row, const cJSON *job)
{
    const cJSON *error = cJSON_GetObjectItemCaseSensitive(job, "error");
    put_label(out, "state");
    row_put_state(row, out);
    sg_buf_putc(out, '\n');
    put_text(out, "error", json_text(error, "message"));
    put_text(out, "error code", json_text(error, "code"));
}

static void put_progress(struct sg_buf *out, const struct row *row)
{
    char done[UNITS_TEXT_SIZE];
    char total[UNITS_TEXT_SIZE];
    char extra[UNITS_TEXT_SIZE];
    units_format_size(row->done, done);
    units_format_size(row->total, total);
    units_format_percent(row->done, row->total, extra);
    put_label(out, "done");
    if (row->total >= 0)
        sg_buf_printf(out, "%s of %s (%s)\n", done, total, extra);
    else
        sg_buf_printf(out, "%s of an unknown size\n", done);
    if (row->state != ROW_ACTIVE)
        return;
    units_format_rate(row->rate, extra);
    put_text(out, "rate", extra);
    units_format_duration(row->eta, extra);
    put_text(out, "time left", extra);
}

static void put_rate_limit(struct sg_buf *out, const cJSON *job)
{
    char text[UNITS_TEXT_SIZE];
    int64_t limit = json_integer(job, "limit", 0);
    if (limit <= 0)
        return;
    units_format_rate(limit, text);
    put_text(out, "limit", text);
}

static void put_redirect(struct sg_buf *out, const cJSON *job)
{
    const char *url = json_text(job, "url");
    const char *final_url = json_text(job, "final_url");
    if (final_url != NULL && (url == NULL || strcmp(url, final_url) != 0))
        put_text(out, "redirected to", final_url);
}

static const char *source_words(const char *state)
{
    if (strcmp(state, "used") == 0)
        return "used";
    if (strcmp(state, "checking") == 0)
        return "being compared";
    return strcmp(state, "left_out") == 0 ? "left out" : "not used yet";
}

/* Below an address: "used: gave 12.0 MiB, 3 connections, 2.1 MiB/s", and what went wrong. */
static void put_source(struct sg_buf *out, const cJSON *source)
{
    char size[UNITS_TEXT_SIZE];
    char rate[UNITS_TEXT_SIZE];
    const char *state = json_text(source, "state");
    const char *fault = json_text(cJSON_GetObjectItemCaseSensitive(source, "error"), "message");
    long long n_lanes = (long long)json_integer(source, "lanes", 0);
    if (state == NULL)
        return;
    units_format_size(json_integer(source, "bytes", 0), size);
    units_format_rate(json_integer(source, "rate", 0), rate);
    put_label(out, "");
    sg_buf_printf(out, "%s, gave %s", source_words(state), size);
    if (n_lanes > 0)
        sg_buf_printf(out, ", %lld connection%s, %s", n_lanes, n_lanes == 1 ? "" : "s", rate);
    if (fault != NULL)
        sg_buf_puts(out, strcmp(state, "left_out") == 0 ? ": " : "; trouble: ");
    columns_put(out, fault != NULL ? fault : "");
    sg_buf_putc(out, '\n');
}

/* The address, and the mirrors if there are any: then each with what it is worth. */
static void put_addresses(struct sg_buf *out, const cJSON *job)
{
    const cJSON *sources = json_array(job, "sources");
    const cJSON *mirror;
    int n = 0;
    put_field(out, job, "address", "url");
    put_redirect(out, job);
    put_source(out, cJSON_GetArrayItem(sources, n++));
    cJSON_ArrayForEach(mirror, json_array(job, "mirrors"))
    {
        put_text(out, "mirror", cJSON_GetStringValue(mirror));
        put_source(out, cJSON_GetArrayItem(sources, n++));
    }
}

static void put_ranges(struct sg_buf *out, const cJSON *job)
{
    const cJSON *range;
    int64_t number = 0;
    cJSON_ArrayForEach(range, json_array(job, "ranges"))
    {
        char rate[UNITS_TEXT_SIZE];
        char label[UNITS_TEXT_SIZE];
        const char *state = json_text(range, "state");
        const char *host = json_text(range, "host");
        int64_t end = json_integer(range, "end", -1);
        units_format_rate(json_integer(range, "rate", -1), rate);
        number = json_integer(range, "lane", number + 1);
        snprintf(label, sizeof label, "lane %lld", (long long)number);
        put_label(out, label);
        sg_buf_printf(out, "at %lld of %lld to ", (long long)json_integer(range, "pos", 0),
                      (long long)json_integer(range, "start", 0));
        if (end >= 0)
            sg_buf_printf(out, "%lld", (long long)end);
        else
            sg_buf_puts(out, "the end");
        sg_buf_printf(out, ", %s, ", rate);
        columns_put(out, state != NULL ? state : "-");
        sg_buf_puts(out, host != NULL ? ", " : "");
        columns_put(out, host != NULL ? host : "");
        sg_buf_putc(out, '\n');
    }
}

static void put_extents(struct sg_buf *out, const cJSON *job)
{
    const cJSON *extent;
    cJSON_ArrayForEach(extent, json_array(job, "extents"))
    {
        put_label(out, "on disk");
        sg_buf_printf(out, "%lld to %lld\n",
                      (long long)json_integer_of(cJSON_GetArrayItem(extent, 0), 0),
                      (long long)json_integer_of(cJSON_GetArrayItem(extent, 1), 0));
    }
}

static void put_job(struct sg_buf *out, const cJSON *job)
{
    struct row *row = row_create(json_integer(job, "id", 0));
    row_read_job(row, job);
    put_number(out, job, "job", "id");
    put_text(out, "name", row->name);
    put_state(out, row, job);
    put_progress(out, row);
    put_field(out, job, "path", "path");
    put_addresses(out, job);
    put_field(out, job, "key", "key");
    put_field(out, job, "checksum", "checksum");
    put_field(out, job, "digest", "digest");
    put_number(out, job, "priority", "priority");
    put_rate_limit(out, job);
    put_number(out, job, "connections", "connections");
    put_field(out, job, "metered", "metered");
    put_field(out, job, "etag", "etag");
    put_field(out, job, "last modified", "last_modified");
    put_field(out, job, "allocation", "allocation");
    put_field(out, job, "owner", "owner");
    put_number(out, job, "attempts", "attempts");
    put_time(out, job, "added", "added");
    put_time(out, job, "started", "started");
    put_time(out, job, "finished", "finished");
    put_ranges(out, job);
    put_extents(out, job);
    row_destroy(row);
}

enum exit_code cmd_show(struct caller *caller, const struct args *args)
{
    struct sg_err err = { 0 };
    struct sg_buf text = { 0 };
    int64_t id;
    cJSON *job;
    enum sg_status status = cmd_read_id(args->words[0], &id, &err);
    if (status == SG_OK)
        status = call_job_get(caller, id, &job, &err);
    if (status != SG_OK)
        return report_failure(&err);
    if (args_has(args, OPTION_JSON))
        print_json(job);
    else
        put_job(&text, job);
    print_text(&text);
    sg_buf_fini(&text);
    cJSON_Delete(job);
    return EXIT_DONE;
}
