/* The contract of os/work.h. */
#include "os/work.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "tests/contract/contract.h"

enum { N_WORKS = 100 };

struct task {
    struct work work;
    int n_run;
    int n_done;
    int run_number; /* in order of running, for the worker */
    struct record *record;
};

struct record {
    struct loop *loop;
    struct task tasks[N_WORKS];
    int n_run; /* the worker's thread only */
    int n_done;
    struct work_pool *pool;
};

static void on_run(struct work *work)
{
    struct task *task = sg_container_of(work, struct task, work);
    task->n_run++;
}

/* For works that run one after the other only. */
static void on_run_in_order(struct work *work)
{
    struct task *task = sg_container_of(work, struct task, work);
    task->n_run++;
    task->run_number = task->record->n_run++;
}

static void on_done(struct work *work)
{
    struct task *task = sg_container_of(work, struct task, work);
    assert_int_equal(task->n_run, task->n_done + 1);
    task->n_done++;
    task->record->n_done++;
}

static int set_up(void **state)
{
    struct record *record = sg_alloc(sizeof *record);
    assert_non_null(record);
    record->loop = create_loop();
    for (int i = 0; i < N_WORKS; i++) {
        record->tasks[i].work = (struct work){ .run = on_run, .done = on_done };
        record->tasks[i].record = record;
    }
    *state = record;
    return 0;
}

static int tear_down(void **state)
{
    struct record *record = *state;
    loop_destroy(record->loop);
    sg_free(record);
    assert_int_equal(sg_mem_live(), 0);
    return 0;
}

static void assert_all_done_once(const struct record *record)
{
    for (int i = 0; i < N_WORKS; i++) {
        assert_int_equal(record->tasks[i].n_run, 1);
        assert_int_equal(record->tasks[i].n_done, 1);
    }
}

static void pool__many_works__each_runs_once_and_is_reported_once(void **state)
{
    struct record *record = *state;
    struct work_pool *pool = NULL;
    assert_int_equal(work_pool_create(record->loop, &pool, NULL), SG_OK);
    for (int i = 0; i < N_WORKS; i++)
        work_submit(pool, &record->tasks[i].work);
    assert_int_equal(record->n_done, 0);
    assert_true(turn_until(record->loop, &record->n_done, N_WORKS));
    work_pool_destroy(pool);
    loop_turn(record->loop, 0);
    assert_int_equal(record->n_done, N_WORKS);
    assert_all_done_once(record);
}

static void pool__destroyed_at_once__has_run_everything_and_reports_later(void **state)
{
    struct record *record = *state;
    struct work_pool *pool = NULL;
    assert_int_equal(work_pool_create(record->loop, &pool, NULL), SG_OK);
    for (int i = 0; i < N_WORKS; i++)
        work_submit(pool, &record->tasks[i].work);
    work_pool_destroy(pool);
    for (int i = 0; i < N_WORKS; i++) {
        assert_int_equal(record->tasks[i].n_run, 1);
        assert_int_equal(record->tasks[i].n_done, 0);
    }
    assert_true(turn_until(record->loop, &record->n_done, N_WORKS));
    assert_all_done_once(record);
}

static void submit_again(struct work *work)
{
    struct task *task = sg_container_of(work, struct task, work);
    on_done(work);
    if (task->n_done < 5)
        work_submit(task->record->pool, work);
}

static void pool__work_submitted_again_by_its_own_end__runs_again(void **state)
{
    struct record *record = *state;
    assert_int_equal(work_pool_create(record->loop, &record->pool, NULL), SG_OK);
    record->tasks[0].work.done = submit_again;
    work_submit(record->pool, &record->tasks[0].work);
    assert_true(turn_until(record->loop, &record->n_done, 5));
    work_pool_destroy(record->pool);
    assert_int_equal(record->tasks[0].n_run, 5);
}

static void free_task(struct work *work)
{
    struct task *task = sg_container_of(work, struct task, work);
    task->record->n_done++;
    sg_free(task);
}

static void pool__work_freed_by_its_own_end__is_not_touched_again(void **state)
{
    struct record *record = *state;
    struct work_pool *pool = NULL;
    assert_int_equal(work_pool_create(record->loop, &pool, NULL), SG_OK);
    for (int i = 0; i < N_WORKS; i++) {
        struct task *task = sg_alloc(sizeof *task);
        assert_non_null(task);
        task->work = (struct work){ .run = on_run, .done = free_task };
        task->record = record;
        work_submit(pool, &task->work);
    }
    assert_true(turn_until(record->loop, &record->n_done, N_WORKS));
    work_pool_destroy(pool);
}

static void pool__without_work__comes_and_goes(void **state)
{
    struct record *record = *state;
    struct work_pool *pool = NULL;
    assert_int_equal(work_pool_create(record->loop, &pool, NULL), SG_OK);
    work_pool_destroy(pool);
    work_pool_destroy(NULL);
}

static void worker__many_works__run_one_after_the_other_in_order(void **state)
{
    struct record *record = *state;
    struct worker *worker = NULL;
    assert_int_equal(worker_create(record->loop, "serial", &worker, NULL), SG_OK);
    for (int i = 0; i < N_WORKS; i++) {
        record->tasks[i].work.run = on_run_in_order;
        worker_submit(worker, &record->tasks[i].work);
    }
    assert_true(turn_until(record->loop, &record->n_done, N_WORKS));
    worker_destroy(worker);
    assert_all_done_once(record);
    for (int i = 0; i < N_WORKS; i++)
        assert_int_equal(record->tasks[i].run_number, i);
}

static void worker__destroyed_at_once__has_run_everything_and_reports_later(void **state)
{
    struct record *record = *state;
    struct worker *worker = NULL;
    assert_int_equal(worker_create(record->loop, "serial", &worker, NULL), SG_OK);
    for (int i = 0; i < N_WORKS; i++)
        worker_submit(worker, &record->tasks[i].work);
    worker_destroy(worker);
    worker_destroy(NULL);
    assert_int_equal(record->n_done, 0);
    assert_true(turn_until(record->loop, &record->n_done, N_WORKS));
    assert_all_done_once(record);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        CASE(pool__many_works__each_runs_once_and_is_reported_once),
        CASE(pool__destroyed_at_once__has_run_everything_and_reports_later),
        CASE(pool__work_submitted_again_by_its_own_end__runs_again),
        CASE(pool__work_freed_by_its_own_end__is_not_touched_again),
        CASE(pool__without_work__comes_and_goes),
        CASE(worker__many_works__run_one_after_the_other_in_order),
        CASE(worker__destroyed_at_once__has_run_everything_and_reports_later),
#undef CASE
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
