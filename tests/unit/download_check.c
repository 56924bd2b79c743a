/* The invariants of a download, looked at from outside. */
#include "tests/unit/download_driver_internal.h"

#include <string.h>

#include "base/assert.h"

bool driver_is_subset(const struct extents *inner, const struct extents *outer)
{
    for (size_t i = 0; i < inner->count; i++) {
        if (!extents_contain(outer, inner->items[i].from, inner->items[i].to))
            return false;
    }
    return true;
}

void driver_check_claims(const struct driver *d, const struct job_record *record)
{
    int version = origin_version_of(record);
    SG_ASSERT(extents_check(&record->extents));
    SG_ASSERT((uint64_t)record->done == extents_total(&record->extents));
    if (!d->has_part)
        return;
    SG_ASSERT(driver_is_subset(&record->extents, &d->flushed));
    for (size_t i = 0; i < record->extents.count && version >= 0 && !d->has_secrets; i++) {
        const struct extent *item = &record->extents.items[i];
        SG_ASSERT(memcmp(d->disk + item->from, origin_bytes(version, item->from),
                         (size_t)(item->to - item->from)) == 0);
    }
}

static void check_lanes(const struct driver *d)
{
    const struct download *download = &d->download;
    bool is_planned = download->has_plan && download->phase < DOWNLOAD_DRAINING;
    for (int i = 0; i < PLAN_LANES_MAX; i++) {
        enum lane_state state = download->lanes[i].state;
        bool is_busy = state == LANE_ASKING || (state == LANE_RECEIVING && !d->lanes[i].is_full);
        SG_ASSERT((state != LANE_FREE) == d->lanes[i].is_open);
        is_busy = is_busy && !download->lanes[i].is_proof;
        SG_ASSERT(!is_planned || is_busy == download->plan.lanes[i].is_busy);
    }
}

void driver_check(const struct driver *d)
{
    const struct download *download = &d->download;
    SG_ASSERT(extents_check(&download->written));
    SG_ASSERT(driver_is_subset(&d->record.extents, &download->written));
    SG_ASSERT(download->settled_bytes <= download->taken_bytes);
    check_lanes(d);
    if (!download->has_plan)
        return;
    SG_ASSERT(plan_check(&download->plan, &d->arrived));
    SG_ASSERT(driver_is_subset(&download->written, &d->arrived));
}

void driver_check_end(const struct driver *d)
{
    SG_ASSERT(d->n_writes == 0 && d->n_open == 0);
    SG_ASSERT(!d->part_work.is_pending && !d->sync_work.is_pending);
    SG_ASSERT(!d->compare_work.is_pending && !d->last_work.is_pending);
    enum job_state state = d->outcome.state;
    SG_ASSERT(state != JOB_QUEUED || d->outcome.reason == JOB_REASON_NONE);
    SG_ASSERT((state == JOB_WAITING) == (d->outcome.reason != JOB_REASON_NONE));
    SG_ASSERT(state != JOB_FAILED || d->outcome.err.status > SG_PENDING);
    SG_ASSERT(state != JOB_WAITING || d->outcome.err.status > SG_PENDING);
    SG_ASSERT((state == JOB_DONE) == d->is_finished);
    SG_ASSERT(d->outcome.reason != JOB_REASON_RETRY || d->outcome.delay_ms > 0);
}

bool driver_has_version(const struct driver *d, int version)
{
    uint64_t total = d->origin.totals[version];
    return d->record.total == (int64_t)total && extents_contain(&d->record.extents, 0, total) &&
           memcmp(d->disk, origin_bytes(version, 0), (size_t)total) == 0;
}
