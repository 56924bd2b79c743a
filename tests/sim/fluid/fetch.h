/* One download through a network in virtual time: drives struct download, the code that ships, and
 * looks at its invariants. There is no disk: what is written is durable at once, what is compared
 * is equal. */
#ifndef SEGUE_TESTS_SIM_FLUID_FETCH_H
#define SEGUE_TESTS_SIM_FLUID_FETCH_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "tests/sim/fluid/network.h"

struct fetch_options {
    int fixed_lanes;     /* this many lanes all the time, without the tuner; 0: as it ships */
    uint64_t give_up_us; /* virtual time after which it is over */
    uint64_t step_us;    /* bytes come at least this often; what they lead to has its exact time */
    FILE *trace;         /* its life as lines; NULL: none */
};

struct fetch_result {
    bool is_done;       /* else it ran out of time or failed */
    uint64_t finish_us; /* from its start to its end */
    uint64_t fetched;   /* bytes that came, also those that came twice */
    int n_opened;       /* connections */
    int n_requests;
    int n_rounds; /* runs of the download that ended in waiting for the next */
};

/* Fetches the network's file. A broken invariant ends the process. */
struct fetch_result fetch_run(const struct network *network, const struct fetch_options *options);

#endif
