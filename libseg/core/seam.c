/* Stretches of the file that came twice. */
#include "core/seam.h"

#include <string.h>

#include "base/assert.h"
#include "base/mem.h"

static void release(struct seam *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sg_free(items[i].bytes);
}

void seams_clear(struct seams *seams)
{
    release(seams->items, seams->count);
    seams->count = 0;
}

void seam_batch_clear(struct seam_batch *batch)
{
    release(batch->items, batch->count);
    batch->count = 0;
}

/* The seam that goes on at `offset` and has room; else a new one; NULL: neither is possible. */
static struct seam *seam_at(struct seams *seams, int proof, uint64_t offset)
{
    for (size_t i = 0; i < seams->count; i++) {
        struct seam *seam = &seams->items[i];
        bool goes_on = seam->offset + seam->length == offset && seam->length < SEAM_SIZE;
        if (goes_on && seam->proof == proof)
            return seam;
    }
    if (seams->count == SEAMS_MAX)
        return NULL;
    struct seam *seam = &seams->items[seams->count];
    *seam = (struct seam){ .offset = offset, .proof = proof, .bytes = sg_alloc(SEAM_SIZE) };
    if (seam->bytes == NULL)
        return NULL;
    seams->count++;
    return seam;
}

bool seams_put(struct seams *seams, int proof, uint64_t offset, const void *data, size_t n_bytes)
{
    const unsigned char *from = data;
    while (n_bytes > 0) {
        struct seam *seam = seam_at(seams, proof, offset);
        if (seam == NULL)
            return false;
        size_t room = SEAM_SIZE - seam->length;
        size_t n = n_bytes < room ? n_bytes : room;
        memcpy(seam->bytes + seam->length, from, n);
        seam->length += (uint32_t)n;
        offset += n;
        from += n;
        n_bytes -= n;
    }
    return true;
}

bool seams_take_due(struct seams *seams, const struct extents *written, struct seam_batch *batch)
{
    SG_ASSERT(batch->count == 0);
    size_t kept = 0;
    for (size_t i = 0; i < seams->count; i++) {
        struct seam seam = seams->items[i];
        bool is_due = extents_contain(written, seam.offset, seam.offset + seam.length);
        if (is_due && batch->count < SEAM_BATCH)
            batch->items[batch->count++] = seam;
        else
            seams->items[kept++] = seam;
    }
    seams->count = kept;
    return batch->count > 0;
}
