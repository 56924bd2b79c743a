/* What the other parts of the simulator need of the port: something that happens at a virtual time.
 */
#ifndef SEGUE_TESTS_SIM_OS_SIM_PORT_H
#define SEGUE_TESTS_SIM_OS_SIM_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/heap.h"
#include "os/port.h"

struct sim_event;

typedef void sim_event_fn(struct sim_event *event);

/* Embed it; set `fire` and zero the rest. It happens in a port_wait, as a completion does. */
struct sim_event {
    sim_event_fn *fire;
    struct sg_heap_node node;
    uint64_t number; /* in order of starting */
};

/* Lets it happen at `at_us` or at once, but never inside this call; a running one is moved. Those
 * of the same moment happen in the order they were started in. */
void sim_event_start(struct port *port, struct sim_event *event, uint64_t at_us);

/* It does not happen. */
void sim_event_stop(struct port *port, struct sim_event *event);

#endif
