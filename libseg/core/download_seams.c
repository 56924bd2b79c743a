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
 * has begun. */
static void differ(struct download *d, const struct sg_err *err, uint64_t now_us,
                   struct effects *fx)
{
    extents_clear(&d->written);
    extents_clear(&d->record->extents);
    d->record->done = 0;
    d->must_disown = true;
    if (d->phase < DOWNLOAD_DRAINING)
        download_changed(d, err, now_us, fx);
}

void download_on_compared(struct download *d, const struct event *ev, struct effects *fx)
{
    struct sg_err err = download_error_of(ev);
    d->is_comparing = false;
    seam_batch_clear(&d->comparing);
    if (err.status == SG_E_CHANGED)
        differ(d, &err, ev->now_us, fx);
    else if (err.status != SG_OK)
        download_disk_failed(d, &err, ev->now_us, fx);
    if (d->phase == DOWNLOAD_DRAINING)
        download_go_on_draining(d, ev->now_us, fx);
}
