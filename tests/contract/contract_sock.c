/* The contract of os/sock.h: arming, reporting once, replacing, closing. On real TCP connections
 * over loopback; what connections do in their life is in contract_connection.c. */
#include "os/sock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "tests/contract/contract.h"
#include "tests/contract/contract_end.h"
#include "tests/contract/contract_net.h"

static void watch__not_armed__reports_nothing(void **state)
{
    struct loop *loop = *state;
    struct end end;
    end_open(&end, loop, end_on_ready);
    end_make_readable(&end);
    pass_sentinel(loop);
    assert_int_equal(end.n_reports, 0);
    end_close(&end);
}

static void read__bytes_come__is_reported(void **state)
{
    struct loop *loop = *state;
    struct end end;
    char byte;
    end_open(&end, loop, end_on_ready);
    end_arm(&end, SOCK_READ);
    pass_sentinel(loop);
    assert_int_equal(end.n_reports, 0);
    end_make_readable(&end);
    assert_true(turn_until(loop, &end.n_reports, 1));
    assert_int_equal(end.events, SOCK_READ);
    assert_int_equal(net_receive(end.socket, &byte, 1), 1);
    end_close(&end);
}

static void read__bytes_there_already__is_reported_in_the_next_turn(void **state)
{
    struct loop *loop = *state;
    struct end end;
    end_open(&end, loop, end_on_ready);
    end_make_readable(&end);
    end_arm(&end, SOCK_READ);
    assert_int_equal(end.n_reports, 0);
    assert_true(turn_until(loop, &end.n_reports, 1));
    assert_int_equal(end.events, SOCK_READ);
    end_close(&end);
}

static void read__reported__is_not_reported_again_before_it_is_armed_again(void **state)
{
    struct loop *loop = *state;
    struct end end;
    end_open(&end, loop, end_on_ready);
    end_arm(&end, SOCK_READ);
    end_make_readable(&end);
    assert_true(turn_until(loop, &end.n_reports, 1));
    end_make_readable(&end);
    pass_sentinel(loop);
    assert_int_equal(end.n_reports, 1);
    end_close(&end);
}

struct alarm {
    struct timer timer;
    int n_fired;
};

static void on_alarm(struct timer *timer)
{
    sg_container_of(timer, struct alarm, timer)->n_fired++;
}

static void read__reported_and_left_alone__does_not_wake_the_loop(void **state)
{
    struct loop *loop = *state;
    struct end end;
    struct alarm alarm = { .timer.fire = on_alarm };
    end_open(&end, loop, end_on_ready);
    end_arm(&end, SOCK_READ);
    end_make_readable(&end);
    assert_true(turn_until(loop, &end.n_reports, 1));
    uint64_t turns_before = loop_stats(loop)->turns;
    timer_start(loop, &alarm.timer, 20000);
    assert_true(turn_until(loop, &alarm.n_fired, 1));
    assert_in_range(loop_stats(loop)->turns - turns_before, 1, 10);
    end_close(&end);
}

static void read__armed_again_with_bytes_left__is_reported_again(void **state)
{
    struct loop *loop = *state;
    struct end end;
    end_open(&end, loop, end_on_ready);
    end_make_readable(&end);
    for (int i = 1; i <= 5; i++) {
        end_arm(&end, SOCK_READ);
        assert_int_equal(end.n_reports, i - 1);
        assert_true(turn_until(loop, &end.n_reports, i));
    }
    end_close(&end);
}

static void on_ready_arm_again(void *ctx, uint32_t events)
{
    struct end *end = ctx;
    assert_true(end->n_reports == 0 || end->turn < loop_stats(end->loop)->turns);
    end_on_ready(ctx, events);
    end_arm(end, SOCK_READ);
}

static void read__armed_again_inside_the_report__comes_in_a_later_turn(void **state)
{
    struct loop *loop = *state;
    struct end end;
    end_open(&end, loop, on_ready_arm_again);
    end_make_readable(&end);
    end_arm(&end, SOCK_READ);
    assert_true(turn_until(loop, &end.n_reports, 10));
    end_close(&end);
}

static void write__room_there__is_reported(void **state)
{
    struct loop *loop = *state;
    struct end end;
    end_open(&end, loop, end_on_ready);
    end_arm(&end, SOCK_WRITE);
    assert_true(turn_until(loop, &end.n_reports, 1));
    assert_int_equal(end.events, SOCK_WRITE);
    end_close(&end);
}

static void write__no_room__is_reported_when_the_other_side_has_read(void **state)
{
    struct loop *loop = *state;
    struct end end;
    static char bytes[65536];
    end_open(&end, loop, end_on_ready);
    net_fill(end.socket);
    end_arm(&end, SOCK_WRITE);
    pass_sentinel(loop);
    for (int i = 0; i < 100000 && end.n_reports == 0; i++) {
        while (net_receive(end.peer, bytes, sizeof bytes) > 0)
            continue;
        loop_turn(loop, 1000);
    }
    assert_int_equal(end.n_reports, 1);
    assert_int_equal(end.events, SOCK_WRITE);
    end_close(&end);
}

static void both__asked_for__one_report_tells_what_holds(void **state)
{
    struct loop *loop = *state;
    struct end end;
    end_open(&end, loop, end_on_ready);
    end_make_readable(&end);
    pass_sentinel(loop);
    end_arm(&end, SOCK_READ | SOCK_WRITE);
    assert_true(turn_until(loop, &end.n_reports, 1));
    assert_int_equal(end.events, SOCK_READ | SOCK_WRITE);
    pass_sentinel(loop);
    assert_int_equal(end.n_reports, 1);
    end_close(&end);
}

static void arm__another_set_while_armed__replaces_it(void **state)
{
    struct loop *loop = *state;
    struct end end;
    end_open(&end, loop, end_on_ready);
    end_arm(&end, SOCK_READ);
    end_arm(&end, SOCK_WRITE);
    assert_true(turn_until(loop, &end.n_reports, 1));
    assert_int_equal(end.events, SOCK_WRITE);

    end_arm(&end, SOCK_WRITE);
    end_arm(&end, SOCK_READ);
    pass_sentinel(loop);
    assert_int_equal(end.n_reports, 1);
    end_make_readable(&end);
    assert_true(turn_until(loop, &end.n_reports, 2));
    assert_int_equal(end.events, SOCK_READ);
    end_close(&end);
}

static void arm__nothing__disarms_until_armed_again(void **state)
{
    struct loop *loop = *state;
    struct end end;
    end_open(&end, loop, end_on_ready);
    end_arm(&end, SOCK_READ);
    pass_sentinel(loop);
    end_arm(&end, 0);
    end_arm(&end, 0);
    end_make_readable(&end);
    pass_sentinel(loop);
    assert_int_equal(end.n_reports, 0);
    end_arm(&end, SOCK_READ);
    assert_true(turn_until(loop, &end.n_reports, 1));
    end_close(&end);
}

static void arm__nothing__hides_a_broken_connection_too(void **state)
{
    struct loop *loop = *state;
    struct end end;
    end_open(&end, loop, end_on_ready);
    end_arm(&end, SOCK_READ);
    end_arm(&end, 0);
    net_reset(end.peer);
    pass_sentinel(loop);
    assert_int_equal(end.n_reports, 0);
    end_close_own(&end);
}

/* Two that are ready at the same time, and armed. */
static void open_ready_pair(struct end ends[2], struct loop *loop, sock_ready_fn *ready)
{
    for (int i = 0; i < 2; i++) {
        end_open(&ends[i], loop, ready);
        ends[i].other = &ends[1 - i];
        end_make_readable(&ends[i]);
    }
    end_arm(&ends[0], SOCK_READ);
    end_arm(&ends[1], SOCK_READ);
}

static void on_ready_disarm_other(void *ctx, uint32_t events)
{
    struct end *end = ctx;
    end_on_ready(ctx, events);
    end_arm(end->other, 0);
}

/* Both are ready before the turn, so both may be in the same batch of completions. */
static void arm__nothing_for_another_that_is_ready_too__keeps_it_silent(void **state)
{
    struct loop *loop = *state;
    struct end ends[2];
    open_ready_pair(ends, loop, on_ready_disarm_other);
    pass_sentinel(loop);
    assert_int_equal(ends[0].n_reports + ends[1].n_reports, 1);
    end_close(&ends[0]);
    end_close(&ends[1]);
}

static void on_ready_want_other_to_write(void *ctx, uint32_t events)
{
    struct end *end = ctx;
    end_on_ready(ctx, events);
    if (end->other->n_reports == 0)
        end_arm(end->other, SOCK_WRITE);
}

static void arm__another_set_for_another_that_is_ready_too__replaces_it(void **state)
{
    struct loop *loop = *state;
    struct end ends[2];
    open_ready_pair(ends, loop, on_ready_want_other_to_write);
    assert_true(turn_until(loop, &ends[0].n_reports, 1));
    assert_true(turn_until(loop, &ends[1].n_reports, 1));
    pass_sentinel(loop);
    assert_int_equal(ends[0].n_reports + ends[1].n_reports, 2);
    assert_int_equal(ends[0].events + ends[1].events, SOCK_READ + SOCK_WRITE);
    end_close(&ends[0]);
    end_close(&ends[1]);
}

static void on_ready_close_other(void *ctx, uint32_t events)
{
    struct end *end = ctx;
    end_on_ready(ctx, events);
    sock_watch_close(end->other->watch);
    end->other->watch = NULL;
}

static void close__by_another_that_is_ready_too__keeps_it_silent(void **state)
{
    struct loop *loop = *state;
    struct end ends[2];
    open_ready_pair(ends, loop, on_ready_close_other);
    pass_sentinel(loop);
    assert_int_equal(ends[0].n_reports + ends[1].n_reports, 1);
    end_close(&ends[0]);
    end_close(&ends[1]);
}

static void on_ready_close_own(void *ctx, uint32_t events)
{
    struct end *end = ctx;
    end_on_ready(ctx, events);
    sock_watch_close(end->watch);
    end->watch = NULL;
    net_close(end->socket);
}

static void close__inside_the_own_report__is_allowed(void **state)
{
    struct loop *loop = *state;
    struct end end;
    end_open(&end, loop, on_ready_close_own);
    end_make_readable(&end);
    end_arm(&end, SOCK_READ);
    assert_true(turn_until(loop, &end.n_reports, 1));
    pass_sentinel(loop);
    assert_int_equal(end.n_reports, 1);
    net_close(end.peer);
}

/* The systems hand out the number of a closed socket again at once. */
static void close__while_armed_and_the_number_used_again__no_stale_report(void **state)
{
    struct loop *loop = *state;
    for (int round = 0; round < 20; round++) {
        struct end old;
        struct end new;
        end_open(&old, loop, end_on_ready);
        end_arm(&old, SOCK_READ);
        if (round % 2 == 0)
            loop_turn(loop, 0);
        end_make_readable(&old);
        end_close(&old);
        end_open(&new, loop, end_on_ready);
        end_arm(&new, SOCK_READ);
        pass_sentinel(loop);
        assert_int_equal(old.n_reports, 0);
        assert_int_equal(new.n_reports, 0);
        end_make_readable(&new);
        assert_true(turn_until(loop, &new.n_reports, 1));
        assert_int_equal(new.events, SOCK_READ);
        end_close(&new);
    }
}

static void close__while_armed_and_the_socket_watched_again__reports_to_the_new_one(void **state)
{
    struct loop *loop = *state;
    struct end old;
    struct end new = { .loop = loop };
    end_open(&old, loop, end_on_ready);
    new.socket = old.socket;
    new.peer = old.peer;
    end_arm(&old, SOCK_READ);
    loop_turn(loop, 0);
    sock_watch_close(old.watch);
    end_watch(&new, end_on_ready);
    end_arm(&new, SOCK_READ);
    end_make_readable(&new);
    assert_true(turn_until(loop, &new.n_reports, 1));
    assert_int_equal(new.events, SOCK_READ);
    assert_int_equal(old.n_reports, 0);
    end_close(&new);
}

static void close__nothing__is_allowed(void **state)
{
    (void)state;
    sock_watch_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, end_set_up, end_tear_down)
        CASE(watch__not_armed__reports_nothing),
        CASE(read__bytes_come__is_reported),
        CASE(read__bytes_there_already__is_reported_in_the_next_turn),
        CASE(read__reported__is_not_reported_again_before_it_is_armed_again),
        CASE(read__reported_and_left_alone__does_not_wake_the_loop),
        CASE(read__armed_again_with_bytes_left__is_reported_again),
        CASE(read__armed_again_inside_the_report__comes_in_a_later_turn),
        CASE(write__room_there__is_reported),
        CASE(write__no_room__is_reported_when_the_other_side_has_read),
        CASE(both__asked_for__one_report_tells_what_holds),
        CASE(arm__another_set_while_armed__replaces_it),
        CASE(arm__nothing__disarms_until_armed_again),
        CASE(arm__nothing__hides_a_broken_connection_too),
        CASE(arm__nothing_for_another_that_is_ready_too__keeps_it_silent),
        CASE(arm__another_set_for_another_that_is_ready_too__replaces_it),
        CASE(close__by_another_that_is_ready_too__keeps_it_silent),
        CASE(close__inside_the_own_report__is_allowed),
        CASE(close__while_armed_and_the_number_used_again__no_stale_report),
        CASE(close__while_armed_and_the_socket_watched_again__reports_to_the_new_one),
        CASE(close__nothing__is_allowed),
#undef CASE
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
