/* status. */
#include <string.h>

#include "cli/call.h"
#include "cli/cmd.h"
#include "cli/columns.h"
#include "cli/json.h"
#include "cli/units.h"

enum { LABEL_WIDTH = 10 };

static const char *text_or_dash(const cJSON *object, const char *name)
{
    const char *text = json_text(object, name);
    return text != NULL ? text : "-";
}

static void put_line(struct sg_buf *out, const char *label, const char *text)
{
    sg_buf_printf(out, "%-*s", LABEL_WIDTH, label);
    columns_put(out, text);
    sg_buf_putc(out, '\n');
}

static void put_who(struct sg_buf *out, const cJSON *info, const cJSON *stats)
{
    char uptime[UNITS_TEXT_SIZE];
    const char *mode = text_or_dash(info, "mode");
    units_format_duration(json_integer(stats, "uptime_s", -1), uptime);
    sg_buf_printf(out, "%-*ssegd ", LABEL_WIDTH, "daemon");
    columns_put(out, text_or_dash(info, "version"));
    sg_buf_puts(out, strcmp(mode, "service") == 0 ? ", the service" : ", your own");
    sg_buf_printf(out, ", process %lld, running for %s\n", (long long)json_integer(info, "pid", 0),
                  uptime);
    put_line(out, "pipe", text_or_dash(info, "pipe"));
    put_line(out, "data", text_or_dash(info, "data_dir"));
    put_line(out, "curl", text_or_dash(info, "curl"));
    put_line(out, "proxy", text_or_dash(cJSON_GetObjectItemCaseSensitive(info, "proxy"), "text"));
}

static void put_jobs(struct sg_buf *out, const cJSON *stats)
{
    const cJSON *count;
    bool has_any = false;
    sg_buf_printf(out, "%-*s", LABEL_WIDTH, "jobs");
    cJSON_ArrayForEach(count, cJSON_GetObjectItemCaseSensitive(stats, "jobs"))
    {
        if (json_integer_of(count, 0) <= 0)
            continue;
        sg_buf_printf(out, "%s%lld ", has_any ? ", " : "", (long long)json_integer_of(count, 0));
        columns_put(out, count->string);
        has_any = true;
    }
    sg_buf_puts(out, has_any ? "\n" : "none\n");
}

static void put_load(struct sg_buf *out, const cJSON *stats)
{
    char rate[UNITS_TEXT_SIZE];
    char memory[UNITS_TEXT_SIZE];
    const cJSON *turn = cJSON_GetObjectItemCaseSensitive(stats, "turn_us");
    long long n_sessions = (long long)json_integer(stats, "sessions", -1);
    units_format_rate(json_integer(stats, "rate", -1), rate);
    units_format_size(json_integer(stats, "memory_bytes", -1), memory);
    put_line(out, "rate", rate);
    sg_buf_printf(out, "%-*s%s, %lld threads, %lld handles, %lld connected program%s\n",
                  LABEL_WIDTH, "process", memory, (long long)json_integer(stats, "threads", -1),
                  (long long)json_integer(stats, "handles", -1), n_sessions,
                  n_sessions == 1 ? "" : "s");
    sg_buf_printf(out,
                  "%-*s%lld turns, busy %.1f s, longest turn %.1f ms, "
                  "99 of 100 below %.1f ms\n",
                  LABEL_WIDTH, "engine", (long long)json_integer(stats, "turns", 0),
                  (double)json_integer(stats, "busy_us", 0) / 1e6,
                  (double)json_integer(turn, "max", 0) / 1e3,
                  (double)json_integer(turn, "p99", 0) / 1e3);
}

static void put_network(struct sg_buf *out, const cJSON *info)
{
    const cJSON *metered = cJSON_GetObjectItemCaseSensitive(info, "metered");
    put_line(out, "metered",
             cJSON_IsTrue(metered)
                 ? "yes: jobs wait unless they, or the setting 'metered', say ignore"
             : cJSON_IsFalse(metered) ? "no"
                                      : "unknown (Windows does not say)");
}

static void put_notice(struct sg_buf *out, const cJSON *info)
{
    const char *notice = json_text(info, "notice");
    if (notice != NULL)
        put_line(out, "notice", notice);
}

/* Takes both over. */
static void print_status(const struct args *args, cJSON *info, cJSON *stats)
{
    struct sg_buf text = { 0 };
    cJSON *both = json_new_object();
    json_put(both, "info", info);
    json_put(both, "stats", stats);
    if (args_has(args, OPTION_JSON)) {
        print_json(both);
    } else {
        put_who(&text, info, stats);
        put_jobs(&text, stats);
        put_load(&text, stats);
        put_network(&text, info);
        put_notice(&text, info);
    }
    print_text(&text);
    sg_buf_fini(&text);
    cJSON_Delete(both);
}

enum exit_code cmd_status(struct caller *caller, const struct args *args)
{
    struct sg_err err = { 0 };
    cJSON *info;
    cJSON *stats;
    if (args_has(args, OPTION_HOSTS))
        return cmd_show_hosts(caller, args);
    enum sg_status status = call_daemon(caller, METHOD_DAEMON_INFO, NULL, &info, &err);
    if (status != SG_OK)
        return report_failure(&err);
    status = call_daemon(caller, METHOD_DAEMON_STATS, NULL, &stats, &err);
    if (status != SG_OK) {
        cJSON_Delete(info);
        return report_failure(&err);
    }
    print_status(args, info, stats);
    return EXIT_DONE;
}
