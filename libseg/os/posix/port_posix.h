/* What the other parts of os/posix need of the port: a place in its epoll set, and a way to hand
 * over an operation that another thread finished. */
#ifndef SEGUE_OS_POSIX_PORT_POSIX_H
#define SEGUE_OS_POSIX_PORT_POSIX_H

#include <stdint.h>

#include "base/err.h"
#include "base/list.h"
#include "os/op.h"
#include "os/port.h"

struct source;
struct writers;

typedef void source_fn(struct source *source, uint32_t epoll_events);

/* What `data.ptr` of an epoll registration points at. It must live until the end of the turn in
 * which its descriptor left the set, since epoll_wait may have returned it already. */
struct source {
    source_fn *ready;
};

/* What os/posix keeps in op->reserved from submission to completion. */
struct op_state {
    struct sg_list node; /* in the queue of writes, then in the port's list of what is done */
    enum sg_status status;
    uint32_t n_bytes; /* asked for; later: transferred */
    int fd;
    const void *data;
    uint64_t offset;
};

_Static_assert(sizeof(struct op_state) <= sizeof(((struct op *)0)->reserved),
               "the reserved space of an op is too small");

/* The op's state. */
static inline struct op_state *op_state(struct op *op)
{
    return (struct op_state *)(void *)op->reserved;
}

/* The op whose state is linked by `node`. */
static inline struct op *op_from_node(struct sg_list *node)
{
    struct op_state *state = sg_container_of(node, struct op_state, node);
    return sg_container_of(state, struct op, reserved);
}

/* The epoll set. Loop thread. */
int port_epoll_fd(const struct port *port);

/* How many waits have ended. Loop thread. */
uint64_t port_n_waits(const struct port *port);

/* The threads that write for this port's files. Any thread. */
struct writers *port_writers(const struct port *port);

/* Hands `op`, whose state says how it ended, to the loop thread. Any thread. */
void port_complete(struct port *port, struct op *op);

#endif
