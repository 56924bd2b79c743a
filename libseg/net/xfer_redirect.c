/* The policy for redirects. Loops need no memory of where one has been: they end at the limit. */
#include "net/xfer_redirect.h"

#include <string.h>

#include "base/mem.h"
#include "net/net.h"
#include "net/net_url.h"
#include "net/xfer.h"

static bool is_https(const char *url)
{
    return strncmp(url, "https:", 6) == 0;
}

static enum sg_status compare_origins(const char *a, const char *b, bool *out_is_same,
                                      struct sg_err *err)
{
    char *origin_a = net_url_origin(a);
    char *origin_b = net_url_origin(b);
    bool is_known = origin_a != NULL && origin_b != NULL;
    if (is_known)
        *out_is_same = strcmp(origin_a, origin_b) == 0;
    sg_free(origin_a);
    sg_free(origin_b);
    return is_known ? SG_OK : sg_err_set(err, SG_E_NOMEM, "following a redirect");
}

static enum sg_status resolve(const struct redirect *redirect, struct redirect_target *target,
                              struct sg_err *err)
{
    struct sg_err why = { 0 };
    enum sg_status status =
        net_url_resolve(redirect->url, redirect->location, &target->url, &target->userinfo, &why);
    if (status == SG_OK)
        return SG_OK;
    return sg_err_set(err, status == SG_E_NOMEM ? SG_E_NOMEM : SG_E_REDIRECT,
                      "the server's redirect cannot be followed: %s", sg_err_text(&why));
}

static enum sg_status check_target(const struct redirect *redirect, struct redirect_target *target,
                                   struct sg_err *err)
{
    if (is_https(redirect->url) && !is_https(target->url) && !redirect->may_downgrade)
        return sg_err_set(err, SG_E_REDIRECT, "the server redirects from https to http");
    return compare_origins(redirect->url, target->url, &target->is_same_origin, err);
}

bool redirect_is_one(int http_status)
{
    return http_status == 301 || http_status == 302 || http_status == 303 || http_status == 307 ||
           http_status == 308;
}

enum sg_status redirect_resolve(const struct redirect *redirect, struct redirect_target *out,
                                struct sg_err *err)
{
    struct redirect_target target = { 0 };
    if (redirect->n_followed >= XFER_REDIRECTS_MAX)
        return sg_err_set(err, SG_E_REDIRECT, "more than %d redirects", XFER_REDIRECTS_MAX);
    enum sg_status status = resolve(redirect, &target, err);
    if (status != SG_OK)
        return status;
    status = check_target(redirect, &target, err);
    if (status != SG_OK) {
        sg_free(target.url);
        sg_free(target.userinfo);
        return status;
    }
    *out = target;
    return SG_OK;
}
