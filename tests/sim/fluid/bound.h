/* The fluid lower bound: the time in which a client that knows everything fetches the file with at
 * most NETWORK_LANES connections. No client beats it; the headings in bound.c say why. Pure. */
#ifndef SEGUE_TESTS_SIM_FLUID_BOUND_H
#define SEGUE_TESTS_SIM_FLUID_BOUND_H

#include <stdint.h>

#include "tests/sim/fluid/network.h"

/* Microseconds from the start to the last byte, when the client starts at `start_us`. */
uint64_t bound_us(const struct network *network, uint64_t start_us);

#endif
