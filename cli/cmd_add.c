/* add and get. */
#include <stdlib.h>

#include "base/mem.h"
#include "cli/call.h"
#include "cli/cmd.h"
#include "cli/follow.h"
#include "cli/json.h"
#include "cli/need.h"
#include "cli/spec.h"

/* Sends all batches and gathers the JOBs that came back, also those of a failure's predecessors. */
static enum sg_status send_specs(struct caller *caller, struct spec_list *list, cJSON *jobs,
                                 struct sg_err *err)
{
    for (;;) {
        cJSON *specs;
        cJSON *result;
        enum sg_status status = spec_list_next_batch(list, &specs, err);
        if (status != SG_OK || specs == NULL)
            return status;
        cJSON *params = json_new_object();
        json_put(params, "jobs", specs);
        status = call_daemon(caller, METHOD_JOB_ADD, params, &result, err);
        if (status != SG_OK)
            return status;
        json_move_all(jobs, cJSON_GetObjectItemCaseSensitive(result, "jobs"));
        cJSON_Delete(result);
    }
}

/* A cookie file of which nothing fits is probably the wrong one. */
static void warn_of_cookies(const struct spec_list *list, const struct args *args)
{
    if (list->cookie_text != NULL && !list->has_sent_cookie)
        report_error(EXIT_DONE,
                     "%s has no cookie for this address, so none is sent: check the "
                     "file if the download needs one",
                     args_value(args, OPTION_COOKIE_FILE));
}

static enum exit_code report_add_failure(const struct sg_err *err, const cJSON *jobs)
{
    enum exit_code code = report_failure(err);
    int n = cJSON_GetArraySize(jobs);
    if (n > 0)
        report_error(code, "%d jobs were added before that (%lld to %lld): 'seg list' shows them",
                     n, (long long)json_integer(jobs->child, "id", 0),
                     (long long)json_integer(jobs->child->prev, "id", 0));
    /* The command did not fail for want of a job: "not found" can only mean a folder here. */
    return code == EXIT_NO_JOB ? EXIT_FAILED : code;
}

/* Adds what the options say; `*out_jobs` are the JOBs, which the caller owns. */
static enum exit_code add_jobs(struct caller *caller, const struct args *args, cJSON **out_jobs,
                               bool *out_single)
{
    struct sg_err err = { 0 };
    struct spec_list list = { 0 };
    cJSON *jobs = json_new_array();
    enum exit_code code = EXIT_DONE;
    if (spec_list_init(&list, args, &err) != SG_OK)
        code = report_failure(&err);
    else if (send_specs(caller, &list, jobs, &err) != SG_OK)
        code = report_add_failure(&err, jobs);
    else
        warn_of_cookies(&list, args);
    *out_single = list.is_single;
    *out_jobs = jobs;
    spec_list_fini(&list);
    return code;
}

static enum exit_code follow_added(struct caller *caller, const cJSON *jobs,
                                   const struct follow_options *options)
{
    int64_t *ids = need(sg_alloc_array((size_t)cJSON_GetArraySize(jobs) + 1, sizeof *ids));
    size_t n = 0;
    const cJSON *job;
    cJSON_ArrayForEach(job, jobs) ids[n++] = json_integer(job, "id", 0);
    enum exit_code code = n > 0 ? follow_jobs(caller, ids, n, options) : EXIT_DONE;
    sg_free(ids);
    return code;
}

/* Replaces the JOBs by what they are now; one that is gone stays as it was. */
static void look_again(struct caller *caller, cJSON *jobs)
{
    for (int i = 0; i < cJSON_GetArraySize(jobs); i++) {
        struct sg_err err;
        cJSON *job;
        int64_t id = json_integer(cJSON_GetArrayItem(jobs, i), "id", 0);
        if (call_job_get(caller, id, &job, &err) == SG_OK)
            cJSON_ReplaceItemInArray(jobs, i, job);
    }
}

enum exit_code cmd_add(struct caller *caller, const struct args *args)
{
    static const struct follow_options quietly = { .mode = FOLLOW_QUIET };
    cJSON *jobs;
    bool is_single;
    bool is_waiting = args_has(args, OPTION_WAIT);
    bool has_json = args_has(args, OPTION_JSON);
    enum exit_code code = add_jobs(caller, args, &jobs, &is_single);
    if (code == EXIT_DONE && (!is_waiting || !has_json))
        cmd_print_jobs(args, jobs, is_single, "added");
    if (code == EXIT_DONE && is_waiting) {
        code = follow_added(caller, jobs, &quietly);
        if (has_json) {
            look_again(caller, jobs);
            cmd_print_jobs(args, jobs, is_single, "added");
        }
    }
    cJSON_Delete(jobs);
    return code;
}

enum exit_code cmd_get(struct caller *caller, const struct args *args)
{
    const struct follow_options options = {
        .mode = args_has(args, OPTION_JSON) ? FOLLOW_JSON : FOLLOW_LIVE,
        .pauses_on_interrupt = true,
    };
    cJSON *jobs;
    bool is_single;
    enum exit_code code = add_jobs(caller, args, &jobs, &is_single);
    if (code == EXIT_DONE)
        code = follow_added(caller, jobs, &options);
    cJSON_Delete(jobs);
    return code;
}
