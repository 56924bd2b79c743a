/* The range planner: splitting by time. */
#include "core/plan.h"

#include <math.h>

#include "base/assert.h"
#include "core/plan_internal.h"

static const double setup_guess_s = 0.1;
static const double piece_s = 0.1;      /* a piece should keep a lane busy for this long */
static const double drop_factor = 0.75; /* what is gained by giving a connection up */
static const double hopeless = 0.1;     /* of what lanes do there: such a connection is replaced */
static const double replace_s = 1.0;
static const double share_slack = 1.3; /* rates are not known that well */

static struct plan_lane *busy_lane(struct plan *plan, int lane)
{
    SG_ASSERT(lane >= 0 && lane < PLAN_LANES_MAX && plan->lanes[lane].is_busy);
    return &plan->lanes[lane];
}

static uint64_t remaining_of(const struct plan_lane *lane)
{
    return lane->end - lane->pos;
}

/* The smallest piece worth a request to a lane of this rate. */
static double piece_min(double bps)
{
    double bytes = bps * piece_s;
    if (bytes < PLAN_PIECE_MIN)
        return PLAN_PIECE_MIN;
    return bytes < PLAN_PIECE_ENOUGH ? bytes : PLAN_PIECE_ENOUGH;
}

/* What a newcomer can fetch up to the soonest end: more than that is for those who will be free
 * soon. */
static double share_of(const struct plan *plan, double new_bps, double typical, uint64_t now_us)
{
    double end_s = plan_soonest_end_s(plan, new_bps, typical, now_us);
    double share = new_bps * (end_s - plan->setup_s) * share_slack;
    bool is_slow = new_bps < typical;
    return is_slow ? share : fmax(share, piece_min(new_bps));
}

/* The tail that a newcomer takes so that owner and newcomer finish together, or as much of it as is
 * its share:
 *   end_owner - x / r_owner = setup + x / r_new
 * Where a share would be too small for a request the newcomer takes everything, or nothing: the
 * last bytes of a lane that hangs are fetched by another rather than waited for. 0 when the gain is
 * not worth it. */
static uint64_t tail_worth_taking(const struct course *owner, double new_bps, double setup_s,
                                  double share)
{
    double smallest = piece_min(new_bps);
    double x = (owner->ends_s - setup_s) / (1.0 / new_bps + 1.0 / owner->bps);
    x = fmin(x, share);
    bool is_split = x >= smallest && owner->left - x >= PLAN_PIECE_MIN;
    double end_s = is_split ? owner->ends_s - x / owner->bps : setup_s + owner->left / new_bps;
    double worth_s = is_split ? owner->ends_s : owner->ends_s * drop_factor;
    if ((worth_s - end_s) * 1e6 < PLAN_GAIN_MIN_US)
        return 0;
    return (uint64_t)(is_split ? x : owner->left);
}

static uint64_t tail_of(const struct plan *plan, const struct plan_lane *owner, double newcomer,
                        double typical, uint64_t now_us)
{
    uint64_t remaining = remaining_of(owner);
    if (typical <= 0.0)
        return remaining >= PLAN_BLIND_MIN ? remaining / 2 : 0;
    struct course course = plan_course(plan, owner, typical, now_us);
    double share = share_of(plan, newcomer, typical, now_us);
    return tail_worth_taking(&course, newcomer, plan->setup_s, share);
}

static void occupy(struct plan_lane *lane, uint64_t first, uint64_t end, uint64_t now_us)
{
    lane->granted_us = now_us;
    lane->is_busy = true;
    lane->is_receiving = false;
    lane->start = first;
    lane->pos = first;
    lane->end = end;
}

static void vacate(struct plan_lane *lane, uint64_t now_us)
{
    double bps = plan_measured_bps(lane, now_us);
    if (bps > 0.0)
        lane->last_bps = bps;
    lane->is_busy = false;
    lane->is_receiving = false;
}

/* The lane's connection is given up with its range: what was measured does not hold for the next.
 */
static void abandon(struct plan_lane *lane, uint64_t now_us)
{
    vacate(lane, now_us);
    lane->last_bps = 0.0;
}

static struct extent longest_todo(const struct plan *plan)
{
    struct extent longest = plan->todo.items[0];
    for (size_t i = 1; i < plan->todo.count; i++) {
        const struct extent *item = &plan->todo.items[i];
        if (item->to - item->from > longest.to - longest.from)
            longest = *item;
    }
    return longest;
}

/* Where what begins at `from` has to end. */
static uint64_t piece_end(const struct plan *plan, uint64_t from, uint64_t end)
{
    if (!plan->is_ascending || end - from <= PLAN_PIECE_ASCENDING)
        return end;
    return from + PLAN_PIECE_ASCENDING;
}

/* The longest stretch that nobody fetches, or the first piece of the lowest. */
static bool take_todo(struct plan *plan, struct plan_grant *grant)
{
    if (plan->todo.count == 0)
        return false;
    struct extent item = plan->is_ascending ? plan->todo.items[0] : longest_todo(plan);
    *grant = (struct plan_grant){ .first = item.from,
                                  .end = piece_end(plan, item.from, item.to),
                                  .victim = -1 };
    /* an item or its beginning is taken out: nothing is split, no memory is needed */
    enum sg_status status = extents_remove(&plan->todo, grant->first, grant->end);
    return status == SG_OK;
}

/* A connection that is far slower than the others is worth less than a new one, if there is time
 * left for that to pay: what it keeps is to do again. False where it stays. */
static bool give_up(struct plan *plan, const struct plan_lane *owner, uint64_t tail, double typical,
                    uint64_t now_us)
{
    double bps = plan_measured_bps(owner, now_us);
    bool is_hopeless = bps > 0.0 && bps < typical * hopeless;
    return is_hopeless && plan_soonest_end_s(plan, typical, typical, now_us) > replace_s &&
           extents_add(&plan->todo, owner->pos, owner->end - tail) == SG_OK;
}

static bool take_tail(struct plan *plan, const struct plan_lane *newcomer, uint64_t now_us,
                      struct plan_grant *grant)
{
    double typical = plan_expected_bps(plan, newcomer->source, now_us);
    double own_bps = newcomer->last_bps > 0.0 ? newcomer->last_bps : typical;
    int victim = plan_last_to_finish(plan, typical, now_us);
    if (victim < 0)
        return false;
    struct plan_lane *owner = &plan->lanes[victim];
    uint64_t tail = tail_of(plan, owner, own_bps, typical, now_us);
    if (tail == 0)
        return false;
    bool is_dropped = tail == remaining_of(owner) || give_up(plan, owner, tail, typical, now_us);
    *grant = (struct plan_grant){ .first = owner->end - tail,
                                  .end = owner->end,
                                  .victim = victim,
                                  .is_victim_dropped = is_dropped };
    if (is_dropped)
        abandon(owner, now_us);
    else
        owner->end -= tail;
    return true;
}

enum sg_status plan_init(struct plan *plan, uint64_t total, const struct extents *have)
{
    *plan = (struct plan){ .total = total, .setup_s = setup_guess_s };
    enum sg_status status = extents_add(&plan->todo, 0, total);
    for (size_t i = 0; i < have->count && status == SG_OK; i++)
        status = extents_remove(&plan->todo, have->items[i].from, have->items[i].to);
    if (status != SG_OK)
        plan_fini(plan);
    return status;
}

void plan_fini(struct plan *plan)
{
    extents_fini(&plan->todo);
}

bool plan_assign(struct plan *plan, int lane, int source, uint64_t now_us,
                 struct plan_grant *out_grant)
{
    SG_ASSERT(lane >= 0 && lane < PLAN_LANES_MAX && !plan->lanes[lane].is_busy);
    struct plan_lane *free_lane = &plan->lanes[lane];
    struct plan_grant grant;
    if (free_lane->source != source)
        free_lane->last_bps = 0.0; /* that was another server's */
    free_lane->source = source;
    if (!take_todo(plan, &grant) && !take_tail(plan, free_lane, now_us, &grant))
        return false;
    occupy(free_lane, grant.first, grant.end, now_us);
    *out_grant = grant;
    return true;
}

void plan_receiving(struct plan *plan, int lane, uint64_t now_us, uint64_t setup_us)
{
    struct plan_lane *busy = busy_lane(plan, lane);
    busy->is_receiving = true;
    rate_start(&busy->rate, now_us);
    double old_part = plan->is_setup_known ? 0.75 : 0.0;
    plan->setup_s = plan->setup_s * old_part + (double)setup_us / 1e6 * (1.0 - old_part);
    plan->is_setup_known = true;
}

void plan_measure_anew(struct plan *plan, uint64_t now_us)
{
    for (int i = 0; i < PLAN_LANES_MAX; i++)
        rate_start(&plan->lanes[i].rate, now_us);
}

bool plan_advance(struct plan *plan, int lane, uint64_t now_us, uint64_t n_bytes)
{
    struct plan_lane *busy = busy_lane(plan, lane);
    SG_ASSERT(n_bytes <= remaining_of(busy));
    busy->pos += n_bytes;
    rate_add(&busy->rate, now_us, n_bytes);
    if (busy->pos < busy->end)
        return false;
    vacate(busy, now_us);
    return true;
}

enum sg_status plan_ascend(struct plan *plan)
{
    plan->is_ascending = true;
    for (int i = 0; i < PLAN_LANES_MAX; i++) {
        struct plan_lane *lane = &plan->lanes[i];
        if (!lane->is_busy)
            continue;
        uint64_t end = piece_end(plan, lane->pos, lane->end);
        enum sg_status status = extents_add(&plan->todo, end, lane->end);
        if (status != SG_OK)
            return status;
        lane->end = end;
    }
    return SG_OK;
}

/* The end of the stretch to do that begins exactly at `offset`; `offset` when there is none. */
static uint64_t todo_end(const struct plan *plan, uint64_t offset)
{
    for (size_t i = 0; i < plan->todo.count; i++) {
        if (plan->todo.items[i].from == offset)
            return plan->todo.items[i].to;
    }
    return offset;
}

void plan_extend(struct plan *plan, int lane, uint64_t limit)
{
    struct plan_lane *busy = busy_lane(plan, lane);
    uint64_t end = piece_end(plan, busy->end, todo_end(plan, busy->end));
    if (end > limit)
        end = limit;
    /* the beginning of a stretch, or all of it: nothing is split, no memory is needed */
    if (end > busy->end && extents_remove(&plan->todo, busy->end, end) == SG_OK)
        busy->end = end;
}

static int waiting_owner(const struct plan *plan, uint64_t first, uint64_t limit)
{
    for (int i = 0; i < PLAN_LANES_MAX; i++) {
        const struct plan_lane *lane = &plan->lanes[i];
        bool is_waiting = lane->is_busy && !lane->is_receiving;
        if (is_waiting && lane->pos == first && lane->end <= limit)
            return i;
    }
    return -1;
}

/* Who gave the range away reached its end before the answer came: opening takes longer than was
 * believed. */
int plan_take_over(struct plan *plan, int lane, uint64_t limit, uint64_t now_us)
{
    struct plan_lane *busy = busy_lane(plan, lane);
    int owner = waiting_owner(plan, busy->end, limit);
    if (owner < 0)
        return -1;
    struct plan_lane *waiting = &plan->lanes[owner];
    double waited_s = (double)(now_us - waiting->granted_us) / 1e6;
    if (plan->setup_s < waited_s * 2.0)
        plan->setup_s = waited_s * 2.0;
    busy->end = waiting->end;
    abandon(waiting, now_us);
    return owner;
}

uint64_t plan_arrived_before(const struct plan *plan, uint64_t offset, uint64_t max)
{
    uint64_t from = offset > max ? offset - max : 0;
    for (size_t i = 0; i < plan->todo.count; i++) {
        const struct extent *item = &plan->todo.items[i];
        if (item->from < offset && item->to > from)
            from = item->to < offset ? item->to : offset;
    }
    for (int i = 0; i < PLAN_LANES_MAX; i++) {
        const struct plan_lane *lane = &plan->lanes[i];
        if (lane->is_busy && lane->pos < offset && lane->end > from)
            from = lane->end < offset ? lane->end : offset;
    }
    return offset - from;
}

enum sg_status plan_release(struct plan *plan, int lane, uint64_t now_us)
{
    struct plan_lane *busy = busy_lane(plan, lane);
    enum sg_status status = extents_add(&plan->todo, busy->pos, busy->end);
    if (status == SG_OK)
        abandon(busy, now_us);
    return status;
}

bool plan_is_complete(const struct plan *plan)
{
    return plan->todo.count == 0 && plan_busy_lanes(plan) == 0;
}

uint64_t plan_remaining(const struct plan *plan)
{
    uint64_t bytes = extents_total(&plan->todo);
    for (int i = 0; i < PLAN_LANES_MAX; i++)
        bytes += plan->lanes[i].is_busy ? remaining_of(&plan->lanes[i]) : 0;
    return bytes;
}

int plan_busy_lanes(const struct plan *plan)
{
    int n = 0;
    for (int i = 0; i < PLAN_LANES_MAX; i++)
        n += plan->lanes[i].is_busy;
    return n;
}

bool plan_check(const struct plan *plan, const struct extents *arrived)
{
    struct extents all = { 0 };
    uint64_t sum = extents_total(&plan->todo) + extents_total(arrived);
    bool is_whole = extents_check(&plan->todo) && extents_copy(&all, &plan->todo) == SG_OK;
    for (size_t i = 0; i < arrived->count && is_whole; i++)
        is_whole = extents_add(&all, arrived->items[i].from, arrived->items[i].to) == SG_OK;
    for (int i = 0; i < PLAN_LANES_MAX && is_whole; i++) {
        const struct plan_lane *lane = &plan->lanes[i];
        if (!lane->is_busy)
            continue;
        sum += remaining_of(lane);
        is_whole = lane->pos < lane->end && extents_add(&all, lane->pos, lane->end) == SG_OK;
    }
    /* no overlap: the parts add up; no gap: together they are one piece */
    is_whole = is_whole && sum == plan->total && extents_contain(&all, 0, plan->total);
    extents_fini(&all);
    return is_whole;
}
