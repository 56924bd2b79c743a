/* What the seam promises between threads: mail from several of them, waking a loop that waits, a
 * pool that runs several works at once, threads and events. Not for the simulator, which has one
 * thread. */
#include "os/thread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "os/lock.h"
#include "os/loop.h"
#include "os/work.h"
#include "tests/contract/contract.h"

enum { N_SENDERS = 4, MAIL_PER_SENDER = 5000, LONG_US = 20000000, LONG_MS = 20000 };

struct letter {
    struct mail mail;
    struct sender *sender;
    int number;
};

struct sender {
    struct loop *loop;
    struct thread *thread;
    struct letter *letters;
    int next_number;
    int *n_delivered;
};

static void on_letter(struct mail *mail)
{
    struct letter *letter = sg_container_of(mail, struct letter, mail);
    assert_int_equal(letter->number, letter->sender->next_number);
    letter->sender->next_number++;
    ++*letter->sender->n_delivered;
}

static void send_all(void *ctx)
{
    struct sender *sender = ctx;
    for (int i = 0; i < MAIL_PER_SENDER; i++) {
        sender->letters[i] =
            (struct letter){ .mail.deliver = on_letter, .sender = sender, .number = i };
        loop_post(sender->loop, &sender->letters[i].mail);
    }
}

static void mail__from_several_threads__comes_in_each_ones_order_and_none_is_lost(void **state)
{
    (void)state;
    struct loop *loop = create_loop();
    struct sender senders[N_SENDERS] = { 0 };
    int n_delivered = 0;
    for (int i = 0; i < N_SENDERS; i++) {
        senders[i].loop = loop;
        senders[i].n_delivered = &n_delivered;
        senders[i].letters = sg_alloc_array(MAIL_PER_SENDER, sizeof *senders[i].letters);
        assert_non_null(senders[i].letters);
        assert_int_equal(thread_start("sender", send_all, &senders[i], &senders[i].thread, NULL),
                         SG_OK);
    }
    assert_true(turn_until(loop, &n_delivered, N_SENDERS * MAIL_PER_SENDER));
    for (int i = 0; i < N_SENDERS; i++) {
        thread_join(senders[i].thread);
        assert_int_equal(senders[i].next_number, MAIL_PER_SENDER);
        sg_free(senders[i].letters);
    }
    loop_destroy(loop);
}

/* One letter at a time, each answered: a wake that gets lost shows as a turn that waits long. */
struct echo {
    struct mail mail;
    struct loop *loop;
    struct signal *answer;
    int n_left;
    int n_delivered;
};

static void on_echo(struct mail *mail)
{
    struct echo *echo = sg_container_of(mail, struct echo, mail);
    echo->n_delivered++;
    signal_set(echo->answer);
}

static void post_echoes(void *ctx)
{
    struct echo *echoes = ctx;
    for (int i = 0; echoes[i].loop != NULL; i++) {
        loop_post(echoes[i].loop, &echoes[i].mail);
        if (!signal_wait(echoes[i].answer, LONG_MS))
            return;
    }
}

static void mail__to_a_loop_that_waits__wakes_it_every_time(void **state)
{
    (void)state;
    enum { N_ECHOES = 200 };
    struct loop *loop = create_loop();
    struct echo *echoes = sg_alloc_array(N_ECHOES + 1, sizeof *echoes);
    assert_non_null(echoes);
    for (int i = 0; i < N_ECHOES; i++) {
        echoes[i].mail.deliver = on_echo;
        echoes[i].loop = loop;
        assert_int_equal(signal_create(&echoes[i].answer, NULL), SG_OK);
    }
    struct thread *thread = NULL;
    uint64_t start_us = loop_clock_us(loop);
    assert_int_equal(thread_start("echo", post_echoes, echoes, &thread, NULL), SG_OK);
    for (int i = 0; i < N_ECHOES; i++)
        assert_true(turn_until(loop, &echoes[i].n_delivered, 1));
    assert_in_range(loop_clock_us(loop) - start_us, 0, LONG_US - 1);
    thread_join(thread);
    for (int i = 0; i < N_ECHOES; i++) {
        assert_int_equal(echoes[i].n_delivered, 1);
        signal_destroy(echoes[i].answer);
    }
    sg_free(echoes);
    loop_destroy(loop);
}

static void stop_from_mail(struct mail *mail)
{
    struct echo *echo = sg_container_of(mail, struct echo, mail);
    loop_stop(echo->loop);
}

static void post_one(void *ctx)
{
    struct echo *echo = ctx;
    loop_post(echo->loop, &echo->mail);
}

static void run__stopped_by_mail_from_another_thread__returns(void **state)
{
    (void)state;
    struct echo echo = { .mail.deliver = stop_from_mail, .loop = create_loop() };
    struct thread *thread = NULL;
    assert_int_equal(thread_start("stopper", post_one, &echo, &thread, NULL), SG_OK);
    loop_run(echo.loop);
    thread_join(thread);
    loop_destroy(echo.loop);
}

/* Each work waits for all the others: they only end when they run at the same time. */
struct meeting {
    struct work works[WORK_THREADS];
    struct signal *arrived[WORK_THREADS];
    bool has_met[WORK_THREADS];
    int n_done;
};

static struct meeting meeting;

static void meet(struct work *work)
{
    size_t own = (size_t)(work - meeting.works);
    bool has_met = true;
    signal_set(meeting.arrived[own]);
    for (size_t i = 0; i < WORK_THREADS; i++)
        has_met = signal_wait(meeting.arrived[i], LONG_MS) && has_met;
    meeting.has_met[own] = has_met;
}

static void on_met(struct work *work)
{
    (void)work;
    meeting.n_done++;
}

static void pool__as_many_works_as_threads__run_at_the_same_time(void **state)
{
    (void)state;
    struct loop *loop = create_loop();
    struct work_pool *pool = NULL;
    assert_int_equal(work_pool_create(loop, &pool, NULL), SG_OK);
    for (size_t i = 0; i < WORK_THREADS; i++) {
        meeting.works[i] = (struct work){ .run = meet, .done = on_met };
        assert_int_equal(signal_create(&meeting.arrived[i], NULL), SG_OK);
    }
    for (size_t i = 0; i < WORK_THREADS; i++)
        work_submit(pool, &meeting.works[i]);
    assert_true(turn_until(loop, &meeting.n_done, WORK_THREADS));
    work_pool_destroy(pool);
    loop_destroy(loop);
    for (size_t i = 0; i < WORK_THREADS; i++) {
        assert_true(meeting.has_met[i]);
        signal_destroy(meeting.arrived[i]);
    }
}

static void set_flag(void *ctx)
{
    *(bool *)ctx = true;
}

static void thread__joined__has_run(void **state)
{
    (void)state;
    bool has_run = false;
    struct thread *thread = NULL;
    assert_int_equal(thread_start("a name that is longer than some systems keep", set_flag,
                                  &has_run, &thread, NULL),
                     SG_OK);
    thread_join(thread);
    assert_true(has_run);
    thread_join(NULL);
}

static void set_signal(void *ctx)
{
    signal_set(ctx);
}

static void event__set_by_another_thread__ends_the_wait_and_stays_set(void **state)
{
    (void)state;
    struct signal *signal = NULL;
    struct thread *thread = NULL;
    assert_int_equal(signal_create(&signal, NULL), SG_OK);
    assert_false(signal_wait(signal, 0));
    assert_false(signal_wait(signal, 5));
    assert_int_equal(thread_start("setter", set_signal, signal, &thread, NULL), SG_OK);
    assert_true(signal_wait(signal, UINT32_MAX));
    assert_true(signal_wait(signal, 0));
    thread_join(thread);
    signal_destroy(signal);
    signal_destroy(NULL);
}

enum { N_COUNTERS = 4, COUNTS = 20000 };

struct counting {
    struct lock lock;
    /* under lock */
    long count;
    int n_started;
};

/* Begins when all are there, so that they are in each other's way. */
static void count_up(void *ctx)
{
    struct counting *counting = ctx;
    lock_take(&counting->lock);
    counting->n_started++;
    lock_wake_all(&counting->lock);
    while (counting->n_started < N_COUNTERS)
        lock_wait(&counting->lock);
    lock_release(&counting->lock);
    for (int i = 0; i < COUNTS; i++) {
        lock_take(&counting->lock);
        counting->count++;
        lock_release(&counting->lock);
    }
}

static void lock__several_threads_count__none_is_lost_and_all_that_wait_are_woken(void **state)
{
    (void)state;
    struct counting counting = { 0 };
    struct thread *threads[N_COUNTERS];
    lock_init(&counting.lock);
    for (int i = 0; i < N_COUNTERS; i++)
        assert_int_equal(thread_start("counter", count_up, &counting, &threads[i], NULL), SG_OK);
    for (int i = 0; i < N_COUNTERS; i++)
        thread_join(threads[i]);
    assert_int_equal(counting.count, N_COUNTERS * COUNTS);
    lock_fini(&counting.lock);
}

static int check_memory(void **state)
{
    (void)state;
    assert_int_equal(sg_mem_live(), 0);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_teardown(name, check_memory)
        CASE(mail__from_several_threads__comes_in_each_ones_order_and_none_is_lost),
        CASE(mail__to_a_loop_that_waits__wakes_it_every_time),
        CASE(run__stopped_by_mail_from_another_thread__returns),
        CASE(pool__as_many_works_as_threads__run_at_the_same_time),
        CASE(thread__joined__has_run),
        CASE(lock__several_threads_count__none_is_lost_and_all_that_wait_are_woken),
        CASE(event__set_by_another_thread__ends_the_wait_and_stays_set),
#undef CASE
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
