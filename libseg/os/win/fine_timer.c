/* The high-resolution timer that posts to a completion port. Knows nothing of the loop. */
#include "os/win/fine_timer.h"

#include "base/mem.h"
#include "os/win/handle.h"

/* Windows documentation: CreateWaitableTimerExW. Absent from mingw-w64 10. */
#ifndef CREATE_WAITABLE_TIMER_HIGH_RESOLUTION
#define CREATE_WAITABLE_TIMER_HIGH_RESOLUTION 0x00000002
#endif

enum { STEPS_PER_US = 10 };

typedef NTSTATUS NTAPI create_fn(HANDLE *out_packet, ACCESS_MASK access, OBJECT_ATTRIBUTES *unused);
typedef NTSTATUS NTAPI associate_fn(HANDLE packet, HANDLE port, HANDLE target, void *key,
                                    void *overlapped, NTSTATUS status, ULONG_PTR n_bytes,
                                    BOOLEAN *out_is_signalled);
typedef NTSTATUS NTAPI cancel_fn(HANDLE packet, BOOLEAN may_remove_queued);

struct fine_timer {
    HANDLE timer;
    HANDLE packet;
    associate_fn *associate;
    cancel_fn *cancel;
};

/* ISO C has no conversion between FARPROC and other function types but by way of void (*)(void). */
typedef void any_fn(void);

static any_fn *find(const char *name)
{
    HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");
    return ntdll != NULL ? (any_fn *)GetProcAddress(ntdll, name) : NULL;
}

static bool open_handles(struct fine_timer *timer)
{
    create_fn *create = (create_fn *)find("NtCreateWaitCompletionPacket");
    timer->associate = (associate_fn *)find("NtAssociateWaitCompletionPacket");
    timer->cancel = (cancel_fn *)find("NtCancelWaitCompletionPacket");
    if (create == NULL || timer->associate == NULL || timer->cancel == NULL)
        return false;
    timer->timer = CreateWaitableTimerExW(NULL, NULL, CREATE_WAITABLE_TIMER_HIGH_RESOLUTION,
                                          TIMER_QUERY_STATE | TIMER_MODIFY_STATE | SYNCHRONIZE);
    if (timer->timer == NULL)
        return false;
    return NT_SUCCESS(create(&timer->packet, GENERIC_ALL, NULL));
}

struct fine_timer *fine_timer_create(void)
{
    struct fine_timer *timer = sg_alloc(sizeof *timer);
    if (timer != NULL && !open_handles(timer)) {
        fine_timer_destroy(timer);
        return NULL;
    }
    return timer;
}

void fine_timer_destroy(struct fine_timer *timer)
{
    if (timer == NULL)
        return;
    handle_close(timer->packet);
    handle_close(timer->timer);
    sg_free(timer);
}

bool fine_timer_arm(struct fine_timer *timer, HANDLE port, OVERLAPPED *overlapped,
                    uint64_t delay_us)
{
    LARGE_INTEGER due = { .QuadPart = -(LONGLONG)(delay_us * STEPS_PER_US) }; /* < 0: from now */
    if (!SetWaitableTimer(timer->timer, &due, 0, NULL, NULL, FALSE))
        return false;
    return NT_SUCCESS(
        timer->associate(timer->packet, port, timer->timer, NULL, overlapped, 0, 0, NULL));
}

void fine_timer_disarm(struct fine_timer *timer)
{
    CancelWaitableTimer(timer->timer);
    timer->cancel(timer->packet, TRUE);
}
