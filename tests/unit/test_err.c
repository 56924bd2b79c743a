/* Error records: filling, prefixing, cutting. */
#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf.h"

enum { LONGEST = SG_ERR_MESSAGE_SIZE - 1 };

static void set__formatted__keeps_status_and_message_and_gives_the_status_back(void **state)
{
    (void)state;
    struct sg_err err = { .foreign = 7 };
    assert_int_equal(sg_err_set(&err, SG_E_INVALID, "not %s number %d", "a", 5), SG_E_INVALID);
    assert_int_equal(err.status, SG_E_INVALID);
    assert_int_equal(err.foreign, 0);
    assert_string_equal(sg_err_text(&err), "not a number 5");
}

static void foreign__code__is_kept_and_survives_a_prefix(void **state)
{
    (void)state;
    struct sg_err err = { 0 };
    assert_int_equal(sg_err_foreign(&err, SG_E_DENIED, -112, "writing"), SG_E_DENIED);
    assert_int_equal(sg_err_prefix(&err, SG_E_DENIED, "job %d", 3), SG_E_DENIED);
    assert_int_equal(err.foreign, -112);
    assert_string_equal(sg_err_text(&err), "job 3: writing");
}

static void prefix__several_layers__stand_outermost_first(void **state)
{
    (void)state;
    struct sg_err err = { 0 };
    sg_err_set(&err, SG_E_DISK_FULL, "inner");
    sg_err_prefix(&err, SG_E_DISK_FULL, "middle");
    sg_err_prefix(&err, SG_E_DISK_FULL, "outer %s", "layer");
    assert_string_equal(sg_err_text(&err), "outer layer: middle: inner");
}

static void prefix__empty_record__ends_with_the_sentence(void **state)
{
    (void)state;
    struct sg_err err = { 0 };
    assert_int_equal(sg_err_prefix(&err, SG_E_NOMEM, "adding"), SG_E_NOMEM);
    assert_int_equal(err.status, SG_E_NOMEM);
    assert_string_equal(sg_err_text(&err), "adding: memory ran out");
}

static void prefix__record_of_another_status__does_not_tell_the_old_story(void **state)
{
    (void)state;
    struct sg_err err = { 0 };
    sg_err_set(&err, SG_E_EXISTS, "stale");
    sg_err_prefix(&err, SG_E_NOMEM, "adding");
    assert_int_equal(err.status, SG_E_NOMEM);
    assert_string_equal(sg_err_text(&err), "adding: memory ran out");
}

static void no_record__any_call__only_gives_the_status_back(void **state)
{
    (void)state;
    assert_int_equal(sg_err_set(NULL, SG_E_IO, "x"), SG_E_IO);
    assert_int_equal(sg_err_foreign(NULL, SG_E_IO, 5, "x"), SG_E_IO);
    assert_int_equal(sg_err_prefix(NULL, SG_E_IO, "x"), SG_E_IO);
}

static void text__no_message__is_the_sentence(void **state)
{
    (void)state;
    struct sg_err err = { .status = SG_E_LOCKED };
    assert_string_equal(sg_err_text(&err), sg_status_sentence(SG_E_LOCKED));
}

/* With and without a letter before two-byte characters: the cut falls on both of their halves. */
static void message__too_long__is_cut_between_characters(void **state)
{
    (void)state;
    for (int shift = 0; shift < 2; shift++) {
        char text[2 * SG_ERR_MESSAGE_SIZE];
        memset(text, 'a', (size_t)shift);
        for (size_t i = (size_t)shift; i + 2 < sizeof text; i += 2)
            memcpy(text + i, "\xC3\xBC", 3);
        struct sg_err err = { 0 };
        sg_err_set(&err, SG_E_INVALID, "%s", text);
        size_t length = strlen(err.message);
        assert_in_range(length, LONGEST - 1, LONGEST);
        assert_true(sg_utf8_is_valid(err.message, length));
        sg_err_prefix(&err, SG_E_INVALID, "prefix");
        assert_memory_equal(err.message, "prefix: ", 8);
        assert_true(sg_utf8_is_valid(err.message, strlen(err.message)));
    }
}

static void prefix__that_fills_the_message__leaves_no_room_for_the_inner_one(void **state)
{
    (void)state;
    char text[SG_ERR_MESSAGE_SIZE + 50];
    memset(text, 'p', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    struct sg_err err = { 0 };
    sg_err_set(&err, SG_E_INVALID, "inner");
    sg_err_prefix(&err, SG_E_INVALID, "%s", text);
    assert_int_equal(strlen(err.message), LONGEST);
    assert_null(strstr(err.message, "inner"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set__formatted__keeps_status_and_message_and_gives_the_status_back),
        cmocka_unit_test(foreign__code__is_kept_and_survives_a_prefix),
        cmocka_unit_test(prefix__several_layers__stand_outermost_first),
        cmocka_unit_test(prefix__empty_record__ends_with_the_sentence),
        cmocka_unit_test(prefix__record_of_another_status__does_not_tell_the_old_story),
        cmocka_unit_test(no_record__any_call__only_gives_the_status_back),
        cmocka_unit_test(text__no_message__is_the_sentence),
        cmocka_unit_test(message__too_long__is_cut_between_characters),
        cmocka_unit_test(prefix__that_fills_the_message__leaves_no_room_for_the_inner_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
