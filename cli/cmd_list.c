/* list. */
#include <string.h>

#include "base/mem.h"
#include "cli/call.h"
#include "cli/cmd.h"
#include "cli/json.h"
#include "cli/need.h"
#include "cli/render_table.h"
#include "cli/row.h"
#include "cli/units.h"

static const struct table_column columns[] = {
    { "ID", true },   { "STATE", false }, { "DONE", true },  { "SIZE", true },
    { "RATE", true }, { "ETA", true },    { "NAME", false },
};

enum { N_COLUMNS = sizeof columns / sizeof columns[0] };

/* How much of it is there: in percent, or in bytes where the total is not known. */
static void format_done(const struct row *row, char out[UNITS_TEXT_SIZE])
{
    if (row->total >= 0)
        units_format_percent(row->done, row->total, out);
    else
        units_format_size(row->done, out);
}

static void add_row(struct table *table, const struct row *row)
{
    struct sg_buf text = { 0 };
    char number[UNITS_TEXT_SIZE];
    bool is_active = row->state == ROW_ACTIVE;
    sg_buf_printf(&text, "%lld", (long long)row->id);
    table_cell(table, need(text.data));
    sg_buf_clear(&text);
    row_put_state(row, &text);
    table_cell(table, need(text.data));
    format_done(row, number);
    table_cell(table, number);
    units_format_size(row->total, number);
    table_cell(table, number);
    units_format_rate(is_active ? row->rate : -1, number);
    table_cell(table, number);
    units_format_duration(is_active ? row->eta : -1, number);
    table_cell(table, number);
    table_cell(table, row->name);
    sg_buf_fini(&text);
}

static void print_table(const cJSON *jobs)
{
    struct table table = { 0 };
    const cJSON *job;
    table_begin(&table, columns, N_COLUMNS);
    cJSON_ArrayForEach(job, jobs)
    {
        struct row *row = row_create(json_integer(job, "id", 0));
        row_read_job(row, job);
        add_row(&table, row);
        row_destroy(row);
    }
    cmd_print_table(&table);
    table_fini(&table);
}

/* The words of --state, or NULL when it was not given. */
static cJSON *read_states(const struct args *args)
{
    if (!args_has(args, OPTION_STATE))
        return NULL;
    cJSON *states = json_new_array();
    for (size_t i = 0; i < args->n_options; i++) {
        if (args->options[i].id == OPTION_STATE)
            json_append_text(states, args->options[i].value);
    }
    return states;
}

enum exit_code cmd_list(struct caller *caller, const struct args *args)
{
    struct sg_err err = { 0 };
    cJSON *jobs;
    cJSON *states = read_states(args);
    enum sg_status status = call_job_list(caller, states, 0, &jobs, &err);
    cJSON_Delete(states);
    if (status != SG_OK)
        return report_failure(&err);
    if (args_has(args, OPTION_JSON))
        print_json(jobs);
    else
        print_table(jobs);
    cJSON_Delete(jobs);
    return EXIT_DONE;
}
