/* Who may call which method and sees which job: every row of the table, asked of a real daemon over
 * its own pipe by callers whose identities the tests make up. */
#include "daemon/access.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "tests/unit/house.h"

static enum sg_status refuse(struct pipe_conn *conn, struct pipe_caller *out, struct sg_err *err)
{
    (void)conn;
    (void)out;
    return sg_err_set(err, SG_E_DENIED, "asking who calls");
}

static int open_service(void **state)
{
    return house_open(state, APP_SERVICE, house_identify);
}

static int open_own(void **state)
{
    return house_open(state, APP_USER, house_identify);
}

static int open_deaf(void **state)
{
    return house_open(state, APP_SERVICE, refuse);
}

/* How a method is called, and what each caller gets; "ID" in the parameters stands for a job that
 * OWNER has just added. */
struct row {
    const char *params;
    enum sg_status expected[WHO_COUNT];
};

/* The same for everybody; for the owner of the job and the administrator; for the administrator. */
#define EVERYBODY           \
    {                       \
        SG_OK, SG_OK, SG_OK \
    }
#define THOSE_WHO_SEE_IT             \
    {                                \
        SG_OK, SG_E_NOT_FOUND, SG_OK \
    }
#define ADMINISTRATORS                  \
    {                                   \
        SG_E_DENIED, SG_E_DENIED, SG_OK \
    }

static const struct row service_rows[METHOD_COUNT] = {
    [METHOD_DAEMON_INFO] = { "{}", EVERYBODY },
    [METHOD_DAEMON_STATS] = { "{}", EVERYBODY },
    /* for the administrator too, whom it tells how to stop a service */
    [METHOD_DAEMON_SHUTDOWN] = { "{}", { SG_E_DENIED, SG_E_DENIED, SG_E_DENIED } },
    [METHOD_DAEMON_HOSTS] = { "{}", ADMINISTRATORS },
    [METHOD_DAEMON_FORGET_HOSTS] = { "{}", ADMINISTRATORS },
    [METHOD_DAEMON_LOG] = { "{}", ADMINISTRATORS },
    /* nothing is wrong with the caller: a job needs a url */
    [METHOD_JOB_ADD] = { "{\"jobs\":[{}]}", { SG_E_INVALID, SG_E_INVALID, SG_E_INVALID } },
    [METHOD_JOB_GET] = { "{\"id\":ID}", THOSE_WHO_SEE_IT },
    [METHOD_JOB_LIST] = { "{}", EVERYBODY },
    [METHOD_JOB_PAUSE] = { "{\"ids\":[ID]}", THOSE_WHO_SEE_IT },
    [METHOD_JOB_RESUME] = { "{\"ids\":[ID]}", THOSE_WHO_SEE_IT },
    [METHOD_JOB_CANCEL] = { "{\"ids\":[ID]}", THOSE_WHO_SEE_IT },
    [METHOD_JOB_REMOVE] = { "{\"ids\":[ID]}", THOSE_WHO_SEE_IT },
    [METHOD_JOB_MOVE] = { "{\"id\":ID,\"to\":\"first\"}", THOSE_WHO_SEE_IT },
    [METHOD_JOB_SET] = { "{\"id\":ID,\"priority\":3}", THOSE_WHO_SEE_IT },
    [METHOD_JOB_REFRESH] = { "{\"id\":ID,\"url\":\"http://127.0.0.1:1/new\"}", THOSE_WHO_SEE_IT },
    /* a job that is not done has nothing to verify */
    [METHOD_JOB_VERIFY] = { "{\"id\":ID}", { SG_E_STATE, SG_E_NOT_FOUND, SG_E_STATE } },
    [METHOD_SETTINGS_GET] = { "{}", ADMINISTRATORS },
    [METHOD_SETTINGS_SET] = { "{\"name\":\"retries\",\"value\":7}", ADMINISTRATORS },
    [METHOD_EVENTS_SUBSCRIBE] = { "{}", EVERYBODY },
    [METHOD_EVENTS_UNSUBSCRIBE] = { "{}", EVERYBODY },
};

/* The caller owns the text. */
static char *fill_in(const char *params, int id)
{
    struct sg_buf text = { 0 };
    const char *place = strstr(params, "ID");
    if (place != NULL)
        sg_buf_printf(&text, "%.*s%d%s", (int)(place - params), params, id, place + 2);
    else
        sg_buf_puts(&text, params);
    return sg_buf_take(&text);
}

static void expect_row(const struct house *house, enum method method, enum who who,
                       enum sg_status expected)
{
    int id = house_add_job(house, OWNER);
    char *params = fill_in(service_rows[method].params, id);
    enum sg_status status = house_call_as(house, who, method, params, NULL);
    if (status != expected)
        print_error("%s %s by %s\n", method_name(method), params, house_callers[who].sid);
    assert_int_equal(status, expected);
    sg_free(params);
}

static void service__every_method__asks_what_its_row_says(void **state)
{
    const struct house *house = *state;
    for (unsigned i = 0; i < METHOD_COUNT; i++) {
        assert_non_null(service_rows[i].params);
        for (unsigned who = 0; who < WHO_COUNT; who++)
            expect_row(house, (enum method)i, (enum who)who, service_rows[i].expected[who]);
    }
}

/* Whoever gets through its pipe. The last row ends the daemon. */
static void own_daemon__every_method__is_for_whom_its_pipe_admits(void **state)
{
    const struct house *house = *state;
    for (unsigned i = 0; i < METHOD_COUNT; i++) {
        enum sg_status expected = service_rows[i].expected[ADMINISTRATOR];
        if (i != METHOD_DAEMON_SHUTDOWN)
            expect_row(house, (enum method)i, STRANGER, expected);
    }
    expect_row(house, METHOD_DAEMON_SHUTDOWN, STRANGER, SG_OK);
}

static void expect_jobs(const struct house *house, enum who who, int expected)
{
    cJSON *list = NULL;
    cJSON *stats = NULL;
    assert_int_equal(house_call_as(house, who, METHOD_JOB_LIST, "{}", &list), SG_OK);
    assert_int_equal(house_call_as(house, who, METHOD_DAEMON_STATS, "{}", &stats), SG_OK);
    const cJSON *counts = cJSON_GetObjectItem(stats, "jobs");
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(list, "jobs")), expected);
    assert_int_equal(cJSON_GetObjectItem(counts, "paused")->valueint, expected);
    cJSON_Delete(list);
    cJSON_Delete(stats);
}

static void service__lists_and_counts__hold_own_jobs_only(void **state)
{
    const struct house *house = *state;
    house_add_job(house, OWNER);
    house_add_job(house, OWNER);
    house_add_job(house, STRANGER);
    house_add_job(house, ADMINISTRATOR);
    expect_jobs(house, OWNER, 2);
    expect_jobs(house, STRANGER, 1);
    expect_jobs(house, ADMINISTRATOR, 4);
}

static int change_all(const struct house *house, enum who who, enum method method)
{
    cJSON *result = NULL;
    assert_int_equal(house_call_as(house, who, method, "{\"all\":true}", &result), SG_OK);
    int n = cJSON_GetArraySize(cJSON_GetObjectItem(result, "ids"));
    cJSON_Delete(result);
    return n;
}

static void service__all__means_own_jobs_and_for_administrators_all(void **state)
{
    const struct house *house = *state;
    house_add_job(house, OWNER);
    house_add_job(house, STRANGER);
    assert_int_equal(change_all(house, STRANGER, METHOD_JOB_RESUME), 1);
    assert_int_equal(change_all(house, OWNER, METHOD_JOB_RESUME), 1);
    assert_int_equal(change_all(house, ADMINISTRATOR, METHOD_JOB_PAUSE), 2);
}

/* The message about a job of somebody else must not differ from that about no job. */
static void service__job_of_somebody_else__is_as_if_it_did_not_exist(void **state)
{
    const struct house *house = *state;
    struct client *client = house_connect_as(house, STRANGER);
    struct sg_err err[2] = { { 0 }, { 0 } };
    char expected[SG_ERR_MESSAGE_SIZE];
    int id = house_add_job(house, OWNER);
    for (int i = 0; i < 2; i++) {
        cJSON *params = cJSON_CreateObject();
        cJSON_AddNumberToObject(params, "id", id + i);
        assert_int_equal(
            client_call(client, METHOD_JOB_GET, params, TALK_DEADLINE_MS, NULL, &err[i]),
            SG_E_NOT_FOUND);
        snprintf(expected, sizeof expected, "there is no job %d: 'seg list' shows those there are",
                 id + i);
        assert_string_equal(sg_err_text(&err[i]), expected);
    }
    client_close(client);
}

static void service__list_with_one_foreign_job__changes_none(void **state)
{
    const struct house *house = *state;
    char params[64];
    int own = house_add_job(house, STRANGER);
    int foreign = house_add_job(house, OWNER);
    snprintf(params, sizeof params, "{\"ids\":[%d,%d]}", own, foreign);
    assert_int_equal(house_call_as(house, STRANGER, METHOD_JOB_CANCEL, params, NULL),
                     SG_E_NOT_FOUND);
    expect_jobs(house, ADMINISTRATOR, 2);
}

static void service__move_before_foreign_job__finds_no_such_job(void **state)
{
    const struct house *house = *state;
    char params[64];
    int own = house_add_job(house, STRANGER);
    snprintf(params, sizeof params, "{\"id\":%d,\"before\":%d}", own, house_add_job(house, OWNER));
    assert_int_equal(house_call_as(house, STRANGER, METHOD_JOB_MOVE, params, NULL), SG_E_NOT_FOUND);
}

static void remove_job(const struct house *house, enum who who, int id)
{
    char params[64];
    snprintf(params, sizeof params, "{\"ids\":[%d]}", id);
    assert_int_equal(house_call_as(house, who, METHOD_JOB_REMOVE, params, NULL), SG_OK);
}

/* Reads events until the job is removed; all of them must be about it. */
static void expect_events_of(struct client *client, int id)
{
    struct sg_err err = { 0 };
    const char *method;
    bool is_removed = false;
    while (!is_removed) {
        cJSON *params = NULL;
        assert_int_equal(client_next_event(client, TALK_DEADLINE_MS, &method, &params, &err),
                         SG_OK);
        is_removed = strcmp(method, "event.removed") == 0;
        const cJSON *job = is_removed ? params : cJSON_GetObjectItem(params, "job");
        assert_int_equal(cJSON_GetObjectItem(job, "id")->valueint, id);
        cJSON_Delete(params);
    }
}

/* Events come in the order of what happened: those of the foreign job would be first. */
static void service__events__tell_of_own_jobs_only(void **state)
{
    const struct house *house = *state;
    struct client *stranger = house_connect_as(house, STRANGER);
    struct client *administrator = house_connect_as(house, ADMINISTRATOR);
    assert_int_equal(house_call(stranger, METHOD_EVENTS_SUBSCRIBE, "{}", NULL), SG_OK);
    int foreign = house_add_job(house, OWNER);
    remove_job(house, OWNER, foreign);
    int own = house_add_job(house, STRANGER);
    assert_int_equal(house_call(administrator, METHOD_EVENTS_SUBSCRIBE, "{}", NULL), SG_OK);
    remove_job(house, STRANGER, own);
    expect_events_of(stranger, own);
    expect_events_of(administrator, own);
    client_close(stranger);
    client_close(administrator);
}

static void service__subscription_to_foreign_job__tells_nothing(void **state)
{
    const struct house *house = *state;
    char params[64];
    struct client *stranger = house_connect_as(house, STRANGER);
    int foreign = house_add_job(house, OWNER);
    int own = house_add_job(house, STRANGER);
    snprintf(params, sizeof params, "{\"jobs\":[%d,%d]}", foreign, own);
    assert_int_equal(house_call(stranger, METHOD_EVENTS_SUBSCRIBE, params, NULL), SG_OK);
    remove_job(house, OWNER, foreign);
    remove_job(house, STRANGER, own);
    expect_events_of(stranger, own);
    client_close(stranger);
}

static void service__caller_without_name__is_not_served(void **state)
{
    const struct house *house = *state;
    struct client *client;
    struct sg_err err = { 0 };
    assert_int_equal(client_open(house_name(house), TALK_DEADLINE_MS, &client, &err), SG_OK);
    enum sg_status status =
        client_call(client, METHOD_DAEMON_INFO, NULL, TALK_DEADLINE_MS, NULL, &err);
    assert_int_not_equal(status, SG_OK);
    assert_int_not_equal(status, SG_E_TIMEOUT);
    client_close(client);
}

#define TEST(name, open) cmocka_unit_test_setup_teardown(name, open, house_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(service__every_method__asks_what_its_row_says, open_service),
        TEST(own_daemon__every_method__is_for_whom_its_pipe_admits, open_own),
        TEST(service__lists_and_counts__hold_own_jobs_only, open_service),
        TEST(service__all__means_own_jobs_and_for_administrators_all, open_service),
        TEST(service__job_of_somebody_else__is_as_if_it_did_not_exist, open_service),
        TEST(service__list_with_one_foreign_job__changes_none, open_service),
        TEST(service__move_before_foreign_job__finds_no_such_job, open_service),
        TEST(service__events__tell_of_own_jobs_only, open_service),
        TEST(service__subscription_to_foreign_job__tells_nothing, open_service),
        TEST(service__caller_without_name__is_not_served, open_deaf),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
