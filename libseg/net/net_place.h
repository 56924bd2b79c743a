/* Where a request connects to: the server, or the proxy before it. Pure; any thread. */
#ifndef SEGUE_NET_NET_PLACE_H
#define SEGUE_NET_NET_PLACE_H

#include <stdbool.h>

#include "base/err.h"

/* Zero-initialise it. */
struct net_place {
    char *host; /* ASCII; NULL: there is no name to be looked up, or libcurl has to see to it */
    char *port;
    bool is_proxy;
};

/* Finds the name that a request to `url` (checked) by `proxy` (NULL or "": none) needs the address
 * of. None is needed of an address, nor of localhost (RFC 6761, section 6.3), which libcurl knows.
 * Left to libcurl are SOCKS proxies, names that only it can make ASCII of, and what it will refuse.
 * SG_E_NOMEM. */
SG_MUST_USE enum sg_status net_place_find(const char *url, const char *proxy,
                                          struct net_place *out);

/* Releases it; it is then as zero-initialised. */
void net_place_fini(struct net_place *place);

#endif
