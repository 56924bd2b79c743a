/* The made-up server: what each version of its file consists of, and how one that behaves answers.
 * Every version is another stretch of one pool of noise. */
#include "tests/unit/download_driver_internal.h"

#include <string.h>

enum {
    VERSION_STEP = 4099,
    POOL_SIZE = DRIVER_FILE_MAX + DRIVER_VERSIONS * VERSION_STEP,
};

static uint8_t pool[POOL_SIZE];

static char *const etags[DRIVER_VERSIONS] = { "\"v0\"", "\"v1\"", "\"v2\"", "\"v3\"",
                                              "\"v4\"", "\"v5\"", "\"v6\"", "\"v7\"" };
static char *const times[DRIVER_VERSIONS] = {
    "Sun, 06 Nov 1994 08:49:30 GMT", "Sun, 06 Nov 1994 08:49:31 GMT",
    "Sun, 06 Nov 1994 08:49:32 GMT", "Sun, 06 Nov 1994 08:49:33 GMT",
    "Sun, 06 Nov 1994 08:49:34 GMT", "Sun, 06 Nov 1994 08:49:35 GMT",
    "Sun, 06 Nov 1994 08:49:36 GMT", "Sun, 06 Nov 1994 08:49:37 GMT",
};

static void fill_pool(void)
{
    uint32_t x = 2463534242u;
    for (size_t i = 0; i < POOL_SIZE; i++) {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        pool[i] = (uint8_t)(x >> 24 | 1u); /* never 0 */
    }
}

const uint8_t *origin_bytes(int version, uint64_t offset)
{
    if (pool[0] == 0)
        fill_pool();
    return pool + (uint64_t)version * VERSION_STEP + offset;
}

int origin_version_of(const struct job_record *record)
{
    for (int i = 0; i < DRIVER_VERSIONS && record->etag != NULL; i++) {
        if (strcmp(record->etag, etags[i]) == 0)
            return i;
    }
    return -1;
}

void driver_answer(const struct driver *d, uint64_t first, uint64_t end, bool wants_range,
                   struct answer *out)
{
    const struct origin *origin = &d->origin;
    uint64_t total = origin->totals[origin->version];
    *out = (struct answer){ .delay_us = origin->delay_us,
                            .version = origin->version,
                            .rate_bps = origin->rate_bps,
                            .reply = { .content_length = -1,
                                       .range_total = -1,
                                       .retry_after_ms = -1,
                                       .etag = etags[origin->version],
                                       .last_modified = times[origin->version] } };
    struct reply *reply = &out->reply;
    if (!wants_range || origin->ignores_ranges) {
        reply->http_status = 200;
        reply->content_length = origin->hides_length ? -1 : (int64_t)total;
        out->body_length = total;
        return;
    }
    reply->range_total = (int64_t)total;
    reply->http_status = first >= total ? 416 : 206;
    if (first >= total)
        return;
    uint64_t last = (end == 0 || end > total ? total : end) - 1;
    reply->has_range = true;
    reply->range_first = first;
    reply->range_last = last;
    reply->content_length = (int64_t)(last - first + 1);
    out->body_first = first;
    out->body_length = last - first + 1;
}

void driver_hold_back(struct driver *d, int lane, bool is_held_back)
{
    struct fake_lane *l = &d->lanes[lane];
    if (!d->is_running || !l->is_open || l->is_held_back == is_held_back)
        return;
    l->is_held_back = is_held_back;
    download_lane_paused(&d->download, lane, is_held_back, d->now_us);
}
