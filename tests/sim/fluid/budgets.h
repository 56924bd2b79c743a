/* What is asked of the planner and the tuner in simulated networks. */
#ifndef SEGUE_TESTS_SIM_FLUID_BUDGETS_H
#define SEGUE_TESTS_SIM_FLUID_BUDGETS_H

/* The most that a family's networks may need, and the most of them that may go wrong. */
struct budget {
    double mean; /* finish times, as multiples of the fluid bound */
    double p99;
    double wasteful;      /* share of networks in which too much came twice */
    double lost;          /* share of networks in which the download came to no end */
    double of_best_fixed; /* at least: throughput relative to the best fixed number of lanes */
};

/* What is wanted of all families. */
extern const struct budget budget_wanted;

/* What holds today for a family, or for "all" of them. */
const struct budget *budget_of(const char *family);

#endif
