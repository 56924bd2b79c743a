/* Random faults for a download: a storm of a few hundred turns, then calm. What the server may do
 * wrong is limited to what a reply can tell: a server that sends other bytes than it announces
 * cannot be found out here. */
#include "tests/unit/download_chaos.h"

#include "base/assert.h"
#include "tests/unit/download_driver.h"

enum {
    STORM_TURNS = 300,
    CALM_ROUNDS = 6,
    CALM_SECONDS = 600,
};

struct chaos {
    chaos_pick_fn *pick;
    void *ctx;
    struct driver *driver;
    uint32_t rarity; /* of faults: one in so many chances */
};

static uint32_t pick(struct chaos *chaos, uint32_t n)
{
    return chaos->pick(chaos->ctx, n);
}

static bool chance(struct chaos *chaos, uint32_t one_in)
{
    return pick(chaos, one_in) == 0;
}

/* ---- answers ---- */

static void bare(struct answer *answer, int http_status)
{
    answer->reply = (struct reply){
        .http_status = http_status, .content_length = -1, .range_total = -1, .retry_after_ms = -1
    };
    answer->body_length = 0;
}

static void fail_to_connect(struct chaos *chaos, struct answer *answer)
{
    static const enum sg_status statuses[] = { SG_E_CONNECT, SG_E_RESET, SG_E_DNS, SG_E_TIMEOUT,
                                               SG_E_NETWORK, SG_E_TLS,   SG_OK };
    answer->failure = statuses[pick(chaos, sizeof statuses / sizeof statuses[0])];
    if (answer->failure == SG_OK)
        answer->delay_us = UINT64_MAX;
}

static void refuse(struct chaos *chaos, struct answer *answer)
{
    static const int codes[] = { 429, 503, 500, 408, 425, 404, 403, 410, 401, 416, 302, 204 };
    bare(answer, codes[pick(chaos, sizeof codes / sizeof codes[0])]);
    if (chance(chaos, 2))
        answer->reply.retry_after_ms = (int64_t)pick(chaos, 3) * 1000;
    if (answer->reply.http_status == 416 && chance(chaos, 2))
        answer->reply.range_total = 1 + pick(chaos, 3);
}

static void lie_about_range(struct chaos *chaos, struct answer *answer)
{
    struct reply *reply = &answer->reply;
    switch (pick(chaos, 5)) {
    case 0:
        reply->range_first++;
        break;
    case 1:
        reply->range_last += 1000;
        break;
    case 2:
        reply->content_length += reply->content_length > 0;
        break;
    case 3:
        reply->has_range = false;
        break;
    default:
        reply->is_encoded = true;
        break;
    }
}

static void cut_body(struct chaos *chaos, struct answer *answer)
{
    static const enum sg_status ends[] = { SG_OK, SG_E_RESET, SG_PENDING, SG_E_BAD_SERVER };
    answer->body_length = pick(chaos, (uint32_t)answer->body_length + 1);
    answer->body_end = ends[pick(chaos, sizeof ends / sizeof ends[0])];
    /* without a length the end of the body is all there is to know of it */
    if (answer->reply.content_length < 0 && answer->body_end == SG_OK)
        answer->body_end = SG_E_RESET;
}

static void send_page(struct answer *answer)
{
    bare(answer, 200);
    answer->reply.is_html = true;
    answer->reply.content_length = 0; /* a page's bytes would be a file of their own */
}

static void ignore_range(const struct driver *d, struct answer *answer)
{
    driver_answer(d, 0, 0, false, answer);
}

static void change_answer(struct driver *d, int lane, struct answer *answer)
{
    struct chaos *chaos = d->ctx;
    if (!chance(chaos, chaos->rarity))
        return;
    switch (pick(chaos, 7)) {
    case 0:
        fail_to_connect(chaos, answer);
        return;
    case 1:
        refuse(chaos, answer);
        return;
    case 2:
        lie_about_range(chaos, answer);
        return;
    case 3:
        if (d->lanes[lane].first > 0)
            send_page(answer);
        return;
    case 4:
        ignore_range(d, answer);
        return;
    case 5:
        answer->rate_bps = 1 + pick(chaos, 64 * KIB);
        return;
    default:
        cut_body(chaos, answer);
        return;
    }
}

/* ---- the world around ---- */

static void break_disk(struct chaos *chaos)
{
    static const enum sg_status statuses[] = { SG_E_DISK_FULL, SG_E_IO, SG_E_IN_USE };
    struct driver *d = chaos->driver;
    struct fault *const faults[] = { &d->open,    &d->create, &d->write, &d->flush,
                                     &d->compare, &d->verify, &d->finish };
    *faults[pick(chaos, 7)] =
        (struct fault){ statuses[pick(chaos, 3)], pick(chaos, 8), chance(chaos, 2) };
}

static void abort_lane(struct chaos *chaos)
{
    static const enum sg_status statuses[] = { SG_E_RESET, SG_E_TIMEOUT, SG_E_BAD_SERVER,
                                               SG_E_SHORT };
    driver_abort_lane(chaos->driver, (int)pick(chaos, 8), statuses[pick(chaos, 4)]);
}

static void do_something(struct chaos *chaos)
{
    struct driver *d = chaos->driver;
    switch (pick(chaos, 8)) {
    case 0:
    case 1:
        abort_lane(chaos);
        return;
    case 2:
        driver_hold_back(d, (int)pick(chaos, 8), true);
        return;
    case 3:
        driver_hold_back(d, (int)pick(chaos, 8), false);
        return;
    case 4:
        break_disk(chaos);
        return;
    case 5:
        if (d->origin.version + 1 < DRIVER_VERSIONS && chance(chaos, 3))
            d->origin.version++;
        return;
    case 6:
        download_set_max_lanes(&d->download, 1 + (int)pick(chaos, 16));
        return;
    default:
        if (chance(chaos, 2))
            driver_stop(d, JOB_PAUSED);
        else
            driver_crash(d);
        return;
    }
}

/* What a user or the queue does with a job that ended: tries again. */
static void try_again(struct chaos *chaos)
{
    struct driver *d = chaos->driver;
    if (d->outcome.state != JOB_WAITING || d->outcome.reason != JOB_REASON_RETRY) {
        d->record.attempts = 0;
        d->record.restarts = 0;
    }
    if (chance(chaos, 16))
        d->has_part = false;
    d->now_us += (uint64_t)d->outcome.delay_ms * MS;
    driver_start(d);
}

static void storm(struct chaos *chaos)
{
    struct driver *d = chaos->driver;
    driver_start(d);
    for (int i = 0; i < STORM_TURNS && !d->is_finished; i++) {
        if (!d->is_running)
            try_again(chaos);
        driver_turn(d);
        if (d->is_running && chance(chaos, chaos->rarity * 4))
            do_something(chaos);
    }
}

static void clear_up(struct driver *d)
{
    d->on_request = NULL;
    d->open = d->create = d->write = d->flush = d->compare = d->verify = d->finish =
        (struct fault){ 0 };
    for (int i = 0; i < PLAN_LANES_MAX; i++) {
        driver_hold_back(d, i, false);
        d->lanes[i].answer.rate_bps = d->origin.rate_bps;
    }
}

/* Nothing goes wrong any more: a few rounds at most, none of them endless. */
static void calm(struct chaos *chaos)
{
    struct driver *d = chaos->driver;
    clear_up(d);
    for (int i = 0; i < CALM_ROUNDS && !d->is_finished; i++) {
        if (!d->is_running) {
            d->record.attempts = 0;
            d->record.restarts = 0;
            d->now_us += (uint64_t)d->outcome.delay_ms * MS;
            driver_start(d);
        }
        SG_ASSERT(driver_run(d, CALM_SECONDS));
    }
    SG_ASSERT(d->is_finished);
}

/* ---- one download ---- */

static uint64_t pick_total(struct chaos *chaos)
{
    switch (pick(chaos, 6)) {
    case 0:
        return pick(chaos, 3);
    case 1:
        return pick(chaos, 100 * KIB);
    default:
        return pick(chaos, 4 * MIB);
    }
}

static struct driver *make_driver(struct chaos *chaos)
{
    static const int lanes[] = { 1, 2, 4, 16, PLAN_LANES_MAX };
    struct driver *d = driver_create(pick_total(chaos), lanes[pick(chaos, 5)]);
    for (int i = 1; i < DRIVER_VERSIONS && chance(chaos, 2); i++)
        d->origin.totals[i] = pick_total(chaos);
    d->config.retries = 3;
    d->config.stall_timeout_us = 2 * SECOND;
    d->config.checkpoint_interval_us = (1 + pick(chaos, 5)) * 200 * MS;
    d->config.checkpoint_bytes = (1 + pick(chaos, 4)) * MIB;
    d->origin.ignores_ranges = chance(chaos, 8);
    d->origin.hides_length = d->origin.ignores_ranges && chance(chaos, 2);
    d->origin.rate_bps = (1 + pick(chaos, 16)) * 64 * KIB;
    d->origin.delay_us = pick(chaos, 20) * 10 * MS;
    d->buffer_bytes = (1 + pick(chaos, 32)) * 16 * KIB;
    d->write_delay_us = pick(chaos, 4) * 10 * MS;
    d->work_delay_us = pick(chaos, 10) * 10 * MS;
    d->writes_at_once = chance(chaos, 2);
    if (chance(chaos, 3))
        SG_ASSERT(job_record_set(&d->record.mirrors, "http://m1/f\nhttp://m2/f") == SG_OK);
    d->on_request = change_answer;
    d->ctx = chaos;
    return d;
}

/* The version that was finished: whichever it is, all bytes are its own. */
static bool has_some_version(const struct driver *d)
{
    for (int i = 0; i <= d->origin.version; i++) {
        if (driver_has_version(d, i))
            return true;
    }
    return false;
}

uint64_t chaos_run(chaos_pick_fn *pick_fn, void *ctx)
{
    static const uint32_t rarities[] = { 3, 10, 40, 200 };
    struct chaos chaos = { .pick = pick_fn, .ctx = ctx };
    chaos.rarity = rarities[pick(&chaos, 4)];
    struct driver *d = make_driver(&chaos);
    chaos.driver = d;
    storm(&chaos);
    calm(&chaos);
    SG_ASSERT(has_some_version(d));
    uint64_t n_steps = d->n_steps;
    driver_destroy(d);
    return n_steps;
}
