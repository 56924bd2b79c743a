/* The families that networks are drawn from, and what is asked of each. */
#ifndef SEGUE_TESTS_SIM_FLUID_FAMILIES_H
#define SEGUE_TESTS_SIM_FLUID_FAMILIES_H

#include <stddef.h>
#include <stdint.h>

#include "tests/sim/fluid/draw.h"
#include "tests/sim/fluid/network.h"

/* The most that finish times may be, as multiples of the fluid bound. */
struct budget {
    double mean;
    double p99;
};

struct family {
    const char *name;
    const char *what; /* one line for readers of tables */
    void (*draw)(struct network *network, struct draw *draw);
    struct budget budget; /* what holds today: a regression over it is a failure */
};

/* All families; the number of them comes back. */
size_t families(const struct family **out_families);

/* What holds today over all networks, and what is wanted: over all, and of each family. */
extern const struct budget budget_today;
extern const struct budget budget_wanted;

/* The lane counts' part: share of the best fixed count's throughput that is wanted. */
extern const double wanted_of_best_fixed;

/* The number-th network of a family. */
void family_network(const struct family *family, uint64_t seed, uint64_t number,
                    struct network *out_network);

#endif
