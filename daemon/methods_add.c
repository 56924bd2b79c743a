/* job.add: the specifications are read here, the folders are looked at on a work thread (a share
 * may be slow; in the service it acts as the caller meanwhile), and then the engine takes the jobs.
 */
#include "daemon/methods.h"

#include <string.h>

#include "base/mem.h"
#include "daemon/folder.h"
#include "daemon/job_json.h"
#include "daemon/settings.h"
#include "os/path.h"
#include "os/work.h"

enum { JOBS_MAX = 100000 };

struct add {
    struct work work;
    struct app *app;
    struct call *call;
    struct identity *caller; /* as whom the service looks; NULL in the user's own daemon */
    struct job_record *records;
    size_t n;
    enum sg_status status;
    struct sg_err err;
};

static void destroy(struct add *add)
{
    for (size_t i = 0; i < add->n; i++)
        job_record_fini(&add->records[i]);
    identity_unref(add->caller);
    sg_free(add->records);
    sg_free(add);
}

static void fail(struct add *add)
{
    call_fail(add->call, &add->err);
    destroy(add);
}

static void on_added(void *ctx, enum sg_status status, const struct sg_err *err, const int64_t *ids,
                     size_t n)
{
    struct add *add = ctx;
    if (status != SG_OK) {
        add->err = err != NULL ? *err : (struct sg_err){ .status = status };
        fail(add);
        return;
    }
    cJSON *result = cJSON_CreateObject();
    cJSON *jobs = cJSON_AddArrayToObject(result, "jobs");
    for (size_t i = 0; i < n; i++) {
        struct job *job = engine_job(app_engine(add->app), ids[i]);
        if (job != NULL)
            cJSON_AddItemToArray(jobs, job_json(job));
    }
    call_reply(add->call, result);
    destroy(add);
}

static void on_folders_checked(struct work *work)
{
    struct add *add = sg_container_of(work, struct add, work);
    if (add->status == SG_OK)
        add->status =
            engine_add(app_engine(add->app), add->records, add->n, on_added, add, &add->err);
    if (add->status != SG_OK)
        fail(add);
}

/* The system's own words do not say what to do. */
static void advise(struct add *add, const char *folder)
{
    if (add->status == SG_E_NO_FOLDER && path_exists(folder))
        sg_err_set(&add->err, add->status, "%s is not a folder: name another with -d", folder);
    else if (add->status == SG_E_NO_FOLDER)
        sg_err_set(&add->err, add->status,
                   "the folder %s does not exist: create it, or name another with -d", folder);
    else if (add->status == SG_E_DENIED)
        sg_err_set(&add->err, add->status,
                   "the folder %s cannot be written to: see who owns it, or name another with -d",
                   folder);
}

/* Many jobs usually name one folder after the other: each run of equal ones is looked at once. */
static void check_folders(struct add *add)
{
    const char *last = NULL;
    for (size_t i = 0; i < add->n && add->status == SG_OK; i++) {
        const char *folder = add->records[i].folder;
        if (last == NULL || strcmp(last, folder) != 0)
            add->status = path_check_writable(folder, &add->err);
        if (add->status == SG_E_DISK_FULL)
            add->status = SG_OK; /* the job will wait for room */
        if (add->status != SG_OK)
            advise(add, folder);
        last = folder;
    }
}

static void check_folders_as_user(struct work *work)
{
    check_folders(sg_container_of(work, struct add, work));
}

static void check_letters(struct add *add)
{
    for (size_t i = 0; i < add->n && add->status == SG_OK; i++)
        add->status = folder_check_shared(add->records[i].folder, &add->err);
}

/* The service makes files as their owner: so it is he who must be able to. A drive letter has to be
 * the machine's own, in his session too: no session is left after a restart. */
static void check_folders_as_caller(struct work *work)
{
    struct add *add = sg_container_of(work, struct add, work);
    check_letters(add);
    if (add->status == SG_OK)
        add->status = identity_become(add->caller, &add->err);
    if (add->status != SG_OK)
        return;
    check_letters(add);
    check_folders(add);
    identity_revert();
}

static enum sg_status default_folder(const struct app *app, char **out, struct sg_err *err)
{
    const char *set = settings_text(app_settings(app), SET_DOWNLOAD_DIR);
    if (set[0] == '\0')
        return path_known(PATH_DOWNLOADS, out, err);
    *out = sg_strdup(set);
    return *out != NULL ? SG_OK : sg_err_set(err, SG_E_NOMEM, "out of memory");
}

static enum sg_status complete(struct add *add, struct job_record *record, struct sg_err *err)
{
    const struct session *session = call_session(add->call);
    enum sg_status status = job_record_set(&record->owner, session_caller(session)->sid);
    if (status == SG_OK && record->folder == NULL)
        status = default_folder(add->app, &record->folder, err);
    return status == SG_OK ? SG_OK : sg_err_prefix(err, status, "the job cannot be added");
}

/* Settings are what a job gets when it does not say otherwise; they are fixed when it is added. */
static void apply_settings(const struct app *app, struct job_record *record)
{
    const struct settings *settings = app_settings(app);
    record->if_exists = job_if_exists_from_word(settings_text(settings, SET_IF_EXISTS));
    record->on_change = job_on_change_from_word(settings_text(settings, SET_ON_CHANGE));
}

static enum sg_status read_specs(struct add *add, const cJSON *specs)
{
    int n = cJSON_IsArray(specs) ? cJSON_GetArraySize(specs) : 0;
    if (n < 1 || n > JOBS_MAX)
        return sg_err_set(&add->err, SG_E_INVALID, "'jobs' is a list of 1 to %d jobs",
                          (int)JOBS_MAX);
    add->records = sg_alloc_array((size_t)n, sizeof *add->records);
    if (add->records == NULL)
        return sg_err_set(&add->err, SG_E_NOMEM, "out of memory");
    for (const cJSON *spec = specs->child; spec != NULL; spec = spec->next) {
        struct job_record *record = &add->records[add->n++];
        job_record_init(record);
        apply_settings(add->app, record);
        enum sg_status status = job_json_read(spec, record, &add->err);
        if (status == SG_OK)
            status = complete(add, record, &add->err);
        if (status != SG_OK)
            return status;
    }
    return SG_OK;
}

void method_job_add(struct app *app, struct call *call, const cJSON *params)
{
    struct add *add = sg_alloc(sizeof *add);
    if (add == NULL) {
        method_fail(call, SG_E_NOMEM, "out of memory");
        return;
    }
    add->app = app;
    add->call = call;
    add->work.run = check_folders_as_user;
    if (app_options(app)->mode == APP_SERVICE) {
        add->work.run = check_folders_as_caller;
        add->caller = identity_ref(session_caller(call_session(call))->right);
    }
    add->work.done = on_folders_checked;
    enum sg_status status = method_check_params(params, "jobs", &add->err);
    if (status == SG_OK)
        status = read_specs(add, cJSON_GetObjectItemCaseSensitive(params, "jobs"));
    if (status != SG_OK) {
        fail(add);
        return;
    }
    call_hold(call); /* what comes behind it has to find the jobs */
    work_submit(app_work_pool(app), &add->work);
}
