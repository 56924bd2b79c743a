/* From the system's settings to the proxies of one server. */
#include "net/net_route.h"

#include "base/mem.h"
#include "base/redact.h"
#include "net/net_proxies.h"

/* One answer that is being found. */
struct route {
    const struct route_source *source;
    const struct proxy_config *config;
    const struct proxies_target *target;
    struct sg_buf url; /* that scripts are asked about */
    struct sg_err trouble;
    bool lacks_memory;
};

static void note_trouble(struct route *route, const char *script, const struct sg_err *err)
{
    char *shown = script != NULL ? sg_redact_address(script) : NULL;
    sg_err_set(&route->trouble, err->status, "the proxy script %s: %s",
               shown != NULL ? shown : "that the network names", sg_err_text(err));
    sg_free(shown);
}

/* True when the script (NULL: the network's) answered. */
static bool ask_script(struct route *route, const char *script, struct sg_buf *out)
{
    struct sg_buf answer = { 0 };
    struct sg_err err = { 0 };
    enum sg_status status = route->source->run(script, route->url.data, &answer, &err);
    if (status == SG_OK)
        proxies_from_script(answer.data, out);
    else if (status == SG_E_NOMEM)
        route->lacks_memory = true;
    else if (script != NULL || status != SG_E_NOT_FOUND)
        note_trouble(route, script, &err);
    sg_buf_fini(&answer);
    return status == SG_OK;
}

/* Settings for scripts have no exceptions: scripts say themselves what goes direct. */
static bool find_by_script(struct route *route, struct sg_buf *out)
{
    const struct proxy_config *config = route->config;
    if (proxies_is_near(route->target))
        return false;
    return (config->detects && ask_script(route, NULL, out)) ||
           (config->script != NULL && ask_script(route, config->script, out));
}

static void find_in_list(const struct route *route, struct sg_buf *out)
{
    const struct proxy_config *config = route->config;
    if (config->servers == NULL || proxies_are_bypassed(config->bypass, route->target))
        sg_buf_puts(out, proxies_direct);
    else
        proxies_from_servers(config->servers, route->target, out);
}

static enum sg_status find(struct route *route, const char *origin, struct sg_buf *out)
{
    sg_buf_printf(&route->url, "%s/", origin);
    if (route->url.is_failed)
        return SG_E_NOMEM;
    if (!find_by_script(route, out))
        find_in_list(route, out);
    if (route->trouble.status != SG_OK)
        sg_buf_printf(out, "%c%s", ROUTE_TROUBLE, sg_err_text(&route->trouble));
    return out->is_failed || route->lacks_memory ? SG_E_NOMEM : SG_OK;
}

enum sg_status route_find(const struct route_source *source, enum proxy_scope scope,
                          const char *origin, struct sg_buf *out)
{
    struct proxies_target target = { 0 };
    struct proxy_config config = { 0 };
    struct route route = { .source = source, .config = &config, .target = &target };
    struct sg_err err = { 0 };
    if (!proxies_target_init(origin, &target))
        return SG_E_NOMEM;
    enum sg_status status = source->read(scope, &config, &err);
    if (status != SG_OK)
        route.trouble = err; /* as if there were none */
    if (status != SG_E_NOMEM)
        status = find(&route, origin, out);
    sg_buf_fini(&route.url);
    proxy_config_fini(&config);
    proxies_target_fini(&target);
    return status;
}

static const struct route_source system_source = { proxy_config_read, proxy_script_run };

enum sg_status route_of_user(const char *origin, struct sg_buf *out)
{
    return route_find(&system_source, PROXY_OF_USER, origin, out);
}

enum sg_status route_of_machine(const char *origin, struct sg_buf *out)
{
    return route_find(&system_source, PROXY_OF_MACHINE, origin, out);
}

static void begin_part(struct sg_buf *out, unsigned *n)
{
    if ((*n)++ > 0)
        sg_buf_puts(out, ", else ");
}

static void describe_script(const char *script, struct sg_buf *out)
{
    char *shown = sg_redact_address(script);
    sg_buf_printf(out, "PAC %s", shown != NULL ? shown : "?");
    sg_free(shown);
}

static void describe_servers(const struct proxy_config *config, struct sg_buf *out)
{
    proxies_show(config->servers, out);
    if (config->bypass != NULL)
        sg_buf_printf(out, ", not for %s", config->bypass);
}

void route_describe(const struct proxy_config *config, struct sg_buf *out)
{
    unsigned n = 0;
    if (config->detects) {
        begin_part(out, &n);
        sg_buf_puts(out, "PAC that the network names");
    }
    if (config->script != NULL) {
        begin_part(out, &n);
        describe_script(config->script, out);
    }
    begin_part(out, &n);
    if (config->servers != NULL)
        describe_servers(config, out);
    else
        sg_buf_puts(out, "none");
}
