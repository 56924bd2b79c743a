/* The families that networks are drawn from, and what is asked of each. */
#ifndef SEGUE_TESTS_SIM_FLUID_FAMILIES_H
#define SEGUE_TESTS_SIM_FLUID_FAMILIES_H

#include <stddef.h>
#include <stdint.h>

#include "tests/sim/fluid/draw.h"
#include "tests/sim/fluid/network.h"

/* The most that a family's networks may need, and the most of them that may go wrong. */
struct budget {
    double mean; /* finish times, as multiples of the fluid bound */
    double p99;
    double wasteful; /* share of networks in which too much came twice */
    double lost;     /* share of networks in which the download came to no end */
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

/* The share of the best fixed number of lanes' throughput that is wanted, on average. */
extern const double of_best_fixed_wanted;

/* The number-th network of a family. */
void family_network(const struct family *family, uint64_t seed, uint64_t number,
                    struct network *out_network);

#endif
