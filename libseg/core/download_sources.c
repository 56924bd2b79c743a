/* Where the bytes come from: the job's URL and its mirrors. The first source that answers is the
 * primary one; it says what the file is. A mirror gives no byte before a sample of what it serves
 * was compared with what the part file has (its proof), and what goes wrong with it costs nothing
 * but the mirror. Only when the primary source is lost does one of them have to carry on alone.
 *
 *   unproved ─► proving ─► trusted          every one of them may be dropped, for this run
 *       ▲          │ broke
 *       └──────────┘ */
#include "core/download_internal.h"

#include "base/mem.h"
#include "base/text.h"
#include "core/retry.h"

enum {
    SOURCE_FAILURES_MAX = 3,           /* in a row, without a byte */
    PROOF_SIZE = 4 * SEAM_SIZE,        /* what a mirror is judged by */
    REFUSED_PAUSE_US = 5 * 1000 * 1000 /* before a mirror that wants no more lanes is asked again */
};

static int count_lines(const char *text)
{
    int n = 0;
    size_t length;
    while (sg_next_line(&text, &length) != NULL)
        n++;
    return n;
}

void sources_init(struct download *d)
{
    int n = 1 + count_lines(d->record->mirrors);
    d->n_sources = n < SOURCES_MAX ? n : SOURCES_MAX;
    d->sources[0].state = SOURCE_TRUSTED;
}

static void forget_validators(struct source *source)
{
    sg_free(source->etag);
    sg_free(source->last_modified);
    source->etag = source->last_modified = NULL;
}

static void forget_fault(struct source *source)
{
    sg_free(source->fault_text);
    source->fault_text = NULL;
    source->fault = SG_OK;
}

static void note_fault(struct source *source, const struct sg_err *err)
{
    forget_fault(source);
    source->fault = err->status;
    source->fault_text = sg_strdup(sg_err_text(err));
}

void sources_fini(struct download *d)
{
    for (int i = 0; i < d->n_sources; i++) {
        forget_validators(&d->sources[i]);
        forget_fault(&d->sources[i]);
    }
}

enum sg_status source_remember(struct source *source, const struct reply *reply)
{
    enum sg_status status = job_record_set(&source->etag, reply->etag);
    return status == SG_OK ? job_record_set(&source->last_modified, reply->last_modified) : status;
}

void sources_begin_again(struct download *d)
{
    for (int i = 0; i < d->n_sources; i++) {
        bool is_open = i != d->primary && d->sources[i].state != SOURCE_DROPPED;
        forget_validators(&d->sources[i]);
        if (!is_open)
            continue;
        forget_fault(&d->sources[i]);
        d->sources[i] = (struct source){ .state = SOURCE_UNPROVED, .known = d->sources[i].known };
    }
    d->has_hastened = false;
    forget_fault(&d->sources[d->primary]);
    d->sources[d->primary].state = SOURCE_TRUSTED; /* even if it was lost: it is asked once more */
}

static int lanes_of(const struct download *d, int source)
{
    int n = 0;
    for (int i = 0; i < PLAN_LANES_MAX; i++)
        n += d->lanes[i].state != LANE_FREE && d->lanes[i].source == source;
    return n;
}

/* A stretch of the part file to compare with; false while there is none long enough. */
static bool find_sample(struct download *d, uint64_t *out_first)
{
    for (size_t i = d->written.count; i-- > 0;) {
        const struct extent *item = &d->written.items[i];
        uint64_t length = item->to - item->from;
        if (length < PROOF_SIZE)
            continue;
        *out_first = item->from + download_random(d) % (length - PROOF_SIZE + 1);
        return true;
    }
    return false;
}

/* What has arrived lies in buffers, perhaps for long: a mirror that waits for a sample is a mirror
 * that does not help. */
static void hasten_sample(struct download *d, struct effects *fx)
{
    uint64_t most = 0;
    for (int i = 0; i < PLAN_LANES_MAX; i++) {
        const struct lane *l = &d->lanes[i];
        most = l->state == LANE_RECEIVING && l->received > most ? l->received : most;
    }
    if (d->has_hastened || most < PROOF_SIZE + SEAM_SIZE)
        return;
    d->has_hastened = true;
    lanes_flush(d, fx);
}

void sources_prove(struct download *d, uint64_t now_us, struct effects *fx)
{
    for (int i = 0; i < d->n_sources; i++) {
        struct source *source = &d->sources[i];
        uint64_t first;
        if (source->state != SOURCE_UNPROVED || source->not_before_us > now_us)
            continue;
        if (!find_sample(d, &first)) {
            hasten_sample(d, fx);
            return;
        }
        int lane = lanes_free(d, now_us);
        if (lane < 0 || d->seams.count + SEAM_BATCH > SEAMS_MAX)
            return;
        source->state = SOURCE_PROVING;
        source->proved_bytes = 0;
        lane_ask_proof(d, lane, i, first, first + PROOF_SIZE, now_us, fx);
    }
}

static void drop(struct download *d, int source, const struct sg_err *err, uint64_t now_us,
                 struct effects *fx)
{
    if (d->sources[source].state != SOURCE_DROPPED)
        note_fault(&d->sources[source], err);
    d->sources[source].state = SOURCE_DROPPED;
    shares_changed(d);
    for (int i = 0; i < PLAN_LANES_MAX; i++) {
        if (d->lanes[i].state != LANE_FREE && d->lanes[i].source == source)
            lane_close(d, i, now_us, fx);
    }
    if (source == d->primary)
        rechecks_forget(d);
}

void sources_drop_mirrors(struct download *d, const struct sg_err *err, uint64_t now_us,
                          struct effects *fx)
{
    for (int i = 0; i < d->n_sources; i++) {
        if (i != d->primary)
            drop(d, i, err, now_us, fx);
    }
}

void sources_failed(struct download *d, int lane, const struct sg_err *err, int64_t retry_after_ms,
                    uint64_t now_us, struct effects *fx)
{
    const struct lane *l = &d->lanes[lane];
    struct source *source = &d->sources[l->source];
    bool is_passing = sg_status_class(err->status) == SG_CLASS_RETRY;
    if (source->state == SOURCE_PROVING)
        source->state = SOURCE_UNPROVED;
    if (l->received > 0)
        source->failures = 0;
    if (is_passing && l->received >= WORTH_MENTIONING)
        return;
    source->failures++;
    if (!is_passing || source->failures > SOURCE_FAILURES_MAX) {
        drop(d, l->source, err, now_us, fx);
        return;
    }
    note_fault(source, err);
    source->not_before_us =
        now_us + (uint64_t)retry_delay_ms(source->failures, 0, retry_after_ms) * 1000;
}

void sources_refused(struct download *d, int lane, const struct sg_err *err, int64_t retry_after_ms,
                     uint64_t now_us, struct effects *fx)
{
    int number = d->lanes[lane].source;
    int n = lanes_of(d, number);
    sight_refused(d, number);
    if (n == 0) {
        sources_failed(d, lane, err, retry_after_ms, now_us, fx);
        return;
    }
    shares_refused(d, number, retry_after_ms, now_us);
    d->sources[number].not_before_us = now_us + REFUSED_PAUSE_US;
}

/* However few lanes are wanted of it, one always is: without a pause it would be asked again as
 * fast as it refuses. */
void sources_rest_primary(struct download *d, int64_t retry_after_ms, uint64_t now_us)
{
    uint64_t asked_us =
        retry_after_ms > 0 ? (uint64_t)retry_delay_ms(1, 0, retry_after_ms) * 1000 : 0;
    uint64_t pause_us = asked_us > REFUSED_PAUSE_US ? asked_us : REFUSED_PAUSE_US;
    if (lanes_of(d, d->primary) == 0)
        d->sources[d->primary].not_before_us = now_us + pause_us;
}

static void trust(struct download *d, int source, uint64_t now_us)
{
    d->sources[source].state = SOURCE_TRUSTED;
    forget_fault(&d->sources[source]);
    shares_admit(d, source, now_us);
}

static void drop_wrong(struct download *d, int source, uint64_t now_us, struct effects *fx)
{
    struct sg_err err = { 0 };
    sg_err_set(&err, SG_E_CHANGED, "its bytes are not those of the file");
    drop(d, source, &err, now_us, fx);
}

void sources_compared(struct download *d, int source, uint64_t n_bytes, bool is_equal,
                      uint64_t now_us, struct effects *fx)
{
    struct source *s = &d->sources[source];
    if (s->state != SOURCE_PROVING)
        return;
    s->proved_bytes += n_bytes;
    if (!is_equal)
        drop_wrong(d, source, now_us, fx);
    else if (s->proved_bytes == PROOF_SIZE)
        trust(d, source, now_us);
}

/* The next source that may be asked what the file is. */
static int next_primary(const struct download *d)
{
    for (int i = 0; i < d->n_sources; i++) {
        if (d->sources[i].state != SOURCE_DROPPED)
            return i;
    }
    return -1;
}

static bool probe_next(struct download *d, uint64_t now_us, struct effects *fx)
{
    int next = next_primary(d);
    if (next < 0)
        return false;
    d->primary = next;
    d->sources[next].state = SOURCE_TRUSTED;
    d->bad_answers = 0;
    lanes_probe(d, now_us, fx);
    return true;
}

/* True when a mirror gives bytes, or may come to. */
static bool has_mirror(struct download *d)
{
    uint64_t first;
    for (int i = 0; i < d->n_sources; i++) {
        enum source_state state = d->sources[i].state;
        if (state == SOURCE_TRUSTED || state == SOURCE_PROVING)
            return true;
        if (state == SOURCE_UNPROVED && find_sample(d, &first))
            return true;
    }
    return false;
}

bool sources_take_over(struct download *d, const struct download_outcome *outcome, uint64_t now_us,
                       struct effects *fx)
{
    bool may_go_on = d->phase == DOWNLOAD_PROBING || d->phase == DOWNLOAD_FETCHING;
    if (d->n_sources == 1 || d->has_outcome || !may_go_on)
        return false;
    drop(d, d->primary, &outcome->err, now_us, fx);
    d->lost = *outcome;
    return d->has_plan ? d->has_ranges && has_mirror(d) : probe_next(d, now_us, fx);
}

bool sources_are_lost(struct download *d)
{
    bool is_lost = d->sources[d->primary].state == SOURCE_DROPPED;
    return is_lost && download_open_lanes(d) == 0 && !has_mirror(d);
}
