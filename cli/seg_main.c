/* From a command line to a command. */
#include "cli/seg_main.h"

#include <string.h>

#include "cli/cmd.h"
#include "cli/completion.h"
#include "cli/console.h"
#include "cli/help.h"
#include "cli/interrupt.h"

typedef enum exit_code command_fn(struct caller *caller, const struct args *args);

/* The commands that talk to a daemon. */
static command_fn *const functions[COMMAND_COUNT] = {
    [COMMAND_ADD] = cmd_add,       [COMMAND_GET] = cmd_get,           [COMMAND_LIST] = cmd_list,
    [COMMAND_SHOW] = cmd_show,     [COMMAND_WATCH] = cmd_watch,       [COMMAND_WAIT] = cmd_wait,
    [COMMAND_PAUSE] = cmd_pause,   [COMMAND_RESUME] = cmd_resume,     [COMMAND_CANCEL] = cmd_cancel,
    [COMMAND_REMOVE] = cmd_remove, [COMMAND_MOVE] = cmd_move,         [COMMAND_SET] = cmd_set,
    [COMMAND_LIMIT] = cmd_limit,   [COMMAND_REFRESH] = cmd_refresh,   [COMMAND_STATUS] = cmd_status,
    [COMMAND_EVENTS] = cmd_events, [COMMAND_SETTINGS] = cmd_settings, [COMMAND_VERIFY] = cmd_verify,
    [COMMAND_LOG] = cmd_log,
};

static enum exit_code no_such_command(const char *name)
{
    return report_error(EXIT_USAGE, "there is no command '%s': 'seg help' lists them", name);
}

static enum exit_code print_overview(void)
{
    struct sg_buf text = { 0 };
    help_put_overview(&text);
    print_text(&text);
    sg_buf_fini(&text);
    return EXIT_DONE;
}

static enum exit_code print_help(const struct command *command)
{
    struct sg_buf text = { 0 };
    help_put_command(command, &text);
    print_text(&text);
    sg_buf_fini(&text);
    return EXIT_DONE;
}

static enum exit_code print_version(void)
{
    struct sg_buf text = { 0 };
    sg_buf_puts(&text, "seg " SEGUE_VERSION "\n");
    print_text(&text);
    sg_buf_fini(&text);
    return EXIT_DONE;
}

static enum exit_code run_help(const struct args *args)
{
    if (args->n_words == 0)
        return print_overview();
    enum command_id id = command_from_name(args->words[0]);
    return id == COMMAND_COUNT ? no_such_command(args->words[0]) : print_help(command_info(id));
}

static enum exit_code run_completion(const struct args *args)
{
    struct sg_buf text = { 0 };
    if (strcmp(args->words[0], "bash") == 0)
        completion_put_bash(&text);
    else
        completion_put_powershell(&text);
    print_text(&text);
    sg_buf_fini(&text);
    return EXIT_DONE;
}

static enum exit_code run_calling(enum command_id id, const struct args *args)
{
    struct caller caller = { .may_start = id != COMMAND_STATUS };
    enum exit_code code = functions[id](&caller, args);
    caller_close(&caller);
    return code;
}

static enum exit_code run_command(enum command_id id, int argc, char *const argv[])
{
    struct sg_err err = { 0 };
    struct args args;
    enum exit_code code;
    if (options_parse(command_info(id), argc, argv, &args, &err) != SG_OK)
        return report_failure(&err);
    if (args_has(&args, OPTION_HELP))
        code = print_help(command_info(id));
    else if (id == COMMAND_HELP)
        code = run_help(&args);
    else if (id == COMMAND_COMPLETION)
        code = run_completion(&args);
    else if (id == COMMAND_SERVICE)
        code = cmd_service(&args);
    else if (id == COMMAND_GRANT)
        code = cmd_grant(&args);
    else
        code = run_calling(id, &args);
    args_fini(&args);
    return code;
}

static enum exit_code run(int argc, char *const argv[])
{
    if (argc < 2)
        return report_error(EXIT_USAGE, "no command was given: 'seg help' lists them");
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
        return print_version();
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return print_overview();
    enum command_id id = command_from_name(argv[1]);
    if (id == COMMAND_COUNT)
        return no_such_command(argv[1]);
    return run_command(id, argc - 2, argv + 2);
}

int seg_main(int argc, char *const argv[])
{
    console_open();
    interrupt_init();
    enum exit_code code = run(argc, argv);
    console_close();
    return (int)code;
}
