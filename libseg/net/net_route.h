/* By which proxies a server is reached, as the system's settings and their script have it. Blocks,
 * for seconds where a script is fetched; any thread. */
#ifndef SEGUE_NET_NET_ROUTE_H
#define SEGUE_NET_NET_ROUTE_H

#include "base/buf.h"
#include "base/err.h"
#include "os/proxy.h"
#include "os/resolve.h"

/* Where the settings are read and scripts are run; the system's own, but in tests. */
struct route_source {
    enum sg_status (*read)(enum proxy_scope scope, struct proxy_config *out, struct sg_err *err);
    enum sg_status (*run)(const char *script, const char *url, struct sg_buf *out,
                          struct sg_err *err);
};

/* Appends the proxies that lead to `origin` ("scheme://host:port", net_url_origin), as a list of
 * net_proxies.h, to `out`; and where a script was wanted that is no good, a line break and why not
 * (ROUTE_TROUBLE). Like Windows' own programs it takes, of what is set, the script that the network
 * names, else the script that is set, else the proxies that are set, else none: so a script that
 * cannot be had does not stop anything. This machine itself is asked without a proxy, except by
 * proxies_are_bypassed. SG_E_NOMEM.
 * Windows documentation: "WinHTTP AutoProxy Support", "Discovery Without an Auto-Config File". */
SG_MUST_USE enum sg_status route_find(const struct route_source *source, enum proxy_scope scope,
                                      const char *origin, struct sg_buf *out);

/* What stands between the list and the trouble. */
#define ROUTE_TROUBLE '\n'

/* route_find by the system's settings for one scope, for names_create. */
resolve_fn route_of_user;
resolve_fn route_of_machine;

/* Appends what the settings say, in a few words and without passwords: "PAC http://a/x.pac, else
 * b:80", or "none". */
void route_describe(const struct proxy_config *config, struct sg_buf *out);

#endif
