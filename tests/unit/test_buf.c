/* The growable byte string. */
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

static int set_up(void **state)
{
    struct sg_buf *buf = sg_alloc(sizeof *buf);
    assert_non_null(buf);
    *state = buf;
    return 0;
}

static int tear_down(void **state)
{
    sg_mem_fail_after(UINT64_MAX);
    sg_buf_fini(*state);
    sg_free(*state);
    assert_int_equal(sg_mem_live(), 0);
    return 0;
}

static void append__all_kinds__stand_one_after_the_other(void **state)
{
    struct sg_buf *buf = *state;
    sg_buf_puts(buf, "one ");
    sg_buf_putc(buf, '2');
    sg_buf_append(buf, " three!", 6);
    sg_buf_printf(buf, " %d%s", 4, "!");
    assert_string_equal(buf->data, "one 2 three 4!");
    assert_int_equal(buf->length, 14);
    assert_false(buf->is_failed);
}

static void append__zero_bytes__are_kept_and_counted(void **state)
{
    struct sg_buf *buf = *state;
    sg_buf_append(buf, "a\0b", 3);
    sg_buf_append(buf, NULL, 0);
    assert_int_equal(buf->length, 3);
    assert_memory_equal(buf->data, "a\0b", 4);
}

static void append__many_times__grows_and_keeps_everything(void **state)
{
    struct sg_buf *buf = *state;
    for (int i = 0; i < 10000; i++)
        sg_buf_printf(buf, "%04d", i);
    assert_int_equal(buf->length, 40000);
    assert_int_equal(strlen(buf->data), 40000);
    assert_memory_equal(buf->data + 4 * 1234, "1234", 4);
    assert_true(buf->capacity > buf->length);
}

static void reserve__empty_buffer__is_terminated_and_then_does_not_move(void **state)
{
    struct sg_buf *buf = *state;
    assert_true(sg_buf_reserve(buf, 1000));
    assert_string_equal(buf->data, "");
    const char *data = buf->data;
    for (int i = 0; i < 1000; i++)
        sg_buf_putc(buf, 'x');
    assert_ptr_equal(buf->data, data);
}

static void reserve__absurd_size__fails_without_an_allocation(void **state)
{
    struct sg_buf *buf = *state;
    assert_false(sg_buf_reserve(buf, SIZE_MAX));
    assert_true(buf->is_failed);
    assert_null(buf->data);
}

static void consume__some__leaves_the_rest(void **state)
{
    struct sg_buf *buf = *state;
    sg_buf_consume(buf, 0);
    sg_buf_puts(buf, "headtail");
    sg_buf_consume(buf, 4);
    assert_string_equal(buf->data, "tail");
    sg_buf_consume(buf, 4);
    assert_string_equal(buf->data, "");
    assert_int_equal(buf->length, 0);
}

static void clear__filled__is_empty_and_keeps_its_memory(void **state)
{
    struct sg_buf *buf = *state;
    sg_buf_clear(buf);
    assert_null(buf->data);
    sg_buf_puts(buf, "content");
    size_t capacity = buf->capacity;
    sg_buf_clear(buf);
    assert_string_equal(buf->data, "");
    assert_int_equal(buf->length, 0);
    assert_int_equal(buf->capacity, capacity);
}

static void take__content__is_the_callers_and_the_buffer_empty(void **state)
{
    struct sg_buf *buf = *state;
    sg_buf_puts(buf, "mine");
    char *text = sg_buf_take(buf);
    assert_string_equal(text, "mine");
    assert_null(buf->data);
    assert_int_equal(buf->length, 0);
    sg_free(text);
}

static void take__nothing__is_an_empty_string(void **state)
{
    char *text = sg_buf_take(*state);
    assert_string_equal(text, "");
    sg_free(text);
}

static void append__memory_ran_out__is_remembered_until_the_end(void **state)
{
    struct sg_buf *buf = *state;
    sg_buf_puts(buf, "first");
    sg_mem_fail_after(0);
    for (int i = 0; i < 100; i++)
        sg_buf_printf(buf, "more");
    sg_mem_fail_after(UINT64_MAX);
    assert_true(buf->is_failed);
    sg_buf_puts(buf, "after");
    assert_null(sg_buf_take(buf));
    assert_null(buf->data);
    assert_false(buf->is_failed);
}

static void clear__failed__makes_it_usable_again(void **state)
{
    struct sg_buf *buf = *state;
    sg_mem_fail_after(0);
    sg_buf_puts(buf, "lost");
    sg_mem_fail_after(UINT64_MAX);
    sg_buf_clear(buf);
    sg_buf_puts(buf, "kept");
    assert_string_equal(buf->data, "kept");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        CASE(append__all_kinds__stand_one_after_the_other),
        CASE(append__zero_bytes__are_kept_and_counted),
        CASE(append__many_times__grows_and_keeps_everything),
        CASE(reserve__empty_buffer__is_terminated_and_then_does_not_move),
        CASE(reserve__absurd_size__fails_without_an_allocation),
        CASE(consume__some__leaves_the_rest),
        CASE(clear__filled__is_empty_and_keeps_its_memory),
        CASE(take__content__is_the_callers_and_the_buffer_empty),
        CASE(take__nothing__is_an_empty_string),
        CASE(append__memory_ran_out__is_remembered_until_the_end),
        CASE(clear__failed__makes_it_usable_again),
#undef CASE
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
