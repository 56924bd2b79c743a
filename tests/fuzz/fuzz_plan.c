/* A plan to which the input does whatever lanes may do, in any order: the ranges never overlap and
 * never leave a gap, and when the lanes are let go on in the end every byte has been fetched. */
#include <stddef.h>
#include <stdint.h>

#include "base/assert.h"
#include "base/mem.h"
#include "core/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SOURCES = 3 };

struct input {
    const uint8_t *at;
    size_t left;
};

/* A plan with its clock and what has arrived. */
struct world {
    struct plan plan;
    struct extents arrived;
    uint64_t now_us;
};

static uint64_t pick(struct input *input, uint64_t n)
{
    uint64_t value = 0;
    for (uint64_t range = n - 1; range > 0 && input->left > 0; range >>= 8) {
        value = value << 8 | *input->at++;
        input->left--;
    }
    return value % n;
}

static void must(enum sg_status status)
{
    SG_ASSERT(status == SG_OK);
}

static void assign(struct world *w, int lane, int source)
{
    struct plan_grant grant;
    const struct plan_lane *l = &w->plan.lanes[lane];
    uint64_t before = plan_remaining(&w->plan);
    if (plan_assign(&w->plan, lane, source, w->now_us, &grant)) {
        SG_ASSERT(grant.first < grant.end && grant.victim != lane);
        SG_ASSERT(l->is_busy && l->pos == grant.first && l->end == grant.end);
        SG_ASSERT(!grant.is_victim_dropped || !w->plan.lanes[grant.victim].is_busy);
    }
    SG_ASSERT(plan_remaining(&w->plan) == before);
}

static void advance(struct world *w, int lane, uint64_t n_bytes)
{
    struct plan_lane *l = &w->plan.lanes[lane];
    uint64_t pos = l->pos;
    uint64_t n = n_bytes < l->end - pos ? n_bytes : l->end - pos;
    SG_ASSERT(!extents_contain(&w->arrived, pos, pos + 1));
    must(extents_add(&w->arrived, pos, pos + n));
    bool is_done = plan_advance(&w->plan, lane, w->now_us, n);
    SG_ASSERT(is_done == !l->is_busy);
}

static void work(struct world *w, struct input *input, int lane)
{
    struct plan_lane *l = &w->plan.lanes[lane];
    switch (pick(input, 8)) {
    case 0:
        must(plan_release(&w->plan, lane, w->now_us));
        return;
    case 1:
        plan_extend(&w->plan, lane, l->end + pick(input, 1 << 24));
        return;
    case 2:
        (void)plan_take_over(&w->plan, lane, l->end + pick(input, 1 << 24), w->now_us);
        return;
    case 3:
        must(pick(input, 64) == 0 ? plan_ascend(&w->plan) : SG_OK);
        return;
    case 4:
        advance(w, lane, l->end - l->pos);
        return;
    default:
        advance(w, lane, 1 + pick(input, 1 << 20));
    }
}

static void act(struct world *w, struct input *input)
{
    int lane = (int)pick(input, PLAN_LANES_MAX);
    struct plan_lane *l = &w->plan.lanes[lane];
    w->now_us += pick(input, 3) == 0 ? pick(input, 1 << 22) : 0;
    if (!l->is_busy)
        assign(w, lane, (int)pick(input, SOURCES));
    else if (!l->is_receiving)
        plan_receiving(&w->plan, lane, w->now_us, pick(input, 1 << 20));
    else
        work(w, input, lane);
}

/* One lane does what is left: nothing may be out of its reach. */
static void finish(struct world *w)
{
    for (int i = 0; i < PLAN_LANES_MAX; i++)
        must(w->plan.lanes[i].is_busy ? plan_release(&w->plan, i, w->now_us) : SG_OK);
    while (!plan_is_complete(&w->plan)) {
        assign(w, 0, 0);
        SG_ASSERT(w->plan.lanes[0].is_busy);
        plan_receiving(&w->plan, 0, w->now_us, 0);
        advance(w, 0, UINT64_MAX);
    }
    SG_ASSERT(extents_contain(&w->arrived, 0, w->plan.total));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct extents nothing = { 0 };
    struct input input = { data, size };
    struct world w = { .now_us = 1 };
    must(plan_init(&w.plan, pick(&input, (uint64_t)1 << 28), &nothing));
    while (input.left > 0) {
        act(&w, &input);
        SG_ASSERT(plan_check(&w.plan, &w.arrived));
    }
    finish(&w);
    plan_fini(&w.plan);
    extents_fini(&w.arrived);
    SG_ASSERT(sg_mem_live() == 0);
    return 0;
}
