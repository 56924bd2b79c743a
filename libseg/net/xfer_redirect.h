/* Where a redirect leads, and whether we go there. Pure. */
#ifndef SEGUE_NET_XFER_REDIRECT_H
#define SEGUE_NET_XFER_REDIRECT_H

#include <stdbool.h>

#include "base/err.h"

struct redirect {
    const char *url;      /* that was asked for; checked */
    const char *location; /* the reply's Location */
    unsigned n_followed;  /* redirects of this transfer before this one */
    bool may_downgrade;   /* from https to http is fine */
};

struct redirect_target {
    char *url;           /* sg_free */
    char *userinfo;      /* credentials that stood in the Location, or NULL; sg_free */
    bool is_same_origin; /* scheme, host and port are those of `url` */
};

/* True for the statuses that a client follows to Location: 301, 302, 303, 307, 308. RFC 9110
 * section 15.4. */
bool redirect_is_one(int http_status);

/* SG_E_REDIRECT when it may not be followed (too many, a scheme that is not http or https, https to
 * http, not a URL), SG_E_NOMEM. */
SG_MUST_USE enum sg_status redirect_resolve(const struct redirect *redirect,
                                            struct redirect_target *out, struct sg_err *err);

#endif
