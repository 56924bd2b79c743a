/* segd: reads the command line and hands over to the host. */
#include "daemon/main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "daemon/console.h"
#include "daemon/host.h"
#include "daemon/log.h"
#include "ipc/dial.h"
#include "net/net.h"
#include "os/path.h"

enum { EXIT_USAGE = 2 };

static const char usage[] =
    "segd - the Segue download daemon\n"
    "\n"
    "usage: segd run [--pipe NAME] [--data FOLDER]   serve the present user, in this console\n"
    "       segd service [--pipe NAME] [--data FOLDER]   serve the machine; started by Windows\n"
    "       segd --version\n"
    "       segd --help\n"
    "\n"
    "  --pipe NAME      listen on this pipe (or set SEGUE_PIPE)\n"
    "  --data FOLDER    keep database and log there (or set SEGUE_DATA)\n"
    "  --background     without a console; ends after five idle minutes\n"
    "  --ready-event E, --ready-fd N   used by seg to learn that segd listens\n"
    "\n"
    "Downloads are controlled with seg: see 'seg help'.\n";

struct option {
    const char *name;
    const char **value;
};

static int complain(const char *what, const char *about)
{
    console_complain("%s%s: see 'segd --help'", what, about);
    return EXIT_USAGE;
}

/* Takes the options behind the command; false when one is not right, which was said. */
static bool read_options(int argc, char **argv, struct host_request *request)
{
    const struct option options[] = {
        { "--pipe", &request->app.pipe_name },
        { "--data", &request->app.data_folder },
        { "--ready-event", &request->ready_token },
        { "--ready-fd", &request->ready_token },
    };
    for (int i = 2; i < argc; i++) {
        size_t known = 0;
        if (strcmp(argv[i], "--background") == 0) {
            request->is_background = true;
            continue;
        }
        while (known < sizeof options / sizeof options[0] &&
               strcmp(argv[i], options[known].name) != 0)
            known++;
        if (known == sizeof options / sizeof options[0]) {
            complain("there is no option ", argv[i]);
            return false;
        }
        if (i + 1 == argc) {
            complain("a value is missing behind ", argv[i]);
            return false;
        }
        *options[known].value = argv[++i];
    }
    return true;
}

/* Takes the pipe's name from the command line, the environment or the house rules, in this order.
 * The caller owns it. */
static enum sg_status find_pipe_name(const struct app_options *app, char **out, struct sg_err *err)
{
    if (app->pipe_name != NULL) {
        *out = sg_strdup(app->pipe_name);
        return *out != NULL ? SG_OK : sg_err_set(err, SG_E_NOMEM, "out of memory");
    }
    *out = host_env("SEGUE_PIPE");
    if (*out != NULL)
        return SG_OK;
    return app->mode == APP_SERVICE ? dial_service_name(out, err) : dial_user_name(out, err);
}

/* Likewise the data folder. */
static enum sg_status find_data_folder(const struct app_options *app, char **out,
                                       struct sg_err *err)
{
    char *named = host_env("SEGUE_DATA");
    const char *wanted = app->data_folder != NULL ? app->data_folder : named;
    enum sg_status status =
        wanted != NULL
            ? path_absolute(wanted, out, err)
            : path_known(app->mode == APP_SERVICE ? PATH_SERVICE_DATA : PATH_USER_DATA, out, err);
    sg_free(named);
    return status;
}

static int run_command(struct host_request *request)
{
    struct sg_err err = { 0 };
    char *pipe_name = NULL;
    char *data_folder = NULL;
    int code = EXIT_FAILURE;
    request->app.ends_when_idle = request->is_background;
    if (find_pipe_name(&request->app, &pipe_name, &err) != SG_OK ||
        find_data_folder(&request->app, &data_folder, &err) != SG_OK) {
        console_complain("%s", sg_err_text(&err));
    } else {
        request->app.pipe_name = pipe_name;
        request->app.data_folder = data_folder;
        code = request->app.mode == APP_SERVICE ? host_serve(request) : host_run(request);
    }
    sg_free(pipe_name);
    sg_free(data_folder);
    return code;
}

int segd_main(int argc, char **argv)
{
    struct host_request request = { 0 };
    const char *command = argc > 1 ? argv[1] : "--help";
    log_init();
    if (strcmp(command, "--version") == 0) {
        printf("segd %s (%s)\n", SEGUE_VERSION, net_version());
        return EXIT_SUCCESS;
    }
    if (strcmp(command, "--help") == 0 || strcmp(command, "help") == 0) {
        fputs(usage, stdout);
        return argc > 1 ? EXIT_SUCCESS : EXIT_USAGE;
    }
    bool is_service = strcmp(command, "service") == 0;
    if (!is_service && strcmp(command, "run") != 0)
        return complain("there is no command ", command);
    if (!read_options(argc, argv, &request))
        return EXIT_USAGE;
    request.app.mode = is_service ? APP_SERVICE : APP_USER;
    return run_command(&request);
}
