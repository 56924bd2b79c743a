/* URLs beside those that users give: where a redirect leads. Any thread. */
#ifndef SEGUE_NET_NET_URL_H
#define SEGUE_NET_NET_URL_H

#include "base/err.h"

/* As net_url_check, for a `text` that may also be relative to `base`, a URL that was checked.
 * RFC 3986 section 5. */
SG_MUST_USE enum sg_status net_url_resolve(const char *base, const char *text, char **out_url,
                                           char **out_userinfo, struct sg_err *err);

#endif
