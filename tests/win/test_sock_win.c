/* Socket readiness through the driver: many at once, and ends that come at a bad time. */
#include "os/sock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "os/win/afd.h"
#include "os/win/win.h"
#include "tests/contract/contract.h"
#include "tests/contract/contract_net.h"

enum { N_PAIRS = 100, N_ENDS = 2 * N_PAIRS }; /* several groups of the driver's */

struct end {
    uintptr_t socket;
    struct sock_watch *watch;
    int n_ready;
    uint32_t events;
    int *n_all;
};

static void on_ready(void *ctx, uint32_t events)
{
    struct end *end = ctx;
    end->events = events;
    end->n_ready++;
    (*end->n_all)++;
}

static void watch_end(struct loop *loop, struct end *end, uintptr_t socket, int *n_all)
{
    end->socket = socket;
    end->n_all = n_all;
    assert_int_equal(sock_watch_create(loop, socket, on_ready, end, &end->watch, NULL), SG_OK);
}

static int set_up(void **state)
{
    net_start();
    *state = create_loop();
    return 0;
}

static int tear_down(void **state)
{
    loop_destroy(*state);
    net_stop();
    assert_int_equal(sg_mem_live(), 0);
    return 0;
}

static void open_pairs(struct loop *loop, struct end *ends, int *n_all)
{
    for (int i = 0; i < N_PAIRS; i++) {
        uintptr_t pair[2];
        net_pair(pair);
        watch_end(loop, ends++, pair[0], n_all);
        watch_end(loop, ends++, pair[1], n_all);
    }
}

static void close_pairs(struct end *ends)
{
    for (int i = 0; i < N_ENDS; i++) {
        sock_watch_close(ends[i].watch);
        net_close(ends[i].socket);
    }
}

static void watch__two_hundred_sockets__each_hears_of_its_own(void **state)
{
    struct loop *loop = *state;
    struct end *ends = sg_alloc_array(N_ENDS, sizeof *ends);
    assert_non_null(ends);
    int n_all = 0;
    open_pairs(loop, ends, &n_all);
    for (int i = 0; i < N_ENDS; i++)
        assert_int_equal(sock_watch_arm(ends[i].watch, SOCK_READ), SG_OK);
    loop_turn(loop, 0);
    assert_int_equal(n_all, 0);

    for (int i = 0; i < N_ENDS; i += 2)
        net_send(ends[i].socket, "x", 1);
    assert_true(turn_until(loop, &n_all, N_PAIRS));
    for (int i = 0; i < N_ENDS; i++) {
        assert_int_equal(ends[i].n_ready, i % 2);
        assert_int_equal(ends[i].events, i % 2 != 0 ? SOCK_READ : 0);
    }
    close_pairs(ends); /* half of them are still armed */
    sg_free(ends);
}

/* The loop goes while the driver still owes a packet for every watch. */
static void watch__all_closed_while_armed_and_the_loop_with_them__leaks_nothing(void **state)
{
    struct loop *loop = *state;
    struct end *ends = sg_alloc_array(N_ENDS, sizeof *ends);
    assert_non_null(ends);
    int n_all = 0;
    open_pairs(loop, ends, &n_all);
    for (int i = 0; i < N_ENDS; i++)
        assert_int_equal(sock_watch_arm(ends[i].watch, SOCK_READ), SG_OK);
    close_pairs(ends);
    assert_int_equal(n_all, 0);
    sg_free(ends);
}

/* The handle value is free at once: the next socket often gets it and must not hear of the past. */
static void watch__handle_value_used_again__does_not_mix_up_the_sockets(void **state)
{
    struct loop *loop = *state;
    int n_all = 0;
    for (int i = 0; i < 50; i++) {
        struct end first = { 0 };
        struct end second = { 0 };
        uintptr_t pair[2];
        net_pair(pair);
        watch_end(loop, &first, pair[0], &n_all);
        assert_int_equal(sock_watch_arm(first.watch, SOCK_READ), SG_OK);
        sock_watch_close(first.watch);
        net_close(pair[0]);
        net_close(pair[1]);

        net_pair(pair);
        watch_end(loop, &second, pair[0], &n_all);
        assert_int_equal(sock_watch_arm(second.watch, SOCK_READ), SG_OK);
        net_send(pair[1], "x", 1);
        assert_true(turn_until(loop, &second.n_ready, 1));
        assert_int_equal(second.events, SOCK_READ);
        assert_int_equal(first.n_ready, 0);
        sock_watch_close(second.watch);
        net_close(pair[0]);
        net_close(pair[1]);
    }
}

static void watch__socket_closed_under_it__falls_silent(void **state)
{
    struct loop *loop = *state;
    int n_all = 0;
    struct end victim = { 0 };
    struct end bystander = { 0 };
    uintptr_t pair[2];
    uintptr_t other[2];
    net_pair(pair);
    net_pair(other);
    watch_end(loop, &victim, pair[0], &n_all);
    watch_end(loop, &bystander, other[0], &n_all);
    assert_int_equal(sock_watch_arm(victim.watch, SOCK_READ), SG_OK);
    net_close(pair[0]);
    assert_int_equal(sock_watch_arm(bystander.watch, SOCK_WRITE), SG_OK);
    assert_true(turn_until(loop, &bystander.n_ready, 1));
    assert_int_equal(victim.n_ready, 0);
    sock_watch_close(victim.watch);
    sock_watch_close(bystander.watch);
    net_close(pair[1]);
    net_close(other[0]);
    net_close(other[1]);
}

/* Windows refuses at creation; Wine 8, where any number is a base socket, when it is armed. */
static void watch__no_socket_at_all__is_refused(void **state)
{
    struct loop *loop = *state;
    struct sock_watch *watch = NULL;
    struct sg_err err = { 0 };
    enum sg_status status = sock_watch_create(loop, 0x7FFF0, on_ready, NULL, &watch, &err);
    if (status == SG_OK)
        status = sock_watch_arm(watch, SOCK_READ);
    else
        assert_int_equal(err.foreign, WSAENOTSOCK);
    assert_int_equal(status, SG_E_SYSTEM);
    sock_watch_close(watch);
}

static void create__without_memory__leaves_nothing_behind(void **state)
{
    struct loop *loop = *state;
    int n_all = 0;
    struct end end = { 0 };
    uintptr_t pair[2];
    net_pair(pair);
    enum sg_status status = SG_E_NOMEM;
    for (uint64_t i = 0; status != SG_OK; i++) {
        assert_true(i < 10);
        sg_mem_fail_after(i);
        status = sock_watch_create(loop, pair[0], on_ready, &end, &end.watch, NULL);
        sg_mem_fail_after(UINT64_MAX);
        assert_true(status == SG_OK || status == SG_E_NOMEM);
    }
    end.n_all = &n_all;
    assert_int_equal(sock_watch_arm(end.watch, SOCK_WRITE), SG_OK);
    assert_true(turn_until(loop, &n_all, 1));
    sock_watch_close(end.watch);
    net_close(pair[0]);
    net_close(pair[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        CASE(watch__two_hundred_sockets__each_hears_of_its_own),
        CASE(watch__all_closed_while_armed_and_the_loop_with_them__leaks_nothing),
        CASE(watch__handle_value_used_again__does_not_mix_up_the_sockets),
        CASE(watch__socket_closed_under_it__falls_silent),
        CASE(watch__no_socket_at_all__is_refused),
        CASE(create__without_memory__leaves_nothing_behind),
#undef CASE
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
