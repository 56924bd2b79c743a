/* Job records: copying, releasing, and the words of their enums. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "core/record.h"

/* A record in which each field has a value of its own. */
static struct job_record make_full(void)
{
    struct job_record record;
    job_record_init(&record);
#define X(field) assert_int_equal(job_record_set(&record.field, #field), SG_OK);
    JOB_TEXT_FIELDS(X)
#undef X
    int n = 1;
#define X(field, type) record.field = (type)n++;
    JOB_NUMBER_FIELDS(X)
#undef X
    assert_int_equal(extents_add(&record.extents, 1, 5), SG_OK);
    assert_int_equal(extents_add(&record.extents, 7, 9), SG_OK);
    return record;
}

static void assert_is_full(const struct job_record *record)
{
#define X(field) assert_string_equal(record->field, #field);
    JOB_TEXT_FIELDS(X)
#undef X
    int n = 1;
#define X(field, type) assert_int_equal(record->field, n++);
    JOB_NUMBER_FIELDS(X)
#undef X
    assert_int_equal(extents_total(&record->extents), 6);
}

static void assert_is_empty(const struct job_record *record)
{
#define X(field) assert_null(record->field);
    JOB_TEXT_FIELDS(X)
#undef X
    assert_int_equal(record->id, 0);
    assert_int_equal(record->total, -1);
    assert_int_equal(record->state, JOB_QUEUED);
    assert_int_equal(record->extents.count, 0);
}

static void record__a_new_one__is_empty_and_of_unknown_size(void **state)
{
    (void)state;
    struct job_record record;
    job_record_init(&record);
    assert_is_empty(&record);
    job_record_fini(&record);
    assert_is_empty(&record);
}

static void record__a_copy__is_independent(void **state)
{
    (void)state;
    int64_t live = sg_mem_live();
    struct job_record original = make_full();
    struct job_record copy;
    assert_int_equal(job_record_copy(&copy, &original), SG_OK);
    job_record_fini(&original);
    assert_is_empty(&original);
    assert_is_full(&copy);
    job_record_fini(&copy);
    assert_int_equal(sg_mem_live(), live);
}

static void record__a_copy_of_an_empty_one__has_no_texts(void **state)
{
    (void)state;
    struct job_record original;
    struct job_record copy;
    job_record_init(&original);
    assert_int_equal(job_record_copy(&copy, &original), SG_OK);
    assert_is_empty(&copy);
    job_record_fini(&copy);
}

static void record__memory_that_runs_out_while_copying__leaves_an_empty_one(void **state)
{
    (void)state;
    int64_t live = sg_mem_live();
    struct job_record original = make_full();
    enum sg_status status = SG_E_NOMEM;
    for (uint64_t n = 0; status != SG_OK; n++) {
        struct job_record copy;
        sg_mem_fail_after(n);
        status = job_record_copy(&copy, &original);
        sg_mem_fail_after(UINT64_MAX);
        if (status == SG_OK) {
            assert_is_full(&copy);
        } else {
            assert_int_equal(status, SG_E_NOMEM);
            assert_is_empty(&copy);
        }
        job_record_fini(&copy);
    }
    job_record_fini(&original);
    assert_int_equal(sg_mem_live(), live);
}

static void record__a_field__is_replaced_emptied_and_kept_when_memory_runs_out(void **state)
{
    (void)state;
    char *field = NULL;
    assert_int_equal(job_record_set(&field, "one"), SG_OK);
    assert_string_equal(field, "one");
    assert_int_equal(job_record_set(&field, field), SG_OK);
    assert_string_equal(field, "one");
    sg_mem_fail_after(0);
    enum sg_status status = job_record_set(&field, "two");
    sg_mem_fail_after(UINT64_MAX);
    assert_int_equal(status, SG_E_NOMEM);
    assert_string_equal(field, "one");
    assert_int_equal(job_record_set(&field, ""), SG_OK);
    assert_string_equal(field, "");
    assert_int_equal(job_record_set(&field, NULL), SG_OK);
    assert_null(field);
}

static void record__states__are_final_or_not(void **state)
{
    (void)state;
    for (unsigned i = 0; i < JOB_STATE_COUNT; i++) {
        bool is_final = i == JOB_DONE || i == JOB_FAILED || i == JOB_CANCELLED;
        assert_int_equal(job_state_is_final((enum job_state)i), is_final);
    }
}

static void record__each_word__leads_back_to_its_value(void **state)
{
    (void)state;
    for (unsigned i = 0; i < JOB_STATE_COUNT; i++)
        assert_int_equal(job_state_from_word(job_state_word((enum job_state)i)), i);
    for (unsigned i = 0; i < JOB_REASON_COUNT; i++)
        assert_int_equal(job_reason_from_word(job_reason_word((enum job_reason)i)), i);
    for (unsigned i = 0; i < JOB_IF_EXISTS_COUNT; i++)
        assert_int_equal(job_if_exists_from_word(job_if_exists_word((enum job_if_exists)i)), i);
    for (unsigned i = 0; i < JOB_ON_CHANGE_COUNT; i++)
        assert_int_equal(job_on_change_from_word(job_on_change_word((enum job_on_change)i)), i);
    for (unsigned i = 0; i < JOB_METERED_COUNT; i++)
        assert_int_equal(job_metered_from_word(job_metered_word((enum job_metered)i)), i);
}

static void record__an_unknown_word__is_no_value(void **state)
{
    (void)state;
    static const char *const words[] = { "Queued", "queue", "queuedd", "renam", "x" };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        assert_int_equal(job_state_from_word(words[i]), JOB_STATE_COUNT);
        assert_int_equal(job_reason_from_word(words[i]), JOB_REASON_COUNT);
        assert_int_equal(job_if_exists_from_word(words[i]), JOB_IF_EXISTS_COUNT);
        assert_int_equal(job_on_change_from_word(words[i]), JOB_ON_CHANGE_COUNT);
        assert_int_equal(job_metered_from_word(words[i]), JOB_METERED_COUNT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(record__a_new_one__is_empty_and_of_unknown_size),
        cmocka_unit_test(record__a_copy__is_independent),
        cmocka_unit_test(record__a_copy_of_an_empty_one__has_no_texts),
        cmocka_unit_test(record__memory_that_runs_out_while_copying__leaves_an_empty_one),
        cmocka_unit_test(record__a_field__is_replaced_emptied_and_kept_when_memory_runs_out),
        cmocka_unit_test(record__states__are_final_or_not),
        cmocka_unit_test(record__each_word__leads_back_to_its_value),
        cmocka_unit_test(record__an_unknown_word__is_no_value),
    };
    return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
