/* Ctrl-C in `seg get`: the jobs pause, and the person is told how to go on. */
#include "cli/follow_pause.h"

#include "base/mem.h"
#include "cli/json.h"
#include "cli/need.h"

enum { RESUME_IDS_MAX = 10 }; /* ids that a person is asked to type again */

static enum sg_status pause_jobs(struct caller *caller, const int64_t *ids, size_t n_ids,
                                 struct sg_err *err)
{
    cJSON *params = json_new_object();
    cJSON *array = json_new_array();
    for (size_t i = 0; i < n_ids; i++)
        json_append_integer(array, ids[i]);
    json_put(params, "ids", array);
    return call_daemon(caller, METHOD_JOB_PAUSE, params, NULL, err);
}

/* That a job has ended or is paused meanwhile is as good. */
static enum sg_status pause_singly(struct caller *caller, const int64_t *ids, size_t n_ids,
                                   struct sg_err *err)
{
    enum sg_status status = SG_OK;
    for (size_t i = 0; i < n_ids && status == SG_OK; i++) {
        status = pause_jobs(caller, ids + i, 1, err);
        if (status == SG_E_STATE || status == SG_E_NOT_FOUND)
            status = SG_OK;
    }
    return status;
}

static enum sg_status pause_all(struct caller *caller, const struct tracker *tracker,
                                struct sg_err *err)
{
    int64_t *ids = need(sg_alloc_array(tracker->n_rows + 1, sizeof *ids));
    size_t n_ids = 0;
    for (size_t i = 0; i < tracker->n_rows; i++) {
        if (row_is_running(tracker->rows[i]))
            ids[n_ids++] = tracker->rows[i]->id;
    }
    enum sg_status status = n_ids > 0 ? pause_jobs(caller, ids, n_ids, err) : SG_OK;
    if (status == SG_E_STATE || status == SG_E_NOT_FOUND)
        status = pause_singly(caller, ids, n_ids, err);
    sg_free(ids);
    return status;
}

static void say_how_to_resume(const struct tracker *tracker)
{
    struct sg_buf ids = { 0 };
    bool has_few = tracker_count_unfinished(tracker) <= RESUME_IDS_MAX;
    if (!has_few)
        sg_buf_puts(&ids, " --all");
    for (size_t i = 0; has_few && i < tracker->n_rows; i++) {
        if (!row_is_final(tracker->rows[i]))
            sg_buf_printf(&ids, " %lld", (long long)tracker->rows[i]->id);
    }
    report_error(EXIT_INTERRUPTED, "paused: 'seg resume%s' continues",
                 ids.length > 0 ? ids.data : "");
    sg_buf_fini(&ids);
}

enum exit_code pause_followed(struct caller *caller, const struct tracker *tracker)
{
    struct sg_err err = { 0 };
    if (pause_all(caller, tracker, &err) != SG_OK)
        report_failure(&err);
    else
        say_how_to_resume(tracker);
    return EXIT_INTERRUPTED;
}
