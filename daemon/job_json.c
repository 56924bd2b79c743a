/* Records to JSON. A list may have thousands: names are literals, which cJSON need not copy, and
 * whole numbers are printed here, since cJSON prints every number as a fraction and reads it back.
 */
#include "daemon/job_json.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

/* `name` is a literal. */
static void add_text(cJSON *object, const char *name, const char *text)
{
    cJSON_AddItemToObjectCS(object, name,
                            text != NULL ? cJSON_CreateString(text) : cJSON_CreateNull());
}

static cJSON *create_number(int64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)number);
    return cJSON_CreateRaw(text);
}

static void add_number(cJSON *object, const char *name, int64_t number)
{
    cJSON_AddItemToObjectCS(object, name, create_number(number));
}

static void add_known(cJSON *object, const char *name, int64_t number, bool is_known)
{
    if (is_known)
        add_number(object, name, number);
    else
        cJSON_AddItemToObjectCS(object, name, cJSON_CreateNull());
}

static void add_time(cJSON *object, const char *name, int64_t wall_ms)
{
    char text[SG_ISO8601_SIZE];
    sg_format_iso8601(wall_ms, text);
    add_text(object, name, wall_ms != 0 ? text : NULL);
}

/* A list that is stored one entry a line. */
static void add_lines(cJSON *object, const char *name, const char *lines)
{
    cJSON *array = cJSON_AddArrayToObject(object, name);
    size_t length;
    for (const char *line; (line = sg_next_line(&lines, &length)) != NULL;) {
        char *text = sg_strndup(line, length);
        cJSON_AddItemToArray(array, text != NULL ? cJSON_CreateString(text) : NULL);
        sg_free(text);
    }
}

static void add_error(cJSON *object, const struct job_record *record)
{
    if (record->error_code == SG_OK) {
        cJSON_AddNullToObject(object, "error");
        return;
    }
    cJSON *error = cJSON_AddObjectToObject(object, "error");
    add_text(error, "code", sg_status_word(record->error_code));
    add_text(error, "message",
             record->error_message != NULL ? record->error_message
                                           : sg_status_sentence(record->error_code));
}

static void add_progress(cJSON *object, const struct job *job)
{
    const struct job_record *record = job_record_of(job);
    struct job_progress progress;
    job_progress(job, &progress);
    bool has_total = record->total >= 0;
    bool has_eta = has_total && progress.rate_bps > 0;
    int64_t left = record->total - (int64_t)progress.received;
    add_known(object, "total", record->total, has_total);
    add_number(object, "done", (int64_t)progress.received);
    add_number(object, "rate", (int64_t)progress.rate_bps);
    add_known(object, "eta", has_eta ? left / (int64_t)progress.rate_bps : 0, has_eta);
    add_number(object, "lanes", progress.lanes);
    add_known(object, "verified", (int64_t)progress.verified, record->state == JOB_VERIFYING);
}

static void add_ranges(cJSON *object, const struct job *job)
{
    struct job_lane lanes[ENGINE_LANES_MAX];
    size_t n = job_lanes(job, lanes, ENGINE_LANES_MAX);
    cJSON *array = cJSON_AddArrayToObject(object, "ranges");
    for (size_t i = 0; i < n; i++) {
        cJSON *range = cJSON_CreateObject();
        bool has_end = lanes[i].end < INT64_MAX;
        add_number(range, "lane", lanes[i].number);
        add_number(range, "start", (int64_t)lanes[i].start);
        add_number(range, "pos", (int64_t)lanes[i].pos);
        add_known(range, "end", (int64_t)lanes[i].end, has_end);
        add_number(range, "rate", (int64_t)lanes[i].rate_bps);
        add_text(range, "state", lanes[i].state);
        cJSON_AddItemToArray(array, range);
    }
}

static void add_extents(cJSON *object, const struct extents *extents)
{
    cJSON *array = cJSON_AddArrayToObject(object, "extents");
    for (size_t i = 0; i < extents->count; i++) {
        cJSON *pair = cJSON_CreateArray();
        cJSON_AddItemToArray(pair, create_number((int64_t)extents->items[i].from));
        cJSON_AddItemToArray(pair, create_number((int64_t)extents->items[i].to));
        cJSON_AddItemToArray(array, pair);
    }
}

cJSON *job_json(const struct job *job)
{
    const struct job_record *record = job_record_of(job);
    cJSON *object = cJSON_CreateObject();
    if (object == NULL)
        return NULL;
    add_number(object, "id", record->id);
    add_text(object, "key", record->key);
    add_text(object, "url", record->url);
    add_lines(object, "mirrors", record->mirrors);
    add_text(object, "final_url", record->final_url);
    add_text(object, "path", record->path != NULL ? record->path : record->folder);
    add_text(object, "name", record->name);
    add_text(object, "state", job_state_word(record->state));
    add_text(object, "reason",
             record->reason != JOB_REASON_NONE ? job_reason_word(record->reason) : NULL);
    add_error(object, record);
    add_progress(object, job);
    add_number(object, "priority", record->priority);
    add_known(object, "limit", record->limit_bps, record->limit_bps > 0);
    add_known(object, "connections", record->max_lanes, record->max_lanes > 0);
    add_text(object, "metered",
             record->metered != JOB_METERED_AS_SET ? job_metered_word(record->metered) : NULL);
    add_text(object, "checksum", record->checksum);
    add_text(object, "digest", record->digest);
    add_text(object, "etag", record->etag);
    add_text(object, "last_modified", record->last_modified);
    add_text(object, "owner", record->owner);
    add_number(object, "attempts", record->attempts);
    add_text(object, "allocation", record->allocation);
    add_time(object, "added", record->added_ms);
    add_time(object, "started", record->started_ms);
    add_time(object, "finished", record->finished_ms);
    return object;
}

static void add_fault(cJSON *object, const struct job_source *source)
{
    if (source->fault == SG_OK) {
        cJSON_AddNullToObject(object, "error");
        return;
    }
    const char *text = source->fault_text;
    cJSON *error = cJSON_AddObjectToObject(object, "error");
    add_text(error, "code", sg_status_word(source->fault));
    add_text(error, "message", text != NULL ? text : sg_status_sentence(source->fault));
}

static void add_sources(cJSON *object, const struct job *job)
{
    struct job_source sources[ENGINE_SOURCES_MAX];
    size_t n = job_sources(job, sources);
    cJSON *array = cJSON_AddArrayToObject(object, "sources");
    for (size_t i = 0; i < n; i++) {
        cJSON *source = cJSON_CreateObject();
        char *url = sg_strndup(sources[i].url, sources[i].url_length);
        add_text(source, "url", url);
        add_text(source, "state", sources[i].state);
        add_number(source, "bytes", (int64_t)sources[i].bytes);
        add_number(source, "lanes", sources[i].lanes);
        add_number(source, "rate", (int64_t)sources[i].rate_bps);
        add_fault(source, &sources[i]);
        cJSON_AddItemToArray(array, source);
        sg_free(url);
    }
}

cJSON *job_json_detailed(const struct job *job)
{
    cJSON *object = job_json(job);
    if (object == NULL)
        return NULL;
    add_ranges(object, job);
    add_extents(object, &job_record_of(job)->extents);
    add_sources(object, job);
    return object;
}

cJSON *job_json_progress(const struct job *job)
{
    cJSON *object = cJSON_CreateObject();
    if (object == NULL)
        return NULL;
    add_number(object, "id", job_record_of(job)->id);
    add_progress(object, job);
    add_ranges(object, job);
    return object;
}
