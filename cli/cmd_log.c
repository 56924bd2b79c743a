/* log. The daemon is asked for lines, and to follow it, for those behind the last one: it answers
 * when there are some. */
#include <string.h>

#include "cli/call.h"
#include "cli/cmd.h"
#include "cli/columns.h"
#include "cli/json.h"
#include "cli/units.h"

enum { LINES_STANDARD = 20, LINES_MAX = 4096, WAIT_MS = 30000 };

static enum sg_status read_lines_option(const struct args *args, int64_t *out, struct sg_err *err)
{
    const char *text = args_value(args, OPTION_LINES);
    int64_t value = LINES_STANDARD;
    if (text != NULL && (!units_parse_integer(text, &value) || value < 0 || value > LINES_MAX))
        return sg_err_set(err, SG_E_INVALID, "--lines cannot be '%s': give a number from 0 to 4096",
                          text);
    *out = value;
    return SG_OK;
}

static void put_line(struct sg_buf *out, const cJSON *line)
{
    const char *const fields[] = { "time", "level", "text" };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        const char *text = json_text(line, fields[i]);
        if (i > 0)
            sg_buf_putc(out, ' ');
        columns_put(out, text != NULL ? text : "-");
    }
    sg_buf_putc(out, '\n');
}

static void print_missed(int64_t n)
{
    struct sg_buf text = { 0 };
    sg_buf_printf(&text, "(%lld lines are no longer in memory)\n", (long long)n);
    print_text(&text);
    sg_buf_fini(&text);
}

/* The lines of one answer: as text, or as one object a line. */
static void print_lines(const cJSON *result, bool has_json)
{
    struct sg_buf text = { 0 };
    const cJSON *line;
    if (!has_json && json_integer(result, "missed", 0) > 0)
        print_missed(json_integer(result, "missed", 0));
    cJSON_ArrayForEach(line, json_array(result, "lines"))
    {
        if (has_json)
            print_json(line);
        else
            put_line(&text, line);
    }
    print_text(&text);
    sg_buf_fini(&text);
}

static cJSON *make_params(const struct args *args)
{
    const char *level = args_value(args, OPTION_LEVEL);
    cJSON *params = json_new_object();
    if (level != NULL)
        json_put_text(params, "level", level);
    return params;
}

/* What stands behind `after`; waits for it if `wait_ms` says so. */
static enum sg_status ask_behind(struct caller *caller, const struct args *args, int64_t after,
                                 int64_t wait_ms, cJSON **out, struct sg_err *err)
{
    cJSON *params = make_params(args);
    json_put_integer(params, "after", after);
    json_put_integer(params, "wait_ms", wait_ms);
    return call_daemon_patiently(caller, METHOD_DAEMON_LOG, params, out, err);
}

/* Takes the rest of what there is now, answer by answer, into the first one. */
static enum sg_status ask_for_rest(struct caller *caller, const struct args *args, cJSON *result,
                                   struct sg_err *err)
{
    enum sg_status status = SG_OK;
    bool has_more = cJSON_GetArraySize(json_array(result, "lines")) > 0;
    int64_t after = json_integer(result, "next", 0);
    while (status == SG_OK && has_more) {
        cJSON *more;
        status = ask_behind(caller, args, after, 0, &more, err);
        if (status != SG_OK)
            break;
        has_more = cJSON_GetArraySize(json_array(more, "lines")) > 0;
        after = json_integer(more, "next", after);
        json_move_all(cJSON_GetObjectItemCaseSensitive(result, "lines"),
                      cJSON_GetObjectItemCaseSensitive(more, "lines"));
        cJSON_Delete(more);
    }
    return status;
}

/* Takes `result` over. Ends with the connection: Ctrl-C ends the program. */
static void follow(struct caller *caller, const struct args *args, cJSON *result,
                   struct sg_err *err)
{
    enum sg_status status = SG_OK;
    while (status == SG_OK) {
        int64_t after = json_integer(result, "next", 0);
        print_lines(result, args_has(args, OPTION_JSON));
        cJSON_Delete(result);
        status = ask_behind(caller, args, after, WAIT_MS, &result, err);
    }
}

/* Without -f and with --json the lines are one array. */
static void print_all(const struct args *args, const cJSON *result)
{
    if (args_has(args, OPTION_JSON))
        print_json(json_array(result, "lines"));
    else
        print_lines(result, false);
}

enum exit_code cmd_log(struct caller *caller, const struct args *args)
{
    struct sg_err err = { 0 };
    int64_t lines = 0;
    cJSON *result;
    if (read_lines_option(args, &lines, &err) != SG_OK)
        return report_failure(&err);
    cJSON *params = make_params(args);
    json_put_integer(params, "lines", lines);
    enum sg_status status = call_daemon(caller, METHOD_DAEMON_LOG, params, &result, &err);
    if (status != SG_OK)
        return report_failure(&err);
    if (args_has(args, OPTION_FOLLOW)) {
        follow(caller, args, result, &err);
        return report_failure(&err);
    }
    status = ask_for_rest(caller, args, result, &err);
    if (status == SG_OK)
        print_all(args, result);
    cJSON_Delete(result);
    return status == SG_OK ? EXIT_DONE : report_failure(&err);
}
