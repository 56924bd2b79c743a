/* The addresses of servers' names: each is looked up once for all who ask meanwhile, and remembered
 * for a while. Left to itself libcurl would start a thread for each name that it has to look up,
 * and for each transfer that needs it at the same time. By other look-ups the same table has other
 * answers: proxies of servers (net_routes.h). Loop thread only. */
#ifndef SEGUE_NET_NET_NAMES_H
#define SEGUE_NET_NET_NAMES_H

#include "base/list.h"
#include "os/resolve.h"

/* How long an answer is believed, as libcurl does; the system's own cache knows the true time.
 * Failures are not remembered: who tries again wants to know anew. */
enum { NAMES_KEPT_US = 60 * 1000 * 1000 };

/* Names that are remembered at most; names that are being looked up come on top. */
enum { NAMES_KEPT_MAX = 256 };

struct net_names;

/* Embed it, and set `answered`, which is called once after names_get said SG_PENDING: the name is
 * known now (SG_OK), or it is not (SG_E_DNS, SG_E_NOMEM). */
struct name_wait {
    struct sg_list node;
    void (*answered)(struct name_wait *wait, enum sg_status status);
};

/* Creates it; `look_up` is resolve_now, but in tests. */
SG_MUST_USE enum sg_status names_create(struct loop *loop, resolve_fn *look_up,
                                        struct net_names **out, struct sg_err *err);

/* An answer that is needed after `fresh_us` is asked for again, while it is still believed: for
 * look-ups that take long. At first that is never so. */
void names_refresh_after(struct net_names *names, uint64_t fresh_us);

/* Destroys it; nobody waits any more. NULL is allowed. */
void names_destroy(struct net_names *names);

/* SG_OK with the addresses of `host`, as a resolve_fn gives them; they belong to `names`, and are
 * valid until it is called again. SG_PENDING: they are being looked up. SG_E_NOMEM, SG_E_SYSTEM. */
SG_MUST_USE enum sg_status names_get(struct net_names *names, const char *host,
                                     const char **out_addresses, struct name_wait *wait);

/* Ends the waiting; nothing happens to one that does not wait, and was initialised as a list. */
void name_wait_end(struct name_wait *wait);

/* The remembered addresses did not do: they are looked up again when they are needed. */
void names_forget(struct net_names *names, const char *host);

/* Likewise for all that are remembered; what is being looked up will not be. */
void names_forget_all(struct net_names *names);

#endif
