/* Fair shares under rate limits, in virtual time: takers whose bytes come at a rate, and who look
 * when they like. What they get is compared with max-min fairness as arithmetic has it. */
#include "core/share.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum {
    KIB = 1024,
    MIB = 1024 * KIB,
    GROUPS_MAX = 6,
    TAKERS_MAX = 64,
    PORTION = 16 * KIB,
    HELD_MAX = 8 * MIB, /* what comes together for a taker that waits */
    STEP_US = 5000,
    DEAL_US = 20000,
    SECONDS = 10,
};

struct taker {
    struct share_taker share;
    double rate_bps; /* at which its bytes come */
    double held;
    double got;
    double fair_bps;
};

struct group {
    struct share_group share;
    uint64_t limit_bps;
    int n_takers;
    struct taker takers[TAKERS_MAX];
    double got;
    double fair_bps;
};

struct scene {
    struct share share;
    uint64_t random;
    uint64_t now_us;
    uint64_t next_deal_us; /* UINT64_MAX: nobody waits */
    uint64_t n_deals;
    int n_groups;
    struct group groups[GROUPS_MAX];
    double got;
    double got_in_second;
    double most_in_second;
    double least_in_second;
};

static uint64_t dice(struct scene *scene, uint64_t n)
{
    scene->random = scene->random * 6364136223846793005u + 1442695040888963407u;
    return (scene->random >> 33) % n;
}

static void begin(struct scene *scene, uint64_t limit_bps)
{
    *scene = (struct scene){ .random = 1, .next_deal_us = UINT64_MAX, .least_in_second = 1e18 };
    share_init(&scene->share);
    share_set_rate(&scene->share, limit_bps, 0);
}

static struct group *add_group(struct scene *scene, int n_takers, uint64_t limit_bps,
                               double rate_bps)
{
    struct group *group = &scene->groups[scene->n_groups++];
    *group = (struct group){ .n_takers = n_takers, .limit_bps = limit_bps };
    share_group_open(&scene->share, &group->share);
    share_group_set_rate(&group->share, limit_bps, scene->now_us);
    for (int i = 0; i < n_takers; i++) {
        group->takers[i].rate_bps = rate_bps;
        share_taker_open(&group->share, &group->takers[i].share);
    }
    return group;
}

static bool take(struct scene *scene, struct group *group, struct taker *taker)
{
    double portion = taker->held < PORTION ? taker->held : PORTION;
    uint64_t n_bytes = (uint64_t)portion;
    uint64_t n = share_ask(&taker->share, n_bytes, scene->now_us);
    assert_true(n <= n_bytes);
    share_charge(&taker->share, n);
    taker->held -= (double)n;
    taker->got += (double)n;
    group->got += (double)n;
    scene->got += (double)n;
    scene->got_in_second += (double)n;
    if (n < n_bytes && scene->next_deal_us == UINT64_MAX)
        scene->next_deal_us = scene->now_us + DEAL_US;
    return n == n_bytes && n > 0;
}

static void let_take(struct scene *scene, struct group *group, struct taker *taker)
{
    taker->held += taker->rate_bps * STEP_US / 1e6;
    if (taker->held > HELD_MAX)
        taker->held = HELD_MAX;
    while (sg_list_is_empty(&taker->share.node) && taker->held >= 1.0 &&
           take(scene, group, taker)) {
    }
}

static void deal(struct scene *scene)
{
    struct sg_list woken;
    sg_list_init(&woken);
    scene->n_deals++;
    bool is_more = share_deal(&scene->share, scene->now_us, &woken);
    scene->next_deal_us = is_more ? scene->now_us + DEAL_US + dice(scene, 2 * STEP_US) : UINT64_MAX;
    while (sg_list_pop(&woken) != NULL) {
    }
}

static void step(struct scene *scene)
{
    scene->now_us += STEP_US;
    if (scene->now_us >= scene->next_deal_us)
        deal(scene);
    int first = (int)dice(scene, (uint64_t)scene->n_groups);
    for (int g = 0; g < scene->n_groups; g++) {
        struct group *group = &scene->groups[(first + g) % scene->n_groups];
        for (int t = 0; t < group->n_takers; t++)
            let_take(scene, group, &group->takers[t]);
    }
    assert_true(share_check(&scene->share));
}

static void run_second(struct scene *scene)
{
    scene->got_in_second = 0;
    for (int i = 0; i < 1000000 / STEP_US; i++)
        step(scene);
    if (scene->got_in_second > scene->most_in_second)
        scene->most_in_second = scene->got_in_second;
    if (scene->got_in_second < scene->least_in_second)
        scene->least_in_second = scene->got_in_second;
}

static void run(struct scene *scene, int seconds)
{
    for (int i = 0; i < seconds; i++)
        run_second(scene);
}

static void end(struct scene *scene)
{
    for (int g = 0; g < scene->n_groups; g++) {
        for (int t = 0; t < scene->groups[g].n_takers; t++)
            share_taker_leave(&scene->groups[g].takers[t].share);
        share_group_close(&scene->groups[g].share);
    }
    assert_int_equal(scene->share.given, 0);
}

static void assert_near(double value, double wanted, double slack, const char *what, uint64_t seed)
{
    if (value >= wanted - slack && value <= wanted + slack)
        return;
    fail_msg("%s is %.0f, not %.0f +- %.0f (seed %llu)", what, value, wanted, slack,
             (unsigned long long)seed);
}

/* ---- max-min fairness ---- */

/* Fills all up together, each to its demand, until `total` is spent. */
static void fill(double total, const double *demands, double *out, int n)
{
    double left = total;
    int n_open = n;
    for (int i = 0; i < n; i++)
        out[i] = -1.0;
    while (n_open > 0) {
        double part = left / n_open;
        int n_before = n_open;
        for (int i = 0; i < n; i++) {
            if (out[i] >= 0.0 || demands[i] > part)
                continue;
            out[i] = demands[i];
            left -= demands[i];
            n_open--;
        }
        if (n_open < n_before)
            continue;
        for (int i = 0; i < n; i++)
            out[i] = out[i] < 0.0 ? part : out[i];
        return;
    }
}

static double demand_of(const struct group *group)
{
    double sum = 0.0;
    for (int i = 0; i < group->n_takers; i++)
        sum += group->takers[i].rate_bps;
    return group->limit_bps > 0 && sum > (double)group->limit_bps ? (double)group->limit_bps : sum;
}

static void divide_group(struct group *group)
{
    double demands[TAKERS_MAX] = { 0 };
    double fair[TAKERS_MAX];
    for (int i = 0; i < group->n_takers; i++)
        demands[i] = group->takers[i].rate_bps;
    fill(group->fair_bps, demands, fair, group->n_takers);
    for (int i = 0; i < group->n_takers; i++)
        group->takers[i].fair_bps = fair[i];
}

static double divide(struct scene *scene)
{
    double demands[GROUPS_MAX] = { 0 };
    double fair[GROUPS_MAX];
    double sum = 0.0;
    for (int i = 0; i < scene->n_groups; i++)
        demands[i] = demand_of(&scene->groups[i]);
    fill((double)scene->share.bucket.rate_bps, demands, fair, scene->n_groups);
    for (int i = 0; i < scene->n_groups; i++) {
        scene->groups[i].fair_bps = fair[i];
        divide_group(&scene->groups[i]);
        sum += fair[i];
    }
    return sum;
}

/* ---- tests ---- */

static void share__no_limit__everything_may_be_taken(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, 0);
    struct group *group = add_group(&scene, 2, 0, 0);
    assert_false(share_is_limited(&group->share));
    assert_int_equal(share_ask(&group->takers[0].share, 1000 * MIB, 0), 1000 * MIB);
    share_charge(&group->takers[0].share, 1000 * MIB);
    assert_int_equal(share_ask(&group->takers[0].share, 1000 * MIB, 0), 1000 * MIB);
    run(&scene, 1);
    assert_int_equal(scene.n_deals, 0);
    end(&scene);
}

static void share__sixteen_lanes_and_one__jobs_get_the_same(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, MIB);
    struct group *many = add_group(&scene, 16, 0, 10 * MIB);
    struct group *one = add_group(&scene, 1, 0, 10 * MIB);
    run(&scene, SECONDS);
    assert_near(many->got, 5 * MIB, 0.15 * MIB, "the job with sixteen lanes", 1);
    assert_near(one->got, 5 * MIB, 0.15 * MIB, "the job with one lane", 1);
    for (int i = 0; i < 16; i++)
        assert_near(many->takers[i].got, 5.0 * MIB / 16, 3 * PORTION, "a lane", 1);
    end(&scene);
}

static void share__one_has_a_limit_of_its_own__leaves_the_rest(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, MIB);
    struct group *held = add_group(&scene, 4, 100 * KIB, 10 * MIB);
    struct group *other = add_group(&scene, 4, 0, 10 * MIB);
    run(&scene, SECONDS);
    assert_near(held->got, 1000 * KIB, 30 * KIB, "the limited one", 1);
    assert_near(other->got, 10 * MIB - 1000 * KIB, 300 * KIB, "the other one", 1);
    end(&scene);
}

static void share__one_has_a_slow_server__leaves_the_rest(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, MIB);
    struct group *slow = add_group(&scene, 1, 0, 50 * KIB);
    struct group *other = add_group(&scene, 4, 0, 10 * MIB);
    run(&scene, SECONDS);
    assert_near(slow->got, 500 * KIB, 25 * KIB, "the slow one", 1);
    assert_near(other->got, 10 * MIB - 500 * KIB, 300 * KIB, "the other one", 1);
    end(&scene);
}

/* What it did not want before is not owed to it. */
static void share__one_comes_later__gets_half_and_not_more(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, MIB);
    struct group *early = add_group(&scene, 2, 0, 10 * MIB);
    struct group *late = add_group(&scene, 2, 0, 0);
    run(&scene, SECONDS);
    double before = early->got;
    late->takers[0].rate_bps = late->takers[1].rate_bps = 10 * MIB;
    run(&scene, 2);
    assert_near(early->got - before, MIB, 0.05 * MIB, "the early one", 1);
    assert_near(late->got, MIB, 0.05 * MIB, "the late one", 1);
    end(&scene);
}

static void share__low_limit_and_many_lanes__every_second_and_every_lane_has_some(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, 10 * KIB);
    struct group *group = add_group(&scene, 64, 0, 10 * MIB);
    run(&scene, SECONDS);
    assert_near(scene.got, 100 * KIB, 3 * KIB, "all", 1);
    assert_in_range((uint64_t)scene.least_in_second, 9 * KIB, 10 * KIB);
    assert_in_range((uint64_t)scene.most_in_second, 10 * KIB, 11 * KIB);
    for (int i = 0; i < 64; i++)
        assert_true(group->takers[i].got > 0);
    end(&scene);
}

static void share__limit_taken_away__those_who_wait_are_woken(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, 10 * KIB);
    add_group(&scene, 8, 0, MIB);
    run(&scene, 2);
    assert_true(scene.next_deal_us < UINT64_MAX);
    share_set_rate(&scene.share, 0, scene.now_us);
    deal(&scene);
    assert_true(scene.next_deal_us == UINT64_MAX); /* nothing is to be done any more */
    scene.got = 0;
    uint64_t n_deals = scene.n_deals;
    run(&scene, 1);
    assert_true(scene.got >= 8 * MIB);
    assert_int_equal(scene.n_deals, n_deals);
    end(&scene);
}

static void share__limit_lowered_and_raised__holds_within_the_next_second(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, 10 * MIB);
    add_group(&scene, 4, 0, 20 * MIB);
    run(&scene, 2);
    share_set_rate(&scene.share, 100 * KIB, scene.now_us);
    run_second(&scene);
    assert_near(scene.got_in_second, 100 * KIB, 11 * KIB, "the second after", 1);
    share_set_rate(&scene.share, 10 * MIB, scene.now_us);
    run_second(&scene);
    assert_near(scene.got_in_second, 10 * MIB, MIB, "the second after that", 1);
    end(&scene);
}

/* A seam is taken whatever the limit says, and is waited for. */
static void share__more_charged_than_granted__is_waited_for(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, 10 * KIB);
    struct group *group = add_group(&scene, 1, 0, MIB);
    share_charge(&group->takers[0].share, 10 * KIB);
    run(&scene, SECONDS);
    assert_near(scene.got, 90 * KIB, 3 * KIB, "what was taken", 1);
    end(&scene);
}

static void share__taker_does_not_take__others_get_it(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, 100 * KIB);
    struct group *absent = add_group(&scene, 1, 0, 0);
    struct group *other = add_group(&scene, 1, 0, MIB);
    assert_int_equal(share_ask(&absent->takers[0].share, PORTION, 0), 0);
    deal(&scene);
    run(&scene, SECONDS);
    assert_near(other->got, 1000 * KIB, 30 * KIB, "the other one", 1);
    end(&scene);
}

/* Random demands: every group and every lane gets what max-min fairness says. */
static void share__random_demands__are_met_fairly(void **state)
{
    (void)state;
    static const uint64_t limits[] = { 10 * KIB, 100 * KIB, MIB, 10 * MIB, 100 * MIB };
    static struct scene scene;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        uint64_t limit = limits[seed % 5];
        begin(&scene, limit);
        scene.random = seed;
        int n_groups = 1 + (int)dice(&scene, GROUPS_MAX);
        for (int g = 0; g < n_groups; g++) {
            uint64_t own = dice(&scene, 3) == 0 ? limit / (1 + dice(&scene, 12)) : 0;
            struct group *group = add_group(&scene, 1 + (int)dice(&scene, 16), own, 0);
            for (int t = 0; t < group->n_takers; t++) /* from far too slow to far too fast */
                group->takers[t].rate_bps = (double)limit * 4.0 / (double)(1u << dice(&scene, 10));
        }
        double fair_bps = divide(&scene);
        double portions = 4.0 * (double)(limit / 20 < PORTION ? limit / 20 : PORTION);
        run(&scene, SECONDS);
        double slack = 0.03 * (double)limit * SECONDS;
        assert_near(scene.got, fair_bps * SECONDS, slack, "all", seed);
        assert_true(scene.most_in_second <= 1.1 * (double)limit);
        assert_true(scene.least_in_second >= 0.85 * fair_bps);
        for (int g = 0; g < n_groups; g++) {
            struct group *group = &scene.groups[g];
            assert_near(group->got, group->fair_bps * SECONDS, slack + portions, "a group", seed);
            for (int t = 0; t < group->n_takers; t++)
                assert_near(group->takers[t].got, group->takers[t].fair_bps * SECONDS,
                            slack + portions, "a lane", seed);
        }
        end(&scene);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(share__no_limit__everything_may_be_taken),
        cmocka_unit_test(share__sixteen_lanes_and_one__jobs_get_the_same),
        cmocka_unit_test(share__one_has_a_limit_of_its_own__leaves_the_rest),
        cmocka_unit_test(share__one_has_a_slow_server__leaves_the_rest),
        cmocka_unit_test(share__one_comes_later__gets_half_and_not_more),
        cmocka_unit_test(share__low_limit_and_many_lanes__every_second_and_every_lane_has_some),
        cmocka_unit_test(share__limit_taken_away__those_who_wait_are_woken),
        cmocka_unit_test(share__limit_lowered_and_raised__holds_within_the_next_second),
        cmocka_unit_test(share__more_charged_than_granted__is_waited_for),
        cmocka_unit_test(share__taker_does_not_take__others_get_it),
        cmocka_unit_test(share__random_demands__are_met_fairly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
