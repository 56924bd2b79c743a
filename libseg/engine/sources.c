/* What is shown of a job's mirrors: which are used, what each gave, which was left out and why. It
 * is kept in memory only: it helps people to choose mirrors, and decides nothing. */
#include "engine/engine_private.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"

static const char *state_word(enum source_state state)
{
    switch (state) {
    case SOURCE_UNPROVED:
        return "new";
    case SOURCE_PROVING:
        return "checking";
    case SOURCE_TRUSTED:
        return "used";
    default:
        return "left_out";
    }
}

void job_forget_sources(struct job *job)
{
    for (int i = 0; i < job->n_past; i++)
        sg_free(job->past[i].fault_text);
    sg_free(job->past);
    job->past = NULL;
    job->n_past = 0;
}

void job_keep_sources(struct job *job, const struct download *download)
{
    if (download->n_sources < 2)
        return;
    if (job->past == NULL)
        job->past = sg_alloc_array((size_t)download->n_sources, sizeof *job->past);
    if (job->past == NULL)
        return;
    job->n_past = download->n_sources;
    for (int i = 0; i < job->n_past; i++) {
        const struct source *source = &download->sources[i];
        struct past_source *past = &job->past[i];
        past->state = source->state;
        past->bytes += source->taken_bytes;
        past->fault = source->fault;
        sg_free(past->fault_text);
        past->fault_text = sg_strdup(source->fault_text);
    }
}

static void add_past(const struct past_source *past, struct job_source *out)
{
    out->state = state_word(past->state);
    out->bytes = past->bytes;
    out->fault = past->fault;
    out->fault_text = past->fault_text;
}

static void add_lanes(const struct job *job, int number, struct job_source *out)
{
    const struct download *download = &job->run->download;
    uint64_t now_us = loop_now_us(job->engine->loop);
    for (int i = 0; i < PLAN_LANES_MAX; i++) {
        const struct lane *lane = &download->lanes[i];
        const struct plan_lane *range = &download->plan.lanes[i];
        if (lane->state == LANE_FREE || lane->source != number)
            continue;
        out->lanes++;
        if (download->has_plan && range->is_receiving)
            out->rate_bps += (uint64_t)rate_bps(&range->rate, now_us);
    }
}

static void add_present(const struct job *job, int number, struct job_source *out)
{
    const struct source *source = &job->run->download.sources[number];
    out->state = state_word(source->state);
    out->bytes += source->taken_bytes;
    out->fault = source->fault;
    out->fault_text = source->fault_text;
    add_lanes(job, number, out);
}

size_t job_sources(const struct job *job, struct job_source out[ENGINE_SOURCES_MAX])
{
    const struct job_record *record = &job->record;
    const char *mirrors = record->mirrors;
    const char *line = record->url;
    size_t length = strlen(record->url);
    int n = 0;
    if (record->mirrors == NULL)
        return 0;
    for (; line != NULL && n < ENGINE_SOURCES_MAX; n++) {
        out[n] = (struct job_source){ .url = line, .url_length = length };
        if (n < job->n_past)
            add_past(&job->past[n], &out[n]);
        if (job->run != NULL && n < job->run->download.n_sources)
            add_present(job, n, &out[n]);
        line = sg_next_line(&mirrors, &length);
    }
    return (size_t)n;
}
