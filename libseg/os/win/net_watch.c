/* One overlapped SIO_ADDRESS_LIST_CHANGE on an idle socket of each address family: it completes on
 * the port at the next change, and is started again when the change is told. (NotifyAddrChange says
 * that its handle must not be put on a port of ours, NotifyIpInterfaceChange calls back on a thread
 * of Windows', and Wine 8 has neither.) Loop thread only. */
#include "os/net_watch.h"

#include "base/mem.h"
#include "os/win/error_win.h"
#include "os/win/port_win.h"
#include "os/win/win.h"

enum { N_FAMILIES = 2 };

/* Of one address family. */
struct listener {
    struct op op;
    struct net_watch *watch;
    SOCKET socket; /* INVALID_SOCKET: the system does not have the family, or tells nothing of it */
    bool is_pending;
};

struct net_watch {
    struct loop *loop;
    struct timer settle;
    struct listener listeners[N_FAMILIES];
    net_changed_fn *changed;
    void *ctx;
    bool is_closed;
};

static void shut(struct listener *listener)
{
    if (listener->socket != INVALID_SOCKET)
        closesocket(listener->socket);
    listener->socket = INVALID_SOCKET;
}

/* What finishes at once is a change like any other. */
static void listen_on(struct listener *listener)
{
    if (listener->socket == INVALID_SOCKET || listener->is_pending)
        return;
    struct port *port = loop_port(listener->watch->loop);
    OVERLAPPED *overlapped = port_begin(port, &listener->op, 0);
    if (overlapped == NULL)
        return; /* another try at the next change of the other family */
    DWORD n_bytes;
    int result = WSAIoctl(listener->socket, SIO_ADDRESS_LIST_CHANGE, NULL, 0, NULL, 0, &n_bytes,
                          overlapped, NULL);
    enum sg_status status = port_finish_start(port, &listener->op, result == 0, false);
    listener->is_pending = status == SG_PENDING;
    if (status == SG_OK)
        timer_start(listener->watch->loop, &listener->watch->settle,
                    NET_WATCH_SETTLE_MS * UINT64_C(1000));
    else if (status != SG_PENDING)
        shut(listener);
}

static bool is_pending(const struct net_watch *watch)
{
    for (int i = 0; i < N_FAMILIES; i++) {
        if (watch->listeners[i].is_pending)
            return true;
    }
    return false;
}

static void free_if_idle(struct net_watch *watch)
{
    if (is_pending(watch))
        return;
    for (int i = 0; i < N_FAMILIES; i++)
        shut(&watch->listeners[i]);
    WSACleanup();
    sg_free(watch);
}

/* A socket that fails is not asked again: it would fail for ever. */
static void on_address_change(struct op *op, enum sg_status status, uint32_t n_bytes)
{
    (void)n_bytes;
    struct listener *listener = sg_container_of(op, struct listener, op);
    struct net_watch *watch = listener->watch;
    listener->is_pending = false;
    if (watch->is_closed) {
        free_if_idle(watch);
        return;
    }
    if (status != SG_OK)
        shut(listener);
    else if (!timer_is_running(&watch->settle))
        timer_start(watch->loop, &watch->settle, NET_WATCH_SETTLE_MS * UINT64_C(1000));
}

/* Listens first: who is told looks at the state, and misses nothing that comes after the look. */
static void on_settled(struct timer *timer)
{
    struct net_watch *watch = sg_container_of(timer, struct net_watch, settle);
    for (int i = 0; i < N_FAMILIES; i++)
        listen_on(&watch->listeners[i]);
    watch->changed(watch->ctx);
}

static void open_listener(struct net_watch *watch, struct listener *listener, int family)
{
    listener->watch = watch;
    listener->op.done = on_address_change;
    listener->socket = WSASocketW(family, SOCK_DGRAM, IPPROTO_UDP, NULL, 0,
                                  WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
    if (listener->socket == INVALID_SOCKET)
        return;
    if (port_associate(loop_port(watch->loop), (HANDLE)listener->socket, NULL) == SG_OK)
        listen_on(listener);
    else
        shut(listener);
}

enum sg_status net_watch_open(struct loop *loop, net_changed_fn *changed, void *ctx,
                              struct net_watch **out, struct sg_err *err)
{
    WSADATA data;
    int error = WSAStartup(MAKEWORD(2, 2), &data);
    if (error != 0)
        return error_report_as(err, SG_E_SYSTEM, (uint32_t)error, "watching the network", NULL);
    struct net_watch *watch = sg_alloc(sizeof *watch);
    if (watch == NULL) {
        WSACleanup();
        return sg_err_set(err, SG_E_NOMEM, "watching the network");
    }
    watch->loop = loop;
    watch->settle.fire = on_settled;
    watch->changed = changed;
    watch->ctx = ctx;
    open_listener(watch, &watch->listeners[0], AF_INET);
    open_listener(watch, &watch->listeners[1], AF_INET6);
    if (!is_pending(watch) && !timer_is_running(&watch->settle)) {
        free_if_idle(watch);
        return sg_err_set(err, SG_E_SYSTEM, "Windows does not tell of changes of the network");
    }
    *out = watch;
    return SG_OK;
}

void net_watch_close(struct net_watch *watch)
{
    if (watch == NULL)
        return;
    watch->is_closed = true;
    timer_stop(watch->loop, &watch->settle);
    for (int i = 0; i < N_FAMILIES; i++) {
        struct listener *listener = &watch->listeners[i];
        if (listener->is_pending)
            CancelIoEx((HANDLE)listener->socket, port_overlapped(&listener->op));
    }
    free_if_idle(watch);
}

static bool has_route(const SOCKADDR *address)
{
    DWORD interface_index;
    return GetBestInterfaceEx((SOCKADDR *)address, &interface_index) == NO_ERROR;
}

/* Addresses for documentation, which no network has of its own: only a way to everywhere leads
 * there. RFC 5737 (198.51.100.0/24), RFC 3849 (2001:db8::/32). */
bool net_is_up(void)
{
    const SOCKADDR_IN v4 = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0xC6336401) };
    const SOCKADDR_IN6 v6 = { .sin6_family = AF_INET6,
                              .sin6_addr.s6_addr = { 0x20, 0x01, 0x0D, 0xB8, [15] = 1 } };
    return has_route((const SOCKADDR *)&v4) || has_route((const SOCKADDR *)&v6);
}
