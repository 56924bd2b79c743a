/* The table of names.
 *
 *   (asked for) ─► being looked up ─► known ─► (forgotten: too old, too many, or no good)
 *                        └─► (forgotten: not found)
 *
 * What is known may be looked up again meanwhile; if it is forgotten then, it is being looked up.
 */
#include "net/net_names.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"

struct name {
    struct sg_list node; /* the newest last */
    struct net_names *names;
    char *host;
    char *addresses; /* NULL while it is being looked up */
    uint64_t learned_us;
    uint64_t good_until_us;
    bool is_asked; /* the resolver has it */
    bool is_stale; /* the answer is for those who wait, and for nobody else */
    struct sg_list waits;
};

struct net_names {
    struct loop *loop;
    struct resolver *resolver;
    struct sg_list all;
    uint32_t n_known;
    uint64_t fresh_us;
};

static void destroy(struct name *name)
{
    if (name->addresses != NULL)
        name->names->n_known--;
    sg_list_remove(&name->node);
    sg_free(name->addresses);
    sg_free(name->host);
    sg_free(name);
}

/* The resolver will come back with one that it has. */
static void forget(struct name *name)
{
    if (!name->is_asked) {
        destroy(name);
        return;
    }
    if (name->addresses != NULL)
        name->names->n_known--;
    sg_free(name->addresses);
    name->addresses = NULL;
}

static struct name *name_of(struct sg_list *node)
{
    return sg_container_of(node, struct name, node);
}

static struct name *find(struct net_names *names, const char *host)
{
    SG_LIST_FOR_EACH(node, &names->all)
    {
        if (sg_equals_ignoring_case(name_of(node)->host, host))
            return name_of(node);
    }
    return NULL;
}

static struct name *first_known(struct net_names *names)
{
    SG_LIST_FOR_EACH(node, &names->all)
    {
        if (name_of(node)->addresses != NULL)
            return name_of(node);
    }
    return NULL;
}

/* Those that wait begin with the next names_get, so nobody may join them meanwhile. */
static void tell(struct sg_list *waits, enum sg_status status)
{
    for (struct sg_list *node; (node = sg_list_pop(waits)) != NULL;) {
        struct name_wait *wait = sg_container_of(node, struct name_wait, node);
        wait->answered(wait, status);
    }
}

static enum sg_status take(struct name *name, const char *addresses)
{
    struct net_names *names = name->names;
    bool is_new = name->addresses == NULL;
    char *copy = sg_strdup(addresses);
    if (copy == NULL)
        return SG_E_NOMEM;
    sg_free(name->addresses);
    name->addresses = copy;
    name->learned_us = loop_now_us(names->loop);
    name->good_until_us = name->is_stale ? 0 : name->learned_us + NAMES_KEPT_US;
    name->is_stale = false;
    if (is_new && ++names->n_known > NAMES_KEPT_MAX)
        forget(first_known(names));
    return SG_OK;
}

static void on_resolved(void *ctx, enum sg_status status, const char *addresses)
{
    struct name *name = ctx;
    struct sg_list waits;
    name->is_asked = false;
    sg_list_init(&waits);
    for (struct sg_list *node; (node = sg_list_pop(&name->waits)) != NULL;)
        sg_list_insert(&waits, node);
    if (status == SG_OK)
        status = take(name, addresses);
    if (status != SG_OK)
        forget(name);
    tell(&waits, status);
}

static struct name *create(struct net_names *names, const char *host)
{
    struct name *name = sg_alloc(sizeof *name);
    char *copy = sg_strdup(host);
    if (name == NULL || copy == NULL) {
        sg_free(name);
        sg_free(copy);
        return NULL;
    }
    name->names = names;
    name->host = copy;
    sg_list_init(&name->waits);
    sg_list_insert(&names->all, &name->node);
    return name;
}

/* `*out` is new, and being looked up. */
static enum sg_status ask(struct net_names *names, const char *host, struct name **out)
{
    struct name *name = create(names, host);
    if (name == NULL)
        return SG_E_NOMEM;
    enum sg_status status = resolver_ask(names->resolver, host, on_resolved, name);
    if (status != SG_OK) {
        forget(name);
        return status;
    }
    name->is_asked = true;
    *out = name;
    return SG_OK;
}

enum sg_status names_create(struct loop *loop, resolve_fn *look_up, struct net_names **out,
                            struct sg_err *err)
{
    struct net_names *names = sg_alloc(sizeof *names);
    if (names == NULL)
        return sg_err_set(err, SG_E_NOMEM, "preparing to look up names");
    names->loop = loop;
    names->fresh_us = UINT64_MAX;
    sg_list_init(&names->all);
    enum sg_status status = resolver_create(loop, look_up, &names->resolver, err);
    if (status != SG_OK) {
        sg_free(names);
        return status;
    }
    *out = names;
    return SG_OK;
}

void names_destroy(struct net_names *names)
{
    if (names == NULL)
        return;
    resolver_destroy(names->resolver);
    while (!sg_list_is_empty(&names->all))
        destroy(name_of(names->all.next));
    sg_free(names);
}

void names_refresh_after(struct net_names *names, uint64_t fresh_us)
{
    names->fresh_us = fresh_us;
}

/* Where that cannot be done, it is done when it has to be. */
static void refresh(struct name *name)
{
    struct net_names *names = name->names;
    uint64_t age_us = loop_now_us(names->loop) - name->learned_us;
    if (!name->is_asked && age_us >= names->fresh_us)
        name->is_asked = resolver_ask(names->resolver, name->host, on_resolved, name) == SG_OK;
}

/* NULL when it is neither known nor being looked up. */
static struct name *find_good(struct net_names *names, const char *host)
{
    struct name *name = find(names, host);
    if (name == NULL || name->addresses == NULL || loop_now_us(names->loop) < name->good_until_us)
        return name;
    forget(name);
    return find(names, host);
}

enum sg_status names_get(struct net_names *names, const char *host, const char **out_addresses,
                         struct name_wait *wait)
{
    struct name *name = find_good(names, host);
    enum sg_status status = name != NULL ? SG_OK : ask(names, host, &name);
    if (status != SG_OK)
        return status;
    if (name->addresses == NULL) {
        sg_list_insert(&name->waits, &wait->node);
        return SG_PENDING;
    }
    refresh(name);
    *out_addresses = name->addresses;
    return SG_OK;
}

void name_wait_end(struct name_wait *wait)
{
    sg_list_remove(&wait->node);
}

void names_forget(struct net_names *names, const char *host)
{
    struct name *name = find(names, host);
    if (name != NULL && name->addresses != NULL)
        forget(name);
}

void names_forget_all(struct net_names *names)
{
    for (struct sg_list *node = names->all.next, *next; node != &names->all; node = next) {
        next = node->next;
        struct name *name = name_of(node);
        name->is_stale = true;
        forget(name);
    }
}
