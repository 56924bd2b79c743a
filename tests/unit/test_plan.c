/* The range planner: stories of splitting, and random operations with the invariant looked at after
 * each. */
#include "core/plan.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"

enum { KIB = 1024, MIB = 1024 * 1024, MS = 1000, SECOND = 1000000, STEPS = 200000 };

static const struct extents nothing = { 0 };

/* A plan with its clock and what has arrived. */
struct world {
    struct plan plan;
    struct extents arrived;
    uint64_t now_us;
};

static void check(const struct world *w)
{
    assert_true(plan_check(&w->plan, &w->arrived));
}

static void begin(struct world *w, uint64_t total)
{
    *w = (struct world){ .now_us = SECOND };
    assert_int_equal(plan_init(&w->plan, total, &nothing), SG_OK);
    check(w);
}

static void finish(struct world *w)
{
    check(w);
    plan_fini(&w->plan);
    extents_fini(&w->arrived);
    assert_int_equal(sg_mem_live(), 0);
}

static struct plan_grant assign(struct world *w, int lane)
{
    struct plan_grant grant;
    assert_true(plan_assign(&w->plan, lane, 0, w->now_us, &grant));
    assert_true(grant.first < grant.end);
    check(w);
    return grant;
}

static void assert_nothing_to_do(struct world *w, int lane)
{
    struct plan_grant grant = { .victim = 77 };
    assert_false(plan_assign(&w->plan, lane, 0, w->now_us, &grant));
    assert_int_equal(grant.victim, 77);
    check(w);
}

static bool arrive(struct world *w, int lane, uint64_t n_bytes)
{
    uint64_t pos = w->plan.lanes[lane].pos;
    assert_int_equal(extents_add(&w->arrived, pos, pos + n_bytes), SG_OK);
    return plan_advance(&w->plan, lane, w->now_us, n_bytes);
}

/* The busy lanes receive at these rates (bytes per second; 0: silent) for `ms`. */
static void flow(struct world *w, const double *rates_bps, int n, int ms)
{
    for (int t = 0; t < ms; t += 10) {
        w->now_us += 10 * MS;
        for (int i = 0; i < n; i++) {
            const struct plan_lane *lane = &w->plan.lanes[i];
            uint64_t bytes = (uint64_t)(rates_bps[i] / 100.0);
            if (!lane->is_busy || bytes == 0)
                continue;
            uint64_t left = lane->end - lane->pos;
            arrive(w, i, bytes < left ? bytes : left);
        }
    }
    check(w);
}

static void start(struct world *w, int lane)
{
    assign(w, lane);
    plan_receiving(&w->plan, lane, w->now_us, 50 * MS);
}

static uint64_t left_of(const struct world *w, int lane)
{
    return w->plan.lanes[lane].end - w->plan.lanes[lane].pos;
}

/* ---- the beginning ---- */

static void plan__first_lane__gets_everything(void **state)
{
    (void)state;
    struct world w;
    begin(&w, 10 * MIB);
    struct plan_grant grant = assign(&w, 5);
    assert_int_equal(grant.first, 0);
    assert_int_equal(grant.end, 10 * MIB);
    assert_int_equal(grant.victim, -1);
    assert_int_equal(plan_busy_lanes(&w.plan), 1);
    finish(&w);
}

static void plan__empty_file__is_complete(void **state)
{
    (void)state;
    struct world w;
    begin(&w, 0);
    assert_true(plan_is_complete(&w.plan));
    assert_nothing_to_do(&w, 0);
    finish(&w);
}

static void plan__resumed__hands_out_the_longest_gap_first(void **state)
{
    (void)state;
    struct world w = { .now_us = 1 };
    assert_int_equal(extents_add(&w.arrived, 0, 100), SG_OK);
    assert_int_equal(extents_add(&w.arrived, 200, 300), SG_OK);
    assert_int_equal(extents_add(&w.arrived, 900, 1000), SG_OK);
    assert_int_equal(plan_init(&w.plan, 1000, &w.arrived), SG_OK);
    assert_int_equal(plan_remaining(&w.plan), 700);
    struct plan_grant grant = assign(&w, 0);
    assert_int_equal(grant.first, 300);
    assert_int_equal(grant.end, 900);
    grant = assign(&w, 1);
    assert_int_equal(grant.first, 100);
    assert_int_equal(grant.end, 200);
    assert_nothing_to_do(&w, 2);
    finish(&w);
}

static void plan__lane_whose_rate_is_unknown__is_halved_when_large(void **state)
{
    (void)state;
    struct world w;
    begin(&w, 8 * MIB);
    assign(&w, 0);
    struct plan_grant grant = assign(&w, 1);
    assert_int_equal(grant.victim, 0);
    assert_false(grant.is_victim_dropped);
    assert_int_equal(grant.first, 4 * MIB);
    finish(&w);
    begin(&w, PLAN_BLIND_MIN - 1);
    assign(&w, 0);
    assert_nothing_to_do(&w, 1);
    finish(&w);
}

/* ---- splitting by time ---- */

static void assert_finish_together(double owner_bps, double new_bps)
{
    struct world w;
    const double rates[] = { owner_bps, new_bps };
    begin(&w, 200 * (uint64_t)MIB);
    start(&w, 0);
    assign(&w, 1);
    plan_receiving(&w.plan, 1, w.now_us, 50 * MS);
    flow(&w, rates, 2, 3000);
    arrive(&w, 1, left_of(&w, 1)); /* lane 1 is free, and its rate is known */
    w.plan.lanes[1].last_bps = new_bps;
    struct plan_grant grant = assign(&w, 1);
    assert_int_equal(grant.victim, 0);
    double owner_s = (double)left_of(&w, 0) / owner_bps;
    double new_s = w.plan.setup_s + (double)left_of(&w, 1) / new_bps;
    if (fabs(owner_s - new_s) > 0.05 * owner_s + 0.01)
        fail_msg("owner ends after %f s, newcomer after %f s", owner_s, new_s);
    finish(&w);
}

static void plan__split__lets_both_finish_together(void **state)
{
    (void)state;
    assert_finish_together(1.0 * MIB, 1.0 * MIB);
    assert_finish_together(1.0 * MIB, 4.0 * MIB);
    assert_finish_together(4.0 * MIB, 0.5 * MIB);
    assert_finish_together(600.0 * KIB, 5.0 * MIB);
}

/* Another connection will hardly be as bad; a moment before the end that would not pay. */
static void plan__owner_is_hopeless__loses_its_connection_while_that_pays(void **state)
{
    (void)state;
    struct world w;
    const double rates[] = { 50.0 * KIB, 5.0 * MIB };
    begin(&w, 60 * MIB);
    start(&w, 0);
    start(&w, 1);
    flow(&w, rates, 2, 5900);
    assert_true(assign(&w, 2).is_victim_dropped);
    assert_true(w.plan.todo.count > 0);
    finish(&w);
}

/* A mirror's lanes say what its next lane will do, whatever the others do. */
static void plan__lanes_of_a_source__are_alike(void **state)
{
    (void)state;
    struct world w;
    struct plan_grant grant;
    begin(&w, 64 * MIB);
    start(&w, 0);
    assert_true(plan_assign(&w.plan, 1, 7, w.now_us, &grant));
    plan_receiving(&w.plan, 1, w.now_us, 50 * MS);
    const double rates_bps[] = { 4 * MIB, 1 * MIB };
    flow(&w, rates_bps, 2, 1000);
    assert_true(fabs(plan_typical_bps(&w.plan, 0, w.now_us) - 4 * MIB) <= 0.1 * MIB);
    assert_true(fabs(plan_typical_bps(&w.plan, 7, w.now_us) - 1 * MIB) <= 0.1 * MIB);
    assert_true(fabs(plan_typical_bps(&w.plan, 3, w.now_us) - 0.0) <= 0.0);
    assert_true(plan_typical_bps(&w.plan, PLAN_ANY_SOURCE, w.now_us) > 0.0);
    finish(&w);
}

/* Another lane would be a little faster, but a connection would be lost: no. */
static void plan__small_rest__is_not_taken_for_a_small_gain(void **state)
{
    (void)state;
    struct world w;
    begin(&w, 200 * KIB);
    start(&w, 0);
    const double rates_bps[] = { 60 * KIB };
    flow(&w, rates_bps, 1, 3000);
    assert_in_range(left_of(&w, 0), 16 * KIB, 24 * KIB);
    w.plan.lanes[1].last_bps = 80 * KIB;
    assert_nothing_to_do(&w, 1);
    w.plan.lanes[1].last_bps = 800 * KIB;
    struct plan_grant grant = assign(&w, 1);
    assert_true(grant.is_victim_dropped);
    finish(&w);
}

static void plan__last_to_finish__is_the_victim(void **state)
{
    (void)state;
    struct world w;
    const double rates[] = { 4.0 * MIB, 0.25 * MIB, 4.0 * MIB };
    begin(&w, 60 * MIB);
    for (int i = 0; i < 3; i++)
        start(&w, i);
    flow(&w, rates, 3, 1500);
    assert_int_equal(assign(&w, 3).victim, 1);
    finish(&w);
}

/* All but the slow lane will be free in a moment: there is something for each of them. */
static void plan__others_will_soon_be_free__leaves_them_their_share(void **state)
{
    (void)state;
    struct world w;
    const double rates[] = { 0.3 * MIB, 2.0 * MIB, 2.0 * MIB, 2.0 * MIB };
    begin(&w, 32 * MIB);
    for (int i = 0; i < 4; i++)
        start(&w, i);
    flow(&w, rates, 4, 3900);
    assert_in_range(left_of(&w, 0), 6 * MIB, 8 * MIB);
    for (int i = 4; i < 7; i++) {
        struct plan_grant grant = assign(&w, i);
        assert_int_equal(grant.victim, 0);
        assert_in_range(grant.end - grant.first, MIB, 3 * MIB);
    }
    finish(&w);
}

static void plan__nothing_is_gained__is_not_split(void **state)
{
    (void)state;
    struct world w;
    const double rates[] = { 4.0 * MIB };
    begin(&w, 2 * MIB);
    start(&w, 0);
    flow(&w, rates, 1, 450); /* ends in 50 ms: no newcomer could be there by then */
    assert_nothing_to_do(&w, 1);
    finish(&w);
}

static void plan__small_rest_of_slow_lane__is_taken_whole(void **state)
{
    (void)state;
    struct world w;
    const double rates[] = { 20.0 * KIB, 2.0 * MIB };
    begin(&w, 4 * MIB);
    start(&w, 0);
    start(&w, 1);
    flow(&w, rates, 2, 1200);
    arrive(&w, 0, left_of(&w, 0) - 200 * KIB);
    flow(&w, rates, 2, 7000); /* lane 1 is through, lane 0 slowly comes to its last 60 KiB */
    assert_false(w.plan.lanes[1].is_busy);
    struct plan_grant grant = assign(&w, 1);
    assert_int_equal(grant.victim, 0);
    assert_true(grant.is_victim_dropped);
    assert_false(w.plan.lanes[0].is_busy);
    finish(&w);
}

static void plan__silent_lane__is_robbed_of_everything(void **state)
{
    (void)state;
    static const uint64_t rests[] = { 1, 30 * KIB, 100 * KIB, MIB, 20 * MIB };
    for (size_t i = 0; i < sizeof rests / sizeof rests[0]; i++) {
        struct world w;
        const double rates[] = { 1.0 * MIB, 1.0 * MIB };
        const double silence[] = { 0.0, 1.0 * MIB };
        begin(&w, 100 * MIB);
        start(&w, 0);
        start(&w, 1);
        flow(&w, rates, 2, 1000);
        arrive(&w, 0, left_of(&w, 0) - rests[i]);
        flow(&w, silence, 2, 30000); /* long enough for one byte to seem far away */
        arrive(&w, 1, left_of(&w, 1));
        struct plan_grant grant = assign(&w, 1);
        assert_int_equal(grant.victim, 0);
        assert_true(grant.is_victim_dropped);
        assert_int_equal(grant.end - grant.first, rests[i]);
        finish(&w);
    }
}

static void plan__lane_silent_for_two_seconds__loses_its_tail(void **state)
{
    (void)state;
    struct world w;
    const double rates[] = { 1.0 * MIB, 1.0 * MIB };
    const double silence[] = { 0.0, 1.0 * MIB };
    begin(&w, 20 * MIB);
    start(&w, 0);
    start(&w, 1);
    flow(&w, rates, 2, 2000);
    flow(&w, silence, 2, 2000);
    uint64_t left = left_of(&w, 0);
    arrive(&w, 1, left_of(&w, 1));
    struct plan_grant grant = assign(&w, 1);
    assert_int_equal(grant.victim, 0);
    assert_true(grant.end - grant.first > left * 3 / 4);
    finish(&w);
}

/* A connection that stalled says nothing about the next one on the same lane. */
static void plan__lane_that_stalled__gets_a_fair_share_again(void **state)
{
    (void)state;
    struct world w;
    const double rates[] = { 1.0 * MIB, 1.0 * MIB };
    const double silence[] = { 0.0, 1.0 * MIB };
    begin(&w, 100 * MIB);
    start(&w, 0);
    start(&w, 1);
    flow(&w, rates, 2, 1000);
    flow(&w, silence, 2, 10000);
    assert_int_equal(plan_release(&w.plan, 0, w.now_us), SG_OK);
    start(&w, 2); /* somebody else takes what it left */
    flow(&w, rates, 2, 1000);
    struct plan_grant grant = assign(&w, 0);
    assert_true(grant.end - grant.first > 10 * MIB);
    finish(&w);
}

static void plan__released__is_to_do_again(void **state)
{
    (void)state;
    struct world w;
    begin(&w, MIB);
    start(&w, 0);
    arrive(&w, 0, 1000);
    assert_int_equal(plan_release(&w.plan, 0, w.now_us), SG_OK);
    check(&w);
    assert_int_equal(plan_busy_lanes(&w.plan), 0);
    assert_int_equal(plan_remaining(&w.plan), MIB - 1000);
    struct plan_grant grant = assign(&w, 1);
    assert_int_equal(grant.first, 1000);
    assert_int_equal(grant.end, MIB);
    finish(&w);
}

static void plan__request_goes_on__takes_what_follows_and_is_to_do(void **state)
{
    (void)state;
    struct world w;
    const double rates[] = { 1.0 * MIB };
    begin(&w, 8 * MIB);
    start(&w, 0);
    flow(&w, rates, 1, 1000);
    struct plan_grant grant = assign(&w, 1);
    plan_extend(&w.plan, 0, 8 * MIB);
    assert_int_equal(w.plan.lanes[0].end, grant.first); /* it is somebody's */
    assert_int_equal(plan_release(&w.plan, 1, w.now_us), SG_OK);
    plan_extend(&w.plan, 0, grant.first + 5);
    assert_int_equal(w.plan.lanes[0].end, grant.first + 5);
    check(&w);
    plan_extend(&w.plan, 0, 8 * MIB);
    assert_int_equal(w.plan.lanes[0].end, 8 * MIB);
    check(&w);
    finish(&w);
}

static void plan__owner_behind_has_no_answer_yet__loses_its_range(void **state)
{
    (void)state;
    struct world w;
    const double rates[] = { 1.0 * MIB };
    begin(&w, 8 * MIB);
    start(&w, 0);
    flow(&w, rates, 1, 1000);
    struct plan_grant grant = assign(&w, 1);
    assert_int_equal(plan_take_over(&w.plan, 0, grant.end - 1, w.now_us), -1);
    flow(&w, rates, 1, 2000);
    assert_int_equal(plan_take_over(&w.plan, 0, grant.end, w.now_us), 1);
    assert_int_equal(w.plan.lanes[0].end, grant.end);
    assert_false(w.plan.lanes[1].is_busy);
    assert_true(w.plan.setup_s >= 4.0); /* it was waited for for two seconds */
    check(&w);
    finish(&w);
}

static void plan__owner_behind_receives__keeps_its_range(void **state)
{
    (void)state;
    struct world w;
    const double rates[] = { 1.0 * MIB };
    begin(&w, 8 * MIB);
    start(&w, 0);
    flow(&w, rates, 1, 1000);
    assign(&w, 1);
    plan_receiving(&w.plan, 1, w.now_us, 0);
    assert_int_equal(plan_take_over(&w.plan, 0, 8 * MIB, w.now_us), -1);
    finish(&w);
}

static void plan__arrived_before__counts_what_touches(void **state)
{
    (void)state;
    struct world w;
    begin(&w, MIB);
    start(&w, 0);
    assert_int_equal(plan_arrived_before(&w.plan, 0, 100), 0);
    assert_int_equal(plan_arrived_before(&w.plan, 50, 100), 0);
    arrive(&w, 0, 1000);
    assert_int_equal(plan_arrived_before(&w.plan, 1000, 100), 100);
    assert_int_equal(plan_arrived_before(&w.plan, 1000, 5000), 1000);
    assert_int_equal(plan_arrived_before(&w.plan, 1001, 5000), 0);
    assert_int_equal(plan_release(&w.plan, 0, w.now_us), SG_OK);
    assert_int_equal(plan_arrived_before(&w.plan, 1000, 5000), 1000);
    assert_int_equal(plan_arrived_before(&w.plan, 1001, 5000), 0);
    finish(&w);
}

static void plan__ascending__hands_out_pieces_from_the_low_end(void **state)
{
    (void)state;
    struct world w;
    begin(&w, 64 * MIB);
    start(&w, 0);
    arrive(&w, 0, 1000);
    assert_int_equal(plan_ascend(&w.plan), SG_OK);
    check(&w);
    const uint64_t first_end = 1000 + PLAN_PIECE_ASCENDING;
    assert_int_equal(w.plan.lanes[0].end, first_end);
    struct plan_grant grant = assign(&w, 1);
    assert_int_equal(grant.first, first_end);
    assert_int_equal(grant.end, first_end + PLAN_PIECE_ASCENDING);
    plan_extend(&w.plan, 1, 64 * MIB);
    assert_int_equal(w.plan.lanes[1].end, grant.end + PLAN_PIECE_ASCENDING);
    check(&w);
    finish(&w);
}

static void plan__enormous_file__is_split_without_rounding_over(void **state)
{
    (void)state;
    static const uint64_t totals[] = { INT64_MAX, INT64_MAX - 1, ((uint64_t)1 << 60) + 1 };
    for (size_t i = 0; i < sizeof totals / sizeof totals[0]; i++) {
        struct world w;
        const double rates[PLAN_LANES_MAX] = { 1.0 * MIB };
        begin(&w, totals[i]);
        start(&w, 0);
        flow(&w, rates, 1, 1000);
        for (int lane = 1; lane < PLAN_LANES_MAX; lane++) {
            assign(&w, lane);
            plan_receiving(&w.plan, lane, w.now_us, 0);
        }
        flow(&w, rates, 1, 20000);
        assert_int_equal(plan_release(&w.plan, 63, w.now_us), SG_OK);
        assign(&w, 63);
        finish(&w);
    }
}

static void plan__memory_runs_out__changes_nothing(void **state)
{
    (void)state;
    struct plan plan;
    struct extents have = { 0 };
    assert_int_equal(extents_add(&have, 10, 20), SG_OK);
    sg_mem_fail_after(0);
    assert_int_equal(plan_init(&plan, 100, &have), SG_E_NOMEM);
    sg_mem_fail_after(UINT64_MAX);
    extents_fini(&have);
    assert_int_equal(sg_mem_live(), 0);
}

/* ---- random operations ---- */

static uint64_t random_state = 88172645463325252u;

static uint64_t pick(uint64_t n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % n;
}

static void random_step(struct world *w)
{
    int lane = (int)pick(pick(4) == 0 ? PLAN_LANES_MAX : 6);
    struct plan_lane *l = &w->plan.lanes[lane];
    struct plan_grant grant;
    w->now_us += pick(3) == 0 ? pick(300 * MS) : 0;
    if (!l->is_busy) {
        uint64_t before = plan_remaining(&w->plan);
        if (plan_assign(&w->plan, lane, 0, w->now_us, &grant)) {
            assert_int_equal(l->pos, grant.first);
            assert_int_equal(l->end, grant.end);
            assert_true(grant.victim != lane);
            if (grant.victim >= 0 && !grant.is_victim_dropped)
                assert_int_equal(w->plan.lanes[grant.victim].end, grant.first);
        }
        assert_int_equal(plan_remaining(&w->plan), before);
    } else if (!l->is_receiving && pick(4) != 0) {
        plan_receiving(&w->plan, lane, w->now_us, pick(500 * MS));
    } else if (pick(30) == 0) {
        assert_int_equal(plan_ascend(&w->plan), SG_OK);
    } else if (pick(12) == 0) {
        plan_take_over(&w->plan, lane, l->end + pick(8 * MIB), w->now_us);
    } else if (pick(12) == 0) {
        plan_extend(&w->plan, lane, l->end + pick(MIB));
    } else if (pick(12) == 0) {
        assert_int_equal(plan_release(&w->plan, lane, w->now_us), SG_OK);
    } else {
        uint64_t left = l->end - l->pos;
        uint64_t n = pick(20) == 0 ? left : pick(128 * KIB);
        bool is_done = arrive(w, lane, n < left ? n : left);
        assert_int_equal(is_done, !l->is_busy);
    }
}

static void plan__random_operations__never_leave_a_gap_or_an_overlap(void **state)
{
    (void)state;
    for (int steps = 0; steps < STEPS;) {
        struct world w;
        begin(&w, pick(5) == 0 ? pick(1000) : pick(64 * MIB));
        for (int i = 0; i < 3000 && !plan_is_complete(&w.plan); i++, steps++) {
            random_step(&w);
            check(&w);
        }
        assert_int_equal(plan_is_complete(&w.plan), extents_contain(&w.arrived, 0, w.plan.total));
        finish(&w);
        steps++;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plan__first_lane__gets_everything),
        cmocka_unit_test(plan__empty_file__is_complete),
        cmocka_unit_test(plan__resumed__hands_out_the_longest_gap_first),
        cmocka_unit_test(plan__lane_whose_rate_is_unknown__is_halved_when_large),
        cmocka_unit_test(plan__split__lets_both_finish_together),
        cmocka_unit_test(plan__owner_is_hopeless__loses_its_connection_while_that_pays),
        cmocka_unit_test(plan__lanes_of_a_source__are_alike),
        cmocka_unit_test(plan__small_rest__is_not_taken_for_a_small_gain),
        cmocka_unit_test(plan__last_to_finish__is_the_victim),
        cmocka_unit_test(plan__others_will_soon_be_free__leaves_them_their_share),
        cmocka_unit_test(plan__nothing_is_gained__is_not_split),
        cmocka_unit_test(plan__small_rest_of_slow_lane__is_taken_whole),
        cmocka_unit_test(plan__silent_lane__is_robbed_of_everything),
        cmocka_unit_test(plan__lane_silent_for_two_seconds__loses_its_tail),
        cmocka_unit_test(plan__lane_that_stalled__gets_a_fair_share_again),
        cmocka_unit_test(plan__released__is_to_do_again),
        cmocka_unit_test(plan__request_goes_on__takes_what_follows_and_is_to_do),
        cmocka_unit_test(plan__owner_behind_has_no_answer_yet__loses_its_range),
        cmocka_unit_test(plan__owner_behind_receives__keeps_its_range),
        cmocka_unit_test(plan__arrived_before__counts_what_touches),
        cmocka_unit_test(plan__ascending__hands_out_pieces_from_the_low_end),
        cmocka_unit_test(plan__enormous_file__is_split_without_rounding_over),
        cmocka_unit_test(plan__memory_runs_out__changes_nothing),
        cmocka_unit_test(plan__random_operations__never_leave_a_gap_or_an_overlap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
