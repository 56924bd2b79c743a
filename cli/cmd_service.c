/* service. What it takes to install one is in service.h; here is what is said about it. */
#include <string.h>

#include "base/status_number.h"
#include "cli/cmd.h"
#include "cli/columns.h"
#include "cli/json.h"
#include "cli/service.h"

enum { LABEL_WIDTH = 10 };

static void put_line(struct sg_buf *text, const char *label, const char *value)
{
    sg_buf_printf(text, "  %-*s", (int)LABEL_WIDTH, label);
    columns_put(text, value);
    sg_buf_putc(text, '\n');
}

/* What was done, as a sentence or as {"name": "Segue", "done": WORD}. */
static enum exit_code print_done(const struct args *args, const char *word, const char *sentence)
{
    if (args_has(args, OPTION_JSON)) {
        cJSON *object = json_new_object();
        json_put_text(object, "name", "Segue");
        json_put_text(object, "done", word);
        print_json(object);
        cJSON_Delete(object);
        return EXIT_DONE;
    }
    struct sg_buf text = { 0 };
    sg_buf_printf(&text, "%s\n", sentence);
    print_text(&text);
    sg_buf_fini(&text);
    return EXIT_DONE;
}

/* ---- install ---- */

static void print_made(const struct service_made *made)
{
    struct sg_buf text = { 0 };
    sg_buf_puts(&text,
                made->was_there
                    ? "the service Segue is already installed; its configuration was renewed\n"
                    : "the service Segue is installed: 'seg service start' starts it\n");
    put_line(&text, "program", made->program);
    put_line(&text, "account", made->account);
    put_line(&text, "data", made->data_folder);
    put_line(&text, "downloads", made->public_folder);
    print_text(&text);
    sg_buf_fini(&text);
}

static void print_made_json(const struct service_made *made)
{
    cJSON *object = json_new_object();
    json_put_text(object, "name", "Segue");
    json_put_text(object, "done", made->was_there ? "renewed" : "installed");
    json_put_text(object, "program", made->program);
    json_put_text(object, "account", made->account);
    json_put_text(object, "data", made->data_folder);
    json_put_text(object, "downloads", made->public_folder);
    print_json(object);
    cJSON_Delete(object);
}

static enum exit_code install(const struct args *args)
{
    struct sg_err err = { 0 };
    struct service_made made = { 0 };
    if (service_install(args_value(args, OPTION_PROGRAM), &made, &err) != SG_OK)
        return report_failure(&err);
    if (args_has(args, OPTION_JSON))
        print_made_json(&made);
    else
        print_made(&made);
    service_made_fini(&made);
    return EXIT_DONE;
}

/* ---- uninstall, start, stop ---- */

static enum exit_code uninstall(const struct args *args)
{
    struct sg_err err = { 0 };
    bool purges = args_has(args, OPTION_PURGE);
    if (service_uninstall(purges, &err) != SG_OK)
        return report_failure(&err);
    return print_done(args, "uninstalled",
                      purges ? "the service Segue and its data are gone"
                             : "the service Segue is gone; its data is kept");
}

static enum exit_code start(const struct args *args)
{
    struct sg_err err = { 0 };
    bool was = false;
    if (service_start(&was, &err) != SG_OK)
        return report_failure(&err);
    return print_done(args, "started",
                      was ? "the service Segue runs already" : "the service Segue runs");
}

static enum exit_code stop(const struct args *args)
{
    struct sg_err err = { 0 };
    bool was = false;
    if (service_stop(&was, &err) != SG_OK)
        return report_failure(&err);
    return print_done(args, "stopped",
                      was ? "the service Segue does not run" : "the service Segue has stopped");
}

/* ---- status ---- */

/* Why it ended last; "" when it did so well. */
static void put_outcome(struct sg_buf *text, const struct service_facts *facts)
{
    enum sg_status status = sg_status_from_number(facts->exit_code);
    if (facts->exit_code > 0 && status != SG_STATUS_COUNT)
        sg_buf_printf(text, "%s (%lu): segd.log says more", sg_status_sentence(status),
                      (unsigned long)facts->exit_code);
    else if (facts->exit_code > 0)
        sg_buf_printf(text, "exit code %lu", (unsigned long)facts->exit_code);
    else if (facts->system_error > 0)
        sg_buf_printf(text, "ended by error %lu of Windows", (unsigned long)facts->system_error);
}

static void print_facts(const struct service_facts *facts)
{
    struct sg_buf text = { 0 };
    struct sg_buf value = { 0 };
    sg_buf_printf(&text, "Segue  %s\n", facts->state);
    if (facts->pid > 0) {
        sg_buf_printf(&value, "%lu", (unsigned long)facts->pid);
        put_line(&text, "process", value.data);
        sg_buf_clear(&value);
    }
    put_line(&text, "account", facts->account);
    put_line(&text, "start", facts->start_type);
    put_line(&text, "command", facts->command);
    put_outcome(&value, facts);
    if (value.length > 0)
        put_line(&text, "last end", value.data);
    print_text(&text);
    sg_buf_fini(&value);
    sg_buf_fini(&text);
}

static void print_facts_json(const struct service_facts *facts)
{
    cJSON *object = json_new_object();
    enum sg_status status = sg_status_from_number(facts->exit_code);
    json_put_text(object, "name", "Segue");
    json_put_text(object, "state", facts->state);
    json_put_integer(object, "pid", facts->pid);
    json_put_text(object, "account", facts->account);
    json_put_text(object, "start_type", facts->start_type);
    json_put_text(object, "command", facts->command);
    json_put_integer(object, "exit_code", facts->exit_code);
    json_put_text(object, "exit_word", status != SG_STATUS_COUNT ? sg_status_word(status) : "?");
    json_put_integer(object, "system_error", facts->system_error);
    print_json(object);
    cJSON_Delete(object);
}

static enum exit_code show(const struct args *args)
{
    struct sg_err err = { 0 };
    struct service_facts facts = { 0 };
    if (service_query(&facts, &err) != SG_OK)
        return report_failure(&err);
    if (args_has(args, OPTION_JSON))
        print_facts_json(&facts);
    else
        print_facts(&facts);
    service_facts_fini(&facts);
    return EXIT_DONE;
}

enum exit_code cmd_service(const struct args *args)
{
    static const struct {
        const char *word;
        enum exit_code (*run)(const struct args *args);
    } verbs[] = {
        { "install", install }, { "uninstall", uninstall }, { "start", start },
        { "stop", stop },       { "status", show },
    };
    size_t i = 0;
    while (strcmp(verbs[i].word, args->words[0]) != 0) /* it is one: the table of commands */
        i++;
    return verbs[i].run(args);
}
