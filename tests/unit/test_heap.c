/* The pairing heap against a model that searches all its elements. */
#include "base/heap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { N_NODES = 200, N_STEPS = 20000, N_KEYS = 50, N_SEEDS = 20 };

/* xorshift64, Marsaglia: the same numbers everywhere. */
static uint64_t draw(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* Counts the nodes below `node` and its siblings; every link must lead back, no key may be smaller
 * than its parent's. Depth first by hand: a pairing heap may be as deep as it is large. */
static int check_nodes(const struct sg_heap_node *root)
{
    const struct sg_heap_node *stack[N_NODES];
    int depth = 0;
    int n_nodes = 0;
    assert_true(root == NULL || (root->prev == NULL && root->next == NULL));
    if (root != NULL)
        stack[depth++] = root;
    while (depth > 0) {
        const struct sg_heap_node *parent = stack[--depth];
        const struct sg_heap_node *before = parent;
        assert_true(parent->is_in_heap);
        n_nodes++;
        for (const struct sg_heap_node *node = parent->child; node != NULL; node = node->next) {
            assert_ptr_equal(node->prev, before);
            assert_true(node->key >= parent->key);
            assert_true(depth < N_NODES);
            stack[depth++] = node;
            before = node;
        }
    }
    return n_nodes;
}

struct model {
    struct sg_heap heap;
    struct sg_heap_node nodes[N_NODES];
    int n_inside;
};

static void check_model(const struct model *model)
{
    uint64_t smallest = UINT64_MAX;
    for (int i = 0; i < N_NODES; i++) {
        if (model->nodes[i].is_in_heap && model->nodes[i].key < smallest)
            smallest = model->nodes[i].key;
    }
    const struct sg_heap_node *first = sg_heap_first(&model->heap);
    assert_int_equal(first != NULL, model->n_inside > 0);
    if (first != NULL)
        assert_int_equal(first->key, smallest);
    assert_int_equal(check_nodes(model->heap.root), model->n_inside);
}

static void insert(struct model *model, struct sg_heap_node *node, uint64_t key)
{
    if (node->is_in_heap)
        return;
    sg_heap_insert(&model->heap, node, key);
    assert_true(node->is_in_heap);
    model->n_inside++;
}

static void take_out(struct model *model, struct sg_heap_node *node)
{
    if (node == NULL)
        return;
    model->n_inside -= node->is_in_heap;
    sg_heap_remove(&model->heap, node);
    assert_false(node->is_in_heap);
}

static void random_step(struct model *model, uint64_t *seed)
{
    struct sg_heap_node *node = &model->nodes[draw(seed) % N_NODES];
    switch (draw(seed) % 4) {
    case 0:
    case 1:
        insert(model, node, draw(seed) % N_KEYS);
        return;
    case 2:
        take_out(model, node);
        return;
    default:
        take_out(model, sg_heap_first(&model->heap));
        return;
    }
}

static void heap__random_steps__agrees_with_a_search(void **state)
{
    (void)state;
    for (uint64_t first_seed = 1; first_seed <= N_SEEDS; first_seed++) {
        static struct model model;
        uint64_t seed = first_seed * UINT64_C(0x9E3779B97F4A7C15);
        model = (struct model){ 0 };
        for (int i = 0; i < N_STEPS / N_SEEDS; i++) {
            random_step(&model, &seed);
            check_model(&model);
        }
    }
}

static void heap__everything_put_in__comes_out_in_order(void **state)
{
    (void)state;
    static struct model model;
    uint64_t seed = 42;
    for (int i = 0; i < N_NODES; i++)
        insert(&model, &model.nodes[i], draw(&seed));
    uint64_t last = 0;
    while (model.n_inside > 0) {
        struct sg_heap_node *first = sg_heap_first(&model.heap);
        assert_true(first->key >= last);
        last = first->key;
        take_out(&model, first);
    }
    assert_null(sg_heap_first(&model.heap));
}

static void heap__the_same_node__may_go_in_and_out_again(void **state)
{
    (void)state;
    struct sg_heap heap = { 0 };
    struct sg_heap_node node = { 0 };
    sg_heap_remove(&heap, &node);
    for (uint64_t key = 3; key > 0; key--) {
        sg_heap_insert(&heap, &node, key);
        assert_ptr_equal(sg_heap_first(&heap), &node);
        assert_int_equal(node.key, key);
        sg_heap_remove(&heap, &node);
        sg_heap_remove(&heap, &node);
        assert_null(sg_heap_first(&heap));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heap__random_steps__agrees_with_a_search),
        cmocka_unit_test(heap__everything_put_in__comes_out_in_order),
        cmocka_unit_test(heap__the_same_node__may_go_in_and_out_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
