/* Comparing what came twice with the part file, on a work thread: it reads back what the system has
 * of the file, as any reader will. */
#include "engine/engine_private.h"

#include <string.h>

#include "os/file.h"

static enum sg_status compare(struct seam_work *seams, const struct seam *seam, bool *out_is_equal)
{
    unsigned char found[SEAM_SIZE];
    uint32_t n = 0;
    enum sg_status status =
        file_read(seams->file, seam->offset, found, seam->length, &n, &seams->err);
    if (status == SG_OK)
        *out_is_equal = n == seam->length && memcmp(found, seam->bytes, n) == 0;
    return status;
}

static void perform(struct work *work)
{
    struct seam_work *seams = sg_container_of(work, struct seam_work, work);
    for (size_t i = 0; i < seams->batch->count && seams->status == SG_OK; i++) {
        bool is_equal = true;
        seams->status = compare(seams, &seams->batch->items[i], &is_equal);
        if (!is_equal)
            seams->differing |= (uint32_t)1 << i;
    }
}

static void on_performed(struct work *work)
{
    struct seam_work *seams = sg_container_of(work, struct seam_work, work);
    struct run *run = seams->run;
    struct event event = run_event(run, EV_COMPARED);
    event.status = seams->status;
    event.differing = seams->differing;
    event.err = seams->status != SG_OK ? &seams->err : NULL;
    run_feed(run, &event);
    run_op_end(run);
}

void run_compare(struct run *run)
{
    struct seam_work *seams = &run->seam_work;
    *seams = (struct seam_work){ .work = { .run = perform, .done = on_performed },
                                 .run = run,
                                 .file = run->part,
                                 .batch = &run->download.comparing };
    run_op_begin(run);
    work_submit(run->engine->work_pool, &seams->work);
}
