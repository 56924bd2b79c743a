/* The fluid lower bound: the time in which a client that knows everything fetches the file with at
 * most NETWORK_LANES connections. No client beats it; the headings in bound.c say why. Pure. */
#ifndef SEGUE_TESTS_SIM_FLUID_BOUND_H
#define SEGUE_TESTS_SIM_FLUID_BOUND_H

#include <stdint.h>

#include "tests/sim/fluid/network.h"

/* Microseconds from the start to the last byte, when the client starts at `start_us`. */
uint64_t bound_us(const struct network *network, uint64_t start_us);

/* The same for a client that does not know the file: until its first request is answered it has
 * that one, as a link that works once demands, though all its connections may be open by then. */
uint64_t bound_asking_us(const struct network *network, uint64_t start_us);

#endif
