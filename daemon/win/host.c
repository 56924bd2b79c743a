/* The program's entry on Windows, and hosting by a console or by nothing at all. */
#include "daemon/host.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <wchar.h>

#include "base/mem.h"
#include "daemon/console.h"
#include "daemon/log.h"
#include "daemon/main.h"
#include "daemon/win/runner.h"
#include "os/win/handle.h"
#include "os/win/wide.h"
#include "os/win/win.h"

/* What Windows grants a console program at most before it is ended (HandlerRoutine, "Timeouts"). */
enum { CLOSE_GRACE_MS = 5000 };

static atomic_bool is_interrupted;

/* Runs in a thread of its own. Whoever presses Ctrl-C a second time does not want to wait: then
 * Windows ends the process, as a crash would, which costs a checkpoint at most. After the other
 * events (the console is closed; logoff and shutdown, as far as Windows tells of them: docs/
 * decisions.md) it is ended when this returns, so that has to wait. */
static BOOL WINAPI on_control(DWORD kind)
{
    bool is_repeated = atomic_exchange(&is_interrupted, true);
    runner_stop();
    if (kind == CTRL_C_EVENT || kind == CTRL_BREAK_EVENT)
        return !is_repeated;
    runner_await_end(CLOSE_GRACE_MS);
    return TRUE;
}

void host_signal_ready(const char *ready_token)
{
    wchar_t *name = wide_from_utf8(ready_token);
    HANDLE event = name != NULL ? OpenEventW(EVENT_MODIFY_STATE, FALSE, name) : NULL;
    if (event != NULL)
        SetEvent(event);
    else
        log_line(LOG_WARNING, "nobody waits for the event %s", ready_token);
    handle_close(event);
    sg_free(name);
}

/* In the background the console of whoever started us is none of ours: its end must not be ours. */
static void on_ready(void *ctx)
{
    const struct host_request *request = ctx;
    if (request->ready_token != NULL)
        host_signal_ready(request->ready_token);
    if (request->is_background)
        FreeConsole();
}

int host_run(const struct host_request *request)
{
    struct sg_err err = { 0 };
    struct host_request copy = *request;
    copy.app.ready = on_ready;
    copy.app.ctx = &copy;
    log_to_console(!request->is_background);
    SetConsoleCtrlHandler(on_control, TRUE);
    if (runner_run(&copy.app, &err) == SG_OK)
        return EXIT_SUCCESS;
    console_complain("%s", sg_err_text(&err));
    return EXIT_FAILURE;
}

char *host_env(const char *name)
{
    char *value = NULL;
    wchar_t *wide_name = wide_from_utf8(name);
    DWORD size = wide_name != NULL ? GetEnvironmentVariableW(wide_name, NULL, 0) : 0;
    wchar_t *wide = size > 1 ? sg_alloc_array(size, sizeof *wide) : NULL;
    if (wide != NULL && GetEnvironmentVariableW(wide_name, wide, size) == size - 1)
        value = wide_to_utf8(wide);
    sg_free(wide);
    sg_free(wide_name);
    return value;
}

/* No boxes that wait for a click where nobody sits, an end instead of going on with a broken heap,
 * and DLLs from the system's folder only. */
static void harden(void)
{
    SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOOPENFILEERRORBOX);
    HeapSetInformation(NULL, HeapEnableTerminationOnCorruption, NULL, 0);
    SetDefaultDllDirectories(LOAD_LIBRARY_SEARCH_SYSTEM32);
}

static void free_arguments(char **arguments, int n)
{
    for (int i = 0; arguments != NULL && i < n; i++)
        sg_free(arguments[i]);
    sg_free(arguments);
}

/* NULL when memory ran out. */
static char **utf8_arguments(int n, wchar_t **wide)
{
    char **arguments = sg_alloc_array((size_t)n + 1, sizeof *arguments);
    for (int i = 0; arguments != NULL && i < n; i++) {
        arguments[i] = wide_to_utf8(wide[i]);
        if (arguments[i] == NULL) {
            free_arguments(arguments, n);
            return NULL;
        }
    }
    return arguments;
}

/* The C library's name for it, which no header declares. */
int wmain(int argc, wchar_t *argv[]);

int wmain(int argc, wchar_t *argv[])
{
    harden();
    char **arguments = utf8_arguments(argc, argv);
    if (arguments == NULL) {
        console_complain("out of memory");
        return EXIT_FAILURE;
    }
    int code = segd_main(argc, arguments);
    free_arguments(arguments, argc);
    return code;
}
