/* What the system has been told about proxies: by the user, or for the whole machine. It is only
 * read here; what follows from it for a URL is net's business. */
#ifndef SEGUE_OS_PROXY_H
#define SEGUE_OS_PROXY_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

enum proxy_scope {
    PROXY_OF_USER,    /* the Internet settings of the user that this process runs as */
    PROXY_OF_MACHINE, /* WinHTTP's, for programs that nobody is logged on for */
};

/* Zero-initialise it. Texts are UTF-8; NULL: there is none. */
struct proxy_config {
    bool detects;  /* a script is looked for in the network (WPAD) */
    char *script;  /* URL of a script (PAC) */
    char *servers; /* proxies as the system writes them: "http=a:80;https=b:80", or "a:80" */
    char *bypass;  /* hosts that are asked without them: "*.test;<local>" */
};

/* Reads what holds now; `out` is then the caller's (proxy_config_fini). Any thread; may block for a
 * moment. SG_E_NOMEM, SG_E_SYSTEM.
 * Windows: WinHttpGetIEProxyConfigForCurrentUser; WinHttpGetDefaultProxyConfiguration. Elsewhere
 * the environment: http_proxy, https_proxy, all_proxy, no_proxy. */
SG_MUST_USE enum sg_status proxy_config_read(enum proxy_scope scope, struct proxy_config *out,
                                             struct sg_err *err);

/* Releases it; it is then as zero-initialised. */
void proxy_config_fini(struct proxy_config *config);

/* Fetches the script at `script`, or the one that the network names (NULL), runs it for `url`, and
 * appends what it answers to `out`, as scripts write it: "PROXY a:8080; DIRECT". Any thread; blocks
 * for seconds. SG_E_NOT_FOUND: the network names none. SG_E_NOMEM; SG_E_SYSTEM: it cannot be
 * fetched, or makes no sense; the message says which, without its URL.
 * Windows: WinHttpGetProxyForUrlEx. Elsewhere there are no scripts. */
SG_MUST_USE enum sg_status proxy_script_run(const char *script, const char *url, struct sg_buf *out,
                                            struct sg_err *err);

#endif
