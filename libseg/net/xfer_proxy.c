/* The proxy of a hop: the one that was asked for, or the next of those that the system names for
 * its server. Of these, one that cannot be reached gives way to the next, within the same hop. */
#include <string.h>

#include "base/mem.h"
#include "net/net_proxies.h"
#include "net/xfer_impl.h"
#include "os/net_watch.h"

static void on_found(struct name_wait *wait, enum sg_status status)
{
    struct xfer *xfer = sg_container_of(wait, struct xfer, route_wait);
    xfer_names_wake(xfer, status == SG_OK ? NAME_FINE : NAME_NO_MEMORY);
}

void xfer_proxy_init(struct xfer *xfer)
{
    sg_list_init(&xfer->route_wait.node);
    xfer->route_wait.answered = on_found;
}

void xfer_proxy_fini(struct xfer *xfer)
{
    name_wait_end(&xfer->route_wait);
    sg_free_secret(xfer->proxy);
    xfer->proxy = NULL;
}

void xfer_proxy_begin(struct xfer *xfer)
{
    xfer->proxies_tried = 0;
}

static const char *wanted_by(const struct xfer *xfer)
{
    const char *wanted = xfer->wish.proxy != NULL ? xfer->wish.proxy : xfer->net->settings.proxy;
    return wanted != NULL && wanted[0] != '\0' ? wanted : NET_PROXY_NONE;
}

/* `text` is the transfer's from now on. */
static void set_proxy(struct xfer *xfer, char *text)
{
    sg_free_secret(xfer->proxy);
    xfer->proxy = text;
}

static bool is_tried(const struct xfer *xfer, unsigned index)
{
    return (xfer->proxies_tried & 1u << index) != 0;
}

static bool is_dead(const struct xfer *xfer, const char *list, unsigned index)
{
    char *entry = proxies_entry(list, index);
    bool is_dead = entry != NULL && routes_is_dead(xfer->net->routes, entry);
    sg_free(entry);
    return is_dead;
}

/* The first that was neither tried nor found dead, else the first that was not tried, else the
 * first. An attempt that only waits for a name chooses again, and the same. */
static unsigned choose(const struct xfer *xfer, const char *list)
{
    unsigned n = proxies_count(list);
    unsigned chosen = n;
    for (unsigned i = n; i > 0; i--) {
        if (!is_tried(xfer, i - 1))
            chosen = i - 1;
    }
    for (unsigned i = n; i > 0; i--) {
        if (!is_tried(xfer, i - 1) && !is_dead(xfer, list, i - 1))
            chosen = i - 1;
    }
    return chosen < n ? chosen : 0;
}

static enum sg_status take(struct xfer *xfer, const char *list)
{
    unsigned index = choose(xfer, list);
    char *entry = proxies_entry(list, index);
    if (entry == NULL)
        return SG_E_NOMEM;
    bool is_direct = strcmp(entry, proxies_direct) == 0;
    xfer->proxy_index = index;
    xfer->n_proxies = proxies_count(list);
    set_proxy(xfer, is_direct ? NULL : entry);
    if (is_direct)
        sg_free(entry);
    return SG_OK;
}

static enum sg_status find(struct xfer *xfer)
{
    char *list;
    enum sg_status status = routes_get(xfer->net->routes, xfer->url, &list, &xfer->route_wait);
    xfer->is_finding_proxy = status == SG_PENDING;
    if (status == SG_PENDING)
        xfer_names_start_timeout(xfer);
    if (status != SG_OK)
        return status;
    status = take(xfer, list);
    sg_free(list);
    return status;
}

enum sg_status xfer_proxy_get(struct xfer *xfer)
{
    const char *wanted = wanted_by(xfer);
    xfer->n_proxies = 0;
    if (strcmp(wanted, NET_PROXY_SYSTEM) == 0)
        return find(xfer);
    bool is_none = strcmp(wanted, NET_PROXY_NONE) == 0;
    char *copy = is_none ? NULL : sg_strdup(wanted);
    set_proxy(xfer, copy);
    return is_none || copy != NULL ? SG_OK : SG_E_NOMEM;
}

/* A proxy that was reached and then took too long over a server is alive. */
static bool is_unreachable(const struct xfer *xfer, CURLcode code)
{
    switch (code) {
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY:
        return true;
    case CURLE_OPERATION_TIMEDOUT:
        return strstr(xfer->error_text, "CONNECT") == NULL;
    default:
        return false;
    }
}

bool xfer_proxy_next(struct xfer *xfer, CURLcode code)
{
    unsigned all = (1u << xfer->n_proxies) - 1;
    if (xfer->n_proxies == 0 || xfer->is_finding_proxy || !is_unreachable(xfer, code))
        return false;
    xfer->proxies_tried |= 1u << xfer->proxy_index;
    if (xfer->proxy != NULL && net_is_up())
        routes_mark_dead(xfer->net->routes, xfer->proxy);
    return (xfer->proxies_tried & all) != all;
}
