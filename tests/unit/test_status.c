/* The status table: words, classes, sentences. */
#include "base/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void word__every_status__leads_back_to_it(void **state)
{
    (void)state;
    for (int i = 0; i < SG_STATUS_COUNT; i++)
        assert_int_equal(sg_status_from_word(sg_status_word((enum sg_status)i)), i);
}

static void word__every_status__is_lower_case_with_underscores(void **state)
{
    (void)state;
    for (int i = 0; i < SG_STATUS_COUNT; i++) {
        const char *word = sg_status_word((enum sg_status)i);
        assert_true(strlen(word) > 0);
        assert_int_equal(strspn(word, "abcdefghijklmnopqrstuvwxyz_"), strlen(word));
    }
}

static void word__unknown__leads_to_no_status(void **state)
{
    (void)state;
    assert_int_equal(sg_status_from_word(""), SG_STATUS_COUNT);
    assert_int_equal(sg_status_from_word("Disk_Full"), SG_STATUS_COUNT);
    assert_int_equal(sg_status_from_word("disk_full "), SG_STATUS_COUNT);
}

static void sentence__every_status__has_one_without_a_full_stop(void **state)
{
    (void)state;
    for (int i = 0; i < SG_STATUS_COUNT; i++) {
        const char *sentence = sg_status_sentence((enum sg_status)i);
        assert_true(strlen(sentence) > 0);
        assert_true(sentence[strlen(sentence) - 1] != '.');
    }
}

static void class__only_the_two_that_are_no_failures__have_none(void **state)
{
    (void)state;
    for (int i = 0; i < SG_STATUS_COUNT; i++) {
        bool is_failure = i != SG_OK && i != SG_PENDING;
        assert_int_equal(sg_status_class((enum sg_status)i) != SG_CLASS_NONE, is_failure);
    }
    assert_int_equal(SG_OK, 0);
    assert_int_equal(sg_status_class(SG_E_TIMEOUT), SG_CLASS_RETRY);
    assert_int_equal(sg_status_class(SG_E_CHANGED), SG_CLASS_PERMANENT);
    assert_int_equal(sg_status_class(SG_E_DISK_FULL), SG_CLASS_USER);
    assert_int_equal(sg_status_class(SG_E_NOMEM), SG_CLASS_BUG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(word__every_status__leads_back_to_it),
        cmocka_unit_test(word__every_status__is_lower_case_with_underscores),
        cmocka_unit_test(word__unknown__leads_to_no_status),
        cmocka_unit_test(sentence__every_status__has_one_without_a_full_stop),
        cmocka_unit_test(class__only_the_two_that_are_no_failures__have_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
