/* Jobs of the service that need their owner: a daemon with callers whose identities the tests make
 * up, and who bring the right to act as them, or do not. Servers are not reached: a job that is let
 * go comes to wait for another try. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/house.h"

static int open_service(void **state)
{
    return house_open(state, APP_SERVICE, house_identify);
}

static int open_own(void **state)
{
    return house_open(state, APP_USER, house_identify);
}

/* Somebody who sees all jobs, and what happens to them from now on. */
static struct client *watch(const struct house *house)
{
    struct client *client = house_connect_as(house, ADMINISTRATOR);
    assert_int_equal(house_call(client, METHOD_EVENTS_SUBSCRIBE, "{}", NULL), SG_OK);
    return client;
}

static void do_to(struct client *client, enum method method, int id)
{
    char params[64];
    snprintf(params, sizeof params, "{\"ids\":[%d]}", id);
    assert_int_equal(house_call(client, method, params, NULL), SG_OK);
}

static bool is_waiting(const cJSON *job, int id, const char *reason)
{
    const cJSON *has = cJSON_GetObjectItem(job, "reason");
    return cJSON_GetObjectItem(job, "id")->valueint == id && cJSON_IsString(has) &&
           strcmp(has->valuestring, reason) == 0;
}

/* Reads events until the job waits for that. */
static void expect_waiting(struct client *client, int id, const char *reason)
{
    struct sg_err err = { 0 };
    const char *method;
    bool is_it = false;
    while (!is_it) {
        cJSON *params = NULL;
        assert_int_equal(client_next_event(client, TALK_DEADLINE_MS, &method, &params, &err),
                         SG_OK);
        is_it = is_waiting(cJSON_GetObjectItem(params, "job"), id, reason);
        cJSON_Delete(params);
    }
}

static void expect_reason(const struct house *house, int id, const char *reason)
{
    char params[64];
    cJSON *job = NULL;
    snprintf(params, sizeof params, "{\"id\":%d}", id);
    assert_int_equal(house_call_as(house, ADMINISTRATOR, METHOD_JOB_GET, params, &job), SG_OK);
    assert_true(is_waiting(job, id, reason));
    cJSON_Delete(job);
}

static void visit(const struct house *house, enum who who)
{
    client_close(house_connect_as(house, who));
}

/* A job that waits for OWNER since a restart. */
static int leave_waiting(struct house *house)
{
    int id = house_add_job(house, OWNER);
    house_restart(house);
    struct client *client = watch(house);
    do_to(client, METHOD_JOB_RESUME, id);
    expect_waiting(client, id, "owner");
    client_close(client);
    return id;
}

static void job__after_restart_without_owner__waits_for_him_and_says_so(void **state)
{
    struct house *house = *state;
    char params[64];
    cJSON *job = NULL;
    snprintf(params, sizeof params, "{\"id\":%d}", leave_waiting(house));
    assert_int_equal(house_call_as(house, ADMINISTRATOR, METHOD_JOB_GET, params, &job), SG_OK);
    const cJSON *error = cJSON_GetObjectItem(job, "error");
    assert_string_equal(cJSON_GetObjectItem(error, "code")->valuestring, "owner_away");
    cJSON_Delete(job);
}

static void job__that_waits_for_owner__goes_on_when_he_connects(void **state)
{
    struct house *house = *state;
    int id = leave_waiting(house);
    struct client *client = watch(house);
    visit(house, OWNER);
    expect_waiting(client, id, "retry");
    client_close(client);
}

static void job__that_waits_for_owner__is_not_for_others_to_wake(void **state)
{
    struct house *house = *state;
    int id = leave_waiting(house);
    visit(house, STRANGER);
    expect_reason(house, id, "owner");
    house_hide_rights(true);
    visit(house, OWNER); /* only shows who he is */
    expect_reason(house, id, "owner");
}

static void job__that_waits_for_owner__still_does_after_another_restart(void **state)
{
    struct house *house = *state;
    int id = leave_waiting(house);
    house_restart(house);
    expect_reason(house, id, "owner");
}

static void right__of_who_left__lasts_as_long_as_his_unfinished_jobs(void **state)
{
    struct house *house = *state;
    int id = house_add_job(house, OWNER);
    struct client *client = watch(house);
    do_to(client, METHOD_JOB_RESUME, id);
    expect_waiting(client, id, "retry");
    do_to(client, METHOD_JOB_CANCEL, id); /* his last one */
    do_to(client, METHOD_JOB_RESUME, id);
    expect_waiting(client, id, "owner");
    client_close(client);
}

static void right__of_who_is_connected__outlives_his_jobs(void **state)
{
    struct house *house = *state;
    struct client *owner = house_connect_as(house, OWNER);
    int id = house_add_job(house, OWNER);
    struct client *client = watch(house);
    do_to(client, METHOD_JOB_CANCEL, id);
    do_to(client, METHOD_JOB_RESUME, id);
    expect_waiting(client, id, "retry");
    client_close(client);
    client_close(owner);
}

static void right__older_one__stays_when_a_connection_brings_none(void **state)
{
    struct house *house = *state;
    int id = house_add_job(house, OWNER);
    house_hide_rights(true);
    visit(house, OWNER);
    struct client *client = watch(house);
    do_to(client, METHOD_JOB_RESUME, id);
    expect_waiting(client, id, "retry");
    client_close(client);
}

static void own_daemon__no_owner__waits_for_nobody(void **state)
{
    struct house *house = *state;
    house_hide_rights(true);
    int id = house_add_job(house, OWNER);
    house_restart(house);
    struct client *client = watch(house);
    do_to(client, METHOD_JOB_RESUME, id);
    expect_waiting(client, id, "retry");
    client_close(client);
}

#define TEST(name, open) cmocka_unit_test_setup_teardown(name, open, house_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(job__after_restart_without_owner__waits_for_him_and_says_so, open_service),
        TEST(job__that_waits_for_owner__goes_on_when_he_connects, open_service),
        TEST(job__that_waits_for_owner__is_not_for_others_to_wake, open_service),
        TEST(job__that_waits_for_owner__still_does_after_another_restart, open_service),
        TEST(right__of_who_left__lasts_as_long_as_his_unfinished_jobs, open_service),
        TEST(right__of_who_is_connected__outlives_his_jobs, open_service),
        TEST(right__older_one__stays_when_a_connection_brings_none, open_service),
        TEST(own_daemon__no_owner__waits_for_nobody, open_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
