/* Calls of the daemon. */
#include "cli/call.h"

#include "cli/connect.h"
#include "cli/json.h"

enum {
    CALL_TIMEOUT_MS = 60000, /* ten thousand jobs on a slow disk take seconds */
    PAGE_SIZE = 500,
};

static enum sg_status reach(struct caller *caller, struct sg_err *err)
{
    return caller->client != NULL ? SG_OK : connect_open(caller->may_start, &caller->client, err);
}

void caller_close(struct caller *caller)
{
    client_close(caller->client);
    caller->client = NULL;
}

static enum sg_status call_within(struct caller *caller, enum method method, cJSON *params,
                                  uint32_t timeout_ms, cJSON **out_result, struct sg_err *err)
{
    enum sg_status status = reach(caller, err);
    if (status != SG_OK) {
        cJSON_Delete(params);
        return status;
    }
    return client_call(caller->client, method, params, timeout_ms, out_result, err);
}

enum sg_status call_daemon(struct caller *caller, enum method method, cJSON *params,
                           cJSON **out_result, struct sg_err *err)
{
    return call_within(caller, method, params, CALL_TIMEOUT_MS, out_result, err);
}

enum sg_status call_daemon_patiently(struct caller *caller, enum method method, cJSON *params,
                                     cJSON **out_result, struct sg_err *err)
{
    return call_within(caller, method, params, UINT32_MAX, out_result, err);
}

enum sg_status call_next_event(struct caller *caller, uint32_t timeout_ms, const char **out_method,
                               cJSON **out_params, struct sg_err *err)
{
    enum sg_status status = reach(caller, err);
    if (status != SG_OK)
        return status;
    return client_next_event(caller->client, timeout_ms, out_method, out_params, err);
}

enum sg_status call_job_get(struct caller *caller, int64_t id, cJSON **out_job, struct sg_err *err)
{
    cJSON *params = json_new_object();
    json_put_integer(params, "id", id);
    return call_daemon(caller, METHOD_JOB_GET, params, out_job, err);
}

/* Where the reading of a list stands. */
struct pager {
    const cJSON *states;
    cJSON *jobs;   /* what has been read */
    int64_t after; /* the last id of it */
    int64_t limit; /* jobs a page */
    bool is_at_end;
};

static enum sg_status ask_for_page(struct caller *caller, const struct pager *pager,
                                   cJSON **out_result, struct sg_err *err)
{
    cJSON *params = json_new_object();
    if (pager->states != NULL)
        json_put(params, "state", json_copy(pager->states));
    if (pager->after > 0)
        json_put_integer(params, "after", pager->after);
    json_put_integer(params, "limit", pager->limit);
    return call_daemon(caller, METHOD_JOB_LIST, params, out_result, err);
}

/* Jobs with long addresses make long pages: what is too long for a message is asked for again in
 * smaller ones. A page that leads nowhere is the last, whatever it says. */
static enum sg_status read_page(struct caller *caller, struct pager *pager, struct sg_err *err)
{
    cJSON *result;
    enum sg_status status = ask_for_page(caller, pager, &result, err);
    if (status == SG_E_TOO_LONG && pager->limit > 1) {
        pager->limit /= 2;
        return SG_OK;
    }
    if (status != SG_OK)
        return status;
    cJSON *page = cJSON_GetObjectItemCaseSensitive(result, "jobs");
    int64_t before = pager->after;
    if (page != NULL && page->child != NULL)
        pager->after = json_integer(page->child->prev, "id", before); /* the last element */
    pager->is_at_end =
        pager->after <= before || !cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(result, "more"));
    json_move_all(pager->jobs, page);
    cJSON_Delete(result);
    return SG_OK;
}

enum sg_status call_job_list(struct caller *caller, const cJSON *states, int64_t after,
                             cJSON **out_jobs, struct sg_err *err)
{
    struct pager pager = {
        .states = states,
        .jobs = json_new_array(),
        .after = after,
        .limit = PAGE_SIZE,
    };
    enum sg_status status = SG_OK;
    while (status == SG_OK && !pager.is_at_end)
        status = read_page(caller, &pager, err);
    if (status != SG_OK) {
        cJSON_Delete(pager.jobs);
        return status;
    }
    *out_jobs = pager.jobs;
    return SG_OK;
}

/* One page of servers is moved to the end of `hosts`; a page that leads nowhere is the last. */
static enum sg_status read_hosts(struct caller *caller, cJSON *hosts, bool *out_is_at_end,
                                 struct sg_err *err)
{
    cJSON *params = json_new_object();
    cJSON *result;
    if (hosts->child != NULL)
        json_put_text(params, "after", json_text(hosts->child->prev, "host"));
    enum sg_status status = call_daemon(caller, METHOD_DAEMON_HOSTS, params, &result, err);
    if (status != SG_OK)
        return status;
    cJSON *page = cJSON_GetObjectItemCaseSensitive(result, "hosts");
    bool has_more = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(result, "more"));
    *out_is_at_end = !has_more || page == NULL || page->child == NULL ||
                     json_text(page->child->prev, "host") == NULL;
    json_move_all(hosts, page);
    cJSON_Delete(result);
    return SG_OK;
}

enum sg_status call_hosts(struct caller *caller, cJSON **out_hosts, struct sg_err *err)
{
    cJSON *hosts = json_new_array();
    enum sg_status status = SG_OK;
    for (bool is_at_end = false; status == SG_OK && !is_at_end;)
        status = read_hosts(caller, hosts, &is_at_end, err);
    if (status == SG_OK)
        *out_hosts = hosts;
    else
        cJSON_Delete(hosts);
    return status;
}
