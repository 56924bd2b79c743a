/* The service's side of the service manager's controls. No program may send a preshutdown, in Wine
 * no more than on Windows, so a service manager stands in: its three functions are the test's. The
 * service behind them is the real one. It serves once in a process: so this is one story. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/mem.h"
#include "daemon/host.h"
#include "daemon/log.h"
#include "os/path.h"
#include "os/thread.h"
#include "os/win/win.h"
#include "tests/contract/contract.h"

enum { REPORTS_MAX = 64, DEADLINE_MS = 60000 };

static struct {
    LPHANDLER_FUNCTION_EX handler;
    LPSERVICE_MAIN_FUNCTIONW serve;
    struct signal *is_running;
    SRWLOCK lock;
    /* under lock */
    SERVICE_STATUS reports[REPORTS_MAX];
    size_t n_reports;
} manager = { .lock = SRWLOCK_INIT };

static SERVICE_STATUS_HANDLE WINAPI enroll(LPCWSTR name, LPHANDLER_FUNCTION_EX handler, LPVOID ctx)
{
    (void)name;
    (void)ctx;
    manager.handler = handler;
    return (SERVICE_STATUS_HANDLE)&manager;
}

static BOOL WINAPI note_status(SERVICE_STATUS_HANDLE handle, LPSERVICE_STATUS status)
{
    (void)handle;
    AcquireSRWLockExclusive(&manager.lock);
    if (manager.n_reports < REPORTS_MAX)
        manager.reports[manager.n_reports++] = *status;
    ReleaseSRWLockExclusive(&manager.lock);
    if (status->dwCurrentState == SERVICE_RUNNING)
        signal_set(manager.is_running);
    return TRUE;
}

static void run_service(void *ctx)
{
    (void)ctx;
    manager.serve(0, NULL);
}

static BOOL WINAPI dispatch(const SERVICE_TABLE_ENTRYW *services)
{
    struct thread *thread = NULL;
    manager.serve = services[0].lpServiceProc;
    assert_int_equal(thread_start("service", run_service, NULL, &thread, NULL), SG_OK);
    thread_join(thread);
    return TRUE;
}

/* What calls of functions that Windows' headers declare as a library's go through. */
extern void *const __imp_RegisterServiceCtrlHandlerExW;
extern void *const __imp_SetServiceStatus;
extern void *const __imp_StartServiceCtrlDispatcherW;
void *const __imp_RegisterServiceCtrlHandlerExW = (void *)(uintptr_t)enroll;
void *const __imp_SetServiceStatus = (void *)(uintptr_t)note_status;
void *const __imp_StartServiceCtrlDispatcherW = (void *)(uintptr_t)dispatch;

void host_signal_ready(const char *ready_token)
{
    (void)ready_token;
}

static DWORD control(DWORD number)
{
    return manager.handler(number, 0, NULL, NULL);
}

/* The last of the reports, and the first of a state. */
static SERVICE_STATUS last_report(void)
{
    assert_in_range(manager.n_reports, 1, REPORTS_MAX - 1);
    return manager.reports[manager.n_reports - 1];
}

static SERVICE_STATUS first_report(DWORD state)
{
    for (size_t i = 0; i < manager.n_reports; i++) {
        if (manager.reports[i].dwCurrentState == state)
            return manager.reports[i];
    }
    fail_msg("state %lu was never told", state);
    return (SERVICE_STATUS){ 0 };
}

static void host(void *ctx)
{
    assert_int_equal(host_serve(ctx), EXIT_SUCCESS);
}

/* Nobody else may have it while the service runs. */
static bool is_locked(const char *folder)
{
    struct path_lock *lock = NULL;
    char *path = path_join(folder, "segue.lock");
    enum sg_status status = path_lock(path, &lock, NULL);
    path_unlock(lock);
    sg_free(path);
    return status == SG_E_LOCKED;
}

static void preshutdown__ends_the_service_in_good_order(void **state)
{
    (void)state;
    char *folder = scratch_create();
    struct host_request request = { .app = { .mode = APP_SERVICE,
                                             .pipe_name = "\\\\.\\pipe\\segue-test-preshutdown",
                                             .data_folder = folder } };
    struct thread *thread = NULL;
    log_init();
    assert_int_equal(signal_create(&manager.is_running, NULL), SG_OK);
    assert_int_equal(thread_start("host", host, &request, &thread, NULL), SG_OK);
    assert_true(signal_wait(manager.is_running, DEADLINE_MS));
    assert_true(is_locked(folder));
    assert_int_equal(control(SERVICE_CONTROL_INTERROGATE), NO_ERROR);
    assert_int_equal(control(SERVICE_CONTROL_SHUTDOWN), ERROR_CALL_NOT_IMPLEMENTED);
    assert_int_equal(first_report(SERVICE_RUNNING).dwControlsAccepted,
                     SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_PRESHUTDOWN);

    assert_int_equal(control(SERVICE_CONTROL_PRESHUTDOWN), NO_ERROR);
    thread_join(thread);
    SERVICE_STATUS pending = first_report(SERVICE_STOP_PENDING);
    assert_int_equal(pending.dwControlsAccepted, 0);
    assert_true(pending.dwWaitHint > 0 && pending.dwCheckPoint > 0);
    assert_int_equal(last_report().dwCurrentState, SERVICE_STOPPED);
    assert_int_equal(last_report().dwWin32ExitCode, NO_ERROR);
    assert_false(is_locked(folder));
    signal_destroy(manager.is_running);
    scratch_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(preshutdown__ends_the_service_in_good_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
