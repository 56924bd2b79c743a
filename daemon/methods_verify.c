/* job.verify: answered when the file was hashed, which may take minutes; other calls of the session
 * are carried out meanwhile, and its end gives the verification up. */
#include "daemon/methods.h"

#include "base/mem.h"

struct verify {
    struct call *call;
    struct verification *verification;
};

static void add_text(cJSON *object, const char *name, const char *text)
{
    cJSON_AddItemToObject(object, name,
                          text != NULL ? cJSON_CreateString(text) : cJSON_CreateNull());
}

static cJSON *result_json(const struct verify_result *result)
{
    bool is_wanted = result->wanted != NULL;
    cJSON *object = cJSON_CreateObject();
    cJSON_AddNumberToObject(object, "id", (double)result->id);
    add_text(object, "path", result->path);
    add_text(object, "algorithm", result->algorithm);
    add_text(object, "wanted", result->wanted);
    add_text(object, "wanted_by", !is_wanted ? NULL : result->is_declared ? "server" : "caller");
    add_text(object, "found", result->found);
    cJSON_AddItemToObject(object, "ok",
                          is_wanted ? cJSON_CreateBool(result->is_right) : cJSON_CreateNull());
    return object;
}

static void on_verified(void *ctx, enum sg_status status, const struct sg_err *err,
                        const struct verify_result *result)
{
    struct verify *verify = ctx;
    if (status == SG_OK)
        call_reply(verify->call, result_json(result));
    else if (status == SG_E_CANCELLED)
        method_fail(verify->call, status,
                    "verifying was given up: the job was removed, or segd is stopping");
    else
        call_fail(verify->call, err);
    sg_free(verify);
}

static void on_caller_gone(void *ctx)
{
    struct verify *verify = ctx;
    engine_verify_cancel(verify->verification);
}

static enum sg_status read_algorithm(const cJSON *params, const char **out, struct sg_err *err)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(params, "algorithm");
    if (value != NULL && !cJSON_IsString(value))
        return sg_err_set(err, SG_E_INVALID, "'algorithm' is sha256, sha512, sha1 or md5");
    *out = value != NULL ? value->valuestring : NULL;
    return SG_OK;
}

static enum sg_status start(struct app *app, struct verify *verify, const cJSON *params,
                            struct sg_err *err)
{
    const char *algorithm = NULL;
    struct job *job;
    enum sg_status status = method_check_params(params, "id algorithm", err);
    if (status == SG_OK)
        status = method_find_job(app, verify->call, cJSON_GetObjectItemCaseSensitive(params, "id"),
                                 &job, err);
    if (status == SG_OK)
        status = read_algorithm(params, &algorithm, err);
    if (status == SG_OK)
        status = engine_verify(app_engine(app), job, algorithm, on_verified, verify,
                               &verify->verification, err);
    return status;
}

void method_job_verify(struct app *app, struct call *call, const cJSON *params)
{
    struct sg_err err = { 0 };
    struct verify *verify = sg_alloc(sizeof *verify);
    if (verify == NULL) {
        method_fail(call, SG_E_NOMEM, "out of memory");
        return;
    }
    verify->call = call;
    if (start(app, verify, params, &err) == SG_OK) {
        call_watch(call, on_caller_gone, verify);
        return;
    }
    call_fail(call, &err);
    sg_free(verify);
}
