/* The seam check. Where two requests meet, a few KiB are fetched by both; what comes twice must be
 * equal. It finds servers, mirrors and caches that serve other content under the same validators.
 *
 * One copy goes into the part file as ever. The other, a seam, is kept here until the part file has
 * those bytes, and is then compared with them: so it also finds a part file that another program
 * changed. Pure. */
#ifndef SEGUE_CORE_SEAM_H
#define SEGUE_CORE_SEAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/extents.h"

enum { SEAM_NO_PROOF = -1 };

enum {
    SEAM_SIZE = 4096, /* longest stretch that is fetched twice */
    SEAMS_MAX = 128,  /* kept at once; more are not checked */
    SEAM_BATCH = 16,  /* compared at once */
};

struct seam {
    uint64_t offset;
    uint32_t length; /* > 0 */
    int proof;       /* the mirror whose proof it belongs to; SEAM_NO_PROOF: an ordinary one */
    unsigned char *bytes;
};

/* Seams that wait for their first copy. Zero-initialise it. */
struct seams {
    size_t count;
    struct seam items[SEAMS_MAX];
};

/* Seams to be compared with the part file. Zero-initialise it. */
struct seam_batch {
    size_t count;
    struct seam items[SEAM_BATCH];
};

/* Forgets all of them and releases their memory. */
void seams_clear(struct seams *seams);

/* Keeps a copy of `n_bytes` that stand at `offset` of the file, for a mirror's proof or (with
 * SEAM_NO_PROOF) for an ordinary seam. False when without room or memory they were not all kept: an
 * ordinary seam is a second line of defence. */
bool seams_put(struct seams *seams, int proof, uint64_t offset, const void *data, size_t n_bytes);

/* Moves seams whose first copy is in `written` to `batch`, which is empty; false when there is
 * none. */
bool seams_take_due(struct seams *seams, const struct extents *written, struct seam_batch *batch);

/* Releases the memory of a batch; it is then empty. */
void seam_batch_clear(struct seam_batch *batch);

#endif
