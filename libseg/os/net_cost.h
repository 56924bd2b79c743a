/* Whether the network is metered: whether somebody pays for it by the byte, or up to a limit, or
 * while roaming. On Windows a person says so in the settings of a network, or its provider does. */
#ifndef SEGUE_OS_NET_COST_H
#define SEGUE_OS_NET_COST_H

#include "base/err.h"
#include "os/loop.h"
#include "os/work.h"

enum net_cost {
    NET_COST_UNKNOWN, /* the system does not say */
    NET_COST_FREE,
    NET_COST_METERED,
};

struct net_cost_watch;

/* How often a system that does not tell of changes is asked again, while somebody watches. */
enum { NET_COST_LOOK_MS = 60 * 1000 };

typedef void net_cost_changed_fn(void *ctx);

/* Watches the cost of the way to the internet: calls `changed(ctx)` on the loop thread after
 * net_cost_now has become another; never inside this call. Loop thread. SG_E_NOMEM; SG_E_SYSTEM
 * where the system has no such thing.
 * Windows 10 2004 and later: GetNetworkConnectivityHint, NotifyNetworkConnectivityHintChange.
 * Before: INetworkCostManager, asked on `pool` at once, every NET_COST_LOOK_MS and when
 * net_cost_look says so; until its first answer the cost is unknown. */
SG_MUST_USE enum sg_status net_cost_open(struct loop *loop, struct work_pool *pool,
                                         net_cost_changed_fn *changed, void *ctx,
                                         struct net_cost_watch **out, struct sg_err *err);

/* Ends the watch: `changed` is not called any more. May be called inside `changed`. NULL is
 * allowed. Loop thread. */
void net_cost_close(struct net_cost_watch *watch);

/* What is known now; unknown for NULL. Loop thread. */
enum net_cost net_cost_now(const struct net_cost_watch *watch);

/* The network may be another one: looks soon where the system would not tell. NULL is allowed. Loop
 * thread. */
void net_cost_look(struct net_cost_watch *watch);

#endif
