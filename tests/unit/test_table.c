/* The hash table against a model that searches all its elements. */
#include "base/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"

enum { N_ELEMENTS = 500, N_STEPS = 20000, N_HASHES = 300, N_SEEDS = 10 };

struct element {
    struct sg_table_node node;
    uint64_t hash; /* that the model has it under */
    bool is_inside;
};

/* xorshift64, Marsaglia: the same numbers everywhere. */
static uint64_t draw(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static int tear_down(void **state)
{
    (void)state;
    assert_int_equal(sg_mem_live(), 0);
    return 0;
}

static size_t count_in_model(const struct element *elements, uint64_t hash)
{
    size_t n = 0;
    for (int i = 0; i < N_ELEMENTS; i++)
        n += elements[i].is_inside && elements[i].hash == hash;
    return n;
}

static void check_hash(const struct sg_table *table, const struct element *elements, uint64_t hash)
{
    size_t n = 0;
    for (const struct sg_table_node *node = sg_table_first(table, hash); node != NULL;
         node = sg_table_next(node)) {
        const struct element *element = sg_container_of(node, struct element, node);
        assert_true(element->is_inside);
        assert_true(element->hash == hash);
        n++;
    }
    assert_int_equal(n, count_in_model(elements, hash));
}

static void step(struct sg_table *table, struct element *elements, uint64_t *seed)
{
    struct element *element = &elements[draw(seed) % N_ELEMENTS];
    if (element->is_inside) {
        sg_table_remove(table, &element->node);
    } else {
        element->hash = draw(seed) % N_HASHES;
        assert_int_equal(sg_table_insert(table, &element->node, element->hash), SG_OK);
    }
    element->is_inside = !element->is_inside;
}

static void table__random_steps__finds_what_the_model_has(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= N_SEEDS; seed++) {
        struct sg_table table = { 0 };
        struct element elements[N_ELEMENTS] = { 0 };
        uint64_t random = seed;
        for (int i = 0; i < N_STEPS; i++) {
            step(&table, elements, &random);
            check_hash(&table, elements, draw(&random) % N_HASHES);
        }
        sg_table_fini(&table);
    }
}

static void table__empty__finds_and_removes_nothing(void **state)
{
    (void)state;
    struct sg_table table = { 0 };
    struct sg_table_node node = { 0 };
    assert_null(sg_table_first(&table, 0));
    sg_table_remove(&table, &node);
    assert_int_equal(table.n_nodes, 0);
    sg_table_fini(&table);
}

static void table__no_memory__stays_as_it_is(void **state)
{
    (void)state;
    struct sg_table table = { 0 };
    struct sg_table_node nodes[65] = { 0 };
    for (uint64_t i = 0; i < 64; i++)
        assert_int_equal(sg_table_insert(&table, &nodes[i], i), SG_OK);
    sg_mem_fail_after(0);
    assert_int_equal(sg_table_insert(&table, &nodes[64], 64), SG_E_NOMEM);
    sg_mem_fail_after(UINT64_MAX);
    assert_null(sg_table_first(&table, 64));
    for (uint64_t i = 0; i < 64; i++)
        assert_ptr_equal(sg_table_first(&table, i), &nodes[i]);
    sg_table_fini(&table);
}

static void table_hash__is_fnv_1a(void **state)
{
    (void)state;
    assert_true(sg_table_hash("") == UINT64_C(0xcbf29ce484222325));
    assert_true(sg_table_hash("foobar") == UINT64_C(0x85944171f73967e8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(table__random_steps__finds_what_the_model_has, tear_down),
        cmocka_unit_test_teardown(table__empty__finds_and_removes_nothing, tear_down),
        cmocka_unit_test_teardown(table__no_memory__stays_as_it_is, tear_down),
        cmocka_unit_test_teardown(table_hash__is_fnv_1a, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
