/* The port: a queue of events and a clock that jumps to the next one. Nothing waits for real. */
#include "tests/sim/os/sim_port.h"

#include "base/assert.h"
#include "base/mem.h"
#include "tests/sim/os/sim_clock.h"

/* The heap's key is the time with the number behind it, so that equal times keep their order. */
enum { NUMBER_BITS = 20 };

struct port {
    struct sg_heap events;
    uint64_t last_number;
    uint64_t woke_us;
    bool is_woken;
};

enum sg_status port_create(struct port **out, struct sg_err *err)
{
    struct port *port = sg_alloc(sizeof *port);
    if (port == NULL)
        return sg_err_set(err, SG_E_NOMEM, "creating a port");
    port->woke_us = sim_now_us();
    *out = port;
    return SG_OK;
}

void port_destroy(struct port *port)
{
    if (port == NULL)
        return;
    SG_ASSERT(sg_heap_first(&port->events) == NULL);
    sg_free(port);
}

uint64_t port_now_us(const struct port *port)
{
    (void)port;
    return sim_now_us();
}

void sim_event_start(struct port *port, struct sim_event *event, uint64_t at_us)
{
    uint64_t now_us = sim_now_us();
    event->number = ++port->last_number;
    uint64_t tie = event->number & ((UINT64_C(1) << NUMBER_BITS) - 1);
    sg_heap_remove(&port->events, &event->node);
    sg_heap_insert(&port->events, &event->node,
                   (at_us > now_us ? at_us : now_us) << NUMBER_BITS | tie);
}

void sim_event_stop(struct port *port, struct sim_event *event)
{
    sg_heap_remove(&port->events, &event->node);
}

static struct sim_event *first_event(const struct port *port)
{
    struct sg_heap_node *node = sg_heap_first(&port->events);
    return node != NULL ? sg_container_of(node, struct sim_event, node) : NULL;
}

static uint64_t time_of(const struct sim_event *event)
{
    return event->node.key >> NUMBER_BITS;
}

/* What is started meanwhile waits for the next wait. */
static void fire_due(struct port *port)
{
    uint64_t last_number = port->last_number;
    struct sim_event *event;
    while ((event = first_event(port)) != NULL && time_of(event) <= port->woke_us &&
           event->number <= last_number) {
        sg_heap_remove(&port->events, &event->node);
        event->fire(event);
    }
}

void port_wait(struct port *port, uint64_t deadline_us)
{
    uint64_t until_us = port->is_woken ? 0 : deadline_us;
    const struct sim_event *next = first_event(port);
    if (next != NULL && time_of(next) < until_us)
        until_us = time_of(next);
    SG_ASSERT(until_us != UINT64_MAX); /* nothing would ever happen */
    if (until_us > sim_now_us())
        sim_clock_advance(until_us);
    port->is_woken = false;
    port->woke_us = sim_now_us();
    fire_due(port);
}

uint64_t port_woke_us(const struct port *port)
{
    return port->woke_us;
}

void port_wake(struct port *port)
{
    port->is_woken = true;
}
