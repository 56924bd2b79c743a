/* Opening, arming and closing watched sockets. */
#include "tests/contract/contract_end.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "tests/contract/contract.h"
#include "tests/contract/contract_net.h"

int end_set_up(void **state)
{
    net_start();
    *state = create_loop();
    return 0;
}

/* What was closed is let go of by the kernel within a turn. */
int end_tear_down(void **state)
{
    struct loop *loop = *state;
    loop_turn(loop, 0);
    loop_destroy(loop);
    assert_int_equal(sg_mem_live(), 0);
    net_stop();
    return 0;
}

void end_on_ready(void *ctx, uint32_t events)
{
    struct end *end = ctx;
    assert_false(end->is_arming);
    assert_true(events != 0);
    end->n_reports++;
    end->events = events;
    end->turn = loop_stats(end->loop)->turns;
}

void end_open(struct end *end, struct loop *loop, sock_ready_fn *ready)
{
    uintptr_t pair[2];
    net_pair(pair);
    *end = (struct end){ .loop = loop, .socket = pair[0], .peer = pair[1] };
    end_watch(end, ready);
}

void end_watch(struct end *end, sock_ready_fn *ready)
{
    assert_int_equal(sock_watch_create(end->loop, end->socket, ready, end, &end->watch, NULL),
                     SG_OK);
}

void end_close(struct end *end)
{
    end_close_own(end);
    net_close(end->peer);
}

void end_close_own(struct end *end)
{
    sock_watch_close(end->watch);
    net_close(end->socket);
}

void end_arm(struct end *end, uint32_t events)
{
    end->is_arming = true;
    assert_int_equal(sock_watch_arm(end->watch, events), SG_OK);
    end->is_arming = false;
}

void end_make_readable(struct end *end)
{
    net_send(end->peer, "x", 1);
}

void pass_sentinel(struct loop *loop)
{
    struct end sentinel;
    end_open(&sentinel, loop, end_on_ready);
    end_arm(&sentinel, SOCK_READ);
    end_make_readable(&sentinel);
    assert_true(turn_until(loop, &sentinel.n_reports, 1));
    end_close(&sentinel);
}
