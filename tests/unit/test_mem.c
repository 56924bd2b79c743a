/* The allocator's front door and its counters. */
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int tear_down(void **state)
{
    (void)state;
    sg_mem_fail_after(UINT64_MAX);
    assert_int_equal(sg_mem_live(), 0);
    return 0;
}

static void alloc__any__is_zeroed_and_counted(void **state)
{
    (void)state;
    char *bytes = sg_alloc(100);
    char *array = sg_alloc_array(10, 10);
    assert_int_equal(sg_mem_live(), 2);
    for (int i = 0; i < 100; i++)
        assert_int_equal(bytes[i] | array[i], 0);
    sg_free(bytes);
    assert_int_equal(sg_mem_live(), 1);
    sg_free(array);
    sg_free(NULL);
}

static void alloc_array__product_overflows__gives_none(void **state)
{
    (void)state;
    /* volatile: compilers see through the constant and warn of it */
    volatile size_t half = SIZE_MAX / 2 + 1;
    assert_null(sg_alloc_array(half, 2));
    assert_null(sg_alloc_array(half, half));
}

static void realloc__grown__keeps_the_content_and_counts_once(void **state)
{
    (void)state;
    char *text = sg_realloc(NULL, 4);
    assert_non_null(text);
    memcpy(text, "abc", 4);
    text = sg_realloc(text, 100000);
    assert_string_equal(text, "abc");
    assert_int_equal(sg_mem_live(), 1);
    sg_free(text);
}

static void realloc__fails__leaves_the_memory_as_it_was(void **state)
{
    (void)state;
    char *text = sg_strdup("kept");
    sg_mem_fail_after(0);
    assert_null(sg_realloc(text, 100000));
    assert_string_equal(text, "kept");
    assert_int_equal(sg_mem_live(), 1);
    sg_free(text);
}

static void strdup__text__is_copied(void **state)
{
    (void)state;
    const char *text = "text";
    char *copy = sg_strdup(text);
    char *empty = sg_strdup("");
    assert_string_equal(copy, text);
    assert_ptr_not_equal(copy, text);
    assert_string_equal(empty, "");
    assert_null(sg_strdup(NULL));
    sg_free(copy);
    sg_free(empty);
}

static void strndup__part__ends_with_a_nul(void **state)
{
    (void)state;
    char *part = sg_strndup("hello world", 5);
    char *none = sg_strndup(NULL, 0);
    assert_string_equal(part, "hello");
    assert_string_equal(none, "");
    sg_free(part);
    sg_free(none);
}

static void fail_after__some__lets_those_pass_and_no_later_one(void **state)
{
    (void)state;
    sg_mem_fail_after(2);
    void *first = sg_alloc(1);
    void *second = sg_alloc(1);
    assert_non_null(first);
    assert_non_null(second);
    assert_null(sg_alloc(1));
    assert_null(sg_strdup("x"));
    assert_null(sg_alloc_array(1, 1));
    sg_mem_fail_after(UINT64_MAX);
    void *third = sg_alloc(1);
    assert_non_null(third);
    assert_int_equal(sg_mem_live(), 3);
    sg_free(first);
    sg_free(second);
    sg_free(third);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_teardown(name, tear_down)
        CASE(alloc__any__is_zeroed_and_counted),
        CASE(alloc_array__product_overflows__gives_none),
        CASE(realloc__grown__keeps_the_content_and_counts_once),
        CASE(realloc__fails__leaves_the_memory_as_it_was),
        CASE(strdup__text__is_copied),
        CASE(strndup__part__ends_with_a_nul),
        CASE(fail_after__some__lets_those_pass_and_no_later_one),
#undef CASE
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
