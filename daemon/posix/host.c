/* Hosting on POSIX, for tests only. */
#define _GNU_SOURCE
#include "daemon/host.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "daemon/console.h"
#include "daemon/log.h"
#include "daemon/main.h"

static struct app *running;

static void on_signal(int number)
{
    (void)number;
    app_stop(running); /* an atomic flag, a lock-free push and a write to an eventfd */
}

void host_signal_ready(const char *ready_token)
{
    int fd = (int)strtol(ready_token, NULL, 10);
    if (write(fd, "1", 1) == 1)
        close(fd);
}

static void on_ready(void *ctx)
{
    const struct host_request *request = ctx;
    if (request->ready_token != NULL)
        host_signal_ready(request->ready_token);
}

int host_run(const struct host_request *request)
{
    struct sg_err err;
    struct host_request copy = *request;
    copy.app.ready = on_ready;
    copy.app.ctx = &copy;
    log_to_console(!request->is_background);
    if (app_open(&copy.app, &running, &err) != SG_OK) {
        console_complain("%s", sg_err_text(&err));
        return EXIT_FAILURE;
    }
    struct sigaction action = { .sa_handler = on_signal };
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    app_run(running);
    app_close(running);
    return EXIT_SUCCESS;
}

int host_serve(const struct host_request *request)
{
    return host_run(request);
}

char *host_env(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? sg_strdup(value) : NULL;
}

int main(int argc, char **argv)
{
    return segd_main(argc, argv);
}
