/* The jobs that are being watched, kept up to date from answers and events. */
#ifndef SEGUE_CLI_TRACKER_H
#define SEGUE_CLI_TRACKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "cli/row.h"

/* Rows in ascending order of id. Zero-initialise it. */
struct tracker {
    struct row **rows;
    size_t n_rows;
    size_t capacity;
    bool takes_all; /* jobs that it has not heard of are added */
};

/* Releases it and its rows. */
void tracker_fini(struct tracker *tracker);

/* Adds a row for the id unless there is one; returns it. */
struct row *tracker_add(struct tracker *tracker, int64_t id);

/* The row of this id, or NULL. */
struct row *tracker_find(const struct tracker *tracker, int64_t id);

/* Takes a JOB over. Returns its row when its state or the reason for waiting is another one than
 * before, otherwise NULL. A job that is not followed is added when `takes_all` and it is not final,
 * else it is passed over. */
struct row *tracker_read_job(struct tracker *tracker, const cJSON *job);

/* Takes the parameters of an event over; `method` is its name. Returns as tracker_read_job. */
struct row *tracker_read_event(struct tracker *tracker, const char *method, const cJSON *params);

/* The number of jobs that are not final. */
size_t tracker_count_unfinished(const struct tracker *tracker);

/* The number of jobs that go on by themselves. */
size_t tracker_count_running(const struct tracker *tracker);

#endif
