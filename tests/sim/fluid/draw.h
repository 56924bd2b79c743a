/* Random numbers that only a seed decides, and the distributions that networks are drawn from. */
#ifndef SEGUE_TESTS_SIM_FLUID_DRAW_H
#define SEGUE_TESTS_SIM_FLUID_DRAW_H

#include <stdbool.h>
#include <stdint.h>

/* A sequence of random numbers. */
struct draw {
    uint64_t state;
};

/* A number for a pair of numbers: where something is to be random and yet the same each time it is
 * asked for, in any order. */
uint64_t draw_hash(uint64_t a, uint64_t b);

/* A hash as a number in (0, 1). */
double draw_fraction(uint64_t hash);

/* Hashes as numbers of a standard normal and of an exponential distribution with mean 1. */
double draw_normal_of(uint64_t hash);
double draw_exponential_of(uint64_t hash);

/* The next random bits. */
uint64_t draw_bits(struct draw *draw);

/* Uniform in [low, high]; its logarithm uniform; a whole number of [low, high]. */
double draw_between(struct draw *draw, double low, double high);
double draw_log_between(struct draw *draw, double low, double high);
int draw_int(struct draw *draw, int low, int high);

/* True with this probability. */
bool draw_chance(struct draw *draw, double probability);

/* Standard normal. */
double draw_normal(struct draw *draw);

#endif
