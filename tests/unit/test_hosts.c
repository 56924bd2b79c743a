/* The table of servers and its rows in the store: kept, replaced, forgotten, bounded; rows that
 * make no sense are passed over. */
#include "engine/hosts.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/store_fixture.h"

#define NOW_MS INT64_C(1800000000000)
#define DAY_MS INT64_C(86400000)

static struct hosts load_hosts(struct fixture *f)
{
    struct hosts hosts = { .store = f->store };
    struct sg_err err = { 0 };
    enum sg_status status = hosts_load(&hosts, NOW_MS, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(status, SG_OK);
    return hosts;
}

static void learn_lanes(struct hosts *hosts, const char *origin, int lanes, int64_t now_ms)
{
    struct observation seen = { .useful_lanes = lanes,
                                .lane_bps = 1000,
                                .ranges = PROFILE_RANGES_SERVED };
    hosts_learn(hosts, origin, &seen, now_ms);
}

/* Closes the store and opens it again: what was asked of it is in the file then. */
static void reopen(struct fixture *f, struct hosts *hosts)
{
    hosts_fini(hosts);
    close_store(f);
    open_store(f);
    *hosts = load_hosts(f);
}

/* Wants exactly these servers: "http://a:80 http://b:80". */
static void assert_origins(const struct hosts *hosts, const char *expected)
{
    struct profile profile;
    struct sg_buf text = { 0 };
    sg_buf_puts(&text, "");
    const char *origin = "";
    while ((origin = hosts_after(hosts, origin, NOW_MS, &profile)) != NULL)
        sg_buf_printf(&text, "%s%s", text.length > 0 ? " " : "", origin);
    assert_string_equal(text.data, expected);
    sg_buf_fini(&text);
}

static void hosts__what_was_learned__is_there_after_a_restart(void **state)
{
    struct fixture *f = *state;
    open_store(f);
    struct hosts hosts = load_hosts(f);
    struct observation seen = { .useful_lanes = 8,
                                .served_lanes = 6,
                                .was_refused = true,
                                .lane_bps = 1000,
                                .total_bps = 8000,
                                .setup_us = 300,
                                .ranges = PROFILE_RANGES_REFUSED };
    hosts_learn(&hosts, "https://b:443", &seen, NOW_MS);
    learn_lanes(&hosts, "http://a:80", 3, NOW_MS);
    reopen(f, &hosts);
    assert_origins(&hosts, "http://a:80 https://b:443");
    struct profile known = hosts_known(&hosts, "https://b:443", NOW_MS);
    assert_int_equal(known.useful_lanes, 8);
    assert_int_equal(known.tolerated_lanes, 6);
    assert_int_equal(known.lane_bps, 1000);
    assert_int_equal(known.total_bps, 8000);
    assert_int_equal(known.setup_us, 300);
    assert_int_equal(known.ranges, PROFILE_RANGES_REFUSED);
    assert_int_equal(known.seen_ms, NOW_MS);
    assert_int_equal(hosts_known(&hosts, "http://b:80", NOW_MS).seen_ms, 0);
    hosts_fini(&hosts);
}

static void hosts__what_is_too_old__is_deleted_at_the_start(void **state)
{
    struct fixture *f = *state;
    open_store(f);
    struct hosts hosts = load_hosts(f);
    learn_lanes(&hosts, "http://old:80", 3, NOW_MS - 31 * DAY_MS);
    learn_lanes(&hosts, "http://young:80", 3, NOW_MS - 29 * DAY_MS);
    assert_origins(&hosts, "http://young:80");
    reopen(f, &hosts);
    hosts_fini(&hosts);
    close_store(f);
    assert_int_equal(number_at(f->path, "SELECT count(*) FROM host"), 1);
}

static void hosts__a_full_table__loses_those_not_seen_for_longest(void **state)
{
    struct fixture *f = *state;
    open_store(f);
    struct hosts hosts = load_hosts(f);
    char origin[64];
    for (int i = 0; i < HOSTS_MAX + 2; i++) {
        snprintf(origin, sizeof origin, "http://h%d:80", i);
        learn_lanes(&hosts, origin, 3, NOW_MS + (i == 1 ? HOSTS_MAX : i));
    }
    assert_int_equal(hosts.n, HOSTS_MAX);
    assert_int_equal(hosts_known(&hosts, "http://h0:80", NOW_MS).seen_ms, 0);
    assert_int_equal(hosts_known(&hosts, "http://h2:80", NOW_MS).seen_ms, 0);
    assert_int_equal(hosts_known(&hosts, "http://h1:80", NOW_MS).useful_lanes, 3);
    hosts_fini(&hosts);
    close_store(f);
    assert_int_equal(number_at(f->path, "SELECT count(*) FROM host"), HOSTS_MAX);
}

static void hosts__a_name_without_bounds__is_not_remembered(void **state)
{
    struct fixture *f = *state;
    open_store(f);
    struct hosts hosts = load_hosts(f);
    char origin[HOSTS_ORIGIN_MAX + 20];
    snprintf(origin, sizeof origin, "http://%0*d:80", HOSTS_ORIGIN_MAX, 0);
    learn_lanes(&hosts, origin, 3, NOW_MS);
    assert_int_equal(hosts.n, 0);
    hosts_fini(&hosts);
}

/* ---- forgetting ---- */

static void learn_four(struct hosts *hosts)
{
    learn_lanes(hosts, "http://a.example:80", 3, NOW_MS);
    learn_lanes(hosts, "http://a.example:8080", 3, NOW_MS);
    learn_lanes(hosts, "https://a.example:443", 3, NOW_MS);
    learn_lanes(hosts, "https://[::1]:443", 3, NOW_MS);
}

static void hosts__forgetting_one__takes_what_the_name_means(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *which;
        const char *left;
    } rows[] = {
        { "http://a.example:80", "http://a.example:8080 https://[::1]:443 https://a.example:443" },
        { "A.example:8080", "http://a.example:80 https://[::1]:443 https://a.example:443" },
        { "http://a.example", "https://[::1]:443 https://a.example:443" },
        { "a.example", "https://[::1]:443" },
        { "[::1]", "http://a.example:80 http://a.example:8080 https://a.example:443" },
        { "example",
          "http://a.example:80 http://a.example:8080 https://[::1]:443 https://a.example:443" },
        { NULL, "" },
    };
    open_store(f);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct hosts hosts = load_hosts(f);
        struct outcome outcome = { 0 };
        size_t n = 99;
        learn_four(&hosts);
        assert_int_equal(hosts_forget(&hosts, rows[i].which, &n, on_done, &outcome), SG_OK);
        assert_int_equal(n, 4 - hosts.n);
        if (n > 0)
            await(f, &outcome, 1);
        assert_int_equal(outcome.status, SG_OK);
        assert_origins(&hosts, rows[i].left);
        reopen(f, &hosts);
        assert_origins(&hosts, rows[i].left);
        hosts_fini(&hosts);
    }
}

/* ---- damage ---- */

static void hosts__rows_that_make_no_sense__are_passed_over(void **state)
{
    struct fixture *f = *state;
    static const char *const damages[] = {
        "UPDATE host SET useful_lanes = -1 WHERE origin = 'http://a:80'",
        "UPDATE host SET useful_lanes = 1000000 WHERE origin = 'http://a:80'",
        "UPDATE host SET lane_bps = 9223372036854775807 WHERE origin = 'http://a:80'",
        "UPDATE host SET ranges = 'perhaps' WHERE origin = 'http://a:80'",
        "UPDATE host SET origin = 'http://a' WHERE origin = 'http://a:80'",
        "UPDATE host SET origin = 'http://a:' WHERE origin = 'http://a:80'",
        "UPDATE host SET origin = 'http://:80' WHERE origin = 'http://a:80'",
        "UPDATE host SET origin = 'http://' WHERE origin = 'http://a:80'",
        "UPDATE host SET origin = 'a:80' WHERE origin = 'http://a:80'",
        "UPDATE host SET origin = '' WHERE origin = 'http://a:80'",
        "UPDATE host SET origin = 'http://' || char(27) || ':80' WHERE origin = 'http://a:80'",
        "UPDATE host SET origin = CAST(x'687474703a2f2fff3a3830' AS TEXT)"
        " WHERE origin = 'http://a:80'",
    };
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        open_store(f);
        struct hosts hosts = { .store = f->store };
        learn_lanes(&hosts, "http://a:80", 3, NOW_MS);
        learn_lanes(&hosts, "http://b:80", 3, NOW_MS);
        hosts_fini(&hosts);
        tamper(f, damages[i]);
        hosts = load_hosts(f);
        assert_origins(&hosts, "http://b:80");
        hosts_fini(&hosts);
        tamper(f, "DELETE FROM host");
        close_store(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(hosts__what_was_learned__is_there_after_a_restart),
        STORE_TEST(hosts__what_is_too_old__is_deleted_at_the_start),
        STORE_TEST(hosts__a_full_table__loses_those_not_seen_for_longest),
        STORE_TEST(hosts__a_name_without_bounds__is_not_remembered),
        STORE_TEST(hosts__forgetting_one__takes_what_the_name_means),
        STORE_TEST(hosts__rows_that_make_no_sense__are_passed_over),
    };
    return cmocka_run_group_tests_name("hosts", tests, NULL, NULL);
}
