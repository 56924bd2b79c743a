/* Which bytes each lane fetches. The file is [0, total); what nobody has and nobody fetches is
 * `todo`; each busy lane owns [pos, end) and moves `pos` as bytes arrive. A lane that runs out of
 * work takes what is to do, or else the tail of the lane that will finish last, so that both finish
 * together. Pure: time and bytes come in as arguments.
 *
 * Invariant (plan_check): todo and the lanes' ranges are disjoint, and together they are exactly
 * what has not arrived. */
#ifndef SEGUE_CORE_PLAN_H
#define SEGUE_CORE_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "core/extents.h"
#include "core/rate.h"

enum {
    PLAN_LANES_MAX = 64,
    PLAN_ANY_SOURCE = -1,
    PLAN_PIECE_MIN = 16 * 1024,     /* a smaller piece is not worth a request */
    PLAN_PIECE_ENOUGH = 256 * 1024, /* nor a larger one too small, however fast the lane is */
    PLAN_BLIND_MIN = 512 * 1024,    /* nor one of less than this while no rate is known */
    PLAN_PIECE_ASCENDING = 4 * 1024 * 1024, /* grants of a plan that ascends */
    PLAN_GAIN_MIN_US = 50 * 1000,           /* a split must end the download this much earlier */
};

struct plan_lane {
    int source;        /* that it asks, or asked last; lanes of one source are alike */
    bool is_busy;      /* owns [pos, end) */
    bool is_receiving; /* bytes may be expected: `rate` is measured */
    uint64_t start;    /* where its present range began */
    uint64_t pos;
    uint64_t end;
    uint64_t granted_us;
    struct rate rate;
    double last_bps; /* measured when it last finished its range; 0: not known */
};

struct plan {
    uint64_t total;
    struct extents todo;
    struct plan_lane lanes[PLAN_LANES_MAX];
    bool is_ascending;   /* see plan_ascend */
    double setup_s;      /* from asking for a range to its first byte, smoothed */
    bool is_setup_known; /* else it is a guess */
    int lanes_soon;      /* through with their ranges, and free in a moment */
    double expected_bps; /* of a lane while none was measured; 0: not known */
};

/* What a free lane gets. */
struct plan_grant {
    uint64_t first;
    uint64_t end;
    int victim;             /* the lane whose tail it was; -1: it was to do */
    bool is_victim_dropped; /* the victim keeps nothing: close it */
};

/* Begins a plan for a file of `total` bytes of which `have` is there already. SG_E_NOMEM. */
SG_MUST_USE enum sg_status plan_init(struct plan *plan, uint64_t total, const struct extents *have);

/* Releases the memory. */
void plan_fini(struct plan *plan);

/* From now on lanes get pieces from the low end, for files on volumes where a write far behind the
 * last one makes the system fill everything between with zeros. What lanes own beyond a piece is to
 * do again. SG_E_NOMEM. */
SG_MUST_USE enum sg_status plan_ascend(struct plan *plan);

/* Gives the free lane `lane`, which will ask `source`, something to do; false when there is nothing
 * worth it. The lane is then busy from *out_grant's first to its end; a victim's end has been
 * moved. Takes time proportional to the number of lanes. */
bool plan_assign(struct plan *plan, int lane, int source, uint64_t now_us,
                 struct plan_grant *out_grant);

/* The first byte of the lane's range is about to arrive, `setup_us` after it was asked for. */
void plan_receiving(struct plan *plan, int lane, uint64_t now_us, uint64_t setup_us);

/* Lanes were held back until now: their rates are measured from here on. */
void plan_measure_anew(struct plan *plan, uint64_t now_us);

/* `n_bytes` arrived on the lane, at most up to its end; they are no longer the plan's. At its end
 * the lane becomes free, which is the return value. */
bool plan_advance(struct plan *plan, int lane, uint64_t now_us, uint64_t n_bytes);

/* Lets a busy lane go on, at most to `limit`, into what is to do right behind its end. */
void plan_extend(struct plan *plan, int lane, uint64_t limit);

/* Lets a busy lane go on into the range behind its own, at most to `limit`, when the owner of that
 * has not been answered yet. The owner is then free, and its number the return value; -1: there is
 * none. */
int plan_take_over(struct plan *plan, int lane, uint64_t limit, uint64_t now_us);

/* How many of the bytes right before `offset`, at most `max`, have arrived. */
uint64_t plan_arrived_before(const struct plan *plan, uint64_t offset, uint64_t max);

/* The lane stopped: what is left of its range is to do again, and the lane is free. SG_E_NOMEM. */
SG_MUST_USE enum sg_status plan_release(struct plan *plan, int lane, uint64_t now_us);

/* What a lane of a source does (PLAN_ANY_SOURCE: of all of them): the median of what was measured;
 * 0: nothing was. Takes expected time proportional to the lanes. */
double plan_typical_bps(const struct plan *plan, int source, uint64_t now_us);

/* True when every byte has arrived. */
bool plan_is_complete(const struct plan *plan);

/* Bytes that have not arrived. */
uint64_t plan_remaining(const struct plan *plan);

/* The number of busy lanes. */
int plan_busy_lanes(const struct plan *plan);

/* True when the invariant holds, given what has arrived. For tests. */
bool plan_check(const struct plan *plan, const struct extents *arrived);

#endif
