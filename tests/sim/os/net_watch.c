/* The network as a story says it is. */
#include "os/net_watch.h"

#include "base/mem.h"
#include "tests/sim/os/sim_net_watch.h"

struct net_watch {
    struct net_watch *next; /* newest first */
    struct loop *loop;
    struct timer settle;
    net_changed_fn *changed;
    void *ctx;
};

static struct {
    bool is_down;
    struct net_watch *watches;
} machine;

static void on_settled(struct timer *timer)
{
    struct net_watch *watch = sg_container_of(timer, struct net_watch, settle);
    watch->changed(watch->ctx);
}

enum sg_status net_watch_open(struct loop *loop, net_changed_fn *changed, void *ctx,
                              struct net_watch **out, struct sg_err *err)
{
    struct net_watch *watch = sg_alloc(sizeof *watch);
    if (watch == NULL)
        return sg_err_set(err, SG_E_NOMEM, "watching the network");
    watch->loop = loop;
    watch->settle.fire = on_settled;
    watch->changed = changed;
    watch->ctx = ctx;
    watch->next = machine.watches;
    machine.watches = watch;
    *out = watch;
    return SG_OK;
}

void net_watch_close(struct net_watch *watch)
{
    if (watch == NULL)
        return;
    struct net_watch **link = &machine.watches;
    while (*link != watch)
        link = &(*link)->next;
    *link = watch->next;
    timer_stop(watch->loop, &watch->settle);
    sg_free(watch);
}

bool net_is_up(void)
{
    return !machine.is_down;
}

void sim_net_change_silently(bool is_up)
{
    machine.is_down = !is_up;
}

void sim_net_set_up(bool is_up)
{
    sim_net_change_silently(is_up);
    for (struct net_watch *watch = machine.watches; watch != NULL; watch = watch->next) {
        if (!timer_is_running(&watch->settle))
            timer_start(watch->loop, &watch->settle, NET_WATCH_SETTLE_MS * UINT64_C(1000));
    }
}
