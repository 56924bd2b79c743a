/* Whether this machine has a network, and a watch that says when that may have changed. */
#ifndef SEGUE_OS_NET_WATCH_H
#define SEGUE_OS_NET_WATCH_H

#include <stdbool.h>

#include "base/err.h"
#include "os/loop.h"

struct net_watch;

/* A network that comes up changes several things one after the other (an address of each family,
 * then the routes); the watch waits so long after the first of them. */
enum { NET_WATCH_SETTLE_MS = 100 };

typedef void net_changed_fn(void *ctx);

/* Calls `changed(ctx)` on the loop thread NET_WATCH_SETTLE_MS after a local address came or went,
 * once for all changes of that time; never inside this call. It may come without anything having
 * changed. Loop thread. SG_E_NOMEM; SG_E_SYSTEM when the system does not tell of changes.
 * Windows: SIO_ADDRESS_LIST_CHANGE; Linux: rtnetlink(7). */
SG_MUST_USE enum sg_status net_watch_open(struct loop *loop, net_changed_fn *changed, void *ctx,
                                          struct net_watch **out, struct sg_err *err);

/* Ends the watch: `changed` is not called any more. The memory goes when the kernel has let go of
 * it, at the latest with the loop. May be called inside `changed`. NULL is allowed. Loop thread. */
void net_watch_close(struct net_watch *watch);

/* True when the system would know where to send a packet for somewhere on the internet: that there
 * is a route out, not that anybody answers. Interfaces that only virtual machines use have
 * addresses but lead nowhere, so having an address says nothing. This machine itself can be reached
 * either way. Asks the kernel's tables and sends nothing. Any thread.
 * Windows: GetBestInterfaceEx. */
bool net_is_up(void);

#endif
