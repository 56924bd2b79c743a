/* The cost of the network, by one of two ways. Windows 10 2004 and later tell of each change: the
 * call comes on a thread of Windows', and is handed to the loop as mail. Older ones (and Wine) have
 * a COM object of a service, which may take its time: it is asked on a work thread, once a minute
 * and when addresses change, but never told of by. (It has events, for which its service calls back
 * into this process: COM's default access list does not let it.) Loop thread but where said. */
#include "os/net_cost.h"

#include <stdatomic.h>

#include "base/mem.h"
#include "os/win/error_win.h"
#include "os/win/handle.h"
#include "os/win/win.h"

/* NL_NETWORK_CONNECTIVITY_HINT and its enumerations (nldef.h); mingw-w64 10 does not have them. */
enum { HINT_COST_UNKNOWN, HINT_COST_UNRESTRICTED, HINT_COST_FIXED, HINT_COST_VARIABLE };

struct connectivity_hint {
    int level;
    int cost;
    BOOLEAN is_near_limit;
    BOOLEAN is_over_limit;
    BOOLEAN is_roaming;
};

typedef VOID NETIOAPI_API_ hint_changed_fn(PVOID ctx, struct connectivity_hint hint);
typedef DWORD NETIOAPI_API_ get_hint_fn(struct connectivity_hint *hint);
typedef DWORD NETIOAPI_API_ notify_hint_fn(hint_changed_fn *changed, PVOID ctx, BOOLEAN is_first,
                                           HANDLE *out);

/* What compilers take for the function of any library. */
typedef void any_fn(void);

struct net_cost_watch {
    struct loop *loop;
    net_cost_changed_fn *changed;
    void *ctx;
    enum net_cost cost;
    bool is_closed;

    /* by hints */
    get_hint_fn *get_hint; /* NULL: by the COM object */
    HANDLE notification;
    struct mail mail;
    atomic_bool is_posted;

    /* by the COM object */
    struct work_pool *pool;
    struct timer look;
    struct work work;
    bool is_asking;
    bool must_ask_again;
    enum net_cost answer; /* the work thread's, while it asks */
};

static void take(struct net_cost_watch *watch, enum net_cost cost)
{
    if (watch->cost == cost)
        return;
    watch->cost = cost;
    watch->changed(watch->ctx); /* may close it */
}

/* ---- by hints ---- */

static enum net_cost cost_by_hint(const struct net_cost_watch *watch)
{
    struct connectivity_hint hint = { 0 };
    if (watch->get_hint(&hint) != NO_ERROR || hint.cost == HINT_COST_UNKNOWN)
        return NET_COST_UNKNOWN;
    bool is_free = hint.cost == HINT_COST_UNRESTRICTED && !hint.is_over_limit && !hint.is_roaming;
    return is_free ? NET_COST_FREE : NET_COST_METERED;
}

static void deliver(struct mail *mail)
{
    struct net_cost_watch *watch = sg_container_of(mail, struct net_cost_watch, mail);
    atomic_store(&watch->is_posted, false); /* before the look: what comes behind it posts again */
    if (watch->is_closed)
        sg_free(watch);
    else
        take(watch, cost_by_hint(watch));
}

/* On a thread of Windows'. What it says may be old when the loop hears of it: the loop looks. */
static VOID NETIOAPI_API_ on_hint(PVOID ctx, struct connectivity_hint hint)
{
    struct net_cost_watch *watch = ctx;
    (void)hint;
    if (!atomic_exchange(&watch->is_posted, true))
        loop_post(watch->loop, &watch->mail);
}

/* True when Windows tells by this way. */
static bool open_hints(struct net_cost_watch *watch)
{
    HMODULE library = GetModuleHandleW(L"iphlpapi.dll"); /* the program is linked to it */
    if (library == NULL)
        return false;
    watch->get_hint =
        (get_hint_fn *)(any_fn *)GetProcAddress(library, "GetNetworkConnectivityHint");
    notify_hint_fn *notify =
        (notify_hint_fn *)(any_fn *)GetProcAddress(library, "NotifyNetworkConnectivityHintChange");
    if (watch->get_hint == NULL || notify == NULL ||
        notify(on_hint, watch, FALSE, &watch->notification) != NO_ERROR) {
        watch->get_hint = NULL;
        return false;
    }
    watch->cost = cost_by_hint(watch);
    return true;
}

/* No call comes any more when the notification is cancelled; a mail may be on its way. */
static void close_hints(struct net_cost_watch *watch)
{
    CancelMibChangeNotify2(watch->notification);
    if (!atomic_load(&watch->is_posted))
        sg_free(watch);
}

/* ---- by the COM object ---- */

static enum net_cost cost_of_flags(DWORD flags)
{
    enum { CHARGED = NLM_CONNECTION_COST_FIXED | NLM_CONNECTION_COST_VARIABLE };
    const DWORD beyond = NLM_CONNECTION_COST_OVERDATALIMIT | NLM_CONNECTION_COST_ROAMING;
    if ((flags & (CHARGED | beyond)) != 0)
        return NET_COST_METERED;
    return (flags & NLM_CONNECTION_COST_UNRESTRICTED) != 0 ? NET_COST_FREE : NET_COST_UNKNOWN;
}

static enum net_cost ask_manager(void)
{
    INetworkCostManager *manager = NULL;
    DWORD flags = NLM_CONNECTION_COST_UNKNOWN;
    HRESULT result = CoCreateInstance(&CLSID_NetworkListManager, NULL, CLSCTX_ALL,
                                      &IID_INetworkCostManager, (void **)&manager);
    if (FAILED(result))
        return NET_COST_UNKNOWN;
    result = manager->lpVtbl->GetCost(manager, &flags, NULL);
    manager->lpVtbl->Release(manager);
    return SUCCEEDED(result) ? cost_of_flags(flags) : NET_COST_UNKNOWN;
}

static void ask(struct work *work)
{
    struct net_cost_watch *watch = sg_container_of(work, struct net_cost_watch, work);
    watch->answer = NET_COST_UNKNOWN;
    if (FAILED(CoInitializeEx(NULL, COINIT_MULTITHREADED)))
        return;
    watch->answer = ask_manager();
    CoUninitialize();
}

static void ask_later(struct net_cost_watch *watch)
{
    timer_start(watch->loop, &watch->look, NET_COST_LOOK_MS * UINT64_C(1000));
}

static void begin_asking(struct net_cost_watch *watch)
{
    timer_stop(watch->loop, &watch->look);
    watch->must_ask_again = watch->is_asking;
    if (watch->is_asking)
        return;
    watch->is_asking = true;
    work_submit(watch->pool, &watch->work);
}

static void on_asked(struct work *work)
{
    struct net_cost_watch *watch = sg_container_of(work, struct net_cost_watch, work);
    watch->is_asking = false;
    if (watch->is_closed) {
        sg_free(watch);
        return;
    }
    if (watch->must_ask_again)
        begin_asking(watch);
    else
        ask_later(watch);
    take(watch, watch->answer);
}

static void on_look(struct timer *timer)
{
    begin_asking(sg_container_of(timer, struct net_cost_watch, look));
}

static void close_manager(struct net_cost_watch *watch)
{
    timer_stop(watch->loop, &watch->look);
    if (!watch->is_asking)
        sg_free(watch);
}

/* ---- both ---- */

enum sg_status net_cost_open(struct loop *loop, struct work_pool *pool,
                             net_cost_changed_fn *changed, void *ctx, struct net_cost_watch **out,
                             struct sg_err *err)
{
    struct net_cost_watch *watch = sg_alloc(sizeof *watch);
    if (watch == NULL)
        return sg_err_set(err, SG_E_NOMEM, "watching the cost of the network");
    watch->loop = loop;
    watch->pool = pool;
    watch->changed = changed;
    watch->ctx = ctx;
    watch->mail.deliver = deliver;
    watch->work.run = ask;
    watch->work.done = on_asked;
    watch->look.fire = on_look;
    atomic_init(&watch->is_posted, false);
    if (!open_hints(watch))
        begin_asking(watch);
    *out = watch;
    return SG_OK;
}

void net_cost_close(struct net_cost_watch *watch)
{
    if (watch == NULL)
        return;
    watch->is_closed = true;
    if (watch->get_hint != NULL)
        close_hints(watch);
    else
        close_manager(watch);
}

enum net_cost net_cost_now(const struct net_cost_watch *watch)
{
    return watch != NULL ? watch->cost : NET_COST_UNKNOWN;
}

void net_cost_look(struct net_cost_watch *watch)
{
    if (watch != NULL && watch->get_hint == NULL)
        begin_asking(watch);
}
