/* settings and limit. Names, types and ranges are the daemon's: what a value has to look like is
 * told by the setting that it answers with. */
#include <stdio.h>
#include <string.h>

#include "cli/call.h"
#include "cli/cmd.h"
#include "cli/console.h"
#include "cli/json.h"
#include "cli/need.h"
#include "cli/render_table.h"
#include "cli/units.h"

static const char limit_name[] = "limit";

/* A setting of which one does not exist is a mistake in the command, not a missing job. */
static enum exit_code report_setting_failure(const struct sg_err *err)
{
    enum exit_code code = report_failure(err);
    return code == EXIT_NO_JOB ? EXIT_USAGE : code;
}

/* ---- showing ---- */

static bool is_unit(const cJSON *setting, const char *start)
{
    const char *unit = json_text(setting, "unit");
    return unit != NULL && strncmp(unit, start, strlen(start)) == 0;
}

static bool is_rate(const cJSON *setting)
{
    return is_unit(setting, "bytes/s") || is_unit(setting, "bytes per second");
}

static void put_number(struct sg_buf *out, const cJSON *setting, int64_t value)
{
    char text[UNITS_TEXT_SIZE];
    const char *unit = json_text(setting, "unit");
    if (is_rate(setting) && value == 0)
        snprintf(text, sizeof text, "off");
    else if (is_rate(setting))
        units_format_rate(value, text);
    else if (is_unit(setting, "bytes"))
        units_format_size(value, text);
    else
        snprintf(text, sizeof text, "%lld", (long long)value);
    sg_buf_puts(out, text);
    if (unit != NULL && unit[0] != '\0' && !is_unit(setting, "bytes"))
        sg_buf_printf(out, " %s", unit);
}

static void put_value(struct sg_buf *out, const cJSON *setting, const char *field)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(setting, field);
    if (cJSON_IsNumber(value))
        put_number(out, setting, json_integer_of(value, 0));
    else if (cJSON_IsBool(value))
        sg_buf_puts(out, cJSON_IsTrue(value) ? "true" : "false");
    else if (cJSON_IsString(value) && value->valuestring[0] != '\0')
        sg_buf_puts(out, value->valuestring);
    else
        sg_buf_puts(out, "-");
}

static void add_value_cell(struct table *table, const cJSON *setting, const char *field)
{
    struct sg_buf text = { 0 };
    put_value(&text, setting, field);
    table_cell(table, need(text.is_failed ? NULL : text.data));
    sg_buf_fini(&text);
}

/* What keeps a setting from having an effect on this machine. */
static void put_notes(const cJSON *settings, struct sg_buf *out)
{
    const cJSON *setting;
    cJSON_ArrayForEach(setting, settings)
    {
        const char *note = json_text(setting, "note");
        if (note != NULL)
            sg_buf_printf(out, "%s: %s\n", json_text(setting, "name"), note);
    }
}

static void print_table(const cJSON *settings)
{
    static const struct table_column columns[] = {
        { "KEY", false }, { "VALUE", false }, { "DEFAULT", false }, { "MEANING", false }
    };
    struct table table = { 0 };
    struct sg_buf text = { 0 };
    const cJSON *setting;
    table_begin(&table, columns, sizeof columns / sizeof columns[0]);
    cJSON_ArrayForEach(setting, settings)
    {
        table_cell(&table, json_text(setting, "name"));
        add_value_cell(&table, setting, "value");
        add_value_cell(&table, setting, "default");
        table_cell(&table, json_text(setting, "help"));
    }
    /* The meaning is a sentence: a wide one is better wrapped by the terminal than shortened. */
    table_put(&table, 0, console_traits()->has_unicode, &text);
    put_notes(settings, &text);
    print_text(&text);
    sg_buf_fini(&text);
    table_fini(&table);
}

static void print_settings(const struct args *args, const cJSON *settings, bool is_single)
{
    if (!args_has(args, OPTION_JSON))
        print_table(settings);
    else
        print_json(is_single && cJSON_GetArraySize(settings) == 1 ? settings->child : settings);
}

/* ---- changing ---- */

static bool parse_bool(const char *text, bool *out)
{
    static const char *const words[] = { "false", "off", "no", "0", "true", "on", "yes", "1" };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(text, words[i]) == 0) {
            *out = i >= 4;
            return true;
        }
    }
    return false;
}

static bool parse_number(const cJSON *setting, const char *text, int64_t *out)
{
    if (is_rate(setting))
        return units_parse_rate(text, out);
    if (is_unit(setting, "bytes"))
        return units_parse_size(text, out);
    return units_parse_integer(text, out);
}

/* Puts `text` as the kind of value that the setting has. */
static enum sg_status put_parsed(cJSON *params, const cJSON *setting, const char *text,
                                 struct sg_err *err)
{
    const cJSON *known = cJSON_GetObjectItemCaseSensitive(setting, "default");
    const char *name = json_text(setting, "name");
    int64_t number;
    bool is_on;
    if (cJSON_IsNumber(known) && parse_number(setting, text, &number))
        json_put_integer(params, "value", number);
    else if (cJSON_IsBool(known) && parse_bool(text, &is_on))
        json_put_bool(params, "value", is_on);
    else if (cJSON_IsNumber(known) || cJSON_IsBool(known))
        return sg_err_set(err, SG_E_INVALID, "%s cannot be '%s': it is a %s", name, text,
                          cJSON_IsBool(known)         ? "switch, true or false"
                          : is_rate(setting)          ? "rate, such as 500K, 2M or off"
                          : is_unit(setting, "bytes") ? "size, such as 64M"
                                                      : "whole number");
    else
        json_put_text(params, "value", text);
    return SG_OK;
}

static enum sg_status get_settings(struct caller *caller, const char *name, cJSON **out_result,
                                   struct sg_err *err)
{
    cJSON *params = json_new_object();
    if (name != NULL)
        json_put_text(params, "name", name);
    return call_daemon(caller, METHOD_SETTINGS_GET, params, out_result, err);
}

static enum sg_status set_setting(struct caller *caller, const char *name, const char *text,
                                  cJSON **out_result, struct sg_err *err)
{
    cJSON *known;
    enum sg_status status = get_settings(caller, name, &known, err);
    if (status != SG_OK)
        return status;
    cJSON *params = json_new_object();
    const cJSON *settings = json_array(known, "settings");
    json_put_text(params, "name", name);
    if (strcmp(text, "default") == 0)
        json_put(params, "value", need(cJSON_CreateNull()));
    else
        status = put_parsed(params, settings != NULL ? settings->child : NULL, text, err);
    if (status == SG_OK)
        status = call_daemon(caller, METHOD_SETTINGS_SET, params, out_result, err);
    else
        cJSON_Delete(params);
    cJSON_Delete(known);
    return status;
}

static enum exit_code show_or_set(struct caller *caller, const struct args *args, const char *name,
                                  const char *value)
{
    struct sg_err err = { 0 };
    cJSON *result;
    enum sg_status status = value != NULL ? set_setting(caller, name, value, &result, &err)
                                          : get_settings(caller, name, &result, &err);
    if (status != SG_OK)
        return report_setting_failure(&err);
    print_settings(args, json_array(result, "settings"), name != NULL);
    cJSON_Delete(result);
    return EXIT_DONE;
}

enum exit_code cmd_settings(struct caller *caller, const struct args *args)
{
    if (args_has(args, OPTION_FORGET_HOSTS))
        return cmd_forget_hosts(caller, args);
    return show_or_set(caller, args, args->n_words > 0 ? args->words[0] : NULL,
                       args->n_words > 1 ? args->words[1] : NULL);
}

/* ---- limit ---- */

static void print_limit(const struct args *args, const cJSON *setting)
{
    char rate[UNITS_TEXT_SIZE];
    struct sg_buf text = { 0 };
    int64_t bps = json_integer(setting, "value", 0);
    if (args_has(args, OPTION_JSON)) {
        print_json(setting);
        return;
    }
    units_format_rate(bps, rate);
    sg_buf_printf(&text, "limit %s\n", bps > 0 ? rate : "off");
    print_text(&text);
    sg_buf_fini(&text);
}

enum exit_code cmd_limit(struct caller *caller, const struct args *args)
{
    struct sg_err err = { 0 };
    cJSON *result;
    int64_t bps;
    enum sg_status status;
    if (args->n_words == 0) {
        status = get_settings(caller, limit_name, &result, &err);
    } else if (!units_parse_rate(args->words[0], &bps)) {
        return report_error(EXIT_USAGE, "'%s' is no rate: give one such as 500K, 2M or off",
                            args->words[0]);
    } else {
        cJSON *params = json_new_object();
        json_put_text(params, "name", limit_name);
        json_put_integer(params, "value", bps);
        status = call_daemon(caller, METHOD_SETTINGS_SET, params, &result, &err);
    }
    if (status != SG_OK)
        return report_setting_failure(&err);
    const cJSON *settings = json_array(result, "settings");
    print_limit(args, settings != NULL ? settings->child : NULL);
    cJSON_Delete(result);
    return EXIT_DONE;
}
