/* What becomes of a lane by what it gets: replies and what they mean, ends, failures, silence. The
 * rule behind all of it: while other lanes deliver, a failure costs only the lane that failed; the
 * last lane's failure decides. */
#include "core/download_internal.h"

#include "core/retry.h"
#include "core/verdict.h"

enum {
    BAD_ANSWERS_MAX = 2,
    TICK_LATE_US = 1000 * 1000,
    FLOWING_US = 500 * 1000,
    QUICK_STALL_US = 600 * 1000, /* a sender has sent what was lost twice more by then; RFC 6298 */
    QUICK_STALL_SETUPS = 2,
    WOKE_PATIENCE_US = 2 * 1000 * 1000,
    ENDING_MAX_US = 500 * 1000, /* a complete transfer that does not end by then is cut off */
};

/* Lanes that fail one after the other would make each other believe so for ever. */
static bool may_others_deliver(const struct download *d, uint64_t now_us)
{
    if (now_us - d->last_byte_us >= 2 * d->config.stall_timeout_us)
        return false;
    int n = 0;
    for (int i = 0; i < PLAN_LANES_MAX; i++)
        n += d->lanes[i].state != LANE_FREE && !d->lanes[i].is_proof;
    return n > 0;
}

static void back_off(struct download *d, int lane, int64_t retry_after_ms, uint64_t now_us)
{
    struct lane *l = &d->lanes[lane];
    l->failures++;
    l->not_before_us = now_us + (uint64_t)retry_delay_ms(l->failures, 0, retry_after_ms) * 1000;
}

/* A lane failed in a way that may pass; it is closed already. With something to show it simply
 * goes on; else the others do its work; and when there are none, the round is over. Without
 * ranges nothing of it can be continued. */
static void recover(struct download *d, int lane, const struct sg_err *err, int64_t retry_after_ms,
                    uint64_t now_us, struct effects *fx)
{
    struct lane *l = &d->lanes[lane];
    if (d->has_plan && !d->has_ranges) {
        download_end_round(d, err, retry_after_ms, now_us, fx);
        return;
    }
    if (l->received > 0)
        l->failures = 0;
    if (l->received >= WORTH_MENTIONING)
        return;
    back_off(d, lane, retry_after_ms, now_us);
    if (l->received == 0 && !may_others_deliver(d, now_us))
        download_end_round(d, err, retry_after_ms, now_us, fx);
}

/* While others deliver it is enough that fewer lanes are wanted for a while: true then. */
static bool is_spared(struct download *d, int64_t retry_after_ms, uint64_t now_us)
{
    shares_refused(d, d->primary, retry_after_ms, now_us);
    bool may_others = may_others_deliver(d, now_us);
    if (may_others)
        sources_rest_primary(d, retry_after_ms, now_us);
    return may_others;
}

static void refused(struct download *d, int lane, const struct sg_err *err, int64_t retry_after_ms,
                    uint64_t now_us, struct effects *fx)
{
    sight_refused(d, d->lanes[lane].source);
    if (!is_spared(d, retry_after_ms, now_us))
        recover(d, lane, err, retry_after_ms, now_us, fx);
}

/* What would end the download ends only this lane while others may deliver; so a link that works
 * once is good for the lane that has it. Should they not deliver a byte, it decides after all. */
static void end_unless_spared(struct download *d, enum job_state state, enum job_reason reason,
                              const struct sg_err *err, uint64_t now_us, struct effects *fx)
{
    struct download_outcome outcome = { .state = state, .reason = reason, .err = *err };
    d->has_spared = is_spared(d, -1, now_us);
    if (d->has_spared)
        d->spared = outcome;
    else
        download_give_up(d, &outcome, now_us, fx);
}

/* Leaves the server's ranges alone: one lane, from the first byte. */
static void ask_whole(struct download *d, uint64_t now_us, struct effects *fx)
{
    d->asks_whole = true;
    if (d->has_plan)
        download_restart(d, now_us, fx);
    else
        lanes_probe(d, now_us, fx);
}

/* Ranges do not work as they should. The lane that brings bytes goes on alone; when there is none,
 * only the beginning is left. */
static void go_on_alone(struct download *d, uint64_t now_us, struct effects *fx)
{
    d->config.max_lanes = 1;
    shares_changed(d);
    if (lanes_in(d, LANE_RECEIVING) == 0)
        ask_whole(d, now_us, fx);
}

/* An answer that makes no sense: once more, with no lane beside it; then without a range; then it
 * is the server's fault. */
static void bad_answer(struct download *d, int lane, const struct sg_err *err, uint64_t now_us,
                       struct effects *fx)
{
    if (is_spared(d, -1, now_us)) {
        back_off(d, lane, -1, now_us);
        return;
    }
    d->bad_answers++;
    bool is_enough = d->bad_answers >= BAD_ANSWERS_MAX;
    if (is_enough && d->asks_whole)
        download_fail(d, err, now_us, fx);
    else if (is_enough)
        go_on_alone(d, now_us, fx);
    else if (!d->has_plan)
        lanes_probe(d, now_us, fx);
}

static void begin_body(struct download *d, const struct event *ev)
{
    struct lane *l = &d->lanes[ev->lane];
    l->state = LANE_RECEIVING;
    lane_heard(d, l, ev->now_us);
    sight_answered(d, l->source, ev->setup_us);
}

static void accept_body(struct download *d, const struct event *ev, int64_t total, bool has_ranges,
                        struct effects *fx)
{
    begin_body(d, ev);
    if (!d->has_plan) {
        download_learn(d, ev, total, has_ranges, fx);
        struct plan_grant grant;
        if (d->has_outcome || !plan_assign(&d->plan, ev->lane, d->primary, ev->now_us, &grant))
            return;
    }
    plan_receiving(&d->plan, ev->lane, ev->now_us, ev->setup_us);
}

/* No byte to receive: the file is empty, or complete. */
static void accept_nothing(struct download *d, const struct event *ev, struct effects *fx)
{
    lane_close(d, ev->lane, ev->now_us, fx);
    if (!d->has_plan)
        download_learn(d, ev, 0, false, fx);
}

static struct expectation expectation_of(const struct download *d, const struct lane *l)
{
    struct expectation expected = { .wants_range = l->wants_range,
                                    .first = l->first,
                                    .end = l->end,
                                    .total = -1,
                                    .has_worked = d->taken_bytes > 0 || d->record->done > 0 };
    if (d->has_plan)
        expected.total = d->record->total;
    const struct source *source = &d->sources[l->source];
    bool is_mirror = l->source != d->primary; /* it has validators of its own */
    if (d->has_plan) {
        expected.etag = is_mirror ? source->etag : d->record->etag;
        expected.last_modified = is_mirror ? source->last_modified : d->record->last_modified;
    }
    return expected;
}

/* What people read about a mirror that is left out. */
static void explain_mirror(const struct download *d, const struct event *ev, enum verdict verdict,
                           struct sg_err *err)
{
    int64_t total = verdict_total(ev->reply);
    bool has_worked = d->sources[d->lanes[ev->lane].source].taken_bytes > 0;
    if (verdict == VERDICT_LINK && !has_worked && !ev->reply->is_html)
        sg_err_set(err, SG_E_HTTP, "the server answered HTTP %d", ev->reply->http_status);
    else if (verdict == VERDICT_CHANGED && total >= 0 && total != d->record->total)
        sg_err_set(err, SG_E_CHANGED, "its file has %lld bytes, not %lld", (long long)total,
                   (long long)d->record->total);
    else if (err->status == SG_OK)
        sg_err_set(err, SG_E_BAD_SERVER, "the mirror serves no ranges");
}

/* A mirror is asked for ranges alone; whatever else it answers is its own misfortune. */
static void mirror_on_head(struct download *d, const struct event *ev, enum verdict verdict,
                           struct sg_err *err, struct effects *fx)
{
    const struct lane *l = &d->lanes[ev->lane];
    int64_t retry_after_ms = ev->reply->retry_after_ms;
    if (verdict == VERDICT_RANGE && l->is_proof)
        err->status = source_remember(&d->sources[l->source], ev->reply);
    if (verdict == VERDICT_RANGE && err->status == SG_OK) {
        begin_body(d, ev);
        if (!l->is_proof)
            plan_receiving(&d->plan, ev->lane, ev->now_us, ev->setup_us);
        return;
    }
    lane_close(d, ev->lane, ev->now_us, fx);
    explain_mirror(d, ev, verdict, err);
    if (verdict == VERDICT_REFUSED)
        sources_refused(d, ev->lane, err, retry_after_ms, ev->now_us, fx);
    else
        sources_failed(d, ev->lane, err, retry_after_ms, ev->now_us, fx);
}

/* Nothing but these bytes is wanted of it: whatever else it answers costs nothing. */
static void recheck_on_head(struct download *d, const struct event *ev, enum verdict verdict,
                            const struct sg_err *err, struct effects *fx)
{
    if (verdict == VERDICT_RANGE) {
        begin_body(d, ev);
        return;
    }
    lane_close(d, ev->lane, ev->now_us, fx);
    recheck_end(d, ev->lane, sg_status_class(err->status) == SG_CLASS_RETRY, ev->now_us);
    if (verdict == VERDICT_CHANGED)
        download_changed(d, err, ev->now_us, fx);
}

void lane_on_head(struct download *d, const struct event *ev, struct effects *fx)
{
    struct lane *l = &d->lanes[ev->lane];
    if (l->state != LANE_ASKING)
        return;
    struct expectation expected = expectation_of(d, l);
    struct sg_err err = { 0 };
    enum verdict verdict = verdict_of(ev->reply, &expected, &err);
    int64_t total = verdict_total(ev->reply);
    if (l->source != d->primary) {
        mirror_on_head(d, ev, verdict, &err, fx);
        return;
    }
    if (recheck_is_on(d, ev->lane)) {
        recheck_on_head(d, ev, verdict, &err, fx);
        return;
    }
    if (verdict == VERDICT_RANGE || verdict == VERDICT_WHOLE) {
        accept_body(d, ev, total, verdict == VERDICT_RANGE && total >= 0, fx);
        return;
    }
    if (verdict == VERDICT_EMPTY || verdict == VERDICT_COMPLETE) {
        accept_nothing(d, ev, fx);
        return;
    }
    lane_close(d, ev->lane, ev->now_us, fx);
    bool is_ahead = d->phase == DOWNLOAD_CREATING; /* asked again when the part file is there */
    if (d->has_outcome || (is_ahead && verdict != VERDICT_REFUSED))
        return;
    switch (verdict) {
    case VERDICT_IGNORED:
        go_on_alone(d, ev->now_us, fx);
        return;
    case VERDICT_CHANGED:
        download_changed(d, &err, ev->now_us, fx);
        return;
    case VERDICT_REFUSED:
        refused(d, ev->lane, &err, ev->reply->retry_after_ms, ev->now_us, fx);
        return;
    case VERDICT_RETRY:
        recover(d, ev->lane, &err, ev->reply->retry_after_ms, ev->now_us, fx);
        return;
    case VERDICT_LINK:
        end_unless_spared(d, JOB_WAITING, JOB_REASON_LINK, &err, ev->now_us, fx);
        return;
    case VERDICT_NO_RANGE:
        ask_whole(d, ev->now_us, fx);
        return;
    default:
        if (err.status == SG_E_BAD_SERVER)
            bad_answer(d, ev->lane, &err, ev->now_us, fx);
        else
            end_unless_spared(d, JOB_FAILED, JOB_REASON_NONE, &err, ev->now_us, fx);
    }
}

/* The body of a file of unknown length came to its end: now the length is known. */
static void close_open_end(struct download *d, int lane)
{
    struct plan_lane *range = &d->plan.lanes[lane];
    uint64_t total = range->pos;
    range->is_busy = false;
    d->plan.total = total;
    d->record->total = (int64_t)total;
    d->is_open_ended = false;
}

/* Whether a lane can be asked for again and nothing is lost. */
static bool is_repeatable(const struct download *d, const struct lane *l)
{
    return !l->is_proof && (!d->has_plan || d->has_ranges);
}

/* A connection that did not survive a sleep is nobody's failure: it is made anew at once. */
static bool excuse_stale(struct download *d, int lane, enum sg_status status, uint64_t now_us,
                         struct effects *fx)
{
    const struct lane *l = &d->lanes[lane];
    if (!l->is_stale || !is_repeatable(d, l) || sg_status_class(status) != SG_CLASS_RETRY)
        return false;
    if (d->phase == DOWNLOAD_PROBING)
        lanes_probe(d, now_us, fx);
    return true;
}

static void lane_failed(struct download *d, int lane, const struct sg_err *err, uint64_t now_us,
                        struct effects *fx)
{
    if (excuse_stale(d, lane, err->status, now_us, fx))
        return;
    if (d->lanes[lane].source != d->primary) {
        sources_failed(d, lane, err, -1, now_us, fx);
        return;
    }
    bool is_unheard = d->lanes[lane].received == 0;
    bool is_senseless = err->status == SG_E_BAD_SERVER;
    bool may_pass = is_senseless || sg_status_class(err->status) == SG_CLASS_RETRY;
    if (!may_pass)
        end_unless_spared(d, JOB_FAILED, JOB_REASON_NONE, err, now_us, fx);
    else if (d->phase == DOWNLOAD_CREATING && d->has_ranges)
        return; /* it had to wait for the part file: then it is asked for again */
    else if (is_senseless && (d->has_ranges || !d->has_plan))
        bad_answer(d, lane, err, now_us, fx);
    else if (is_unheard && (err->status == SG_E_CONNECT || err->status == SG_E_RESET))
        refused(d, lane, err, -1, now_us, fx);
    else
        recover(d, lane, err, -1, now_us, fx);
}

/* A lane whose range is complete ended: what is left of its seam does not come. */
static void missed_seam(struct download *d, const struct lane *l)
{
    if (!l->is_doomed && l->pos < l->tail_end)
        recheck_want(d, l->pos);
}

void lane_on_end(struct download *d, const struct event *ev, struct effects *fx)
{
    enum lane_state state = d->lanes[ev->lane].state;
    if (state == LANE_FREE)
        return;
    if (state == LANE_RECEIVING && d->is_open_ended && ev->status == SG_OK)
        close_open_end(d, ev->lane);
    const struct lane *l = &d->lanes[ev->lane];
    bool is_complete = l->is_proof ? l->pos == l->end : !d->plan.lanes[ev->lane].is_busy;
    lane_close(d, ev->lane, ev->now_us, fx);
    if (recheck_is_on(d, ev->lane)) {
        recheck_end(d, ev->lane, true, ev->now_us);
        return;
    }
    if (state == LANE_ENDING)
        missed_seam(d, l);
    if (d->has_outcome || (d->has_plan && is_complete))
        return;
    struct sg_err err = { 0 };
    if (ev->err != NULL)
        err = *ev->err;
    err.status = ev->status;
    if (ev->status == SG_OK)
        sg_err_set(&err, SG_E_SHORT, "the server sent less than it promised");
    lane_failed(d, ev->lane, &err, ev->now_us, fx);
}

/* True when the other lanes show that the network and the server are well. */
static bool do_others_flow(const struct download *d, const struct lane *silent, uint64_t now_us)
{
    int n_flowing = 0;
    int n_silent = 0;
    for (int i = 0; i < PLAN_LANES_MAX; i++) {
        const struct lane *l = &d->lanes[i];
        if (l == silent || l->state != LANE_RECEIVING || l->source != silent->source)
            continue;
        bool is_flowing = now_us - l->last_byte_us < FLOWING_US;
        n_flowing += is_flowing;
        n_silent += !is_flowing;
    }
    return n_flowing > n_silent;
}

/* How long a lane may be silent. */
static uint64_t patience_us(const struct download *d, const struct lane *l, uint64_t now_us)
{
    uint64_t most_us = d->config.stall_timeout_us;
    if (l->state == LANE_ENDING)
        return ENDING_MAX_US;
    if (l->is_stale && is_repeatable(d, l) && WOKE_PATIENCE_US < most_us)
        return WOKE_PATIENCE_US;
    if (l->state != LANE_RECEIVING || !do_others_flow(d, l, now_us))
        return most_us;
    uint64_t quick_us = QUICK_STALL_US + QUICK_STALL_SETUPS * (uint64_t)(d->plan.setup_s * 1e6);
    return quick_us < most_us ? quick_us : most_us;
}

static bool is_stalled(const struct download *d, const struct lane *l, uint64_t now_us)
{
    if (l->state == LANE_FREE || l->is_paused)
        return false;
    uint64_t silent_us = now_us - l->last_byte_us;
    return silent_us >= ENDING_MAX_US && silent_us >= patience_us(d, l, now_us);
}

static void drop_stalled(struct download *d, int lane, uint64_t now_us, struct effects *fx)
{
    bool is_complete = d->lanes[lane].state == LANE_ENDING;
    uint64_t silent_us = now_us - d->lanes[lane].last_byte_us;
    struct sg_err err = { 0 };
    sg_err_set(&err, SG_E_STALLED, "the server sent nothing for %u seconds",
               (unsigned)(silent_us / 1000000));
    lane_close(d, lane, now_us, fx);
    if (recheck_is_on(d, lane))
        recheck_end(d, lane, true, now_us);
    else if (is_complete)
        missed_seam(d, &d->lanes[lane]);
    else if (!d->has_outcome)
        lane_failed(d, lane, &err, now_us, fx);
}

/* After a time in which nobody looked at the sockets their silence was ours: a busy machine, or,
 * where it was long, one that slept, whether or not that is told (EV_WOKE). */
static void excuse_silence(struct download *d, uint64_t now_us)
{
    uint64_t passed_us = d->last_tick_us > 0 ? now_us - d->last_tick_us : 0;
    if (passed_us >= d->config.stall_timeout_us)
        lanes_woke(d, now_us);
    else if (passed_us > TICK_LATE_US)
        lanes_touch(d, now_us);
    d->last_tick_us = now_us;
}

void lanes_tick(struct download *d, uint64_t now_us, struct effects *fx)
{
    excuse_silence(d, now_us);
    for (int i = 0; i < PLAN_LANES_MAX; i++) {
        if (is_stalled(d, &d->lanes[i], now_us) && !d->has_outcome)
            drop_stalled(d, i, now_us, fx);
    }
    if (d->has_plan)
        shares_tick(d, now_us, fx);
}
