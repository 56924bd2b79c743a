/* What is remembered of servers: shown by status --hosts, forgotten by settings --forget-hosts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/call.h"
#include "cli/cmd.h"
#include "cli/json.h"
#include "cli/need.h"
#include "cli/render_table.h"
#include "cli/units.h"

static const struct table_column columns[] = {
    { "USEFUL", true }, { "TOLERATED", true }, { "RATE", true },  { "PER LANE", true },
    { "SETUP", true },  { "RANGES", false },   { "SEEN", false }, { "HOST", false },
};

enum { N_COLUMNS = sizeof columns / sizeof columns[0] };

/* ---- showing ---- */

static const char *seen_of(const cJSON *host)
{
    const char *seen = json_text(host, "seen");
    return seen != NULL ? seen : "";
}

/* Times of the protocol sort as texts do. */
static int compare_newest_first(const void *a, const void *b)
{
    return strcmp(seen_of(*(cJSON *const *)b), seen_of(*(cJSON *const *)a));
}

/* The same hosts, newest first. */
static cJSON *sort(cJSON *hosts)
{
    cJSON *sorted = json_new_array();
    size_t n = (size_t)cJSON_GetArraySize(hosts);
    cJSON **items = need(sg_alloc_array(n + 1, sizeof *items));
    for (size_t i = 0; i < n; i++)
        items[i] = cJSON_DetachItemFromArray(hosts, 0);
    qsort(items, n, sizeof(cJSON *), compare_newest_first);
    for (size_t i = 0; i < n; i++)
        json_append(sorted, items[i]);
    sg_free(items);
    cJSON_Delete(hosts);
    return sorted;
}

static void add_count(struct table *table, const cJSON *host, const char *field)
{
    char text[UNITS_TEXT_SIZE];
    int64_t n = json_integer(host, field, -1);
    snprintf(text, sizeof text, "%lld", (long long)n);
    table_cell(table, n >= 0 ? text : "-");
}

static void add_rate(struct table *table, const cJSON *host, const char *field)
{
    char text[UNITS_TEXT_SIZE];
    units_format_rate(json_integer(host, field, -1), text);
    table_cell(table, text);
}

static void add_setup(struct table *table, const cJSON *host)
{
    char text[UNITS_TEXT_SIZE];
    int64_t ms = json_integer(host, "setup_ms", -1);
    snprintf(text, sizeof text, "%lld ms", (long long)ms);
    table_cell(table, ms >= 0 ? text : "-");
}

static void add_ranges(struct table *table, const cJSON *host)
{
    const cJSON *ranges = cJSON_GetObjectItemCaseSensitive(host, "ranges");
    table_cell(table, cJSON_IsBool(ranges) ? cJSON_IsTrue(ranges) ? "yes" : "no" : "-");
}

static void add_row(struct table *table, const cJSON *host)
{
    char seen[UNITS_TEXT_SIZE];
    add_count(table, host, "useful");
    add_count(table, host, "tolerated");
    add_rate(table, host, "rate");
    add_rate(table, host, "lane_rate");
    add_setup(table, host);
    add_ranges(table, host);
    units_format_time(json_text(host, "seen"), seen);
    table_cell(table, seen);
    table_cell(table, json_text(host, "host"));
}

static void print_table(const cJSON *hosts)
{
    struct table table = { 0 };
    const cJSON *host;
    table_begin(&table, columns, N_COLUMNS);
    cJSON_ArrayForEach(host, hosts)
    {
        add_row(&table, host);
    }
    cmd_print_table(&table);
    table_fini(&table);
}

enum exit_code cmd_show_hosts(struct caller *caller, const struct args *args)
{
    struct sg_err err = { 0 };
    cJSON *hosts;
    enum sg_status status = call_hosts(caller, &hosts, &err);
    if (status != SG_OK)
        return report_failure(&err);
    hosts = sort(hosts);
    if (args_has(args, OPTION_JSON))
        print_json(hosts);
    else
        print_table(hosts);
    cJSON_Delete(hosts);
    return EXIT_DONE;
}

/* ---- forgetting ---- */

static void print_forgotten(int64_t n, const char *which)
{
    struct sg_buf text = { 0 };
    if (n == 0)
        sg_buf_puts(&text, "nothing was remembered of any host\n");
    else if (n == 1)
        sg_buf_puts(&text, "forgot what was remembered of 1 host");
    else
        sg_buf_printf(&text, "forgot what was remembered of %lld hosts", (long long)n);
    if (n > 0 && which != NULL)
        sg_buf_printf(&text, ": %s", which);
    if (n > 0)
        sg_buf_putc(&text, '\n');
    print_text(&text);
    sg_buf_fini(&text);
}

enum exit_code cmd_forget_hosts(struct caller *caller, const struct args *args)
{
    const char *which = args->n_words > 0 ? args->words[0] : NULL;
    struct sg_err err = { 0 };
    cJSON *result;
    if (args->n_words > 1)
        return report_error(EXIT_USAGE, "--forget-hosts takes one host, or none for all of them");
    cJSON *params = json_new_object();
    if (which != NULL)
        json_put_text(params, "host", which);
    enum sg_status status = call_daemon(caller, METHOD_DAEMON_FORGET_HOSTS, params, &result, &err);
    if (status != SG_OK)
        return report_failure(&err);
    if (args_has(args, OPTION_JSON))
        print_json(result);
    else
        print_forgotten(json_integer(result, "forgotten", 0), which);
    cJSON_Delete(result);
    return EXIT_DONE;
}
