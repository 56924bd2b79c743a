/* Range sets: each edge by hand, then random operations beside a bitmap, which is too simple to be
 * wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "core/extents.h"

static void add(struct extents *set, uint64_t from, uint64_t to)
{
    assert_int_equal(extents_add(set, from, to), SG_OK);
    assert_true(extents_check(set));
}

static void take_away(struct extents *set, uint64_t from, uint64_t to)
{
    assert_int_equal(extents_remove(set, from, to), SG_OK);
    assert_true(extents_check(set));
}

/* "1-5 7-9" */
static void assert_ranges(const struct extents *set, const char *expected)
{
    struct sg_buf text = { 0 };
    for (size_t i = 0; i < set->count; i++)
        sg_buf_printf(&text, "%s%llu-%llu", i > 0 ? " " : "",
                      (unsigned long long)set->items[i].from, (unsigned long long)set->items[i].to);
    char *found = sg_buf_take(&text);
    assert_string_equal(found, expected);
    sg_free(found);
}

static void extents__ranges_that_touch_or_overlap__become_one(void **state)
{
    (void)state;
    struct extents set = { 0 };
    add(&set, 10, 20);
    add(&set, 30, 40);
    assert_ranges(&set, "10-20 30-40");
    add(&set, 20, 25);
    assert_ranges(&set, "10-25 30-40");
    add(&set, 5, 10);
    assert_ranges(&set, "5-25 30-40");
    add(&set, 12, 18);
    assert_ranges(&set, "5-25 30-40");
    add(&set, 25, 30);
    assert_ranges(&set, "5-40");
    add(&set, 50, 60);
    add(&set, 70, 80);
    add(&set, 0, 100);
    assert_ranges(&set, "0-100");
    extents_fini(&set);
}

static void extents__an_empty_range__changes_nothing(void **state)
{
    (void)state;
    struct extents set = { 0 };
    add(&set, 5, 5);
    add(&set, 7, 3);
    assert_ranges(&set, "");
    add(&set, 1, 9);
    take_away(&set, 5, 5);
    take_away(&set, 7, 3);
    assert_ranges(&set, "1-9");
    assert_true(extents_contain(&set, 100, 100));
    extents_fini(&set);
}

static void extents__a_range_taken_away__cuts_and_splits(void **state)
{
    (void)state;
    struct extents set = { 0 };
    add(&set, 10, 20);
    add(&set, 30, 40);
    add(&set, 50, 60);
    take_away(&set, 0, 10);
    take_away(&set, 20, 30);
    assert_ranges(&set, "10-20 30-40 50-60");
    take_away(&set, 33, 35);
    assert_ranges(&set, "10-20 30-33 35-40 50-60");
    take_away(&set, 15, 31);
    assert_ranges(&set, "10-15 31-33 35-40 50-60");
    take_away(&set, 10, 12);
    take_away(&set, 58, 70);
    assert_ranges(&set, "12-15 31-33 35-40 50-58");
    take_away(&set, 0, 55);
    assert_ranges(&set, "55-58");
    take_away(&set, 55, 58);
    assert_ranges(&set, "");
    extents_fini(&set);
}

static void extents__gaps__are_found_from_any_offset(void **state)
{
    (void)state;
    struct extents set = { 0 };
    struct extent gap = { 77, 78 };
    assert_false(extents_gap(&set, 0, 0, &gap));
    assert_int_equal(gap.from, 77);
    assert_true(extents_gap(&set, 3, 9, &gap));
    assert_int_equal(gap.from, 3);
    assert_int_equal(gap.to, 9);
    add(&set, 10, 20);
    add(&set, 30, 40);
    static const struct {
        uint64_t from, limit, gap_from, gap_to; /* gap_to 0: none */
    } cases[] = {
        { 0, 100, 0, 10 },   { 0, 5, 0, 5 },          { 10, 100, 20, 30 },
        { 15, 100, 20, 30 }, { 19, 20, 0, 0 },        { 20, 100, 20, 30 },
        { 25, 28, 25, 28 },  { 30, 40, 0, 0 },        { 39, 41, 40, 41 },
        { 40, 50, 40, 50 },  { 50, 50, 0, 0 },        { 60, 50, 0, 0 },
        { 10, 20, 0, 0 },    { UINT64_MAX, 5, 0, 0 }, { UINT64_MAX, UINT64_MAX, 0, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool is_expected = cases[i].gap_to > 0;
        assert_int_equal(extents_gap(&set, cases[i].from, cases[i].limit, &gap), is_expected);
        if (is_expected) {
            assert_int_equal(gap.from, cases[i].gap_from);
            assert_int_equal(gap.to, cases[i].gap_to);
        }
    }
    extents_fini(&set);
}

static void extents__offsets_at_the_very_end__are_no_special_case(void **state)
{
    (void)state;
    struct extents set = { 0 };
    add(&set, UINT64_MAX - 10, UINT64_MAX);
    assert_true(extents_contain(&set, UINT64_MAX - 10, UINT64_MAX));
    assert_false(extents_contain(&set, UINT64_MAX - 11, UINT64_MAX));
    take_away(&set, UINT64_MAX - 5, UINT64_MAX);
    assert_int_equal(extents_total(&set), 5);
    add(&set, 0, UINT64_MAX);
    assert_int_equal(extents_total(&set), UINT64_MAX);
    extents_fini(&set);
}

static void extents__a_copy__is_equal_and_independent(void **state)
{
    (void)state;
    struct extents set = { 0 };
    struct extents copy = { 0 };
    assert_true(extents_are_equal(&set, &copy));
    for (uint64_t i = 0; i < 100; i++)
        add(&set, i * 10, i * 10 + 1 + i % 7);
    assert_false(extents_are_equal(&set, &copy));
    assert_int_equal(extents_copy(&copy, &set), SG_OK);
    assert_true(extents_are_equal(&set, &copy));
    take_away(&set, 0, 1);
    assert_false(extents_are_equal(&set, &copy));
    assert_true(extents_contain(&copy, 0, 1));
    extents_clear(&set);
    assert_int_equal(extents_copy(&copy, &set), SG_OK);
    assert_ranges(&copy, "");
    extents_fini(&set);
    extents_fini(&copy);
}

static void extents__a_broken_set__is_recognised(void **state)
{
    (void)state;
    struct extent touching[] = { { 1, 5 }, { 5, 9 } };
    struct extent unsorted[] = { { 5, 9 }, { 1, 2 } };
    struct extent empty[] = { { 3, 3 } };
    assert_false(extents_check(&(struct extents){ touching, 2, 2 }));
    assert_false(extents_check(&(struct extents){ unsorted, 2, 2 }));
    assert_false(extents_check(&(struct extents){ empty, 1, 1 }));
    assert_true(extents_check(&(struct extents){ touching, 1, 1 }));
}

static void extents__memory_that_runs_out__leaves_the_set_as_it_was(void **state)
{
    (void)state;
    struct extents set = { 0 };
    struct extents copy = { 0 };
    while (set.count == 0 || set.count < set.capacity)
        add(&set, set.count * 10, set.count * 10 + 5);
    assert_int_equal(extents_copy(&copy, &set), SG_OK);
    struct extents second = { 0 };
    sg_mem_fail_after(0);
    enum sg_status added = extents_add(&set, 100000, 100001);
    enum sg_status split = extents_remove(&set, 2, 3);
    enum sg_status copied = extents_copy(&second, &set);
    bool is_equal = extents_are_equal(&set, &copy);
    enum sg_status cut = extents_remove(&set, 0, 3); /* splits nothing, needs nothing */
    sg_mem_fail_after(UINT64_MAX);
    assert_int_equal(cut, SG_OK);
    assert_int_equal(added, SG_E_NOMEM);
    assert_int_equal(split, SG_E_NOMEM);
    assert_int_equal(copied, SG_E_NOMEM);
    assert_int_equal(second.count, 0);
    assert_true(is_equal);
    extents_fini(&set);
    extents_fini(&copy);
}

/* The planner gives ranges out where nothing may fail. */
static void extents__a_removal_that_splits_nothing__needs_no_memory(void **state)
{
    (void)state;
    struct extents set = { 0 };
    add(&set, 0, 100);
    assert_int_equal(set.count, set.capacity);
    sg_mem_fail_after(0);
    enum sg_status first = extents_remove(&set, 0, 10);
    enum sg_status last = extents_remove(&set, 90, 100);
    enum sg_status none = extents_remove(&set, 200, 300);
    sg_mem_fail_after(UINT64_MAX);
    assert_int_equal(first, SG_OK);
    assert_int_equal(last, SG_OK);
    assert_int_equal(none, SG_OK);
    assert_ranges(&set, "10-90");
    extents_fini(&set);
}

/* ---- beside a bitmap ---- */

enum { N_BITS = 512, N_STEPS = 200000 };

struct model {
    bool bits[N_BITS];
};

static uint64_t random_below(uint64_t *seed, uint64_t limit)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed % limit;
}

static bool model_contains(const struct model *model, uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i < to; i++) {
        if (!model->bits[i])
            return false;
    }
    return true;
}

static uint64_t model_total(const struct model *model)
{
    uint64_t total = 0;
    for (size_t i = 0; i < N_BITS; i++)
        total += model->bits[i];
    return total;
}

static bool model_gap(const struct model *model, uint64_t from, uint64_t limit, struct extent *gap)
{
    while (from < limit && model->bits[from])
        from++;
    if (from >= limit)
        return false;
    uint64_t to = from;
    while (to < limit && !model->bits[to])
        to++;
    *gap = (struct extent){ from, to };
    return true;
}

static void assert_same_gap(const struct extents *set, const struct model *model, uint64_t from,
                            uint64_t limit)
{
    struct extent found = { 0 };
    struct extent expected = { 0 };
    bool has_gap = model_gap(model, from, limit, &expected);
    assert_int_equal(extents_gap(set, from, limit, &found), has_gap);
    assert_int_equal(found.from, expected.from);
    assert_int_equal(found.to, expected.to);
}

static void assert_same_ranges(const struct extents *set, const struct model *model)
{
    struct model of_set = { { false } };
    for (size_t i = 0; i < set->count; i++) {
        assert_true(set->items[i].to <= N_BITS);
        for (uint64_t bit = set->items[i].from; bit < set->items[i].to; bit++)
            of_set.bits[bit] = true;
    }
    assert_memory_equal(&of_set, model, sizeof of_set);
}

/* Short ranges mostly, so that there are many; a long one now and then. */
static struct extent random_range(uint64_t *seed)
{
    uint64_t from = random_below(seed, N_BITS);
    uint64_t longest = random_below(seed, 50) == 0 ? N_BITS : 12;
    uint64_t to = from + random_below(seed, longest);
    return (struct extent){ from, to < N_BITS ? to : N_BITS };
}

static void extents__random_operations__do_what_a_bitmap_does(void **state)
{
    (void)state;
    uint64_t seed = UINT64_C(0x9E3779B97F4A7C15);
    struct extents set = { 0 };
    struct model model = { { false } };
    size_t most = 0;
    for (int step = 0; step < N_STEPS; step++) {
        struct extent range = random_range(&seed);
        bool is_add = random_below(&seed, 2) == 0;
        if (is_add)
            add(&set, range.from, range.to);
        else
            take_away(&set, range.from, range.to);
        memset(model.bits + range.from, is_add, range.to - range.from);
        assert_same_ranges(&set, &model);

        struct extent other = random_range(&seed);
        assert_int_equal(extents_contain(&set, other.from, other.to),
                         model_contains(&model, other.from, other.to));
        assert_int_equal(extents_total(&set), model_total(&model));
        assert_same_gap(&set, &model, other.from, random_below(&seed, N_BITS + 1));
        most = set.count > most ? set.count : most;
    }
    assert_true(most > 20); /* or the sets were too simple to prove anything */
    extents_fini(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(extents__ranges_that_touch_or_overlap__become_one),
        cmocka_unit_test(extents__an_empty_range__changes_nothing),
        cmocka_unit_test(extents__a_range_taken_away__cuts_and_splits),
        cmocka_unit_test(extents__gaps__are_found_from_any_offset),
        cmocka_unit_test(extents__offsets_at_the_very_end__are_no_special_case),
        cmocka_unit_test(extents__a_copy__is_equal_and_independent),
        cmocka_unit_test(extents__a_broken_set__is_recognised),
        cmocka_unit_test(extents__memory_that_runs_out__leaves_the_set_as_it_was),
        cmocka_unit_test(extents__a_removal_that_splits_nothing__needs_no_memory),
        cmocka_unit_test(extents__random_operations__do_what_a_bitmap_does),
    };
    return cmocka_run_group_tests_name("extents", tests, NULL, NULL);
}
