/* Who may hash when. This program is the pool: what is submitted is written down. */
#include "engine/turns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { MOST = 8 };

static struct work *submitted[MOST];
static size_t n_submitted;

void work_submit(struct work_pool *pool, struct work *work)
{
    (void)pool;
    assert_true(n_submitted < MOST);
    submitted[n_submitted++] = work;
}

struct bench {
    struct turns turns;
    struct turn turn[MOST];
    struct work work[MOST];
};

static struct bench begin(void)
{
    n_submitted = 0;
    return (struct bench){ .turns.pool = NULL };
}

static void ask(struct bench *bench, int number, enum turn_rank rank)
{
    turn_begin(&bench->turns, &bench->turn[number], rank, &bench->work[number]);
}

static void end(struct bench *bench, int number)
{
    turn_end(&bench->turns, &bench->turn[number]);
}

/* What was submitted so far, as numbers of works: "0 2". */
static void assert_submitted(const struct bench *bench, const int *numbers, size_t n)
{
    assert_int_equal(n_submitted, n);
    for (size_t i = 0; i < n; i++)
        assert_ptr_equal(submitted[i], &bench->work[numbers[i]]);
}

#define ASSERT_SUBMITTED(bench, ...)                      \
    assert_submitted(bench, (const int[]){ __VA_ARGS__ }, \
                     sizeof((const int[]){ __VA_ARGS__ }) / sizeof(int))

static void turns__downloads__leave_a_thread_to_others(void **state)
{
    (void)state;
    struct bench bench = begin();
    turns_init(&bench.turns, NULL);
    for (int i = 0; i < 5; i++)
        ask(&bench, i, TURN_OF_DOWNLOAD);
    assert_int_equal(n_submitted, WORK_THREADS - 1);
    end(&bench, 0);
    end(&bench, 1);
    ASSERT_SUBMITTED(&bench, 0, 1, 2, 3);
    end(&bench, 2);
    end(&bench, 3);
    end(&bench, 4);
    ASSERT_SUBMITTED(&bench, 0, 1, 2, 3, 4);
}

static void turns__requests__come_one_at_a_time(void **state)
{
    (void)state;
    struct bench bench = begin();
    turns_init(&bench.turns, NULL);
    ask(&bench, 0, TURN_OF_REQUEST);
    ask(&bench, 1, TURN_OF_REQUEST);
    ASSERT_SUBMITTED(&bench, 0);
    ask(&bench, 2, TURN_OF_DOWNLOAD);
    ASSERT_SUBMITTED(&bench, 0, 2);
    end(&bench, 2);
    ASSERT_SUBMITTED(&bench, 0, 2);
    end(&bench, 0);
    ASSERT_SUBMITTED(&bench, 0, 2, 1);
}

static void turns__downloads__go_before_requests(void **state)
{
    (void)state;
    struct bench bench = begin();
    turns_init(&bench.turns, NULL);
    ask(&bench, 0, TURN_OF_DOWNLOAD);
    ask(&bench, 1, TURN_OF_DOWNLOAD);
    ask(&bench, 2, TURN_OF_REQUEST);
    ask(&bench, 3, TURN_OF_DOWNLOAD);
    end(&bench, 0);
    ASSERT_SUBMITTED(&bench, 0, 1, 3);
    end(&bench, 1);
    ASSERT_SUBMITTED(&bench, 0, 1, 3, 2);
}

static void turns__one_that_is_cancelled__waits_no_longer_and_does_not_count(void **state)
{
    (void)state;
    struct bench bench = begin();
    turns_init(&bench.turns, NULL);
    turn_hurry(&bench.turns, &bench.turn[5]); /* never began */
    ask(&bench, 0, TURN_OF_REQUEST);
    ask(&bench, 1, TURN_OF_REQUEST);
    ask(&bench, 2, TURN_OF_REQUEST);
    turn_hurry(&bench.turns, &bench.turn[0]); /* is at work */
    ASSERT_SUBMITTED(&bench, 0);
    turn_hurry(&bench.turns, &bench.turn[1]);
    ASSERT_SUBMITTED(&bench, 0, 1);
    turn_hurry(&bench.turns, &bench.turn[1]);
    end(&bench, 1);
    ASSERT_SUBMITTED(&bench, 0, 1);
    end(&bench, 0);
    ASSERT_SUBMITTED(&bench, 0, 1, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(turns__downloads__leave_a_thread_to_others),
        cmocka_unit_test(turns__requests__come_one_at_a_time),
        cmocka_unit_test(turns__downloads__go_before_requests),
        cmocka_unit_test(turns__one_that_is_cancelled__waits_no_longer_and_does_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
