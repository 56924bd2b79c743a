/* The families that networks are drawn from. */
#ifndef SEGUE_TESTS_SIM_FLUID_FAMILIES_H
#define SEGUE_TESTS_SIM_FLUID_FAMILIES_H

#include <stddef.h>
#include <stdint.h>

#include "tests/sim/fluid/draw.h"
#include "tests/sim/fluid/network.h"

struct family {
    const char *name;
    const char *what; /* one line for readers of tables */
    void (*draw)(struct network *network, struct draw *draw);
};

/* All families; the number of them comes back. */
size_t families(const struct family **out_families);

/* The number-th network of a family. */
void family_network(const struct family *family, uint64_t seed, uint64_t number,
                    struct network *out_network);

#endif
