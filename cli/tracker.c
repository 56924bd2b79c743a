/* Rows by id. It knows events, not where they come from. */
#include "cli/tracker.h"

#include <string.h>

#include "base/mem.h"
#include "cli/json.h"
#include "cli/need.h"

void tracker_fini(struct tracker *tracker)
{
    for (size_t i = 0; i < tracker->n_rows; i++)
        row_destroy(tracker->rows[i]);
    sg_free(tracker->rows);
    *tracker = (struct tracker){ 0 };
}

/* Where the id is, or would be. */
static size_t place_of(const struct tracker *tracker, int64_t id)
{
    size_t low = 0;
    size_t high = tracker->n_rows;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (tracker->rows[middle]->id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct row *tracker_find(const struct tracker *tracker, int64_t id)
{
    size_t place = place_of(tracker, id);
    bool is_there = place < tracker->n_rows && tracker->rows[place]->id == id;
    return is_there ? tracker->rows[place] : NULL;
}

static void make_room(struct tracker *tracker)
{
    if (tracker->n_rows < tracker->capacity)
        return;
    size_t capacity = tracker->capacity == 0 ? 16 : tracker->capacity * 2;
    tracker->rows = need(sg_realloc(tracker->rows, capacity * sizeof(struct row *)));
    tracker->capacity = capacity;
}

struct row *tracker_add(struct tracker *tracker, int64_t id)
{
    struct row *row = tracker_find(tracker, id);
    if (row != NULL)
        return row;
    make_room(tracker);
    size_t place = place_of(tracker, id);
    row = row_create(id);
    memmove(tracker->rows + place + 1, tracker->rows + place,
            (tracker->n_rows - place) * sizeof(struct row *));
    tracker->rows[place] = row;
    tracker->n_rows++;
    return row;
}

static bool is_final_job(const cJSON *job)
{
    const char *state = json_text(job, "state");
    return state != NULL && (strcmp(state, row_state_word(ROW_DONE)) == 0 ||
                             strcmp(state, row_state_word(ROW_FAILED)) == 0 ||
                             strcmp(state, row_state_word(ROW_CANCELLED)) == 0);
}

static bool is_same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

struct row *tracker_read_job(struct tracker *tracker, const cJSON *job)
{
    int64_t id = json_integer(job, "id", 0);
    struct row *row = tracker_find(tracker, id);
    bool is_new = row == NULL || row->name == NULL;
    if (row == NULL && (!tracker->takes_all || id <= 0 || is_final_job(job)))
        return NULL;
    if (row == NULL)
        row = tracker_add(tracker, id);

    enum row_state before = row->state;
    char *reason = row->reason;
    row->reason = NULL;
    row_read_job(row, job);
    bool is_changed = is_new || row->state != before || !is_same_text(row->reason, reason);
    sg_free(reason);
    return is_changed ? row : NULL;
}

static struct row *read_removed(struct tracker *tracker, const cJSON *params)
{
    struct row *row = tracker_find(tracker, json_integer(params, "id", 0));
    if (row == NULL || row_is_final(row))
        return NULL;
    row->state = ROW_REMOVED;
    row->n_lanes = 0;
    return row;
}

static void read_progress(struct tracker *tracker, const cJSON *params)
{
    const cJSON *progress;
    cJSON_ArrayForEach(progress, json_array(params, "jobs"))
    {
        struct row *row = tracker_find(tracker, json_integer(progress, "id", 0));
        bool is_moving = row != NULL && (row->state == ROW_ACTIVE || row->state == ROW_VERIFYING);
        if (is_moving)
            row_read_progress(row, progress);
    }
}

struct row *tracker_read_event(struct tracker *tracker, const char *method, const cJSON *params)
{
    if (strcmp(method, "event.job") == 0)
        return tracker_read_job(tracker, cJSON_GetObjectItemCaseSensitive(params, "job"));
    if (strcmp(method, "event.removed") == 0)
        return read_removed(tracker, params);
    if (strcmp(method, "event.progress") == 0)
        read_progress(tracker, params);
    return NULL;
}

size_t tracker_count_unfinished(const struct tracker *tracker)
{
    size_t n = 0;
    for (size_t i = 0; i < tracker->n_rows; i++)
        n += !row_is_final(tracker->rows[i]);
    return n;
}

size_t tracker_count_running(const struct tracker *tracker)
{
    size_t n = 0;
    for (size_t i = 0; i < tracker->n_rows; i++)
        n += row_is_running(tracker->rows[i]);
    return n;
}
