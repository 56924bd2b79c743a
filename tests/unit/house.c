/* A daemon on a thread of its own, and its callers. */
#include "tests/unit/house.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "os/thread.h"
#include "tests/contract/contract.h"

enum { TIMEOUT_MS = TALK_DEADLINE_MS };

const struct pipe_caller house_callers[WHO_COUNT] = {
    [OWNER] = { .sid = "S-1-5-21-1-2-3-1001" },
    [STRANGER] = { .sid = "S-1-5-21-1-2-3-1002" },
    [ADMINISTRATOR] = { .sid = "S-1-5-21-1-2-3-500", .is_administrator = true },
};

struct house {
    char name[128];
    char *folder; /* of data and of downloads */
    struct app_options options;
    struct app *app;
    struct signal *ready;
    struct thread *thread;
    int64_t live_before;
};

static _Atomic enum who present; /* who connects next */
static atomic_bool is_shy;       /* he only shows who he is */

void house_hide_rights(bool hides)
{
    is_shy = hides;
}

enum sg_status house_identify(struct pipe_conn *conn, struct pipe_caller *out, struct sg_err *err)
{
    enum sg_status status = pipe_conn_caller(conn, out, err);
    if (status != SG_OK)
        return status;
    const struct pipe_caller *caller = &house_callers[present];
    sg_free(out->sid);
    out->sid = sg_strdup(caller->sid);
    out->is_administrator = caller->is_administrator;
    if (is_shy) {
        identity_unref(out->right);
        out->right = NULL;
    }
    return out->sid != NULL ? SG_OK : sg_err_set(err, SG_E_NOMEM, "out of memory");
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

static void start(struct house *house)
{
    struct sg_err err = { 0 };
    assert_int_equal(signal_create(&house->ready, NULL), SG_OK);
    if (app_open(&house->options, &house->app, &err) != SG_OK)
        fail_msg("%s", sg_err_text(&err));
    assert_int_equal(thread_start("app", run, house, &house->thread, NULL), SG_OK);
    assert_true(signal_wait(house->ready, TIMEOUT_MS));
}

static void stop(struct house *house)
{
    app_stop(house->app);
    thread_join(house->thread);
    app_close(house->app);
    signal_destroy(house->ready);
}

int house_open(void **state, enum app_mode mode, pipe_identify_fn *who_calls)
{
    int64_t live_before = sg_mem_live();
    struct house *house = sg_alloc(sizeof *house);
    assert_non_null(house);
    house->live_before = live_before;
    house->folder = scratch_create();
    talk_make_name(house->name, sizeof house->name);
    house->options = (struct app_options){ .mode = mode,
                                           .pipe_name = house->name,
                                           .data_folder = house->folder,
                                           .identify = who_calls,
                                           .ready = on_ready,
                                           .ctx = house };
    is_shy = false;
    start(house);
    *state = house;
    return 0;
}

int house_close(void **state)
{
    struct house *house = *state;
    stop(house);
    scratch_remove(house->folder);
    int64_t live_before = house->live_before;
    sg_free(house);
    assert_int_equal(sg_mem_live(), live_before);
    return 0;
}

const char *house_name(const struct house *house)
{
    return house->name;
}

void house_restart(struct house *house)
{
    stop(house);
    start(house);
}

struct client *house_connect_as(const struct house *house, enum who who)
{
    struct client *client;
    struct sg_err err = { 0 };
    present = who;
    if (client_open(house->name, TIMEOUT_MS, &client, &err) != SG_OK)
        fail_msg("%s", sg_err_text(&err));
    assert_int_equal(client_call(client, METHOD_DAEMON_INFO, NULL, TIMEOUT_MS, NULL, &err), SG_OK);
    return client;
}

enum sg_status house_call(struct client *client, enum method method, const char *params,
                          cJSON **out_result)
{
    struct sg_err err = { 0 };
    cJSON *object = cJSON_Parse(params);
    assert_non_null(object);
    return client_call(client, method, object, TIMEOUT_MS, out_result, &err);
}

enum sg_status house_call_as(const struct house *house, enum who who, enum method method,
                             const char *params, cJSON **out_result)
{
    struct client *client = house_connect_as(house, who);
    enum sg_status status = house_call(client, method, params, out_result);
    client_close(client);
    return status;
}

int house_add_job(const struct house *house, enum who who)
{
    cJSON *result = NULL;
    cJSON *params = cJSON_CreateObject();
    cJSON *jobs = cJSON_AddArrayToObject(params, "jobs");
    cJSON *spec = cJSON_CreateObject();
    cJSON_AddItemToArray(jobs, spec);
    cJSON_AddStringToObject(spec, "url", "http://127.0.0.1:1/file");
    cJSON_AddStringToObject(spec, "folder", house->folder);
    cJSON_AddBoolToObject(spec, "paused", true);
    char *text = cJSON_PrintUnformatted(params);
    cJSON_Delete(params);
    assert_int_equal(house_call_as(house, who, METHOD_JOB_ADD, text, &result), SG_OK);
    cJSON_free(text);
    const cJSON *job = cJSON_GetArrayItem(cJSON_GetObjectItem(result, "jobs"), 0);
    int id = cJSON_GetObjectItem(job, "id")->valueint;
    assert_string_equal(cJSON_GetObjectItem(job, "owner")->valuestring, house_callers[who].sid);
    cJSON_Delete(result);
    return id;
}
