/* What came of many networks: numbers by family. */
#ifndef SEGUE_TESTS_SIM_FLUID_TALLY_H
#define SEGUE_TESTS_SIM_FLUID_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "tests/sim/fluid/families.h"

/* One network. */
struct sample {
    uint32_t family;
    uint32_t number;
    bool is_done; /* else the download gave up, or came to no end */
    uint64_t total;
    uint64_t bound_us;
    uint64_t asking_us; /* the bound of a client that has to ask first */
    uint64_t finish_us;
    uint64_t fetched;
    int32_t n_opened;
    int32_t n_requests;
    double of_best_fixed; /* throughput relative to the best fixed number of lanes; 0: not tried */
    int32_t best_fixed;   /* that number */
};

/* A set of networks: a family's, or all. */
struct tally {
    size_t n;
    double *ratios; /* finish / bound, ascending */
    double mean, worst;
    double asking;                       /* mean of what a client that has to ask first may reach */
    size_t n_lost;                       /* that came to no end */
    size_t n_wasteful;                   /* that fetched too much twice: see sample_is_wasteful */
    double duplicates, worst_duplicates; /* shares of the file */
    double opened, requests;             /* a job */
    size_t n_fixed;
    double of_best_fixed, of_best_fixed_low; /* mean and 5th percentile */
};

/* Finish time as a multiple of the bound. */
double sample_ratio(const struct sample *sample);

/* More than 2 % of the file came twice, and more than a few pieces. */
bool sample_is_wasteful(const struct sample *sample);

/* Counts samples of a family; SIZE_MAX: all. The caller releases it by tally_fini. */
struct tally tally_of(const struct sample *samples, size_t n, size_t family);
void tally_fini(struct tally *tally);

/* The ratio that the share `part` of networks does not exceed. */
double tally_percentile(const struct tally *tally, double part);

/* The table of all families that have samples. */
void tally_print(FILE *out, const struct sample *samples, size_t n);

/* Prints what is over its budget; true when nothing is. */
bool tally_is_in_budget(FILE *out, const struct sample *samples, size_t n);

/* One line for each network. */
bool tally_write_csv(const char *path, const struct sample *samples, size_t n);

#endif
