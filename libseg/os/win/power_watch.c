/* Windows tells of the end of a sleep on threads of its own, and does not say that a call cannot
 * come any more when it was told to stop calling. So it calls with nothing of ours: whoever watches
 * stands in a list of the process, under a lock, and is sent mail. */
#include "os/power.h"

#include "base/list.h"
#include "base/mem.h"
#include "os/win/error_win.h"
#include "os/win/win.h"

/* DEVICE_NOTIFY_SUBSCRIBE_PARAMETERS (powrprof.h), and the two functions; mingw-w64 10 does not
 * have them. */
typedef ULONG CALLBACK notify_fn(PVOID ctx, ULONG type, PVOID setting);
struct subscription {
    notify_fn *callback;
    PVOID ctx;
};
typedef DWORD WINAPI register_fn(DWORD flags, HANDLE recipient, PVOID *out);
typedef DWORD WINAPI unregister_fn(PVOID registration);
typedef void any_fn(void);

enum { NOTIFY_CALLBACK = 2 }; /* DEVICE_NOTIFY_CALLBACK */

struct power_watch {
    struct loop *loop;
    power_woke_fn *woke;
    void *ctx;
    struct mail mail;
    bool is_closed; /* loop thread only */
    /* under lock */
    struct sg_list node;
    bool is_posted;
};

static SRWLOCK lock = SRWLOCK_INIT;
/* under lock */
static struct sg_list watches = { &watches, &watches };
static PVOID registration; /* NULL: nobody watches */

static void deliver(struct mail *mail)
{
    struct power_watch *watch = sg_container_of(mail, struct power_watch, mail);
    if (watch->is_closed) {
        sg_free(watch);
        return;
    }
    AcquireSRWLockExclusive(&lock);
    watch->is_posted = false;
    ReleaseSRWLockExclusive(&lock);
    watch->woke(watch->ctx);
}

static void post_all(void)
{
    AcquireSRWLockExclusive(&lock);
    SG_LIST_FOR_EACH(node, &watches)
    {
        struct power_watch *watch = sg_container_of(node, struct power_watch, node);
        if (!watch->is_posted)
            loop_post(watch->loop, &watch->mail);
        watch->is_posted = true;
    }
    ReleaseSRWLockExclusive(&lock);
}

static ULONG CALLBACK on_power(PVOID ctx, ULONG type, PVOID setting)
{
    (void)ctx;
    (void)setting;
    if (type == PBT_APMRESUMEAUTOMATIC)
        post_all();
    return ERROR_SUCCESS;
}

static any_fn *find(const char *name)
{
    static const wchar_t file[] = L"powrprof.dll";
    HMODULE library = LoadLibraryExW(file, NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
    return library != NULL ? (any_fn *)GetProcAddress(library, name) : NULL;
}

/* A Windows error; 0: Windows tells from now on. The subscription is read during the call alone. */
static DWORD subscribe(PVOID *out)
{
    static struct subscription subscription = { on_power, NULL };
    register_fn *enroll = (register_fn *)find("PowerRegisterSuspendResumeNotification");
    if (enroll == NULL)
        return ERROR_PROC_NOT_FOUND;
    return enroll(NOTIFY_CALLBACK, &subscription, out);
}

static void unsubscribe(PVOID old)
{
    unregister_fn *leave = (unregister_fn *)find("PowerUnregisterSuspendResumeNotification");
    if (old != NULL && leave != NULL)
        leave(old);
}

/* Not under the lock, which a call that is under way may wait for. Two loops that open their first
 * watch at once may both subscribe: then the second lets go again. */
static enum sg_status begin_telling(struct sg_err *err)
{
    AcquireSRWLockShared(&lock);
    bool is_there = registration != NULL;
    ReleaseSRWLockShared(&lock);
    PVOID made = NULL;
    DWORD error = is_there ? ERROR_SUCCESS : subscribe(&made);
    if (error != ERROR_SUCCESS)
        return error_report_as(err, SG_E_SYSTEM, error, "hearing of the end of a sleep", NULL);
    AcquireSRWLockExclusive(&lock);
    if (registration == NULL) {
        registration = made;
        made = NULL;
    }
    ReleaseSRWLockExclusive(&lock);
    unsubscribe(made);
    return SG_OK;
}

enum sg_status power_watch_open(struct loop *loop, power_woke_fn *woke, void *ctx,
                                struct power_watch **out, struct sg_err *err)
{
    struct power_watch *watch = sg_alloc(sizeof *watch);
    if (watch == NULL)
        return sg_err_set(err, SG_E_NOMEM, "hearing of the end of a sleep");
    enum sg_status status = begin_telling(err);
    if (status != SG_OK) {
        sg_free(watch);
        return status;
    }
    watch->loop = loop;
    watch->woke = woke;
    watch->ctx = ctx;
    watch->mail.deliver = deliver;
    AcquireSRWLockExclusive(&lock);
    sg_list_insert(&watches, &watch->node);
    ReleaseSRWLockExclusive(&lock);
    *out = watch;
    return SG_OK;
}

/* The subscription stays for the next watch; it ends with the process. */
void power_watch_close(struct power_watch *watch)
{
    if (watch == NULL)
        return;
    AcquireSRWLockExclusive(&lock);
    sg_list_remove(&watch->node);
    bool is_posted = watch->is_posted;
    ReleaseSRWLockExclusive(&lock);
    watch->is_closed = true;
    if (!is_posted)
        sg_free(watch);
}
