/* A table of names whose answers are lists of proxies, and the proxies that did not answer. */
#include "net/net_routes.h"

#include <string.h>

#include "base/mem.h"
#include "net/net_route.h"

struct dead {
    char *proxy; /* NULL: free */
    uint64_t until_us;
};

struct net_routes {
    struct loop *loop;
    struct net_names *found;
    struct dead dead[ROUTES_DEAD_MAX];
    char *trouble; /* that was told; NULL: none */
    net_proxy_trouble_fn *tell;
    void *ctx;
};

enum sg_status routes_create(struct loop *loop, resolve_fn *find, struct net_routes **out,
                             struct sg_err *err)
{
    struct net_routes *routes = sg_alloc(sizeof *routes);
    if (routes == NULL)
        return sg_err_set(err, SG_E_NOMEM, "preparing to find proxies");
    routes->loop = loop;
    enum sg_status status = names_create(loop, find, &routes->found, err);
    if (status != SG_OK) {
        sg_free(routes);
        return status;
    }
    names_refresh_after(routes->found, ROUTES_FRESH_US);
    *out = routes;
    return SG_OK;
}

static void revive_all(struct net_routes *routes)
{
    for (size_t i = 0; i < ROUTES_DEAD_MAX; i++) {
        sg_free(routes->dead[i].proxy);
        routes->dead[i] = (struct dead){ 0 };
    }
}

void routes_destroy(struct net_routes *routes)
{
    if (routes == NULL)
        return;
    names_destroy(routes->found);
    revive_all(routes);
    sg_free(routes->trouble);
    sg_free(routes);
}

void routes_listen(struct net_routes *routes, net_proxy_trouble_fn *trouble, void *ctx)
{
    routes->tell = trouble;
    routes->ctx = ctx;
}

/* `trouble` is NULL when all is well. */
static void report(struct net_routes *routes, const char *trouble)
{
    bool is_news =
        trouble != NULL && (routes->trouble == NULL || strcmp(routes->trouble, trouble) != 0);
    if (trouble != NULL && !is_news)
        return;
    sg_free(routes->trouble);
    routes->trouble = sg_strdup(trouble);
    if (is_news && routes->tell != NULL)
        routes->tell(routes->ctx, trouble);
}

static enum sg_status take(struct net_routes *routes, const char *answer, char **out_list)
{
    const char *trouble = strchr(answer, ROUTE_TROUBLE);
    size_t length = trouble != NULL ? (size_t)(trouble - answer) : strlen(answer);
    char *list = sg_strndup(answer, length);
    if (list == NULL)
        return SG_E_NOMEM;
    report(routes, trouble != NULL ? trouble + 1 : NULL);
    *out_list = list;
    return SG_OK;
}

enum sg_status routes_get(struct net_routes *routes, const char *url, char **out_list,
                          struct name_wait *wait)
{
    const char *answer;
    char *origin = net_url_origin(url);
    if (origin == NULL)
        return SG_E_NOMEM;
    enum sg_status status = names_get(routes->found, origin, &answer, wait);
    sg_free(origin);
    return status == SG_OK ? take(routes, answer, out_list) : status;
}

static const struct dead *find_dead(const struct net_routes *routes, const char *proxy)
{
    for (size_t i = 0; i < ROUTES_DEAD_MAX; i++) {
        const struct dead *dead = &routes->dead[i];
        if (dead->proxy != NULL && strcmp(dead->proxy, proxy) == 0)
            return dead;
    }
    return NULL;
}

/* One that is free, or else the oldest. */
static struct dead *make_room(struct net_routes *routes)
{
    struct dead *oldest = &routes->dead[0];
    for (size_t i = 0; i < ROUTES_DEAD_MAX; i++) {
        struct dead *dead = &routes->dead[i];
        if (dead->until_us < oldest->until_us)
            oldest = dead;
    }
    return oldest;
}

void routes_mark_dead(struct net_routes *routes, const char *proxy)
{
    const struct dead *known = find_dead(routes, proxy);
    struct dead *dead = known != NULL ? &routes->dead[known - routes->dead] : make_room(routes);
    char *copy = sg_strdup(proxy);
    if (copy == NULL)
        return; /* it is tried once more */
    sg_free(dead->proxy);
    *dead = (struct dead){ copy, loop_now_us(routes->loop) + ROUTES_DEAD_US };
}

bool routes_is_dead(const struct net_routes *routes, const char *proxy)
{
    const struct dead *dead = find_dead(routes, proxy);
    return dead != NULL && loop_now_us(routes->loop) < dead->until_us;
}

void routes_forget(struct net_routes *routes)
{
    names_forget_all(routes->found);
    revive_all(routes);
}
