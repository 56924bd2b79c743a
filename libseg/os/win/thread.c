/* Threads and events. CreateThread is enough: the C library is a DLL, which notices the end of
 * threads that it did not start. */
#include "os/thread.h"

#include <stdatomic.h>
#include <wchar.h>

#include "base/assert.h"
#include "base/mem.h"
#include "os/win/error_win.h"
#include "os/win/handle.h"
#include "os/win/wide.h"
#include "os/win/win.h"

/* Freed by whoever is the last to need it: the thread itself, or its owner. */
struct thread {
    atomic_int n_holders;
    HANDLE handle;
    thread_fn *run;
    void *ctx;
};

struct signal {
    HANDLE event;
};

static void drop(struct thread *thread)
{
    if (atomic_fetch_sub(&thread->n_holders, 1) == 1)
        sg_free(thread);
}

/* What is left of the stack when it overflows, so that the crash can be written down. */
static DWORD WINAPI run_thread(void *arg)
{
    struct thread *thread = arg;
    ULONG left_bytes = 32 * 1024;
    SetThreadStackGuarantee(&left_bytes);
    thread->run(thread->ctx);
    drop(thread);
    return 0;
}

/* Only for debuggers, so a failure does not matter. */
static void name_thread(HANDLE handle, const char *name)
{
    wchar_t *wide = wide_from_utf8(name);
    if (wide != NULL)
        SetThreadDescription(handle, wide);
    sg_free(wide);
}

enum sg_status thread_start(const char *name, thread_fn *run, void *ctx, struct thread **out,
                            struct sg_err *err)
{
    struct thread *thread = sg_alloc(sizeof *thread);
    if (thread == NULL)
        return sg_err_set(err, SG_E_NOMEM, "starting a thread");
    atomic_init(&thread->n_holders, 2);
    thread->run = run;
    thread->ctx = ctx;
    thread->handle = CreateThread(NULL, 0, run_thread, thread, 0, NULL);
    if (thread->handle == NULL) {
        DWORD error = GetLastError();
        sg_free(thread);
        return error_report_as(err, SG_E_SYSTEM, error, "starting a thread", NULL);
    }
    name_thread(thread->handle, name);
    *out = thread;
    return SG_OK;
}

void thread_join(struct thread *thread)
{
    if (thread == NULL)
        return;
    DWORD result = WaitForSingleObject(thread->handle, INFINITE);
    SG_ASSERT(result == WAIT_OBJECT_0);
    handle_close(thread->handle);
    drop(thread);
}

void thread_let_go(struct thread *thread)
{
    if (thread == NULL)
        return;
    handle_close(thread->handle);
    drop(thread);
}

enum sg_status signal_create(struct signal **out, struct sg_err *err)
{
    struct signal *signal = sg_alloc(sizeof *signal);
    if (signal == NULL)
        return sg_err_set(err, SG_E_NOMEM, "creating an event");
    signal->event = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (signal->event == NULL) {
        DWORD error = GetLastError();
        sg_free(signal);
        return error_report_as(err, SG_E_SYSTEM, error, "creating an event", NULL);
    }
    *out = signal;
    return SG_OK;
}

void signal_destroy(struct signal *signal)
{
    if (signal == NULL)
        return;
    handle_close(signal->event);
    sg_free(signal);
}

void signal_set(struct signal *signal)
{
    BOOL has_worked = SetEvent(signal->event);
    SG_ASSERT(has_worked);
}

bool signal_wait(struct signal *signal, uint32_t timeout_ms)
{
    _Static_assert(INFINITE == UINT32_MAX, "the same word for ever");
    DWORD result = WaitForSingleObject(signal->event, timeout_ms);
    SG_ASSERT(result == WAIT_OBJECT_0 || result == WAIT_TIMEOUT);
    return result == WAIT_OBJECT_0;
}
