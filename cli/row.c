/* Jobs as rows. It trusts nothing: a field that is missing or strange reads as not known. */
#include "cli/row.h"

#include <string.h>

#include "base/mem.h"
#include "cli/json.h"
#include "cli/need.h"
#include "cli/units.h"

static const char *const state_words[] = {
#define X(constant, word) word,
    ROW_STATE_TABLE(X)
#undef X
};

static enum row_state state_from_word(const char *word)
{
    int state = 0;
    while (state < ROW_STATE_COUNT && strcmp(state_words[state], word) != 0)
        state++;
    return (enum row_state)state;
}

struct row *row_create(int64_t id)
{
    struct row *row = need(sg_alloc(sizeof *row));
    row->id = id;
    row->total = row->done = row->rate = row->eta = row->verified = -1;
    return row;
}

void row_destroy(struct row *row)
{
    if (row == NULL)
        return;
    sg_free(row->name);
    sg_free(row->reason);
    sg_free(row->error);
    sg_free(row->code);
    sg_free(row->lanes);
    spans_fini(&row->have);
    sg_free(row);
}

static void set_text(char **field, const char *text)
{
    char *copy = text != NULL && text[0] != '\0' ? need(sg_strdup(text)) : NULL;
    sg_free(*field);
    *field = copy;
}

/* Before the part file is there, `path` is only the folder. */
static bool is_name_decided(const cJSON *job)
{
    const char *state = json_text(job, "state");
    bool is_done = state != NULL && strcmp(state, row_state_word(ROW_DONE)) == 0;
    return json_text(job, "path") != NULL &&
           (is_done || json_integer(job, "done", 0) > 0 || json_text(job, "allocation") != NULL);
}

/* The last part of a URL's path, without query and fragment; the whole URL where that is empty. */
static char *name_of_url(const char *url)
{
    const char *path = strstr(url, "://");
    path = path != NULL ? path + 3 : url;
    size_t length = strcspn(path, "?#");
    size_t start = length;
    while (start > 0 && path[start - 1] != '/')
        start--;
    if (start == 0 || start == length)
        return need(sg_strdup(url));
    return need(sg_strndup(path + start, length - start));
}

char *row_name_of(const cJSON *job)
{
    const char *path = json_text(job, "path");
    const char *name = json_text(job, "name"); /* the one asked for */
    const char *url = json_text(job, "url");
    if (path != NULL && (is_name_decided(job) || url == NULL)) {
        size_t start = strlen(path);
        while (start > 0 && path[start - 1] != '\\' && path[start - 1] != '/')
            start--;
        if (path[start] != '\0')
            return need(sg_strdup(path + start));
    }
    if (name != NULL)
        return need(sg_strdup(name));
    return name_of_url(url != NULL ? url : "?");
}

static void read_numbers(struct row *row, const cJSON *object)
{
    row->total = json_integer(object, "total", -1);
    row->done = json_integer(object, "done", -1);
    row->rate = json_integer(object, "rate", -1);
    row->eta = json_integer(object, "eta", -1);
    row->verified = json_integer(object, "verified", -1);
}

static void read_lanes(struct row *row, const cJSON *ranges)
{
    size_t n = (size_t)cJSON_GetArraySize(ranges);
    sg_free(row->lanes);
    row->lanes = need(sg_alloc_array(n + 1, sizeof *row->lanes));
    row->n_lanes = 0;
    const cJSON *range;
    cJSON_ArrayForEach(range, ranges)
    {
        struct row_lane *lane = &row->lanes[row->n_lanes++];
        lane->number = json_integer(range, "lane", (int64_t)row->n_lanes);
        lane->start = json_integer(range, "start", 0);
        lane->pos = json_integer(range, "pos", 0);
        lane->end = json_integer(range, "end", -1);
        lane->rate = json_integer(range, "rate", -1);
        spans_add(&row->have, lane->start, lane->pos);
    }
}

static void read_extents(struct row *row, const cJSON *extents)
{
    const cJSON *extent;
    cJSON_ArrayForEach(extent, extents)
        spans_add(&row->have, json_integer_of(cJSON_GetArrayItem(extent, 0), 0),
                  json_integer_of(cJSON_GetArrayItem(extent, 1), 0));
}

static void forget_lanes(struct row *row)
{
    row->n_lanes = 0;
}

void row_read_map(struct row *row, const cJSON *job)
{
    const cJSON *extents = json_array(job, "extents");
    const cJSON *ranges = json_array(job, "ranges");
    if (extents != NULL) {
        spans_clear(&row->have);
        read_extents(row, extents);
    }
    if (ranges != NULL)
        read_lanes(row, ranges);
}

void row_read_job(struct row *row, const cJSON *job)
{
    const char *state = json_text(job, "state");
    const cJSON *error = cJSON_GetObjectItemCaseSensitive(job, "error");
    if (state != NULL && state_from_word(state) != ROW_STATE_COUNT)
        row->state = state_from_word(state);
    set_text(&row->reason, json_text(job, "reason"));
    set_text(&row->error, json_text(error, "message"));
    set_text(&row->code, json_text(error, "code"));
    sg_free(row->name);
    row->name = row_name_of(job);
    read_numbers(row, job);
    row_read_map(row, job);
    if (row->state == ROW_DONE && row->total > 0)
        spans_add(&row->have, 0, row->total);
    if (row->state != ROW_ACTIVE)
        forget_lanes(row);
}

void row_read_progress(struct row *row, const cJSON *progress)
{
    const cJSON *ranges = json_array(progress, "ranges");
    read_numbers(row, progress);
    if (ranges != NULL)
        read_lanes(row, ranges);
}

bool row_is_final(const struct row *row)
{
    return row->state == ROW_DONE || row->state == ROW_FAILED || row->state == ROW_CANCELLED ||
           row->state == ROW_REMOVED;
}

bool row_is_running(const struct row *row)
{
    return !row_is_final(row) && row->state != ROW_PAUSED;
}

const char *row_state_word(enum row_state state)
{
    return state_words[state];
}

void row_put_state(const struct row *row, struct sg_buf *out)
{
    char percent[UNITS_TEXT_SIZE];
    sg_buf_puts(out, row_state_word(row->state));
    if (row->state == ROW_WAITING && row->reason != NULL)
        sg_buf_printf(out, ": %s", row->reason);
    if (row->state != ROW_VERIFYING || row->verified < 0 || row->total <= 0)
        return;
    units_format_percent(row->verified, row->total, percent);
    sg_buf_printf(out, " %s", percent);
}
