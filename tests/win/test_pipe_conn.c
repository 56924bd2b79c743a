/* The end of a connection: what was written is not lost, and nobody is waited for in vain. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "ipc/dial.h"
#include "ipc/pipe.h"
#include "os/win/win.h"
#include "tests/unit/talk.h"

enum { LINGER_MS = 1000, MUCH = 256 * 1024 };

/* A listener with one connection and its client. */
struct fixture {
    struct loop *loop;
    struct pipe_listener *listener;
    struct pipe_conn *conn;
    struct dial *dial;
    struct op read_op;
    struct op write_op;
    enum sg_status read_status;
    enum sg_status write_status;
    uint32_t n_done;
    bool is_conn_closed;
    bool is_listener_closed;
    uint64_t closed_ms;
    char name[128];
    char bytes[MUCH];
};

static void on_accept(void *ctx, struct pipe_conn *conn)
{
    struct fixture *fixture = ctx;
    assert_null(fixture->conn);
    fixture->conn = conn;
}

static void on_read(struct op *op, enum sg_status status, uint32_t n_bytes)
{
    struct fixture *fixture = sg_container_of(op, struct fixture, read_op);
    (void)n_bytes;
    assert_false(fixture->is_conn_closed);
    fixture->read_status = status;
    fixture->n_done++;
}

static void on_write(struct op *op, enum sg_status status, uint32_t n_bytes)
{
    struct fixture *fixture = sg_container_of(op, struct fixture, write_op);
    (void)n_bytes;
    assert_false(fixture->is_conn_closed);
    fixture->write_status = status;
    fixture->n_done++;
}

static void on_conn_closed(void *ctx)
{
    struct fixture *fixture = ctx;
    fixture->is_conn_closed = true;
    fixture->closed_ms = dial_now_ms();
}

static void on_listener_closed(void *ctx)
{
    struct fixture *fixture = ctx;
    fixture->is_listener_closed = true;
}

static void turn(struct fixture *fixture, uint64_t deadline_ms)
{
    assert_true(dial_now_ms() < deadline_ms);
    loop_turn(fixture->loop, 2000);
}

static void turn_until(struct fixture *fixture, const bool *is_true)
{
    uint64_t deadline_ms = dial_now_ms() + TALK_DEADLINE_MS;
    while (!*is_true)
        turn(fixture, deadline_ms);
}

static void turn_until_done(struct fixture *fixture, uint32_t n_done)
{
    uint64_t deadline_ms = dial_now_ms() + TALK_DEADLINE_MS;
    while (fixture->n_done < n_done)
        turn(fixture, deadline_ms);
}

static int set_up(void **state)
{
    struct fixture *fixture = sg_alloc(sizeof *fixture);
    assert_non_null(fixture);
    talk_make_name(fixture->name, sizeof fixture->name);
    fixture->read_op.done = on_read;
    fixture->write_op.done = on_write;
    assert_int_equal(loop_create(&fixture->loop, NULL), SG_OK);
    assert_int_equal(pipe_listen(fixture->loop, fixture->name, PIPE_ACCESS_OWNER, on_accept,
                                 fixture, &fixture->listener, NULL),
                     SG_OK);
    assert_int_equal(dial_open(fixture->name, 1000, &fixture->dial, NULL), SG_OK);
    uint64_t deadline_ms = dial_now_ms() + TALK_DEADLINE_MS;
    while (fixture->conn == NULL)
        turn(fixture, deadline_ms);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    dial_close(fixture->dial);
    pipe_listener_close(fixture->listener, on_listener_closed, fixture);
    turn_until(fixture, &fixture->is_listener_closed);
    turn_until(fixture, &fixture->is_conn_closed);
    loop_destroy(fixture->loop);
    sg_free(fixture);
    assert_int_equal(sg_mem_live(), 0);
    return 0;
}

static void write_all(struct fixture *fixture, uint32_t n_bytes)
{
    memset(fixture->bytes, 'x', n_bytes);
    assert_int_equal(pipe_write(fixture->conn, &fixture->write_op, fixture->bytes, n_bytes),
                     SG_PENDING);
}

static uint64_t close_conn(struct fixture *fixture)
{
    uint64_t start_ms = dial_now_ms();
    pipe_conn_close(fixture->conn, on_conn_closed, fixture);
    assert_false(fixture->is_conn_closed);
    return start_ms;
}

static void conn__nothing_written__is_closed_at_once(void **state)
{
    struct fixture *fixture = *state;
    uint64_t start_ms = close_conn(fixture);
    turn_until(fixture, &fixture->is_conn_closed);
    assert_in_range(fixture->closed_ms - start_ms, 0, LINGER_MS - 100);
}

static void conn__client_that_stays__has_a_second_to_read(void **state)
{
    struct fixture *fixture = *state;
    char bytes[100];
    uint32_t n_read;
    write_all(fixture, sizeof bytes);
    turn_until_done(fixture, 1);
    uint64_t start_ms = close_conn(fixture);
    while (dial_now_ms() < start_ms + LINGER_MS / 2)
        loop_turn(fixture->loop, 2000);
    assert_false(fixture->is_conn_closed);
    assert_int_equal(dial_read(fixture->dial, bytes, sizeof bytes, 1000, &n_read, NULL), SG_OK);
    assert_int_equal(n_read, sizeof bytes);
    turn_until(fixture, &fixture->is_conn_closed);
    assert_in_range(fixture->closed_ms - start_ms, LINGER_MS - 100, TALK_DEADLINE_MS);
    assert_int_equal(dial_read(fixture->dial, bytes, 1, 1000, &n_read, NULL), SG_E_CLOSED);
}

static void conn__client_that_leaves__is_not_waited_for(void **state)
{
    struct fixture *fixture = *state;
    write_all(fixture, 100);
    turn_until_done(fixture, 1);
    uint64_t start_ms = close_conn(fixture);
    loop_turn(fixture->loop, 0);
    dial_close(fixture->dial);
    fixture->dial = NULL;
    turn_until(fixture, &fixture->is_conn_closed);
    assert_in_range(fixture->closed_ms - start_ms, 0, LINGER_MS - 100);
}

static void conn__client_that_goes_on_writing__is_not_listened_to_for_ever(void **state)
{
    struct fixture *fixture = *state;
    char bytes[100] = { 0 };
    write_all(fixture, sizeof bytes);
    turn_until_done(fixture, 1);
    close_conn(fixture);
    uint64_t deadline_ms = dial_now_ms() + TALK_DEADLINE_MS;
    enum sg_status status = SG_OK;
    while (status == SG_OK) {
        turn(fixture, deadline_ms);
        status = dial_write(fixture->dial, bytes, sizeof bytes, NULL);
    }
    assert_int_equal(status, SG_E_CLOSED);
    assert_true(fixture->is_conn_closed);
}

static void conn__pending_read_and_write__complete_before_it_is_gone(void **state)
{
    struct fixture *fixture = *state;
    char byte;
    write_all(fixture, MUCH);
    assert_int_equal(pipe_read(fixture->conn, &fixture->read_op, &byte, 1), SG_PENDING);
    loop_turn(fixture->loop, 0);
    assert_int_equal(fixture->n_done, 0);
    close_conn(fixture);
    assert_int_equal(fixture->n_done, 0);
    turn_until(fixture, &fixture->is_conn_closed);
    assert_int_equal(fixture->n_done, 2);
    assert_int_equal(fixture->read_status, SG_E_CANCELLED);
    assert_int_equal(fixture->write_status, SG_E_CANCELLED);
}

static void conn__client_that_left__is_told_by_read_and_write(void **state)
{
    struct fixture *fixture = *state;
    char byte;
    dial_close(fixture->dial);
    fixture->dial = NULL;
    fixture->read_status = pipe_read(fixture->conn, &fixture->read_op, &byte, 1);
    if (fixture->read_status == SG_PENDING)
        turn_until_done(fixture, 1);
    assert_int_equal(fixture->read_status, SG_E_CLOSED);
    fixture->n_done = 0;
    fixture->write_status = pipe_write(fixture->conn, &fixture->write_op, "x", 1);
    if (fixture->write_status == SG_PENDING)
        turn_until_done(fixture, 1);
    assert_int_equal(fixture->write_status, SG_E_CLOSED);
    close_conn(fixture);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(conn__nothing_written__is_closed_at_once),
        TEST(conn__client_that_stays__has_a_second_to_read),
        TEST(conn__client_that_leaves__is_not_waited_for),
        TEST(conn__client_that_goes_on_writing__is_not_listened_to_for_ever),
        TEST(conn__pending_read_and_write__complete_before_it_is_gone),
        TEST(conn__client_that_left__is_told_by_read_and_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
