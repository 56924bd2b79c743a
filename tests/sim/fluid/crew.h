/* Many networks at once: processes that share the work and one table of results. */
#ifndef SEGUE_TESTS_SIM_FLUID_CREW_H
#define SEGUE_TESTS_SIM_FLUID_CREW_H

#include <stddef.h>
#include <stdint.h>

#include "tests/sim/fluid/tally.h"

/* What is to be run. What comes of it does not depend on the number of processes. */
struct crew_plan {
    uint64_t seed;
    size_t n;           /* networks */
    size_t family;      /* all of them of this family; SIZE_MAX: of each in turn */
    size_t fixed_every; /* each n-th of a family is also fetched with fixed numbers of lanes;
                           0: none */
    int n_processes;
};

/* Fetches all networks. The samples are in order, and stay until the process ends. NULL: a process
 * failed, and has said why. */
const struct sample *crew_run(const struct crew_plan *plan);

/* Fetches one network; `trace` may be NULL. */
struct sample crew_fetch(const struct crew_plan *plan, size_t index, FILE *trace);

#endif
