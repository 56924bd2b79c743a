/* The intrusive list. */
#include "base/list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { N_ITEMS = 5 };

struct item {
    char letter;
    struct sg_list node;
};

/* The letters from first to last; the way back must give the same. */
static const char *letters_of(struct sg_list *list)
{
    static char letters[N_ITEMS + 1];
    size_t length = 0;
    SG_LIST_FOR_EACH(node, list)
    letters[length++] = sg_container_of(node, struct item, node)->letter;
    letters[length] = '\0';
    for (struct sg_list *node = list->prev; node != list; node = node->prev)
        assert_int_equal(sg_container_of(node, struct item, node)->letter, letters[--length]);
    assert_int_equal(length, 0);
    return letters;
}

static void fill(struct sg_list *list, struct item items[N_ITEMS])
{
    sg_list_init(list);
    for (int i = 0; i < N_ITEMS; i++) {
        items[i] = (struct item){ .letter = (char)('a' + i) };
        sg_list_insert(list, &items[i].node);
    }
}

static void list__zero_or_new__is_empty(void **state)
{
    (void)state;
    struct sg_list zero = { 0 };
    struct sg_list fresh;
    sg_list_init(&fresh);
    assert_true(sg_list_is_empty(&zero));
    assert_true(sg_list_is_empty(&fresh));
    assert_null(sg_list_pop(&fresh));
    assert_null(sg_list_pop(&zero));
    assert_string_equal(letters_of(&fresh), "");
}

static void insert__before_the_head__is_at_the_end(void **state)
{
    (void)state;
    struct sg_list list;
    struct item items[N_ITEMS];
    fill(&list, items);
    assert_string_equal(letters_of(&list), "abcde");
    assert_false(sg_list_is_empty(&list));
    assert_false(sg_list_is_empty(&items[0].node));
}

static void insert__before_an_element__is_there(void **state)
{
    (void)state;
    struct sg_list list;
    struct item items[N_ITEMS];
    fill(&list, items);
    sg_list_remove(&items[4].node);
    sg_list_insert(&items[0].node, &items[4].node);
    assert_string_equal(letters_of(&list), "eabcd");
}

static void remove__any__leaves_the_others_and_may_be_repeated(void **state)
{
    (void)state;
    struct sg_list list;
    struct item items[N_ITEMS];
    fill(&list, items);
    sg_list_remove(&items[2].node);
    assert_string_equal(letters_of(&list), "abde");
    sg_list_remove(&items[2].node);
    sg_list_remove(&items[0].node);
    sg_list_remove(&items[4].node);
    assert_string_equal(letters_of(&list), "bd");
    assert_true(sg_list_is_empty(&items[2].node));
    struct sg_list never = { 0 };
    sg_list_remove(&never);
}

static void pop__until_empty__gives_first_to_last(void **state)
{
    (void)state;
    struct sg_list list;
    struct item items[N_ITEMS];
    fill(&list, items);
    for (int i = 0; i < N_ITEMS; i++)
        assert_ptr_equal(sg_list_pop(&list), &items[i].node);
    assert_null(sg_list_pop(&list));
    assert_true(sg_list_is_empty(&list));
}

static void walk__removing_the_present_one__goes_on_with_the_next(void **state)
{
    (void)state;
    struct sg_list list;
    struct item items[N_ITEMS];
    size_t n_seen = 0;
    fill(&list, items);
    SG_LIST_FOR_EACH(node, &list)
    {
        if (n_seen++ % 2 == 0)
            sg_list_remove(node);
    }
    assert_int_equal(n_seen, N_ITEMS);
    assert_string_equal(letters_of(&list), "bd");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(list__zero_or_new__is_empty),
        cmocka_unit_test(insert__before_the_head__is_at_the_end),
        cmocka_unit_test(insert__before_an_element__is_there),
        cmocka_unit_test(remove__any__leaves_the_others_and_may_be_repeated),
        cmocka_unit_test(pop__until_empty__gives_first_to_last),
        cmocka_unit_test(walk__removing_the_present_one__goes_on_with_the_next),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
