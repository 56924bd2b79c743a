/* Seams: what came twice is compared with the part file, where the first copy lies by now. A
 * download is not done before all of them were compared. */
#include "core/download_internal.h"

bool seams_are_compared(struct download *d, struct effects *fx)
{
    if (d->is_comparing)
        return false;
    if (!seams_take_due(&d->seams, &d->written, &d->comparing))
        return d->seams.count == 0;
    d->is_comparing = true;
    download_emit(fx, FX_COMPARE);
    return false;
}

/* Which of the two copies is the wrong one cannot be known, so nothing that was fetched is worth
 * anything, and nothing of it stays claimed: not even if the power fails before the next version
 * has begun. A mirror may have been the cause, and will not be another time. */
static void differ(struct download *d, const struct seam *seam, uint64_t now_us, struct effects *fx)
{
    struct sg_err err = { 0 };
    sg_err_set(&err, SG_E_CHANGED,
               "the same bytes came twice and differ, near byte %llu: the file on the server "
               "changed, or its servers disagree",
               (unsigned long long)seam->offset);
    extents_clear(&d->written);
    extents_clear(&d->record->extents);
    d->record->done = 0;
    d->must_disown = true;
    if (d->phase >= DOWNLOAD_DRAINING)
        return;
    sources_drop_mirrors(d, &err, now_us, fx);
    download_changed(d, &err, now_us, fx);
}

/* A flush that failed meanwhile may have lost the first copy: then it proves nothing. */
static bool is_there_still(const struct download *d, const struct seam *seam)
{
    return extents_contain(&d->written, seam->offset, seam->offset + seam->length);
}

static void take_results(struct download *d, const struct event *ev, struct effects *fx)
{
    const struct seam *different = NULL;
    for (size_t i = 0; i < d->comparing.count; i++) {
        const struct seam *seam = &d->comparing.items[i];
        bool is_equal = (ev->differing >> i & 1u) == 0;
        if (seam->proof != SEAM_NO_PROOF)
            sources_compared(d, seam->proof, seam->length, is_equal, ev->now_us, fx);
        else if (!is_equal && is_there_still(d, seam))
            different = seam;
    }
    if (different != NULL)
        differ(d, different, ev->now_us, fx);
}

void download_on_compared(struct download *d, const struct event *ev, struct effects *fx)
{
    struct sg_err err = download_error_of(ev);
    d->is_comparing = false;
    if (err.status == SG_OK)
        take_results(d, ev, fx);
    seam_batch_clear(&d->comparing);
    if (err.status != SG_OK)
        download_disk_failed(d, &err, ev->now_us, fx);
    if (d->phase == DOWNLOAD_DRAINING)
        download_go_on_draining(d, ev->now_us, fx);
}
