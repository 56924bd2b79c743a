/* The arithmetic of simulated networks, where the answer is known without them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/sim/fluid/bound.h"
#include "tests/sim/fluid/crew.h"
#include "tests/sim/fluid/fetch.h"
#include "tests/sim/fluid/share.h"

enum { MIB = 1024 * 1024, MS = 1000, SECOND = NETWORK_SECOND_US };

static void assert_near(double value, double expected, double part)
{
    if (fabs(value - expected) > part * expected)
        fail_msg("%f is not within %f %% of %f", value, part * 100.0, expected);
}

/* One server: 16 slots of 1 MiB/s; 20 ms to open, 30 ms to the first byte. */
static struct network plain(uint64_t total)
{
    struct network net = { .seed = 1, .total = total, .n_sources = 1 };
    struct server *server = &net.servers[0];
    for (int i = 0; i < NETWORK_SLOTS; i++)
        server->slot_bps[i] = MIB;
    server->rtt_us = 10 * MS;
    server->open_us = 20 * MS;
    server->first_us = 30 * MS;
    server->retry_after_ms = -1;
    return net;
}

static double bound_s(const struct network *net)
{
    return (double)bound_us(net, SECOND) / SECOND;
}

static double fetch_s(const struct network *net, int fixed_lanes)
{
    struct fetch_options options = { .fixed_lanes = fixed_lanes,
                                     .give_up_us = 1000 * (uint64_t)SECOND,
                                     .step_us = 10 * MS };
    struct fetch_result result = fetch_run(net, &options);
    assert_true(result.is_done);
    assert_true(result.finish_us + 2 >= bound_us(net, SECOND));
    return (double)result.finish_us / SECOND;
}

static void share__no_cap__limits_nobody(void **state)
{
    (void)state;
    const double limits[] = { 1.0, 2.0 };
    assert_true(share_level(limits, 2, 0.0) > 1e300);
    assert_true(share_level(limits, 2, 3.0) >= 2.0);
    assert_true(share_level(limits, 0, 3.0) > 1e300);
}

static void share__what_slow_flows_leave__goes_to_the_others(void **state)
{
    (void)state;
    const double limits[] = { 9.0, 1.0, 9.0 };
    assert_near(share_level(limits, 3, 9.0), 4.0, 1e-9);
    assert_near(share_level(limits, 3, 1.5), 0.5, 1e-9);
}

static void bound__equal_slots__is_set_up_and_all_of_them(void **state)
{
    (void)state;
    struct network net = plain(160 * MIB);
    assert_near(bound_s(&net), 10.05, 1e-6);
    assert_near((double)bound_asking_us(&net, SECOND) / SECOND, 10.05 + 0.03 * 15 / 16, 1e-6);
}

static void bound__caps__hold(void **state)
{
    (void)state;
    struct network net = plain(160 * MIB);
    net.servers[0].max_served = 4;
    assert_near(bound_s(&net), 40.05, 1e-6);
    net.servers[0].cap_bps = 2 * MIB;
    assert_near(bound_s(&net), 80.05, 1e-6);
    net.link_bps = MIB;
    assert_near(bound_s(&net), 160.05, 1e-6);
}

/* In 10 ms 1 MiB/s are less than the first window; in 100 ms they are more than the first three. */
static void bound__slow_start__counts_only_where_it_holds_back(void **state)
{
    (void)state;
    struct network net = plain(160 * MIB);
    net.has_slow_start = true;
    assert_near(bound_s(&net), 10.05, 1e-6);
    net.servers[0].rtt_us = 100 * MS; /* 146 000, 292 000, 584 000, then the limit */
    double missed = (3.0 * MIB - 146e3 - 292e3 - 584e3) * 0.1 / MIB;
    assert_near(bound_s(&net), 10.05 + missed, 1e-4);
}

/* The best 16 of both servers' slots: four of 2 MiB/s, as many as the mirror serves, and 12. */
static void bound__mirror__gives_its_best_slots(void **state)
{
    (void)state;
    struct network net = plain(200 * MIB);
    net.n_sources = 2;
    net.servers[1] = net.servers[0];
    for (int i = 0; i < NETWORK_SLOTS; i++)
        net.servers[1].slot_bps[i] = 2 * MIB;
    net.servers[1].max_served = 4;
    assert_near(bound_s(&net), 10.05, 1e-6);
}

static void fetch__one_lane__takes_set_up_and_its_rate(void **state)
{
    (void)state;
    struct network net = plain(10 * MIB);
    assert_near(fetch_s(&net, 1), 10.05, 1e-4);
}

static void fetch__sixteen_lanes__come_near_the_bound(void **state)
{
    (void)state;
    struct network net = plain(160 * MIB);
    assert_near(fetch_s(&net, 16), bound_s(&net), 0.03);
}

static void fetch__link_is_shared__is_as_fast_with_any_number_of_lanes(void **state)
{
    (void)state;
    struct network net = plain(20 * MIB);
    net.link_bps = MIB;
    assert_near(fetch_s(&net, 1), 20.05, 1e-3);
    assert_near(fetch_s(&net, 8), 20.05, 0.02);
}

static void fetch__same_seed__comes_out_the_same(void **state)
{
    (void)state;
    struct crew_plan plan = { .seed = 5, .n = 40, .family = SIZE_MAX, .n_processes = 1 };
    const struct sample *alone = crew_run(&plan);
    plan.n_processes = 3;
    const struct sample *together = crew_run(&plan);
    for (size_t i = 0; i < plan.n; i++) {
        assert_int_equal(alone[i].finish_us, together[i].finish_us);
        assert_int_equal(alone[i].fetched, together[i].fetched);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(share__no_cap__limits_nobody),
        cmocka_unit_test(share__what_slow_flows_leave__goes_to_the_others),
        cmocka_unit_test(bound__equal_slots__is_set_up_and_all_of_them),
        cmocka_unit_test(bound__caps__hold),
        cmocka_unit_test(bound__slow_start__counts_only_where_it_holds_back),
        cmocka_unit_test(bound__mirror__gives_its_best_slots),
        cmocka_unit_test(fetch__one_lane__takes_set_up_and_its_rate),
        cmocka_unit_test(fetch__sixteen_lanes__come_near_the_bound),
        cmocka_unit_test(fetch__link_is_shared__is_as_fast_with_any_number_of_lanes),
        cmocka_unit_test(fetch__same_seed__comes_out_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
