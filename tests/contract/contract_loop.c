/* The contract of os/loop.h, as far as one thread can show it: order of a turn, timers, mail,
 * deferred work, stopping. What needs a second thread is in contract_threads.c. */
#include "os/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "tests/contract/contract.h"

enum { A_WHILE_US = 3000, LONG_US = 20000000, TRACE_SIZE = 64 };

/* Everything that can happen in these cases writes one letter. */
struct trace {
    struct loop *loop;
    char text[TRACE_SIZE];
};

struct note {
    struct mail mail;
    struct deferred deferred;
    struct timer timer;
    struct trace *trace;
    char letter;
    int n_fired;
    uint64_t fired_at_us;
    uint64_t fired_in_turn;
    struct note *other; /* for those that act on another one */
};

static void add_letter(struct note *note)
{
    size_t length = strlen(note->trace->text);
    assert_true(length + 1 < TRACE_SIZE);
    note->trace->text[length] = note->letter;
    note->n_fired++;
    note->fired_at_us = loop_now_us(note->trace->loop);
    note->fired_in_turn = loop_stats(note->trace->loop)->turns;
}

static void on_mail(struct mail *mail)
{
    add_letter(sg_container_of(mail, struct note, mail));
}

static void on_deferred(struct deferred *deferred)
{
    add_letter(sg_container_of(deferred, struct note, deferred));
}

static void on_timer(struct timer *timer)
{
    add_letter(sg_container_of(timer, struct note, timer));
}

static struct note note_of(struct trace *trace, char letter)
{
    return (struct note){
        .mail.deliver = on_mail,
        .deferred.run = on_deferred,
        .timer.fire = on_timer,
        .trace = trace,
        .letter = letter,
    };
}

static int set_up(void **state)
{
    struct trace *trace = sg_alloc(sizeof *trace);
    assert_non_null(trace);
    trace->loop = create_loop();
    *state = trace;
    return 0;
}

static int tear_down(void **state)
{
    struct trace *trace = *state;
    loop_destroy(trace->loop);
    sg_free(trace);
    assert_int_equal(sg_mem_live(), 0);
    return 0;
}

static void turn__all_kinds_of_work__run_mail_then_timers_then_deferred(void **state)
{
    struct trace *trace = *state;
    struct note mail = note_of(trace, 'm');
    struct note timer = note_of(trace, 't');
    struct note deferred = note_of(trace, 'd');

    loop_defer(trace->loop, &deferred.deferred);
    timer_start(trace->loop, &timer.timer, 0);
    loop_post(trace->loop, &mail.mail);
    loop_turn(trace->loop, 0);

    assert_string_equal(trace->text, "mtd");
}

static void turn__nothing_to_do_and_no_wait__comes_back_at_once(void **state)
{
    struct trace *trace = *state;
    uint64_t before_us = loop_clock_us(trace->loop);
    loop_turn(trace->loop, 0);
    loop_turn(trace->loop, A_WHILE_US);
    assert_in_range(loop_clock_us(trace->loop) - before_us, 0, LONG_US / 2);
}

static void turn__time__is_read_once_and_never_goes_back(void **state)
{
    struct trace *trace = *state;
    uint64_t last_us = loop_now_us(trace->loop);
    for (int i = 0; i < 5; i++) {
        loop_turn(trace->loop, A_WHILE_US);
        assert_true(loop_now_us(trace->loop) >= last_us);
        assert_true(loop_clock_us(trace->loop) >= loop_now_us(trace->loop));
        last_us = loop_now_us(trace->loop);
        assert_int_equal(loop_now_us(trace->loop), last_us);
    }
}

static void turn__figures__count_every_turn(void **state)
{
    struct trace *trace = *state;
    for (int i = 0; i < 7; i++)
        loop_turn(trace->loop, 0);
    const struct loop_stats *stats = loop_stats(trace->loop);
    uint64_t in_histogram = 0;
    for (size_t i = 0; i < sizeof stats->busy_histogram / sizeof stats->busy_histogram[0]; i++)
        in_histogram += stats->busy_histogram[i];
    assert_int_equal(stats->turns, 7);
    assert_int_equal(in_histogram, 7);
    assert_true(stats->longest_busy_us <= stats->busy_us);
}

static void mail__several__comes_in_order_of_posting_in_one_turn(void **state)
{
    struct trace *trace = *state;
    struct note notes[10];
    for (int i = 0; i < 10; i++) {
        notes[i] = note_of(trace, (char)('0' + i));
        loop_post(trace->loop, &notes[i].mail);
    }
    assert_string_equal(trace->text, "");
    loop_turn(trace->loop, 0);
    assert_string_equal(trace->text, "0123456789");
}

static void post_other(struct mail *mail)
{
    struct note *note = sg_container_of(mail, struct note, mail);
    add_letter(note);
    loop_post(note->trace->loop, &note->other->mail);
}

static void mail__posted_while_mail_is_delivered__comes_in_the_next_turn(void **state)
{
    struct trace *trace = *state;
    struct note second = note_of(trace, 'b');
    struct note first = note_of(trace, 'a');
    first.mail.deliver = post_other;
    first.other = &second;

    loop_post(trace->loop, &first.mail);
    loop_turn(trace->loop, 0);
    assert_string_equal(trace->text, "a");
    assert_true(turn_until(trace->loop, &second.n_fired, 1));
    assert_string_equal(trace->text, "ab");
}

static void free_mail(struct mail *mail)
{
    struct note *note = sg_container_of(mail, struct note, mail);
    add_letter(note);
    sg_free(note);
}

static void mail__freed_by_its_delivery__is_not_touched_again(void **state)
{
    struct trace *trace = *state;
    for (int i = 0; i < 3; i++) {
        struct note *note = sg_alloc(sizeof *note);
        assert_non_null(note);
        *note = note_of(trace, 'f');
        note->mail.deliver = free_mail;
        loop_post(trace->loop, &note->mail);
    }
    loop_turn(trace->loop, 0);
    assert_string_equal(trace->text, "fff");
}

static void timers__several__fire_in_order_of_time_and_never_early(void **state)
{
    struct trace *trace = *state;
    static const char letters[] = "cabed";
    struct note notes[5];
    uint64_t start_us = loop_now_us(trace->loop);
    for (int i = 0; i < 5; i++) {
        notes[i] = note_of(trace, letters[i]);
        timer_start(trace->loop, &notes[i].timer, A_WHILE_US * (uint64_t)(letters[i] - 'a' + 1));
        assert_true(timer_is_running(&notes[i].timer));
    }
    assert_true(turn_until(trace->loop, &notes[3].n_fired, 1));
    assert_string_equal(trace->text, "abcde");
    for (int i = 0; i < 5; i++) {
        uint64_t due_us = start_us + A_WHILE_US * (uint64_t)(letters[i] - 'a' + 1);
        assert_in_range(notes[i].fired_at_us, due_us, UINT64_MAX);
        assert_int_equal(notes[i].n_fired, 1);
        assert_false(timer_is_running(&notes[i].timer));
    }
}

static void timer__without_delay__fires_in_the_next_turn_not_at_once(void **state)
{
    struct trace *trace = *state;
    struct note note = note_of(trace, 'x');
    timer_start(trace->loop, &note.timer, 0);
    assert_string_equal(trace->text, "");
    loop_turn(trace->loop, UINT64_MAX);
    assert_string_equal(trace->text, "x");
}

static void timer__started_again__moves(void **state)
{
    struct trace *trace = *state;
    struct note moved = note_of(trace, 'm');
    struct note fixed = note_of(trace, 'f');
    timer_start(trace->loop, &moved.timer, A_WHILE_US);
    timer_start(trace->loop, &fixed.timer, 2 * A_WHILE_US);
    timer_start(trace->loop, &moved.timer, 4 * A_WHILE_US);
    assert_true(turn_until(trace->loop, &moved.n_fired, 1));
    assert_string_equal(trace->text, "fm");

    timer_start(trace->loop, &fixed.timer, LONG_US);
    timer_start(trace->loop, &fixed.timer, A_WHILE_US);
    assert_true(turn_until(trace->loop, &fixed.n_fired, 2));
    assert_string_equal(trace->text, "fmf");
}

static void timer__stopped__does_not_fire(void **state)
{
    struct trace *trace = *state;
    struct note stopped = note_of(trace, 's');
    struct note later = note_of(trace, 'l');
    timer_start(trace->loop, &stopped.timer, A_WHILE_US);
    timer_start(trace->loop, &later.timer, 2 * A_WHILE_US);
    timer_stop(trace->loop, &stopped.timer);
    timer_stop(trace->loop, &stopped.timer);
    assert_false(timer_is_running(&stopped.timer));
    assert_true(turn_until(trace->loop, &later.n_fired, 1));
    assert_string_equal(trace->text, "l");
}

static void stop_other(struct timer *timer)
{
    struct note *note = sg_container_of(timer, struct note, timer);
    add_letter(note);
    timer_stop(note->trace->loop, &note->other->timer);
}

/* Both are due in the same turn, in either order: the first to fire stops the other. */
static void timer__stopped_while_another_fires__does_not_fire(void **state)
{
    struct trace *trace = *state;
    struct note a = note_of(trace, 'x');
    struct note b = note_of(trace, 'x');
    struct note later = note_of(trace, 'l');
    a.timer.fire = stop_other;
    b.timer.fire = stop_other;
    a.other = &b;
    b.other = &a;
    timer_start(trace->loop, &a.timer, 0);
    timer_start(trace->loop, &b.timer, 0);
    timer_start(trace->loop, &later.timer, A_WHILE_US);
    assert_true(turn_until(trace->loop, &later.n_fired, 1));
    assert_string_equal(trace->text, "xl");
    assert_int_equal(a.n_fired + b.n_fired, 1);
}

static void start_again(struct timer *timer)
{
    struct note *note = sg_container_of(timer, struct note, timer);
    assert_false(timer_is_running(timer));
    add_letter(note);
    if (note->n_fired < 4)
        timer_start(note->trace->loop, timer, 0);
}

static void timer__that_starts_itself_without_delay__fires_once_a_turn(void **state)
{
    struct trace *trace = *state;
    struct note note = note_of(trace, 'r');
    note.timer.fire = start_again;
    timer_start(trace->loop, &note.timer, 0);
    loop_turn(trace->loop, UINT64_MAX);
    assert_int_equal(note.n_fired, 1);
    assert_true(turn_until(trace->loop, &note.n_fired, 4));
    assert_true(note.fired_in_turn >= 3);
    assert_false(timer_is_running(&note.timer));
}

static void timer__with_an_endless_delay__does_not_wrap_around(void **state)
{
    struct trace *trace = *state;
    struct note endless = note_of(trace, 'e');
    struct note later = note_of(trace, 'l');
    timer_start(trace->loop, &endless.timer, UINT64_MAX);
    timer_start(trace->loop, &later.timer, A_WHILE_US);
    assert_true(turn_until(trace->loop, &later.n_fired, 1));
    assert_string_equal(trace->text, "l");
    assert_true(timer_is_running(&endless.timer));
    timer_stop(trace->loop, &endless.timer);
}

static void deferred__asked_for_twice__runs_once(void **state)
{
    struct trace *trace = *state;
    struct note note = note_of(trace, 'd');
    loop_defer(trace->loop, &note.deferred);
    loop_defer(trace->loop, &note.deferred);
    loop_turn(trace->loop, UINT64_MAX); /* must not wait: there is something to do */
    loop_turn(trace->loop, 0);
    assert_string_equal(trace->text, "d");
    loop_defer(trace->loop, &note.deferred);
    loop_turn(trace->loop, UINT64_MAX);
    assert_string_equal(trace->text, "dd");
}

static void defer_other(struct deferred *deferred)
{
    struct note *note = sg_container_of(deferred, struct note, deferred);
    add_letter(note);
    loop_defer(note->trace->loop, &note->other->deferred);
}

static void deferred__asked_for_by_deferred_work__runs_in_the_same_turn(void **state)
{
    struct trace *trace = *state;
    struct note second = note_of(trace, 'b');
    struct note first = note_of(trace, 'a');
    first.deferred.run = defer_other;
    first.other = &second;
    loop_defer(trace->loop, &first.deferred);
    loop_turn(trace->loop, 0);
    assert_string_equal(trace->text, "ab");
}

static void stop_loop(struct mail *mail)
{
    struct note *note = sg_container_of(mail, struct note, mail);
    add_letter(note);
    loop_stop(note->trace->loop);
    loop_defer(note->trace->loop, &note->deferred);
}

static void stop__asked_for_in_a_turn__ends_the_run_after_that_turn(void **state)
{
    struct trace *trace = *state;
    struct note stopping = note_of(trace, 's');
    struct note mail = note_of(trace, 'm');
    stopping.mail.deliver = stop_loop;
    loop_post(trace->loop, &stopping.mail);
    loop_post(trace->loop, &mail.mail);
    loop_run(trace->loop);
    assert_string_equal(trace->text, "sms");

    loop_post(trace->loop, &mail.mail);
    loop_post(trace->loop, &stopping.mail);
    loop_run(trace->loop);
    assert_string_equal(trace->text, "smsmss");
}

static void destroy__mail_and_deferred_work_left__does_it_first(void **state)
{
    struct trace *trace = *state;
    struct note mail = note_of(trace, 'm');
    struct note second = note_of(trace, 'n');
    struct note deferred = note_of(trace, 'd');
    mail.mail.deliver = post_other;
    mail.other = &second;
    loop_post(trace->loop, &mail.mail);
    loop_defer(trace->loop, &deferred.deferred);
    loop_destroy(trace->loop);
    assert_string_equal(trace->text, "mdn");
    trace->loop = NULL; /* what tear_down accepts as well */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        CASE(turn__all_kinds_of_work__run_mail_then_timers_then_deferred),
        CASE(turn__nothing_to_do_and_no_wait__comes_back_at_once),
        CASE(turn__time__is_read_once_and_never_goes_back),
        CASE(turn__figures__count_every_turn),
        CASE(mail__several__comes_in_order_of_posting_in_one_turn),
        CASE(mail__posted_while_mail_is_delivered__comes_in_the_next_turn),
        CASE(mail__freed_by_its_delivery__is_not_touched_again),
        CASE(timers__several__fire_in_order_of_time_and_never_early),
        CASE(timer__without_delay__fires_in_the_next_turn_not_at_once),
        CASE(timer__started_again__moves),
        CASE(timer__stopped__does_not_fire),
        CASE(timer__stopped_while_another_fires__does_not_fire),
        CASE(timer__that_starts_itself_without_delay__fires_once_a_turn),
        CASE(timer__with_an_endless_delay__does_not_wrap_around),
        CASE(deferred__asked_for_twice__runs_once),
        CASE(deferred__asked_for_by_deferred_work__runs_in_the_same_turn),
        CASE(stop__asked_for_in_a_turn__ends_the_run_after_that_turn),
        CASE(destroy__mail_and_deferred_work_left__does_it_first),
#undef CASE
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
