/* The contract of os/resolve.h. */
#include "os/resolve.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "tests/contract/contract.h"
#include "tests/unit/directory.h"

enum { N_MANY = 64, DEADLINE_US = 20 * 1000 * 1000 };

struct answers {
    int n;
    int n_found;
    int n_unknown;
    char last[64];
};

static void on_resolved(void *ctx, enum sg_status status, const char *addresses)
{
    struct answers *answers = ctx;
    answers->n++;
    answers->n_found += status == SG_OK;
    answers->n_unknown += status == SG_E_DNS;
    assert_int_equal(addresses != NULL, status == SG_OK);
    if (status == SG_OK)
        snprintf(answers->last, sizeof answers->last, "%s", addresses);
}

static void resolve_now__localhost__is_this_machine(void **state)
{
    (void)state;
    struct sg_buf out = { 0 };
    assert_int_equal(resolve_now("localhost", &out), SG_OK);
    assert_true(strstr(out.data, "127.0.0.1") != NULL || strstr(out.data, "[::1]") != NULL);
    sg_buf_fini(&out);
}

static void resolve_now__name_that_cannot_be__is_not_found(void **state)
{
    (void)state;
    struct sg_buf out = { 0 };
    assert_int_equal(resolve_now("segue-test.invalid", &out), SG_E_DNS);
    assert_int_equal(out.length, 0);
    sg_buf_fini(&out);
}

struct fixture {
    struct loop *loop;
    struct resolver *resolver;
    struct answers answers;
};

static int set_up(void **state)
{
    struct fixture *f = sg_alloc(sizeof *f);
    assert_non_null(f);
    directory_open();
    f->loop = create_loop();
    assert_int_equal(resolver_create(f->loop, directory_look_up, &f->resolver, NULL), SG_OK);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    resolver_destroy(f->resolver);
    loop_destroy(f->loop);
    directory_close();
    sg_free(f);
    assert_int_equal(sg_mem_live(), 0);
    return 0;
}

static void ask(struct fixture *f, const char *host)
{
    assert_int_equal(resolver_ask(f->resolver, host, on_resolved, &f->answers), SG_OK);
}

static void resolver__many_names__are_each_answered_once(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < N_MANY; i++) {
        char host[32];
        snprintf(host, sizeof host, i % 2 == 0 ? "host%d.test" : "missing%d.test", i);
        ask(f, host);
        assert_int_equal(f->answers.n, 0); /* never inside the call */
    }
    assert_true(turn_until(f->loop, &f->answers.n, N_MANY));
    assert_int_equal(f->answers.n_found, N_MANY / 2);
    assert_int_equal(f->answers.n_unknown, N_MANY / 2);
    assert_string_equal(f->answers.last, "127.0.0.1");
    assert_int_equal(directory_count(), N_MANY);
}

static void resolver__slow_names__are_looked_up_a_few_at_a_time(void **state)
{
    struct fixture *f = *state;
    directory_hold_up();
    for (int i = 0; i < N_MANY; i++)
        ask(f, "slow.test");
    directory_wait_for(RESOLVE_THREADS);
    directory_release();
    assert_true(turn_until(f->loop, &f->answers.n, N_MANY));
    assert_int_equal(directory_most_at_once(), RESOLVE_THREADS);
}

static void resolver__slow_name__does_not_stop_another(void **state)
{
    struct fixture *f = *state;
    directory_hold_up();
    ask(f, "slow.test");
    directory_wait_for(1);
    ask(f, "quick.test");
    assert_true(turn_until(f->loop, &f->answers.n, 1));
    directory_release();
    assert_true(turn_until(f->loop, &f->answers.n, 2));
}

/* The threads are let go in the middle of a look-up, and free what they leave. */
static void resolver__destroyed_meanwhile__does_not_wait_and_tells_nobody(void **state)
{
    struct fixture *f = *state;
    int64_t without = sg_mem_live() - 1; /* the resolver is one block */
    directory_hold_up();
    for (int i = 0; i < N_MANY; i++)
        ask(f, "slow.test");
    directory_wait_for(RESOLVE_THREADS);
    resolver_destroy(f->resolver);
    f->resolver = NULL;
    directory_release();
    directory_wait_idle();
    uint64_t deadline_us = loop_clock_us(f->loop) + DEADLINE_US;
    while (sg_mem_live() > without && loop_clock_us(f->loop) < deadline_us)
        loop_turn(f->loop, 1000);
    assert_int_equal(sg_mem_live(), without);
    assert_int_equal(f->answers.n, 0);
    assert_int_equal(directory_count(), RESOLVE_THREADS);
}

static void resolver__destroyed_with_answers_on_their_way__tells_nobody(void **state)
{
    struct fixture *f = *state;
    ask(f, "one.test");
    ask(f, "two.test");
    directory_wait_for(2);
    directory_wait_idle();
    resolver_destroy(f->resolver);
    f->resolver = NULL;
    loop_turn(f->loop, 0);
    assert_int_equal(f->answers.n, 0);
}

#define RESOLVER_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resolve_now__localhost__is_this_machine),
        cmocka_unit_test(resolve_now__name_that_cannot_be__is_not_found),
        RESOLVER_TEST(resolver__many_names__are_each_answered_once),
        RESOLVER_TEST(resolver__slow_names__are_looked_up_a_few_at_a_time),
        RESOLVER_TEST(resolver__slow_name__does_not_stop_another),
        RESOLVER_TEST(resolver__destroyed_meanwhile__does_not_wait_and_tells_nobody),
        RESOLVER_TEST(resolver__destroyed_with_answers_on_their_way__tells_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
