/* Methods on jobs that are there. */
#include "daemon/methods.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "daemon/access.h"
#include "daemon/job_json.h"

/* A page must fit into one line of the channel (1 MiB), also when texts need escapes. */
enum { LIST_MAX = 1000, LIST_BYTES_MAX = 768 * 1024, IDS_MAX = 100000 };

typedef enum sg_status command_fn(struct engine *engine, struct job *job, struct sg_err *err);

static const cJSON *member(const cJSON *params, const char *name)
{
    return params != NULL ? cJSON_GetObjectItemCaseSensitive(params, name) : NULL;
}

static void fail_no_memory(struct call *call)
{
    method_fail(call, SG_E_NOMEM, "out of memory");
}

void method_job_get(struct app *app, struct call *call, const cJSON *params)
{
    struct sg_err err;
    struct job *job;
    enum sg_status status = method_check_params(params, "id", &err);
    if (status == SG_OK)
        status = method_find_job(app, call, member(params, "id"), &job, &err);
    if (status == SG_OK)
        call_reply(call, job_json_detailed(job));
    else
        call_fail(call, &err);
}

/* Which jobs and how many job.list shows. */
struct page {
    unsigned states; /* a set; all bits: any */
    int64_t after;
    size_t limit;
};

static enum sg_status add_state(const cJSON *word, struct page *page, struct sg_err *err)
{
    enum job_state state =
        cJSON_IsString(word) ? job_state_from_word(word->valuestring) : JOB_STATE_COUNT;
    if (state == JOB_STATE_COUNT)
        return sg_err_set(err, SG_E_INVALID,
                          "'state' is one or a list of: queued active verifying paused waiting "
                          "done failed cancelled");
    page->states |= 1u << state;
    return SG_OK;
}

static enum sg_status read_states(const cJSON *value, struct page *page, struct sg_err *err)
{
    page->states = value == NULL ? ~0u : 0;
    if (value == NULL)
        return SG_OK;
    if (!cJSON_IsArray(value))
        return add_state(value, page, err);
    for (const cJSON *item = value->child; item != NULL; item = item->next) {
        enum sg_status status = add_state(item, page, err);
        if (status != SG_OK)
            return status;
    }
    return SG_OK;
}

static enum sg_status read_whole(const cJSON *value, const char *name, double min, double max,
                                 int64_t *out, struct sg_err *err)
{
    double number = cJSON_IsNumber(value) ? value->valuedouble : NAN;
    if (!(number >= min && number <= max) || floor(number) < number)
        return sg_err_set(err, SG_E_INVALID,
                          "'%s' is not valid: give a whole number from %.0f to %.0f", name, min,
                          max);
    *out = (int64_t)number;
    return SG_OK;
}

static enum sg_status read_page(const cJSON *params, struct page *page, struct sg_err *err)
{
    int64_t limit = LIST_MAX;
    page->after = 0;
    enum sg_status status = method_check_params(params, "state after limit", err);
    if (status == SG_OK)
        status = read_states(member(params, "state"), page, err);
    if (status == SG_OK && member(params, "after") != NULL)
        status = read_whole(member(params, "after"), "after", 0, 9e15, &page->after, err);
    if (status == SG_OK && member(params, "limit") != NULL)
        status = read_whole(member(params, "limit"), "limit", 1, LIST_MAX, &limit, err);
    page->limit = (size_t)limit;
    return status;
}

static bool is_on_page(const struct app *app, const struct call *call, const struct page *page,
                       const struct job *job)
{
    return (page->states & 1u << job_record_of(job)->state) != 0 &&
           access_may_see(app, call_session(call), job_record_of(job)->owner);
}

static size_t length_of(const char *text)
{
    return text != NULL ? strlen(text) : 0;
}

/* About the bytes that a job takes on a page: its long texts, and the rest with room to spare. */
static size_t size_on_page(const struct job_record *record)
{
    enum { REST = 1000 };
    return REST + length_of(record->url) + length_of(record->mirrors) +
           length_of(record->final_url) + 2 * length_of(record->path) +
           2 * length_of(record->folder) + length_of(record->name) + length_of(record->key) +
           length_of(record->error_message);
}

void method_job_list(struct app *app, struct call *call, const cJSON *params)
{
    struct sg_err err;
    struct page page;
    if (read_page(params, &page, &err) != SG_OK) {
        call_fail(call, &err);
        return;
    }
    cJSON *result = cJSON_CreateObject();
    cJSON *jobs = cJSON_AddArrayToObject(result, "jobs");
    bool has_more = false;
    size_t n = 0;
    size_t bytes = 0;
    struct job *job = engine_job_after(app_engine(app), page.after);
    for (; job != NULL; job = engine_job_after(app_engine(app), job_record_of(job)->id)) {
        if (!is_on_page(app, call, &page, job))
            continue;
        bytes += size_on_page(job_record_of(job));
        has_more = n == page.limit || (n > 0 && bytes > LIST_BYTES_MAX);
        if (has_more)
            break;
        cJSON_AddItemToArray(jobs, job_json(job));
        n++;
    }
    cJSON_AddBoolToObject(result, "more", has_more);
    call_reply(call, result);
}

/* Finds the jobs of an `ids` list; all of them, or an error. The caller frees `*out`. */
static enum sg_status find_listed(struct app *app, struct call *call, const cJSON *ids,
                                  struct job ***out, size_t *out_n, struct sg_err *err)
{
    int n = cJSON_IsArray(ids) ? cJSON_GetArraySize(ids) : 0;
    if (n < 1 || n > IDS_MAX)
        return sg_err_set(err, SG_E_INVALID, "'ids' is a list of 1 to %d ids", (int)IDS_MAX);
    struct job **jobs = sg_alloc_array((size_t)n, sizeof(struct job *));
    if (jobs == NULL)
        return sg_err_set(err, SG_E_NOMEM, "out of memory");
    size_t found = 0;
    for (const cJSON *item = ids->child; item != NULL; item = item->next) {
        enum sg_status status = method_find_job(app, call, item, &jobs[found++], err);
        if (status != SG_OK) {
            sg_free(jobs);
            return status;
        }
    }
    *out = jobs;
    *out_n = found;
    return SG_OK;
}

static enum sg_status find_all(struct app *app, struct call *call, struct job ***out, size_t *out_n,
                               struct sg_err *err)
{
    size_t n = 0;
    size_t capacity = 0;
    struct engine *engine = app_engine(app);
    for (unsigned state = 0; state < JOB_STATE_COUNT; state++)
        capacity += (size_t)engine_count(engine, (enum job_state)state);
    struct job **jobs = sg_alloc_array(capacity + 1, sizeof(struct job *));
    if (jobs == NULL)
        return sg_err_set(err, SG_E_NOMEM, "out of memory");
    struct job *job = engine_job_after(engine, 0);
    for (; job != NULL; job = engine_job_after(engine, job_record_of(job)->id)) {
        if (access_may_see(app, call_session(call), job_record_of(job)->owner))
            jobs[n++] = job;
    }
    *out = jobs;
    *out_n = n;
    return SG_OK;
}

/* Named jobs must all allow the change, or none is made; with `all`, those that allow it. */
static enum sg_status check_states(struct job *const *jobs, size_t n, enum job_state target,
                                   struct sg_err *err)
{
    for (size_t i = 0; i < n; i++) {
        const struct job_record *record = job_record_of(jobs[i]);
        if (record->state != target && !engine_may_move(record->state, target))
            return sg_err_set(err, SG_E_STATE, "job %lld is %s: it cannot become %s",
                              (long long)record->id, job_state_word(record->state),
                              job_state_word(target));
    }
    return SG_OK;
}

static void run_command(struct app *app, struct call *call, command_fn *command,
                        enum job_state target, struct job *const *jobs, size_t n, bool is_all)
{
    struct sg_err err;
    struct pending *pending = pending_create(app, call, n);
    if (pending == NULL) {
        fail_no_memory(call);
        return;
    }
    if (!is_all && check_states(jobs, n, target, &err) != SG_OK) {
        pending_fail(pending, &err);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const struct job_record *record = job_record_of(jobs[i]);
        bool is_concerned = engine_may_move(record->state, target) &&
                            !(is_all && job_state_is_final(record->state));
        if (!is_concerned && (is_all || record->state != target))
            continue;
        if (command(app_engine(app), jobs[i], &err) == SG_OK)
            pending_note(pending, record->id);
    }
    pending_answer(pending, is_all ? PENDING_IDS : PENDING_JOBS);
}

static void command_method(struct app *app, struct call *call, const cJSON *params,
                           command_fn *command, enum job_state target)
{
    struct sg_err err;
    struct job **jobs = NULL;
    size_t n = 0;
    bool is_all = cJSON_IsTrue(member(params, "all"));
    enum sg_status status = method_check_params(params, is_all ? "all" : "ids", &err);
    if (status == SG_OK)
        status = is_all ? find_all(app, call, &jobs, &n, &err)
                        : find_listed(app, call, member(params, "ids"), &jobs, &n, &err);
    if (status == SG_OK)
        run_command(app, call, command, target, jobs, n, is_all);
    else
        call_fail(call, &err);
    sg_free(jobs);
}

void method_job_pause(struct app *app, struct call *call, const cJSON *params)
{
    command_method(app, call, params, engine_pause, JOB_PAUSED);
}

void method_job_resume(struct app *app, struct call *call, const cJSON *params)
{
    command_method(app, call, params, engine_resume, JOB_QUEUED);
}

void method_job_cancel(struct app *app, struct call *call, const cJSON *params)
{
    command_method(app, call, params, engine_cancel, JOB_CANCELLED);
}

/* Answers with the one job when the change is committed; or with why there is none. */
static void answer_single(struct app *app, struct call *call, int64_t id, enum sg_status status,
                          const struct sg_err *err)
{
    struct pending *pending = status == SG_OK ? pending_create(app, call, 1) : NULL;
    if (status != SG_OK) {
        call_fail(call, err);
    } else if (pending == NULL) {
        fail_no_memory(call);
    } else {
        pending_note(pending, id);
        pending_answer(pending, PENDING_JOB);
    }
}

/* An id that is named twice is removed once. */
static void remove_jobs(struct app *app, struct pending *pending, const cJSON *ids, bool purges)
{
    struct sg_err err;
    for (const cJSON *item = ids->child; item != NULL; item = item->next) {
        int64_t id = (int64_t)item->valuedouble;
        struct job *job = engine_job(app_engine(app), id);
        if (job != NULL && engine_remove(app_engine(app), job, purges, &err) == SG_OK)
            pending_note(pending, id);
    }
    pending_answer(pending, PENDING_REMOVED);
}

void method_job_remove(struct app *app, struct call *call, const cJSON *params)
{
    struct sg_err err;
    struct job **jobs = NULL;
    size_t n = 0;
    const cJSON *ids = member(params, "ids");
    bool purges = cJSON_IsTrue(member(params, "purge"));
    enum sg_status status = method_check_params(params, "ids purge", &err);
    if (status == SG_OK)
        status = find_listed(app, call, ids, &jobs, &n, &err);
    sg_free(jobs);
    if (status != SG_OK) {
        call_fail(call, &err);
        return;
    }
    struct pending *pending = pending_create(app, call, n);
    if (pending != NULL)
        remove_jobs(app, pending, ids, purges);
    else
        fail_no_memory(call);
}

/* Where job.move puts a job. */
struct place {
    struct job *before; /* NULL: to one end */
    bool to_front;
};

static enum sg_status read_place(struct app *app, struct call *call, const cJSON *params,
                                 struct place *place, struct sg_err *err)
{
    const cJSON *to = member(params, "to");
    const cJSON *before = member(params, "before");
    *place = (struct place){ 0 };
    if (before != NULL && to == NULL)
        return method_find_job(app, call, before, &place->before, err);
    bool is_word = before == NULL && cJSON_IsString(to);
    place->to_front = is_word && strcmp(to->valuestring, "first") == 0;
    if (is_word && (place->to_front || strcmp(to->valuestring, "last") == 0))
        return SG_OK;
    return sg_err_set(err, SG_E_INVALID, "give either 'to' (first or last) or 'before' (an id)");
}

void method_job_move(struct app *app, struct call *call, const cJSON *params)
{
    struct sg_err err;
    struct place place;
    struct job *job = NULL;
    enum sg_status status = method_check_params(params, "id to before", &err);
    if (status == SG_OK)
        status = method_find_job(app, call, member(params, "id"), &job, &err);
    if (status == SG_OK)
        status = read_place(app, call, params, &place, &err);
    if (status == SG_OK)
        status = engine_move(app_engine(app), job, place.before, place.to_front, &err);
    answer_single(app, call, job != NULL ? job_record_of(job)->id : 0, status, &err);
}

static enum sg_status read_change(const cJSON *params, struct job_change *change,
                                  struct sg_err *err)
{
    const cJSON *priority = member(params, "priority");
    const cJSON *limit = member(params, "limit");
    const cJSON *connections = member(params, "connections");
    const cJSON *metered = member(params, "metered");
    enum job_metered choice;
    *change = (struct job_change){
        .priority = INT64_MIN, .limit_bps = -1, .max_lanes = -1, .metered = -1
    };
    enum sg_status status =
        method_check_params(params, "id priority limit connections metered", err);
    if (status == SG_OK && priority != NULL)
        status = read_whole(priority, "priority", JOB_PRIORITY_MIN, JOB_PRIORITY_MAX,
                            &change->priority, err);
    if (status == SG_OK && limit != NULL)
        status = read_whole(limit, "limit", 0, 9e15, &change->limit_bps, err);
    if (status == SG_OK && connections != NULL)
        status =
            read_whole(connections, "connections", 0, ENGINE_LANES_MAX, &change->max_lanes, err);
    if (status != SG_OK || metered == NULL)
        return status;
    if (!job_json_read_metered(metered, &choice))
        return sg_err_set(err, SG_E_INVALID,
                          "'metered' is not valid: give pause or ignore, or null for what the"
                          " setting says");
    change->metered = (int)choice;
    return SG_OK;
}

void method_job_set(struct app *app, struct call *call, const cJSON *params)
{
    struct sg_err err;
    struct job_change change;
    struct job *job = NULL;
    enum sg_status status = read_change(params, &change, &err);
    if (status == SG_OK)
        status = method_find_job(app, call, member(params, "id"), &job, &err);
    if (status == SG_OK)
        status = engine_change(app_engine(app), job, &change, &err);
    answer_single(app, call, job != NULL ? job_record_of(job)->id : 0, status, &err);
}

void method_job_refresh(struct app *app, struct call *call, const cJSON *params)
{
    struct sg_err err;
    struct job *job = NULL;
    struct job_record wish;
    job_record_init(&wish);
    enum sg_status status = method_check_params(params, "id url headers user cookies proxy", &err);
    if (status == SG_OK)
        status = method_find_job(app, call, member(params, "id"), &job, &err);
    if (status == SG_OK)
        status = job_json_read_access(params, &wish, &err);
    const struct job_access access = { .url = wish.url,
                                       .headers = wish.headers,
                                       .userinfo = wish.userinfo,
                                       .cookies = wish.cookies,
                                       .proxy = wish.proxy };
    if (status == SG_OK)
        status = engine_refresh(app_engine(app), job, &access, &err);
    job_record_fini(&wish);
    answer_single(app, call, job != NULL ? job_record_of(job)->id : 0, status, &err);
}
