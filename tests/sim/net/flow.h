/* How bytes flow: every link is shared fairly among the flows through it, as a fluid (max-min
 * fairness), so that who gets what is a matter of arithmetic. Pure. */
#ifndef SEGUE_TESTS_SIM_NET_FLOW_H
#define SEGUE_TESTS_SIM_NET_FLOW_H

#include <stddef.h>
#include <stdint.h>

/* One flow: what limits it alone, and which link it shares with others besides the common one. */
struct flow {
    double own_bps; /* > 0 */
    size_t link;
    double bps; /* the result */
};

/* Gives each flow its rate. `link_bps[i]` is the capacity of link i, 0: no limit; `common_bps` that
 * of the link all go through. Bertsekas, Gallager: Data Networks, 6.5.2. */
void flow_share(struct flow *flows, size_t n, const double *link_bps, double common_bps);

#endif
