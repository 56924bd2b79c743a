/* The cost of the network as a story says it is. */
#include "os/net_cost.h"

#include "base/mem.h"
#include "tests/sim/os/sim_net_cost.h"

struct net_cost_watch {
    struct net_cost_watch *next; /* newest first */
    struct loop *loop;
    struct timer tell;
    net_cost_changed_fn *changed;
    void *ctx;
};

static struct {
    enum net_cost cost;
    struct net_cost_watch *watches;
} machine;

static void tell(struct timer *timer)
{
    struct net_cost_watch *watch = sg_container_of(timer, struct net_cost_watch, tell);
    watch->changed(watch->ctx);
}

enum sg_status net_cost_open(struct loop *loop, struct work_pool *pool,
                             net_cost_changed_fn *changed, void *ctx, struct net_cost_watch **out,
                             struct sg_err *err)
{
    (void)pool;
    struct net_cost_watch *watch = sg_alloc(sizeof *watch);
    if (watch == NULL)
        return sg_err_set(err, SG_E_NOMEM, "watching the network's cost");
    *watch = (struct net_cost_watch){
        .next = machine.watches, .loop = loop, .tell.fire = tell, .changed = changed, .ctx = ctx
    };
    machine.watches = watch;
    *out = watch;
    return SG_OK;
}

void net_cost_close(struct net_cost_watch *watch)
{
    if (watch == NULL)
        return;
    struct net_cost_watch **link = &machine.watches;
    while (*link != watch)
        link = &(*link)->next;
    *link = watch->next;
    timer_stop(watch->loop, &watch->tell);
    sg_free(watch);
}

enum net_cost net_cost_now(const struct net_cost_watch *watch)
{
    return watch != NULL ? machine.cost : NET_COST_UNKNOWN;
}

void net_cost_look(struct net_cost_watch *watch)
{
    (void)watch;
}

void sim_net_set_cost(enum net_cost cost)
{
    machine.cost = cost;
    for (struct net_cost_watch *watch = machine.watches; watch != NULL; watch = watch->next)
        timer_start(watch->loop, &watch->tell, 0);
}
