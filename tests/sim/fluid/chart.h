/* A picture of the ratios. */
#ifndef SEGUE_TESTS_SIM_FLUID_CHART_H
#define SEGUE_TESTS_SIM_FLUID_CHART_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/sim/fluid/tally.h"

/* Writes an SVG of finish time by family, as multiples of the bound: a box for each. False when the
 * file cannot be written. */
bool chart_write(const char *path, const struct sample *samples, size_t n);

#endif
