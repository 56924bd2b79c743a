/* Proxies from the environment, as libcurl and others read them; for tests. */
#include "os/proxy.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static void add_server(struct sg_buf *out, const char *prefix, const char *variable)
{
    const char *value = getenv(variable);
    if (value != NULL && value[0] != '\0')
        sg_buf_printf(out, "%s%s%s", out->length > 0 ? ";" : "", prefix, value);
}

/* A name stands for itself and for all below it. */
static void add_bypass(struct sg_buf *out, const char *list)
{
    static const char separators[] = ", \t";
    for (const char *at = list; at != NULL && *at != '\0';) {
        at += strspn(at, separators);
        const char *name = at + (*at == '.');
        at += strcspn(at, separators);
        if (at > name)
            sg_buf_printf(out, "%s%.*s;*.%.*s", out->length > 0 ? ";" : "", (int)(at - name), name,
                          (int)(at - name), name);
    }
}

static char *take(struct sg_buf *buf)
{
    return buf->length > 0 ? sg_buf_take(buf) : NULL;
}

enum sg_status proxy_config_read(enum proxy_scope scope, struct proxy_config *out,
                                 struct sg_err *err)
{
    struct sg_buf servers = { 0 };
    struct sg_buf bypass = { 0 };
    (void)scope;
    add_server(&servers, "http=", "http_proxy");
    add_server(&servers, "https=", "https_proxy");
    add_server(&servers, "", "all_proxy");
    add_bypass(&bypass, getenv("no_proxy"));
    if (servers.is_failed || bypass.is_failed) {
        sg_buf_fini(&servers);
        sg_buf_fini(&bypass);
        return sg_err_set(err, SG_E_NOMEM, "reading the settings for proxies");
    }
    *out = (struct proxy_config){ .servers = take(&servers), .bypass = take(&bypass) };
    return SG_OK;
}

void proxy_config_fini(struct proxy_config *config)
{
    sg_free_secret(config->servers);
    sg_free(config->bypass);
    sg_free(config->script);
    *config = (struct proxy_config){ 0 };
}

enum sg_status proxy_script_run(const char *script, const char *url, struct sg_buf *out,
                                struct sg_err *err)
{
    (void)script;
    (void)url;
    (void)out;
    return sg_err_set(err, SG_E_NOT_FOUND, "scripts are for Windows");
}
