/* The life of a download as lines for people. */
#include <inttypes.h>
#include <stdarg.h>

#include "tests/sim/fluid/fetch_internal.h"

enum { VIEW_US = NETWORK_SECOND_US / 2 };

static const double mib = 1024.0 * 1024.0;

static void say(const struct fetch *f, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(const struct fetch *f, const char *format, ...)
{
    va_list arguments;
    fprintf(f->options->trace, "%9.3f  ", (double)(f->now_us - f->start_us) / 1e6);
    va_start(arguments, format);
    vfprintf(f->options->trace, format, arguments);
    va_end(arguments);
    fputc('\n', f->options->trace);
}

static void say_head(const struct fetch *f, const struct event *event)
{
    if (event->reply->http_status == 206)
        say(f, "lane %2d  answered after %.0f ms", event->lane, (double)event->setup_us / 1e3);
    else
        say(f, "lane %2d  HTTP %d after %.0f ms", event->lane, event->reply->http_status,
            (double)event->setup_us / 1e3);
}

void trace_event(struct fetch *f, const struct event *event)
{
    if (f->options->trace == NULL)
        return;
    if (event->kind == EV_HEAD)
        say_head(f, event);
    else if (event->kind == EV_LANE_FULL)
        say(f, "lane %2d  full", event->lane);
    else if (event->kind == EV_LANE_END)
        say(f, "lane %2d  ended: %s", event->lane, sg_status_word(event->status));
}

/* Its connection is chosen when the effect is carried out, right after this. */
void trace_effect(struct fetch *f, const struct effect *effect)
{
    if (f->options->trace == NULL)
        return;
    uint64_t end = effect->end > 0 ? effect->end : f->network->total;
    if (effect->kind == FX_OPEN_LANE)
        say(f, "lane %2d  asks source %d for %.3f to %.3f MiB (%.3f)", effect->lane, effect->source,
            (double)effect->first / mib, (double)end / mib, (double)(end - effect->first) / mib);
    else if (effect->kind == FX_CLOSE_LANE)
        say(f, "lane %2d  closed %s", effect->lane,
            f->wire.of_lane[effect->lane] == NULL ? "" : "and its connection with it");
    else if (effect->kind == FX_END)
        say(f, "end");
}

static int lanes_wanted(const struct download *d)
{
    int n = 0;
    for (int i = 0; i < d->n_sources; i++)
        n += d->sources[i].state == SOURCE_TRUSTED ? tuner_target(&d->sources[i].tuner) : 0;
    return n;
}

static void view(struct fetch *f)
{
    FILE *out = f->options->trace;
    const struct download *d = &f->download;
    double sum_bps = 0.0;
    for (int i = 0; i < PLAN_LANES_MAX; i++)
        sum_bps += wire_lane_bps(&f->wire, i);
    say(f, "target %d, open %d, %.2f MiB/s (believed %.2f), set-up believed %.0f ms, left %.2f MiB",
        lanes_wanted(d), download_open_lanes(d), sum_bps / mib,
        download_rate_bps(d, f->now_us) / mib, d->plan.setup_s * 1e3,
        (double)plan_remaining(&d->plan) / mib);
    for (int i = 0; i < d->n_sources && d->n_sources > 1; i++) {
        const struct source *source = &d->sources[i];
        if (source->state == SOURCE_TRUSTED)
            fprintf(
                out, "              source %d: share %d, ceiling %d, target %d, useful %d, %s\n", i,
                source->share, source->tuner.ceiling, tuner_target(&source->tuner),
                tuner_useful(&source->tuner), source->tuner.is_settled ? "settled" : "searching");
    }
    for (int i = 0; i < PLAN_LANES_MAX; i++) {
        const struct plan_lane *range = &d->plan.lanes[i];
        const struct conn *c = f->wire.of_lane[i];
        if (!f->requests[i].is_open || c == NULL)
            continue;
        double bps = wire_lane_bps(&f->wire, i);
        double left = range->is_busy ? (double)(range->end - range->pos) : 0.0;
        fprintf(out,
                "              lane %2d  source %d slot %2d  %9.3f MiB/s (believed %9.3f)  "
                "left %9.3f MiB",
                i, c->source, c->slot, bps / mib,
                range->is_receiving ? rate_bps(&range->rate, f->now_us) / mib : 0.0, left / mib);
        if (bps > 0.0)
            fprintf(out, " = %.2f s", left / bps);
        fputc('\n', out);
    }
}

void trace_state(struct fetch *f)
{
    if (f->options->trace == NULL || !f->download.has_plan)
        return;
    int target = lanes_wanted(&f->download);
    if (target != f->shown_target)
        say(f, "tuner    wants %d lanes (before: %d)", target, f->shown_target);
    f->shown_target = target;
    if (f->now_us < f->next_view_us)
        return;
    f->next_view_us = f->now_us + VIEW_US;
    view(f);
}

void trace_end(struct fetch *f)
{
    if (f->options->trace == NULL)
        return;
    const struct download_outcome *outcome = &f->download.outcome;
    say(f, "run over: %s %s %s", job_state_word(outcome->state), job_reason_word(outcome->reason),
        outcome->err.message);
}
