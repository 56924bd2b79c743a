/* The place where everything asynchronous of the system completes: an I/O completion port on
 * Windows, epoll and an eventfd on POSIX, an event queue with a virtual clock in the simulator.
 * Used by os/loop.c only; others use the loop. */
#ifndef SEGUE_OS_PORT_H
#define SEGUE_OS_PORT_H

#include <stdint.h>

#include "base/err.h"

struct port;

/* Creates a port, owned by the caller. SG_E_SYSTEM when the system refuses. */
SG_MUST_USE enum sg_status port_create(struct port **out, struct sg_err *err);

/* Destroys it; no operation may be pending. NULL is allowed. */
void port_destroy(struct port *port);

/* Monotonic time in microseconds from an arbitrary start. Any thread. Virtual in the simulator. */
uint64_t port_now_us(const struct port *port);

/* Waits until an operation completes, port_wake was called, or port_now_us reaches `deadline_us`
 * (UINT64_MAX: no deadline; a deadline in the past only collects what is there). Retires each
 * completed operation and calls its `done`. One thread only. */
void port_wait(struct port *port, uint64_t deadline_us);

/* When the last port_wait stopped waiting (before the first wait: when the port was created): the
 * one reading of the clock that a turn goes by. Taken before the first `done` is called. Thread of
 * port_wait. */
uint64_t port_woke_us(const struct port *port);

/* Makes the present or the next port_wait return soon. Any thread; calls are merged. */
void port_wake(struct port *port);

#endif
