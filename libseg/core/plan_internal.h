/* What the planner believes of its lanes: how fast they are, and when they will be through. */
#ifndef SEGUE_CORE_PLAN_INTERNAL_H
#define SEGUE_CORE_PLAN_INTERNAL_H

#include "core/plan.h"

/* A lane's way up to the end of its range, and from there on with further ones. */
struct course {
    double bps;
    double starts_s; /* it waits for an answer until then */
    double ends_s;   /* it is through with its range */
    double left;     /* of its range, in bytes */
};

/* The lane's measured rate; 0 while nothing can be said about it. */
double plan_measured_bps(const struct plan_lane *lane, uint64_t now_us);

/* What a lane without a measurement may be expected to do on a source: as others there, or as any,
 * or as it was in earlier downloads. 0: nothing is known. */
double plan_expected_bps(const struct plan *plan, int source, uint64_t now_us);

/* A busy lane's course from now on; `typical` is expected of it while it was not measured. */
struct course plan_course(const struct plan *plan, const struct plan_lane *lane, double typical,
                          uint64_t now_us);

/* The busy lane that will be through last; -1: none is busy. */
int plan_last_to_finish(const struct plan *plan, double typical, uint64_t now_us);

/* The soonest that everything can be there, in seconds from now: when all lanes, a newcomer of the
 * rate `new_bps` (above 0), and those that will soon be free, have something to do up to the end.
 * Takes time proportional to the lanes. */
double plan_soonest_end_s(const struct plan *plan, double new_bps, double typical, uint64_t now_us);

#endif
