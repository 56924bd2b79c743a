/* Hosting by the service manager. The program's first thread belongs to the dispatcher, which also
 * calls on_control; the app runs on the thread that the service manager starts for on_start. While
 * the service starts or stops, a thread of its own tells the service manager once a second that
 * this goes on.
 *
 *   start pending ─ the app accepts calls ─► running ─ stop, preshutdown ─► stop pending ─► stopped
 *         └───────────────────── it could not be opened ────────────────────────────────────►┘
 */
#include "daemon/host.h"

#include <stdlib.h>

#include "base/status_number.h"
#include "daemon/console.h"
#include "daemon/event_log.h"
#include "daemon/log.h"
#include "daemon/win/runner.h"
#include "os/op.h"
#include "os/thread.h"
#include "os/win/win.h"

enum {
    PULSE_MS = 1000,
    WAIT_HINT_MS = 3 * PULSE_MS,
    STOP_LIMIT_MS = 5000,
};

static wchar_t service_name[] = L"Segue";

static const struct host_request *request;
static SERVICE_STATUS_HANDLE status_handle;
static enum sg_status outcome; /* of the run; the app's thread, then the first */

/* The thread that reports. It is started by the app's thread before the app opens and by the
 * dispatcher's before the app is stopped, and always ended by the app's. */
static struct thread *pulse;
static struct signal *pulse_end;

static SRWLOCK lock = SRWLOCK_INIT;
/* under lock */
static SERVICE_STATUS reported = {
    .dwServiceType = SERVICE_WIN32_OWN_PROCESS,
    .dwCurrentState = SERVICE_START_PENDING,
};

static bool is_pending(DWORD state)
{
    return state == SERVICE_START_PENDING || state == SERVICE_STOP_PENDING;
}

static void report_locked(DWORD state)
{
    bool is_same = reported.dwCurrentState == state;
    reported.dwCurrentState = state;
    reported.dwControlsAccepted =
        state == SERVICE_RUNNING ? SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_PRESHUTDOWN : 0;
    reported.dwWaitHint = is_pending(state) ? WAIT_HINT_MS : 0;
    reported.dwCheckPoint = !is_pending(state) ? 0 : is_same ? reported.dwCheckPoint + 1 : 1;
    SetServiceStatus(status_handle, &reported);
}

/* What comes after the end is no longer reported. */
static void report(DWORD state)
{
    AcquireSRWLockExclusive(&lock);
    if (reported.dwCurrentState != SERVICE_STOPPED)
        report_locked(state);
    ReleaseSRWLockExclusive(&lock);
}

static void report_again(void)
{
    AcquireSRWLockExclusive(&lock);
    if (is_pending(reported.dwCurrentState))
        report_locked(reported.dwCurrentState);
    ReleaseSRWLockExclusive(&lock);
}

static void run_start_pulse(void *ctx)
{
    (void)ctx;
    while (!signal_wait(pulse_end, PULSE_MS))
        report_again();
}

/* A disk that hangs must not keep Windows from going down; what was kept is safe. */
static void run_stop_pulse(void *ctx)
{
    (void)ctx;
    for (uint32_t waited_ms = 0; waited_ms < STOP_LIMIT_MS; waited_ms += PULSE_MS) {
        if (signal_wait(pulse_end, PULSE_MS))
            return;
        report_again();
    }
    event_report(EVENT_ENDED, "segd did not stop within %d s and is ended", STOP_LIMIT_MS / 1000);
    log_flush();
    report(SERVICE_STOPPED);
    TerminateProcess(GetCurrentProcess(), EXIT_FAILURE);
}

/* Without memory for it the service manager is told less, and that is all. */
static void start_pulse(thread_fn *run)
{
    struct sg_err err;
    if (signal_create(&pulse_end, &err) == SG_OK &&
        thread_start("service status", run, NULL, &pulse, &err) == SG_OK)
        return;
    log_line(LOG_WARNING, "no progress is reported to the service manager: %s", sg_err_text(&err));
    signal_destroy(pulse_end);
    pulse_end = NULL;
}

static void end_pulse(void)
{
    if (pulse == NULL)
        return;
    signal_set(pulse_end);
    thread_join(pulse);
    signal_destroy(pulse_end);
    pulse = NULL;
    pulse_end = NULL;
}

/* True for the one call that finds the service running. */
static bool begin_stop(void)
{
    AcquireSRWLockExclusive(&lock);
    bool is_first = reported.dwCurrentState == SERVICE_RUNNING;
    if (is_first)
        report_locked(SERVICE_STOP_PENDING);
    ReleaseSRWLockExclusive(&lock);
    return is_first;
}

/* HandlerEx: returns at once, since other services wait for it when the machine goes down. */
static DWORD WINAPI on_control(DWORD control, DWORD event_type, void *event, void *ctx)
{
    (void)event_type;
    (void)event;
    (void)ctx;
    switch (control) {
    case SERVICE_CONTROL_STOP:
    case SERVICE_CONTROL_PRESHUTDOWN:
        if (begin_stop()) {
            start_pulse(run_stop_pulse);
            runner_stop();
        }
        return NO_ERROR;
    case SERVICE_CONTROL_INTERROGATE:
        return NO_ERROR;
    default:
        return ERROR_CALL_NOT_IMPLEMENTED;
    }
}

static void on_ready(void *ctx)
{
    (void)ctx;
    end_pulse();
    report(SERVICE_RUNNING);
    if (request->ready_token != NULL)
        host_signal_ready(request->ready_token);
}

static void report_end(void)
{
    end_pulse();
    AcquireSRWLockExclusive(&lock);
    if (outcome != SG_OK) {
        reported.dwWin32ExitCode = ERROR_SERVICE_SPECIFIC_ERROR;
        reported.dwServiceSpecificExitCode = sg_status_number(outcome);
    }
    report_locked(SERVICE_STOPPED);
    ReleaseSRWLockExclusive(&lock);
}

/* ServiceMain. */
static void WINAPI on_start(DWORD argc, wchar_t **argv)
{
    (void)argc;
    (void)argv;
    struct sg_err err;
    struct app_options options = request->app;
    options.ready = on_ready;
    status_handle = RegisterServiceCtrlHandlerExW(service_name, on_control, NULL);
    report(SERVICE_START_PENDING);
    start_pulse(run_start_pulse);
    outcome = runner_run(&options, &err);
    report_end();
}

static int explain_refusal(DWORD error)
{
    char text[SG_ERR_MESSAGE_SIZE];
    os_error_text((int32_t)error, text, sizeof text);
    if (error == ERROR_FAILED_SERVICE_CONTROLLER_CONNECT)
        console_complain(
            "the service is started by Windows: use 'seg service start', or 'segd run'");
    else
        console_complain("the service manager refuses: %s", text);
    return EXIT_FAILURE;
}

int host_serve(const struct host_request *asked)
{
    const SERVICE_TABLE_ENTRYW services[] = { { service_name, on_start }, { NULL, NULL } };
    request = asked;
    log_to_console(false);
    event_log_open();
    if (!StartServiceCtrlDispatcherW(services))
        return explain_refusal(GetLastError());
    return outcome == SG_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
