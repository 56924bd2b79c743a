/* Whether the simulated machine's network is metered: the story's to decide. One machine at a time.
 */
#ifndef SEGUE_TESTS_SIM_OS_SIM_NET_COST_H
#define SEGUE_TESTS_SIM_OS_SIM_NET_COST_H

#include "os/net_cost.h"

/* The network costs this from now on, and whoever watches is told in the next turn. It is unknown
 * at first, and again when a story says so. */
void sim_net_set_cost(enum net_cost cost);

#endif
