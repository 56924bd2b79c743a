/* Libcurl on the loop: the multi handle that all transfers share, driven by socket readiness and
 * one timer. Loop thread only. */
#ifndef SEGUE_NET_NET_H
#define SEGUE_NET_NET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "os/loop.h"

struct net;

/* In place of a proxy's URL: no proxy; and what the system's settings say. */
#define NET_PROXY_NONE "none"
#define NET_PROXY_SYSTEM "system"

/* What holds for all transfers. Strings are copied; NULL: none. */
struct net_config {
    const char *user_agent; /* NULL: "Segue/<version>" */
    const char *ca_file;    /* PEM bundle to trust in place of the system's */
    const char *proxy;      /* default proxy: a URL, NET_PROXY_SYSTEM, NET_PROXY_NONE */
    bool is_for_machine;    /* NET_PROXY_SYSTEM is the machine's, not the user's; stays as it is */
    uint32_t connect_timeout_ms;
    uint32_t max_idle_connections; /* kept for reuse */
};

/* Creates it; `loop` must outlive it. */
SG_MUST_USE enum sg_status net_create(struct loop *loop, const struct net_config *config,
                                      struct net **out, struct sg_err *err);

/* Takes new settings for transfers that start from now on. Which proxies lead to a server is asked
 * anew. */
SG_MUST_USE enum sg_status net_configure(struct net *net, const struct net_config *config);

/* That a proxy script which the system's settings name is no good; the transfers go on without. */
typedef void net_proxy_trouble_fn(void *ctx, const char *trouble);

/* Tells `trouble` of that, once for the same trouble until it is over. NULL ends it. */
void net_listen_trouble(struct net *net, net_proxy_trouble_fn *trouble, void *ctx);

/* The network is another: which proxies lead to a server is asked anew. */
void net_network_changed(struct net *net);

/* Destroys it; every transfer has ended or was cancelled. Its sockets are let go by the next loop
 * turns. NULL is allowed. */
void net_destroy(struct net *net);

/* Checks that `text` is an absolute http or https URL with a host, and gives its normal form (host
 * in lower case, encoded spaces, without fragment and without user info) to the caller (sg_free);
 * user info that stood in it is given apart as "user:password", or NULL.
 * SG_E_INVALID, SG_E_SCHEME. Any thread. RFC 3986; curl_url_set. */
SG_MUST_USE enum sg_status net_url_check(const char *text, char **out_url, char **out_userinfo,
                                         struct sg_err *err);

/* SG_OK when `text` is NET_PROXY_NONE, NET_PROXY_SYSTEM, or the address of a proxy that can be
 * used: [scheme://][user:password@]host[:port] with http, https or a socks scheme. SG_E_INVALID
 * otherwise, and where its password is "***", as it is shown; the message does not repeat it.
 * SG_E_NOMEM. Pure. */
SG_MUST_USE enum sg_status net_proxy_check(const char *text, struct sg_err *err);

/* The last part of the URL's path, percent-decoded, or "" when there is none: raw material for a
 * file name, not safe as one. The caller owns it. NULL when memory ran out. Any thread. */
char *net_url_file_name(const char *url);

/* "scheme://host:port" of a URL that was checked, the key of what is remembered about a server.
 * The caller owns it. NULL when memory ran out. Any thread. */
char *net_url_origin(const char *url);

/* Versions of the library and its TLS back end, as in "libcurl/8.14.1 Schannel"; static. */
const char *net_version(void);

#endif
