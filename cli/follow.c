/* The loop that follows jobs: events in, frames or lines out. What a frame looks like is in
 * live_view.c, how it gets on the screen in live_screen.c. */
#include "cli/follow.h"

#include <string.h>

#include "cli/call.h"
#include "cli/columns.h"
#include "cli/console.h"
#include "cli/follow_pause.h"
#include "cli/interrupt.h"
#include "cli/json.h"
#include "cli/live_screen.h"
#include "cli/live_view.h"
#include "cli/tracker.h"
#include "ipc/dial.h"

enum {
    DRAW_EVERY_MS = 200,
    LOOK_EVERY_MS = 250,  /* for Ctrl-C, while nothing is drawn */
    MAPS_EVERY_MS = 1000, /* what progress events leave out is fetched: finished ranges */
    MAPS_MAX = 16,        /* jobs whose maps are fetched */
    JSON_PROGRESS_MS = 1000,
    GET_SINGLY_MAX = 32, /* jobs that are asked for one by one instead of by job.list */
};

struct follow {
    struct caller *caller;
    const struct follow_options *options;
    struct tracker tracker;
    struct live_screen screen;
    bool is_live;
    bool is_catching; /* Ctrl-C is ours */
    bool is_dirty;    /* the frame on the screen is not the newest */
    uint64_t drawn_at_ms;
    uint64_t maps_at_ms;
    enum exit_code worst;
};

/* ---- output ---- */

void follow_print_event(const char *method, const cJSON *params)
{
    static const char prefix[] = "event.";
    bool has_prefix = strncmp(method, prefix, sizeof prefix - 1) == 0;
    cJSON *line = json_new_object();
    json_put_text(line, "event", has_prefix ? method + sizeof prefix - 1 : method);
    const cJSON *field;
    cJSON_ArrayForEach(field, params) json_put(line, field->string, json_copy(field));
    print_json(line);
    cJSON_Delete(line);
}

/* Trying again with a login that was not taken is no help. */
static bool wants_login(const struct row *row)
{
    return row->code != NULL && strcmp(row->code, "auth_failed") == 0;
}

static void report_unsuccessful(const struct row *row)
{
    const char *name = row->name != NULL ? row->name : "?";
    const char *error = row->error != NULL ? row->error : "no reason given";
    long long id = (long long)row->id;
    if (row->state == ROW_FAILED && wants_login(row))
        report_error(EXIT_FAILED,
                     "job %lld (%s) failed: %s: 'seg refresh %lld' with --user, --header or "
                     "--proxy gives another login",
                     id, name, error, id);
    else if (row->state == ROW_FAILED)
        report_error(EXIT_FAILED, "job %lld (%s) failed: %s: 'seg resume %lld' tries again", id,
                     name, error, id);
    else
        report_error(EXIT_FAILED, "job %lld (%s) was %s: add it again if you want it",
                     (long long)row->id, name, row_state_word(row->state));
}

/* A job has come to its end. */
static void settle(struct follow *follow, const struct row *row)
{
    live_screen_clear(&follow->screen);
    follow->is_dirty = true;
    if (row->state != ROW_DONE) {
        follow->worst = EXIT_FAILED;
        report_unsuccessful(row);
        return;
    }
    if (follow->options->mode != FOLLOW_LIVE)
        return;
    const struct console_traits *traits = console_traits();
    struct live_style style = { .is_unicode = traits->has_unicode,
                                .has_colour = traits->has_colour };
    struct sg_buf text = { 0 };
    live_view_result(row, &style, &text);
    print_text(&text);
    sg_buf_fini(&text);
}

/* The line for a change of state where there is no live view. */
static void print_change(const struct row *row)
{
    struct sg_buf text = { 0 };
    struct sg_buf state = { 0 };
    row_put_state(row, &state);
    if (row->error != NULL && row->state == ROW_WAITING)
        sg_buf_printf(&state, ": %s", row->error);
    sg_buf_printf(&text, "%3lld ", (long long)row->id);
    columns_put(&text, row->name != NULL ? row->name : "?");
    sg_buf_puts(&text, "  ");
    columns_put(&text, state.is_failed ? "?" : state.data);
    sg_buf_putc(&text, '\n');
    print_text(&text);
    sg_buf_fini(&state);
    sg_buf_fini(&text);
}

static void show_change(struct follow *follow, const struct row *row)
{
    if (row_is_final(row))
        settle(follow, row);
    else if (follow->options->mode == FOLLOW_LIVE && !follow->is_live)
        print_change(row);
}

/* ---- the beginning ---- */

enum sg_status follow_subscribe(struct caller *caller, const int64_t *ids, size_t n_ids,
                                uint32_t progress_ms, struct sg_err *err)
{
    cJSON *params = json_new_object();
    if (n_ids > 0) {
        cJSON *jobs = json_new_array();
        for (size_t i = 0; i < n_ids; i++)
            json_append_integer(jobs, ids[i]);
        json_put(params, "jobs", jobs);
    }
    if (progress_ms > 0)
        json_put_integer(params, "progress_ms", progress_ms);
    return call_daemon(caller, METHOD_EVENTS_SUBSCRIBE, params, NULL, err);
}

static void take_first_look(struct follow *follow, const cJSON *job)
{
    const struct row *row = tracker_read_job(&follow->tracker, job);
    if (row == NULL)
        return;
    if (follow->options->mode == FOLLOW_JSON) {
        cJSON *params = json_new_object();
        json_put(params, "job", json_copy(job));
        follow_print_event("event.job", params);
        cJSON_Delete(params);
    }
    show_change(follow, row);
}

static enum sg_status load_singly(struct follow *follow, const int64_t *ids, size_t n_ids,
                                  struct sg_err *err)
{
    for (size_t i = 0; i < n_ids; i++) {
        cJSON *job;
        enum sg_status status = call_job_get(follow->caller, ids[i], &job, err);
        if (status != SG_OK)
            return status;
        take_first_look(follow, job);
        cJSON_Delete(job);
    }
    return SG_OK;
}

static enum sg_status load_list(struct follow *follow, const cJSON *states, int64_t after,
                                struct sg_err *err)
{
    cJSON *jobs;
    enum sg_status status = call_job_list(follow->caller, states, after, &jobs, err);
    if (status != SG_OK)
        return status;
    const cJSON *job;
    cJSON_ArrayForEach(job, jobs) take_first_look(follow, job);
    cJSON_Delete(jobs);
    return SG_OK;
}

static enum sg_status load_running(struct follow *follow, struct sg_err *err)
{
    cJSON *states = json_new_array();
    json_append_text(states, row_state_word(ROW_QUEUED));
    json_append_text(states, row_state_word(ROW_ACTIVE));
    json_append_text(states, row_state_word(ROW_VERIFYING));
    json_append_text(states, row_state_word(ROW_WAITING));
    enum sg_status status = load_list(follow, states, 0, err);
    cJSON_Delete(states);
    return status;
}

/* Rows of which job.list said nothing do not exist. */
static enum sg_status check_all_known(const struct follow *follow, struct sg_err *err)
{
    for (size_t i = 0; i < follow->tracker.n_rows; i++) {
        const struct row *row = follow->tracker.rows[i];
        if (row->name == NULL)
            return sg_err_set(err, SG_E_NOT_FOUND,
                              "there is no job %lld: 'seg list' shows those that there are",
                              (long long)row->id);
    }
    return SG_OK;
}

static enum sg_status load(struct follow *follow, const int64_t *ids, size_t n_ids,
                           struct sg_err *err)
{
    if (n_ids == 0)
        return load_running(follow, err);
    for (size_t i = 0; i < n_ids; i++)
        tracker_add(&follow->tracker, ids[i]);
    if (n_ids <= GET_SINGLY_MAX)
        return load_singly(follow, ids, n_ids, err);
    enum sg_status status = load_list(follow, NULL, follow->tracker.rows[0]->id - 1, err);
    return status == SG_OK ? check_all_known(follow, err) : status;
}

/* Subscribes before it looks: so no change gets lost in between. */
static enum sg_status begin(struct follow *follow, const int64_t *ids, size_t n_ids,
                            struct sg_err *err)
{
    uint32_t progress_ms = follow->is_live                        ? DRAW_EVERY_MS
                           : follow->options->mode == FOLLOW_JSON ? JSON_PROGRESS_MS
                                                                  : 0;
    enum sg_status status = follow_subscribe(follow->caller, ids, n_ids, progress_ms, err);
    return status == SG_OK ? load(follow, ids, n_ids, err) : status;
}

/* ---- the loop ---- */

/* Jobs that are gone meanwhile are passed over: the event about that is on its way. */
static enum sg_status fetch_maps(struct follow *follow, struct sg_err *err)
{
    size_t n_fetched = 0;
    for (size_t i = 0; i < follow->tracker.n_rows && n_fetched < MAPS_MAX; i++) {
        struct row *row = follow->tracker.rows[i];
        cJSON *job;
        if (row->state != ROW_ACTIVE)
            continue;
        enum sg_status status = call_job_get(follow->caller, row->id, &job, err);
        if (status != SG_OK && status != SG_E_NOT_FOUND)
            return status;
        if (status == SG_OK) {
            row_read_map(row, job);
            cJSON_Delete(job);
        }
        n_fetched++;
    }
    return SG_OK;
}

static enum sg_status draw_when_due(struct follow *follow, struct sg_err *err)
{
    uint64_t now_ms = dial_now_ms();
    enum sg_status status = SG_OK;
    if (!follow->is_live || !follow->is_dirty || now_ms - follow->drawn_at_ms < DRAW_EVERY_MS)
        return SG_OK;
    if (now_ms - follow->maps_at_ms >= MAPS_EVERY_MS) {
        status = fetch_maps(follow, err);
        follow->maps_at_ms = now_ms;
    }
    live_screen_draw(&follow->screen, follow->tracker.rows, follow->tracker.n_rows);
    follow->drawn_at_ms = now_ms;
    follow->is_dirty = false;
    return status;
}

static uint32_t patience_ms(const struct follow *follow)
{
    if (follow->is_live)
        return DRAW_EVERY_MS;
    return follow->is_catching ? LOOK_EVERY_MS : UINT32_MAX;
}

static enum sg_status take_event(struct follow *follow, struct sg_err *err)
{
    const char *method;
    cJSON *params;
    enum sg_status status =
        call_next_event(follow->caller, patience_ms(follow), &method, &params, err);
    if (status == SG_E_TIMEOUT)
        return SG_OK;
    if (status != SG_OK)
        return status;
    if (follow->options->mode == FOLLOW_JSON)
        follow_print_event(method, params);
    const struct row *row = tracker_read_event(&follow->tracker, method, params);
    cJSON_Delete(params);
    follow->is_dirty = true;
    if (row != NULL)
        show_change(follow, row);
    return SG_OK;
}

static bool is_going_on(const struct follow *follow)
{
    return follow->tracker.takes_all ? tracker_count_running(&follow->tracker) > 0
                                     : tracker_count_unfinished(&follow->tracker) > 0;
}

static enum sg_status run(struct follow *follow, struct sg_err *err)
{
    enum sg_status status = SG_OK;
    while (status == SG_OK && is_going_on(follow)) {
        if (follow->is_catching && interrupt_is_pending())
            return sg_err_set(err, SG_E_CANCELLED, "interrupted");
        status = take_event(follow, err);
        if (status == SG_OK)
            status = draw_when_due(follow, err);
    }
    return status;
}

/* ---- all of it ---- */

enum exit_code follow_jobs(struct caller *caller, const int64_t *ids, size_t n_ids,
                           const struct follow_options *options)
{
    struct sg_err err = { 0 };
    struct follow follow = {
        .caller = caller,
        .options = options,
        .tracker = { .takes_all = n_ids == 0 },
        .is_live = options->mode == FOLLOW_LIVE && console_traits()->is_terminal,
        .is_dirty = true,
    };
    follow.is_catching = follow.is_live || options->pauses_on_interrupt;
    if (follow.is_catching)
        interrupt_catch();
    enum sg_status status = begin(&follow, ids, n_ids, &err);
    if (status == SG_OK)
        status = run(&follow, &err);
    live_screen_clear(&follow.screen);

    enum exit_code code = follow.worst;
    if (status == SG_E_CANCELLED && interrupt_is_pending())
        code = options->pauses_on_interrupt ? pause_followed(caller, &follow.tracker)
                                            : EXIT_INTERRUPTED;
    else if (status != SG_OK)
        code = report_failure(&err);
    tracker_fini(&follow.tracker);
    return code;
}
