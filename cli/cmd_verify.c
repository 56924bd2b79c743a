/* verify. */
#include <string.h>

#include "cli/call.h"
#include "cli/cmd.h"
#include "cli/columns.h"
#include "cli/json.h"

/* A field that is missing reads as nothing known. */
static const char *text_of(const cJSON *result, const char *name)
{
    const char *text = json_text(result, name);
    return text != NULL ? text : "?";
}

static bool is_server(const cJSON *result)
{
    return strcmp(text_of(result, "wanted_by"), "server") == 0;
}

/* "sha256:HEX  PATH  (as the server declared)" */
static void print_found(const cJSON *result)
{
    struct sg_buf text = { 0 };
    sg_buf_printf(&text, "%s:%s  ", text_of(result, "algorithm"), text_of(result, "found"));
    columns_put(&text, text_of(result, "path"));
    if (json_text(result, "wanted") == NULL)
        sg_buf_puts(&text, "  (nothing to compare with)\n");
    else
        sg_buf_printf(&text, "  (right: %s)\n",
                      is_server(result) ? "as the server declared" : "as --checksum wants");
    print_text(&text);
    sg_buf_fini(&text);
}

static bool is_wrong(const cJSON *result)
{
    return cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(result, "ok"));
}

static enum exit_code report_wrong(const cJSON *result)
{
    return report_error(
        EXIT_FAILED, "%s is wrong: its %s is %s, but %s %s: download it again",
        text_of(result, "path"), text_of(result, "algorithm"), text_of(result, "found"),
        is_server(result) ? "the server declared" : "--checksum wants", text_of(result, "wanted"));
}

static enum sg_status verify(struct caller *caller, const struct args *args, cJSON **out_result,
                             struct sg_err *err)
{
    int64_t id;
    enum sg_status status = cmd_read_id(args->words[0], &id, err);
    if (status != SG_OK)
        return status;
    cJSON *params = json_new_object();
    json_put_integer(params, "id", id);
    if (args_has(args, OPTION_ALGORITHM))
        json_put_text(params, "algorithm", args_value(args, OPTION_ALGORITHM));
    return call_daemon_patiently(caller, METHOD_JOB_VERIFY, params, out_result, err);
}

enum exit_code cmd_verify(struct caller *caller, const struct args *args)
{
    struct sg_err err = { 0 };
    enum exit_code code = EXIT_DONE;
    cJSON *result;
    if (verify(caller, args, &result, &err) != SG_OK)
        return report_failure(&err);
    if (args_has(args, OPTION_JSON)) {
        print_json(result);
        code = is_wrong(result) ? EXIT_FAILED : EXIT_DONE;
    } else if (is_wrong(result)) {
        code = report_wrong(result);
    } else {
        print_found(result);
    }
    cJSON_Delete(result);
    return code;
}
