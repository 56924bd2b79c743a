/* By which proxies servers are reached, remembered for a while; and which of those proxies did not
 * answer lately. Loop thread only. */
#ifndef SEGUE_NET_NET_ROUTES_H
#define SEGUE_NET_NET_ROUTES_H

#include <stdbool.h>

#include "net/net.h"
#include "net/net_names.h"

/* How long a proxy that could not be reached is only tried after the others. */
enum { ROUTES_DEAD_US = 5 * 60 * 1000 * 1000 };

/* After this time an answer is asked for again where it is needed, and meanwhile believed: or each
 * minute some transfer would wait for a script, or for a network that has none. */
enum { ROUTES_FRESH_US = NAMES_KEPT_US / 2 };

/* Proxies that are remembered as such at most. */
enum { ROUTES_DEAD_MAX = 16 };

struct net_routes;

/* Creates it; `find` is route_of_user or route_of_machine, but in tests. */
SG_MUST_USE enum sg_status routes_create(struct loop *loop, resolve_fn *find,
                                         struct net_routes **out, struct sg_err *err);

/* Destroys it; nobody waits any more. NULL is allowed. */
void routes_destroy(struct net_routes *routes);

/* Tells `changed` of trouble with a script, once, and again after it was over. NULL ends it. */
void routes_listen(struct net_routes *routes, net_proxy_trouble_fn *trouble, void *ctx);

/* SG_OK with a copy of the list (net_proxies.h) for the server of `url` (checked), the caller's
 * (sg_free). SG_PENDING: it is being found, and `wait` will be answered. SG_E_NOMEM, SG_E_SYSTEM.
 * What was found is believed as long as names are. */
SG_MUST_USE enum sg_status routes_get(struct net_routes *routes, const char *url, char **out_list,
                                      struct name_wait *wait);

/* No connection to `proxy`, an entry of a list, could be made. */
void routes_mark_dead(struct net_routes *routes, const char *proxy);

/* Whether that was so lately. */
bool routes_is_dead(const struct net_routes *routes, const char *proxy);

/* The network is another: nothing that was found holds. */
void routes_forget(struct net_routes *routes);

#endif
