/* What waits to be written: nothing is lost, doubled or moved while it is being written. */
#include "ipc/server/outbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

/* Writes everything, `step` bytes at a time, into `out`. */
static void drain(struct outbox *outbox, uint32_t step, struct sg_buf *out)
{
    const void *data;
    uint32_t n_bytes;
    while (outbox_next(outbox, &data, &n_bytes)) {
        assert_in_range(n_bytes, 1, OUTBOX_PIECE_MAX);
        uint32_t n_sent = n_bytes < step ? n_bytes : step;
        sg_buf_append(out, data, n_sent);
        outbox_sent(outbox, n_sent);
    }
}

static void outbox__empty__has_nothing_to_send(void **state)
{
    (void)state;
    struct outbox outbox = { 0 };
    const void *data;
    uint32_t n_bytes;
    assert_false(outbox_next(&outbox, &data, &n_bytes));
    assert_int_equal(outbox_size(&outbox), 0);
    outbox_fini(&outbox);
}

static void outbox__lines__come_out_in_order_for_every_size_of_piece(void **state)
{
    (void)state;
    for (uint32_t step = 1; step < 12; step++) {
        struct outbox outbox = { 0 };
        struct sg_buf out = { 0 };
        assert_true(outbox_put(&outbox, "one\n"));
        assert_true(outbox_put(&outbox, "two\n"));
        assert_int_equal(outbox_size(&outbox), 8);
        drain(&outbox, step, &out);
        assert_true(outbox_put(&outbox, "three\n"));
        drain(&outbox, step, &out);
        assert_int_equal(outbox_size(&outbox), 0);
        assert_string_equal(out.data, "one\ntwo\nthree\n");
        sg_buf_fini(&out);
        outbox_fini(&outbox);
    }
}

static void outbox__lines_during_write__do_not_move_what_is_written(void **state)
{
    (void)state;
    struct outbox outbox = { 0 };
    struct sg_buf out = { 0 };
    const void *first;
    const void *again;
    uint32_t n_bytes;
    assert_true(outbox_put(&outbox, "first\n"));
    assert_true(outbox_next(&outbox, &first, &n_bytes));
    for (int i = 0; i < 1000; i++)
        assert_true(outbox_put(&outbox, "a further line\n"));
    assert_memory_equal(first, "first\n", 6);
    assert_true(outbox_next(&outbox, &again, &n_bytes));
    assert_ptr_equal(first, again);
    assert_int_equal(n_bytes, 6);
    drain(&outbox, OUTBOX_PIECE_MAX, &out);
    assert_int_equal(out.length, 6 + 15000);
    sg_buf_fini(&out);
    outbox_fini(&outbox);
}

static void outbox__much__leaves_in_pieces_and_memory_is_given_back(void **state)
{
    (void)state;
    struct outbox outbox = { 0 };
    struct sg_buf out = { 0 };
    static char line[100 * 1024 + 1];
    memset(line, 'x', sizeof line - 1);
    for (int i = 0; i < 10; i++)
        assert_true(outbox_put(&outbox, line));
    drain(&outbox, UINT32_MAX, &out);
    assert_int_equal(out.length, 10 * (sizeof line - 1));
    assert_in_range(outbox.sending.capacity + outbox.waiting.capacity, 0, 128 * 1024);
    sg_buf_fini(&out);
    outbox_fini(&outbox);
}

static void outbox__memory_runs_out__is_told(void **state)
{
    (void)state;
    struct outbox outbox = { 0 };
    sg_mem_fail_after(0);
    assert_false(outbox_put(&outbox, "line\n"));
    sg_mem_fail_after(UINT64_MAX);
    outbox_fini(&outbox);
    assert_int_equal(sg_mem_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outbox__empty__has_nothing_to_send),
        cmocka_unit_test(outbox__lines__come_out_in_order_for_every_size_of_piece),
        cmocka_unit_test(outbox__lines_during_write__do_not_move_what_is_written),
        cmocka_unit_test(outbox__much__leaves_in_pieces_and_memory_is_given_back),
        cmocka_unit_test(outbox__memory_runs_out__is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
