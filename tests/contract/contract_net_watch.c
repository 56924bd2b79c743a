/* The contract of os/net_watch.h. */
#include "os/net_watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "tests/contract/contract.h"
#include "tests/contract/contract_ip.h"

struct record {
    struct loop *loop;
    struct net_watch *watch;
    int n_changes;
    uint64_t last_us;
    uint64_t shortest_us; /* between two calls */
    bool closes;
};

static void on_change(void *ctx)
{
    struct record *record = ctx;
    uint64_t now_us = loop_now_us(record->loop);
    if (record->n_changes > 0 && now_us - record->last_us < record->shortest_us)
        record->shortest_us = now_us - record->last_us;
    record->last_us = now_us;
    record->n_changes++;
    if (record->closes)
        net_watch_close(record->watch);
}

static int set_up(void **state)
{
    struct record *record = sg_alloc(sizeof *record);
    assert_non_null(record);
    record->loop = create_loop();
    record->shortest_us = UINT64_MAX;
    assert_int_equal(net_watch_open(record->loop, on_change, record, &record->watch, NULL), SG_OK);
    *state = record;
    return 0;
}

static int tear_down(void **state)
{
    struct record *record = *state;
    loop_destroy(record->loop);
    sg_free(record);
    assert_int_equal(sg_mem_live(), 0);
    return 0;
}

static void wait_for_change(struct record *record)
{
    assert_true(turn_until(record->loop, &record->n_changes, record->n_changes + 1));
}

static void change__of_an_address__is_told__and_the_next_one_too(void **state)
{
    struct record *record = *state;
    ip_change_address();
    assert_int_equal(record->n_changes, 0);
    wait_for_change(record);
    ip_change_address();
    wait_for_change(record);
    net_watch_close(record->watch);
}

static void changes__that_come_together__are_told_as_one(void **state)
{
    struct record *record = *state;
    for (int i = 0; i < 3; i++) {
        ip_change_address();
        ip_change_address();
        wait_for_change(record);
    }
    assert_true(record->shortest_us >= NET_WATCH_SETTLE_MS * UINT64_C(1000));
    net_watch_close(record->watch);
}

static void close__before_a_change__is_not_told_of_it(void **state)
{
    struct record *record = *state;
    struct record closed = { .loop = record->loop };
    assert_int_equal(net_watch_open(record->loop, on_change, &closed, &closed.watch, NULL), SG_OK);
    net_watch_close(closed.watch);
    ip_change_address();
    wait_for_change(record);
    assert_int_equal(closed.n_changes, 0);
    net_watch_close(record->watch);
}

static void close__inside_its_own_call__is_its_end(void **state)
{
    struct record *record = *state;
    struct record other = { .loop = record->loop, .closes = true };
    assert_int_equal(net_watch_open(record->loop, on_change, &other, &other.watch, NULL), SG_OK);
    ip_change_address();
    assert_true(turn_until(record->loop, &other.n_changes, 1));
    ip_change_address();
    wait_for_change(record);
    assert_int_equal(other.n_changes, 1);
    net_watch_close(record->watch);
}

static void close__at_once__leaves_nothing(void **state)
{
    struct record *record = *state;
    net_watch_close(record->watch);
    net_watch_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        CASE(change__of_an_address__is_told__and_the_next_one_too),
        CASE(changes__that_come_together__are_told_as_one),
        CASE(close__before_a_change__is_not_told_of_it),
        CASE(close__inside_its_own_call__is_its_end),
        CASE(close__at_once__leaves_nothing),
#undef CASE
    };
    ip_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
