/* Max-min fairness on one link, by filling it like a vessel. Pure. */
#ifndef SEGUE_TESTS_SIM_FLUID_SHARE_H
#define SEGUE_TESTS_SIM_FLUID_SHARE_H

enum { SHARE_FLOWS_MAX = 64 };

/* The level to which each of `n` flows may rise on a link of `cap_bps` (0: no cap) when none goes
 * above its own limit: a flow's rate is the lower one of its limit and the level. Of two links one
 * behind the other the first is shared first, and its result is the limit for the second. */
double share_level(const double *limits_bps, int n, double cap_bps);

#endif
