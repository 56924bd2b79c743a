/* What the parts of the simulated download share: fetch.c drives it, fetch_trace.c tells of it. */
#ifndef SEGUE_TESTS_SIM_FLUID_FETCH_INTERNAL_H
#define SEGUE_TESTS_SIM_FLUID_FETCH_INTERNAL_H

#include "core/download.h"
#include "tests/sim/fluid/fetch.h"
#include "tests/sim/fluid/wire.h"

enum { FETCH_QUEUE_MAX = 1024 };

/* The request on a lane. */
struct request {
    bool is_open;
    int number; /* of this request, in the order of asking */
    int source;
    uint64_t first;
    uint64_t end;
    uint64_t sent;
    uint64_t buffer_offset; /* taken and not written yet */
    uint64_t buffer_length;
};

struct fetch {
    const struct network *network;
    const struct fetch_options *options;
    struct fetch_result result;
    struct wire wire;
    struct job_record record;
    struct download download;
    struct request requests[PLAN_LANES_MAX];
    struct extents arrived;
    uint64_t taken_bytes;                /* of ranges: what comes besides is a seam, or surplus */
    struct event queue[FETCH_QUEUE_MAX]; /* told and not stepped yet */
    size_t queue_head;
    size_t queue_count;
    bool has_ended; /* the run of the download */
    uint64_t start_us;
    uint64_t now_us;
    uint64_t next_tick_us;
    uint64_t step_us;  /* bytes come this often */
    int steps_at_once; /* without time passing */
    int shown_target;
    uint64_t next_view_us;
};

/* Lines of the trace; nothing without one. */
void trace_event(struct fetch *fetch, const struct event *event);
void trace_effect(struct fetch *fetch, const struct effect *effect);
void trace_state(struct fetch *fetch);
void trace_end(struct fetch *fetch);

#endif
