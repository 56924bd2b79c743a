/* Whether the simulated machine has a network: the story's to decide. One machine at a time. */
#ifndef SEGUE_TESTS_SIM_OS_SIM_NET_WATCH_H
#define SEGUE_TESTS_SIM_OS_SIM_NET_WATCH_H

#include <stdbool.h>

/* The network comes or goes, and whoever watches it is told; saying what it is already is a change
 * of addresses that changes nothing else. It is up at first. */
void sim_net_set_up(bool is_up);

/* The same without a word, as a route comes and goes. */
void sim_net_change_silently(bool is_up);

#endif
