/* What is looked up, and what is remembered of it. */
#include "net/net_names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "net/net_place.h"
#include "tests/unit/directory.h"

enum { DEADLINE_US = 20 * 1000 * 1000 };

struct asker {
    struct name_wait wait;
    int n_answers;
    enum sg_status status;
};

struct fixture {
    struct loop *loop;
    struct net_names *names;
};

static int set_up(void **state)
{
    struct fixture *f = sg_alloc(sizeof *f);
    assert_non_null(f);
    directory_open();
    assert_int_equal(loop_create(&f->loop, NULL), SG_OK);
    assert_int_equal(names_create(f->loop, directory_look_up, &f->names, NULL), SG_OK);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    names_destroy(f->names);
    loop_destroy(f->loop);
    directory_close();
    sg_free(f);
    assert_int_equal(sg_mem_live(), 0);
    return 0;
}

static void on_answered(struct name_wait *wait, enum sg_status status)
{
    struct asker *asker = sg_container_of(wait, struct asker, wait);
    asker->n_answers++;
    asker->status = status;
}

static void ask(struct fixture *f, struct asker *asker, const char *host)
{
    const char *addresses = NULL;
    *asker = (struct asker){ .wait.answered = on_answered };
    sg_list_init(&asker->wait.node);
    assert_int_equal(names_get(f->names, host, &addresses, &asker->wait), SG_PENDING);
}

static void wait_for(struct fixture *f, const struct asker *asker)
{
    uint64_t deadline_us = loop_clock_us(f->loop) + DEADLINE_US;
    while (asker->n_answers == 0) {
        uint64_t now_us = loop_clock_us(f->loop);
        assert_true(now_us < deadline_us);
        loop_turn(f->loop, deadline_us - now_us);
    }
}

static void expect_known(struct fixture *f, const char *host, const char *wanted)
{
    const char *addresses = NULL;
    struct asker asker = { .wait.answered = on_answered };
    sg_list_init(&asker.wait.node);
    assert_int_equal(names_get(f->names, host, &addresses, &asker.wait), SG_OK);
    assert_string_equal(addresses, wanted);
}

static void learn(struct fixture *f, const char *host)
{
    struct asker asker;
    ask(f, &asker, host);
    wait_for(f, &asker);
    assert_int_equal(asker.status, SG_OK);
}

static void names__asked_by_many__are_looked_up_once(void **state)
{
    struct fixture *f = *state;
    struct asker askers[16];
    directory_hold_up();
    for (int i = 0; i < 16; i++)
        ask(f, &askers[i], "slow.test");
    directory_release();
    for (int i = 0; i < 16; i++) {
        wait_for(f, &askers[i]);
        assert_int_equal(askers[i].status, SG_OK);
        assert_int_equal(askers[i].n_answers, 1);
    }
    expect_known(f, "slow.test", "127.0.0.1");
    expect_known(f, "SLOW.Test", "127.0.0.1");
    assert_int_equal(directory_count(), 1);
}

static void names__not_found__are_told_and_asked_for_anew(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 2; i++) {
        struct asker asker;
        ask(f, &asker, "missing.test");
        wait_for(f, &asker);
        assert_int_equal(asker.status, SG_E_DNS);
    }
    assert_int_equal(directory_count(), 2);
}

static void names__forgotten__are_looked_up_anew(void **state)
{
    struct fixture *f = *state;
    learn(f, "host.test");
    directory_set("192.0.2.1,[2001:db8::1]");
    expect_known(f, "host.test", "127.0.0.1");
    names_forget(f->names, "host.test");
    learn(f, "host.test");
    expect_known(f, "host.test", "192.0.2.1,[2001:db8::1]");
}

static bool has_come(struct fixture *f, const char *host, const char *addresses)
{
    const char *found = NULL;
    struct asker asker = { .wait.answered = on_answered };
    sg_list_init(&asker.wait.node);
    enum sg_status status = names_get(f->names, host, &found, &asker.wait);
    name_wait_end(&asker.wait);
    return status == SG_OK && strcmp(found, addresses) == 0;
}

static void names__not_fresh__are_believed_while_they_are_looked_up_again(void **state)
{
    struct fixture *f = *state;
    names_refresh_after(f->names, 0);
    learn(f, "slow.test");
    directory_hold_up();
    directory_set("192.0.2.1");
    for (int i = 0; i < 3; i++)
        expect_known(f, "slow.test", "127.0.0.1");
    directory_wait_for(2);
    assert_int_equal(directory_count(), 2);
    names_refresh_after(f->names, UINT64_MAX);
    directory_release();
    uint64_t deadline_us = loop_clock_us(f->loop) + DEADLINE_US;
    while (!has_come(f, "slow.test", "192.0.2.1")) {
        assert_true(loop_clock_us(f->loop) < deadline_us);
        loop_turn(f->loop, 1000);
    }
}

/* What is known is forgotten at once, but not the name: the resolver has it. */
static void names__forgotten_while_looked_up_again__are_being_looked_up(void **state)
{
    struct fixture *f = *state;
    struct asker asker;
    names_refresh_after(f->names, 0);
    learn(f, "slow.test");
    directory_hold_up();
    expect_known(f, "slow.test", "127.0.0.1");
    names_forget(f->names, "slow.test");
    ask(f, &asker, "slow.test");
    directory_release();
    wait_for(f, &asker);
    assert_int_equal(asker.status, SG_OK);
    assert_int_equal(directory_count(), 2);
}

static void names__all_forgotten__are_looked_up_anew(void **state)
{
    struct fixture *f = *state;
    struct asker asker;
    learn(f, "host.test");
    directory_hold_up();
    ask(f, &asker, "slow.test");
    names_forget_all(f->names);
    directory_release();
    wait_for(f, &asker);
    assert_int_equal(asker.status, SG_OK);
    learn(f, "slow.test");
    learn(f, "host.test");
    assert_int_equal(directory_count(), 4);
}

static void names__waiting_ended__is_not_told(void **state)
{
    struct fixture *f = *state;
    struct asker one;
    struct asker other;
    directory_hold_up();
    ask(f, &one, "slow.test");
    ask(f, &other, "slow.test");
    name_wait_end(&one.wait);
    directory_release();
    wait_for(f, &other);
    assert_int_equal(one.n_answers, 0);
}

static void names__more_than_are_kept__push_the_oldest_out(void **state)
{
    struct fixture *f = *state;
    char host[32];
    for (int i = 0; i <= NAMES_KEPT_MAX; i++) {
        snprintf(host, sizeof host, "host%d.test", i);
        learn(f, host);
    }
    expect_known(f, host, "127.0.0.1");
    expect_known(f, "host1.test", "127.0.0.1");
    learn(f, "host0.test");
    assert_int_equal(directory_count(), NAMES_KEPT_MAX + 2);
}

static void expect_place(const char *url, const char *proxy, const char *host, const char *port)
{
    struct net_place place = { 0 };
    assert_int_equal(net_place_find(url, proxy, &place), SG_OK);
    if (host == NULL) {
        assert_null(place.host);
    } else {
        assert_string_equal(place.host, host);
        assert_string_equal(place.port, port);
        assert_int_equal(place.is_proxy, proxy != NULL && proxy[0] != '\0');
    }
    net_place_fini(&place);
}

static void place__of_url__is_its_host(void **state)
{
    (void)state;
    expect_place("http://example.test/a", NULL, "example.test", "80");
    expect_place("https://example.test/a", "", "example.test", "443");
    expect_place("http://example.test:8080/a", NULL, "example.test", "8080");
}

static void place__address_or_localhost__needs_no_name(void **state)
{
    (void)state;
    expect_place("http://127.0.0.1:81/", NULL, NULL, NULL);
    expect_place("http://[::1]/", NULL, NULL, NULL);
    expect_place("http://localhost/", NULL, NULL, NULL);
    expect_place("http://a.localhost/", NULL, NULL, NULL);
    expect_place("http://notlocalhost/", NULL, "notlocalhost", "80");
    expect_place("http://example.test./", NULL, NULL, NULL);
}

static void place__behind_proxy__is_the_proxy(void **state)
{
    (void)state;
    expect_place("http://example.test/", "http://proxy.test:3128", "proxy.test", "3128");
    expect_place("http://example.test/", "u:p@proxy.test", "proxy.test", "1080");
    expect_place("http://example.test/", "https://proxy.test", "proxy.test", "443");
    expect_place("http://example.test/", "http://127.0.0.1:3128", NULL, NULL);
    expect_place("http://example.test/", "socks5://proxy.test", NULL, NULL);
}

#define NAMES_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        NAMES_TEST(names__asked_by_many__are_looked_up_once),
        NAMES_TEST(names__not_found__are_told_and_asked_for_anew),
        NAMES_TEST(names__forgotten__are_looked_up_anew),
        NAMES_TEST(names__not_fresh__are_believed_while_they_are_looked_up_again),
        NAMES_TEST(names__forgotten_while_looked_up_again__are_being_looked_up),
        NAMES_TEST(names__all_forgotten__are_looked_up_anew),
        NAMES_TEST(names__waiting_ended__is_not_told),
        NAMES_TEST(names__more_than_are_kept__push_the_oldest_out),
        cmocka_unit_test(place__of_url__is_its_host),
        cmocka_unit_test(place__address_or_localhost__needs_no_name),
        cmocka_unit_test(place__behind_proxy__is_the_proxy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
