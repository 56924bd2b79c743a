/* Addresses for a hop, before libcurl gets to see it: what is known is put into its table of names
 * (CURLOPT_RESOLVE), where it finds it and looks nothing up. */
#include <stdio.h>

#include "base/buf.h"
#include "base/mem.h"
#include "net/xfer_impl.h"

static void end_waiting(struct xfer *xfer)
{
    name_wait_end(&xfer->name_wait);
    name_wait_end(&xfer->route_wait);
    timer_stop(xfer->net->loop, &xfer->name_timeout);
}

void xfer_names_wake(struct xfer *xfer, enum name_outcome outcome)
{
    end_waiting(xfer);
    xfer->name_outcome = outcome;
    xfer_enqueue(xfer);
}

static void on_answered(struct name_wait *wait, enum sg_status status)
{
    struct xfer *xfer = sg_container_of(wait, struct xfer, name_wait);
    xfer_names_wake(xfer, status == SG_OK        ? NAME_FINE
                          : status == SG_E_NOMEM ? NAME_NO_MEMORY
                                                 : NAME_UNKNOWN);
}

static void on_timeout(struct timer *timer)
{
    xfer_names_wake(sg_container_of(timer, struct xfer, name_timeout), NAME_TOO_SLOW);
}

void xfer_names_init(struct xfer *xfer)
{
    sg_list_init(&xfer->name_wait.node);
    xfer->name_wait.answered = on_answered;
    xfer->name_timeout.fire = on_timeout;
}

static void drop_addresses(struct xfer *xfer)
{
    curl_slist_free_all(xfer->addresses);
    xfer->addresses = NULL;
}

void xfer_names_fini(struct xfer *xfer)
{
    end_waiting(xfer);
    drop_addresses(xfer);
    net_place_fini(&xfer->place);
}

void xfer_names_start_timeout(struct xfer *xfer)
{
    uint32_t timeout_ms = xfer->net->settings.connect_timeout_ms;
    if (timeout_ms > 0 && !timer_is_running(&xfer->name_timeout))
        timer_start(xfer->net->loop, &xfer->name_timeout, (uint64_t)timeout_ms * 1000);
}

/* The "+" has libcurl forget the entry after a while, as one of its own. */
static enum sg_status put_addresses(struct xfer *xfer, const char *addresses)
{
    struct sg_buf line = { 0 };
    sg_buf_printf(&line, "+%s:%s:%s", xfer->place.host, xfer->place.port, addresses);
    if (!line.is_failed)
        xfer->addresses = curl_slist_append(NULL, line.data);
    sg_buf_fini(&line);
    return xfer->addresses != NULL ? SG_OK : SG_E_NOMEM;
}

enum sg_status xfer_names_get(struct xfer *xfer)
{
    const char *addresses;
    const struct net *net = xfer->net;
    drop_addresses(xfer);
    net_place_fini(&xfer->place);
    enum sg_status status = net_place_find(xfer->url, xfer->proxy, &xfer->place);
    if (status != SG_OK || xfer->place.host == NULL || xfer->place.port == NULL)
        return status;
    status = names_get(net->names, xfer->place.host, &addresses, &xfer->name_wait);
    if (status == SG_PENDING)
        xfer_names_start_timeout(xfer);
    return status == SG_OK ? put_addresses(xfer, addresses) : status;
}

CURLcode xfer_names_failure(struct xfer *xfer)
{
    char *text = xfer->error_text;
    const struct net_place *place = &xfer->place;
    if (xfer->name_outcome == NAME_NO_MEMORY)
        return CURLE_OUT_OF_MEMORY;
    if (xfer->name_outcome == NAME_TOO_SLOW) {
        snprintf(text, sizeof xfer->error_text, "%s timed out after %u milliseconds",
                 xfer->is_finding_proxy ? "Finding the proxy" : "Resolving",
                 (unsigned)xfer->net->settings.connect_timeout_ms);
        return CURLE_OPERATION_TIMEDOUT;
    }
    snprintf(text, sizeof xfer->error_text, "Could not resolve %s: %s",
             place->is_proxy ? "proxy" : "host", place->host);
    return place->is_proxy ? CURLE_COULDNT_RESOLVE_PROXY : CURLE_COULDNT_RESOLVE_HOST;
}

void xfer_names_doubt(struct xfer *xfer)
{
    if (xfer->place.host != NULL)
        names_forget(xfer->net->names, xfer->place.host);
}
