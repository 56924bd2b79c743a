/* Who may call which method and sees which job: every row of the table, asked of a real daemon over
 * its own pipe by callers whose identities the tests make up. */
#include "daemon/access.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "ipc/client/client.h"
#include "os/thread.h"
#include "tests/contract/contract.h"
#include "tests/unit/talk.h"

#define NEVER "2999-01-01T00:00:00.000Z"

enum { TIMEOUT_MS = TALK_DEADLINE_MS };

/* Those who call. Everybody but the administrator is a plain user of the machine. */
enum who { OWNER, STRANGER, ADMINISTRATOR, WHO_COUNT };

static const struct pipe_caller callers[WHO_COUNT] = {
    [OWNER] = { .sid = "S-1-5-21-1-2-3-1001" },
    [STRANGER] = { .sid = "S-1-5-21-1-2-3-1002" },
    [ADMINISTRATOR] = { .sid = "S-1-5-21-1-2-3-500", .is_administrator = true },
};

/* A daemon that runs on a thread of its own. */
struct house {
    char name[128];
    char *folder; /* of data and of downloads */
    struct app *app;
    struct signal *ready;
    struct thread *thread;
    int64_t live_before;
};

static _Atomic enum who present; /* who connects next */

/* The system's answer by another name: the token is needed to add jobs. */
static enum sg_status identify(struct pipe_conn *conn, struct pipe_caller *out, struct sg_err *err)
{
    enum sg_status status = pipe_conn_caller(conn, out, err);
    if (status != SG_OK)
        return status;
    const struct pipe_caller *caller = &callers[present];
    sg_free(out->sid);
    out->sid = sg_strdup(caller->sid);
    out->is_administrator = caller->is_administrator;
    return out->sid != NULL ? SG_OK : sg_err_set(err, SG_E_NOMEM, "out of memory");
}

static enum sg_status refuse(struct pipe_conn *conn, struct pipe_caller *out, struct sg_err *err)
{
    (void)conn;
    (void)out;
    return sg_err_set(err, SG_E_DENIED, "asking who calls");
}

static void on_ready(void *ctx)
{
    struct house *house = ctx;
    signal_set(house->ready);
}

static void run(void *ctx)
{
    struct house *house = ctx;
    app_run(house->app);
}

static int open_house(void **state, enum app_mode mode, pipe_identify_fn *who_calls)
{
    int64_t live_before = sg_mem_live();
    struct sg_err err = { 0 };
    struct house *house = sg_alloc(sizeof *house);
    assert_non_null(house);
    house->live_before = live_before;
    house->folder = scratch_create();
    talk_make_name(house->name, sizeof house->name);
    struct app_options options = { .mode = mode,
                                   .pipe_name = house->name,
                                   .data_folder = house->folder,
                                   .identify = who_calls,
                                   .ready = on_ready,
                                   .ctx = house };
    assert_int_equal(signal_create(&house->ready, NULL), SG_OK);
    if (app_open(&options, &house->app, &err) != SG_OK)
        fail_msg("%s", sg_err_text(&err));
    assert_int_equal(thread_start("app", run, house, &house->thread, NULL), SG_OK);
    assert_true(signal_wait(house->ready, TIMEOUT_MS));
    *state = house;
    return 0;
}

static int open_service(void **state)
{
    return open_house(state, APP_SERVICE, identify);
}

static int open_own(void **state)
{
    return open_house(state, APP_USER, identify);
}

static int open_deaf(void **state)
{
    return open_house(state, APP_SERVICE, refuse);
}

static int close_house(void **state)
{
    struct house *house = *state;
    app_stop(house->app);
    thread_join(house->thread);
    app_close(house->app);
    signal_destroy(house->ready);
    scratch_remove(house->folder);
    int64_t live_before = house->live_before;
    sg_free(house);
    assert_int_equal(sg_mem_live(), live_before);
    return 0;
}

/* A connection of somebody, which is known as his from its first call on. */
static struct client *connect_as(const struct house *house, enum who who)
{
    struct client *client;
    struct sg_err err = { 0 };
    present = who;
    if (client_open(house->name, TIMEOUT_MS, &client, &err) != SG_OK)
        fail_msg("%s", sg_err_text(&err));
    assert_int_equal(client_call(client, METHOD_DAEMON_INFO, NULL, TIMEOUT_MS, NULL, &err), SG_OK);
    return client;
}

static enum sg_status call(struct client *client, enum method method, const char *params,
                           cJSON **out_result)
{
    struct sg_err err = { 0 };
    cJSON *object = cJSON_Parse(params);
    assert_non_null(object);
    return client_call(client, method, object, TIMEOUT_MS, out_result, &err);
}

/* One call over a connection of its own. */
static enum sg_status call_as(const struct house *house, enum who who, enum method method,
                              const char *params, cJSON **out_result)
{
    struct client *client = connect_as(house, who);
    enum sg_status status = call(client, method, params, out_result);
    client_close(client);
    return status;
}

/* A job that nothing happens to, and its id. */
static int add_job(const struct house *house, enum who who)
{
    cJSON *result = NULL;
    cJSON *params = cJSON_CreateObject();
    cJSON *jobs = cJSON_AddArrayToObject(params, "jobs");
    cJSON *spec = cJSON_CreateObject();
    cJSON_AddItemToArray(jobs, spec);
    cJSON_AddStringToObject(spec, "url", "http://127.0.0.1:1/file");
    cJSON_AddStringToObject(spec, "folder", house->folder);
    cJSON_AddStringToObject(spec, "at", NEVER);
    cJSON_AddBoolToObject(spec, "paused", true);
    char *text = cJSON_PrintUnformatted(params);
    cJSON_Delete(params);
    assert_int_equal(call_as(house, who, METHOD_JOB_ADD, text, &result), SG_OK);
    cJSON_free(text);
    const cJSON *job = cJSON_GetArrayItem(cJSON_GetObjectItem(result, "jobs"), 0);
    int id = cJSON_GetObjectItem(job, "id")->valueint;
    assert_string_equal(cJSON_GetObjectItem(job, "owner")->valuestring, callers[who].sid);
    cJSON_Delete(result);
    return id;
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
    int id = add_job(house, OWNER);
    char *params = fill_in(service_rows[method].params, id);
    enum sg_status status = call_as(house, who, method, params, NULL);
    if (status != expected)
        print_error("%s %s by %s\n", method_name(method), params, callers[who].sid);
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
    assert_int_equal(call_as(house, who, METHOD_JOB_LIST, "{}", &list), SG_OK);
    assert_int_equal(call_as(house, who, METHOD_DAEMON_STATS, "{}", &stats), SG_OK);
    const cJSON *counts = cJSON_GetObjectItem(stats, "jobs");
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(list, "jobs")), expected);
    assert_int_equal(cJSON_GetObjectItem(counts, "paused")->valueint, expected);
    cJSON_Delete(list);
    cJSON_Delete(stats);
}

static void service__lists_and_counts__hold_own_jobs_only(void **state)
{
    const struct house *house = *state;
    add_job(house, OWNER);
    add_job(house, OWNER);
    add_job(house, STRANGER);
    add_job(house, ADMINISTRATOR);
    expect_jobs(house, OWNER, 2);
    expect_jobs(house, STRANGER, 1);
    expect_jobs(house, ADMINISTRATOR, 4);
}

static int change_all(const struct house *house, enum who who, enum method method)
{
    cJSON *result = NULL;
    assert_int_equal(call_as(house, who, method, "{\"all\":true}", &result), SG_OK);
    int n = cJSON_GetArraySize(cJSON_GetObjectItem(result, "ids"));
    cJSON_Delete(result);
    return n;
}

static void service__all__means_own_jobs_and_for_administrators_all(void **state)
{
    const struct house *house = *state;
    add_job(house, OWNER);
    add_job(house, STRANGER);
    assert_int_equal(change_all(house, STRANGER, METHOD_JOB_RESUME), 1);
    assert_int_equal(change_all(house, OWNER, METHOD_JOB_RESUME), 1);
    assert_int_equal(change_all(house, ADMINISTRATOR, METHOD_JOB_PAUSE), 2);
}

/* The message about a job of somebody else must not differ from that about no job. */
static void service__job_of_somebody_else__is_as_if_it_did_not_exist(void **state)
{
    const struct house *house = *state;
    struct client *client = connect_as(house, STRANGER);
    struct sg_err err[2] = { { 0 }, { 0 } };
    char expected[SG_ERR_MESSAGE_SIZE];
    int id = add_job(house, OWNER);
    for (int i = 0; i < 2; i++) {
        cJSON *params = cJSON_CreateObject();
        cJSON_AddNumberToObject(params, "id", id + i);
        assert_int_equal(client_call(client, METHOD_JOB_GET, params, TIMEOUT_MS, NULL, &err[i]),
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
    int own = add_job(house, STRANGER);
    int foreign = add_job(house, OWNER);
    snprintf(params, sizeof params, "{\"ids\":[%d,%d]}", own, foreign);
    assert_int_equal(call_as(house, STRANGER, METHOD_JOB_CANCEL, params, NULL), SG_E_NOT_FOUND);
    expect_jobs(house, ADMINISTRATOR, 2);
}

static void service__move_before_foreign_job__finds_no_such_job(void **state)
{
    const struct house *house = *state;
    char params[64];
    int own = add_job(house, STRANGER);
    snprintf(params, sizeof params, "{\"id\":%d,\"before\":%d}", own, add_job(house, OWNER));
    assert_int_equal(call_as(house, STRANGER, METHOD_JOB_MOVE, params, NULL), SG_E_NOT_FOUND);
}

static void remove_job(const struct house *house, enum who who, int id)
{
    char params[64];
    snprintf(params, sizeof params, "{\"ids\":[%d]}", id);
    assert_int_equal(call_as(house, who, METHOD_JOB_REMOVE, params, NULL), SG_OK);
}

/* Reads events until the job is removed; all of them must be about it. */
static void expect_events_of(struct client *client, int id)
{
    struct sg_err err = { 0 };
    const char *method;
    bool is_removed = false;
    while (!is_removed) {
        cJSON *params = NULL;
        assert_int_equal(client_next_event(client, TIMEOUT_MS, &method, &params, &err), SG_OK);
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
    struct client *stranger = connect_as(house, STRANGER);
    struct client *administrator = connect_as(house, ADMINISTRATOR);
    assert_int_equal(call(stranger, METHOD_EVENTS_SUBSCRIBE, "{}", NULL), SG_OK);
    int foreign = add_job(house, OWNER);
    remove_job(house, OWNER, foreign);
    int own = add_job(house, STRANGER);
    assert_int_equal(call(administrator, METHOD_EVENTS_SUBSCRIBE, "{}", NULL), SG_OK);
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
    struct client *stranger = connect_as(house, STRANGER);
    int foreign = add_job(house, OWNER);
    int own = add_job(house, STRANGER);
    snprintf(params, sizeof params, "{\"jobs\":[%d,%d]}", foreign, own);
    assert_int_equal(call(stranger, METHOD_EVENTS_SUBSCRIBE, params, NULL), SG_OK);
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
    assert_int_equal(client_open(house->name, TIMEOUT_MS, &client, &err), SG_OK);
    enum sg_status status = client_call(client, METHOD_DAEMON_INFO, NULL, TIMEOUT_MS, NULL, &err);
    assert_int_not_equal(status, SG_OK);
    assert_int_not_equal(status, SG_E_TIMEOUT);
    client_close(client);
}

#define TEST(name, open) cmocka_unit_test_setup_teardown(name, open, close_house)

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
