/* A job as the command line shows it: read from the JOB objects and the progress events of the
 * protocol. Numbers that are not known are -1. */
#ifndef SEGUE_CLI_ROW_H
#define SEGUE_CLI_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "base/buf.h"
#include "cli/spans.h"

/* X(constant, word of the protocol). */
#define ROW_STATE_TABLE(X)        \
    X(ROW_QUEUED, "queued")       \
    X(ROW_ACTIVE, "active")       \
    X(ROW_VERIFYING, "verifying") \
    X(ROW_WAITING, "waiting")     \
    X(ROW_PAUSED, "paused")       \
    X(ROW_DONE, "done")           \
    X(ROW_FAILED, "failed")       \
    X(ROW_CANCELLED, "cancelled") \
    X(ROW_REMOVED, "removed")

enum row_state {
#define X(constant, word) constant,
    ROW_STATE_TABLE(X)
#undef X
        ROW_STATE_COUNT
};

/* One connection at work on [start, end); `end` is -1 when the length is not known. */
struct row_lane {
    int64_t number; /* the daemon's; a lane keeps it */
    int64_t start;
    int64_t pos;
    int64_t end;
    int64_t rate;
};

struct row {
    int64_t id;
    enum row_state state;
    char *name;   /* the file's, or what it will probably be */
    char *reason; /* why it waits; NULL when it does not */
    char *error;  /* the message that goes with failing or waiting; NULL: none */
    char *code;   /* its word */
    int64_t total;
    int64_t done;
    int64_t rate;
    int64_t eta;
    int64_t verified; /* bytes whose digest was made */
    struct row_lane *lanes;
    size_t n_lanes;
    struct spans have; /* which parts of the file are there */
};

/* A row about which nothing but the id is known yet. sg_free after row_fini. */
struct row *row_create(int64_t id);

/* Releases it. NULL is allowed. */
void row_destroy(struct row *row);

/* Takes over what a JOB says. `ranges` and `extents` are left as they are when it has none; with
 * `extents` the parts that are there are counted anew. */
void row_read_job(struct row *row, const cJSON *job);

/* Takes over the `ranges` and `extents` of a JOB and nothing else: what it says of the state may be
 * newer than events that are still to come. */
void row_read_map(struct row *row, const cJSON *job);

/* Takes over one element of a progress event. */
void row_read_progress(struct row *row, const cJSON *progress);

/* True for done, failed, cancelled and removed. */
bool row_is_final(const struct row *row);

/* True when it will go on by itself: not final and not paused. */
bool row_is_running(const struct row *row);

/* The state's word. */
const char *row_state_word(enum row_state state);

/* Appends the state and, where it waits, for what: "waiting: link"; where it verifies, how far it
 * is: "verifying 42%". */
void row_put_state(const struct row *row, struct sg_buf *out);

/* The file name of a JOB, made clean of nothing: the last part of `path` once the name is decided,
 * of the URL before. The caller owns it (sg_free). */
char *row_name_of(const cJSON *job);

#endif
