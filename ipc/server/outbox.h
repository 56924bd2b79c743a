/* What waits to be written to one connection: lines go in, pieces of bytes come out. Many small
 * lines that gather during one write leave together in the next. Pure. */
#ifndef SEGUE_IPC_SERVER_OUTBOX_H
#define SEGUE_IPC_SERVER_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* Longest piece: what a pipe takes at once. */
enum { OUTBOX_PIECE_MAX = 64 * 1024 };

/* Zero-initialise it; outbox_fini at the end. */
struct outbox {
    struct sg_buf sending; /* a piece of it is being written: it must not move */
    size_t n_sent;         /* of `sending` */
    struct sg_buf waiting;
};

/* Releases the memory. */
void outbox_fini(struct outbox *outbox);

/* Adds a line; false when memory ran out, and then the stream has a gap and is of no more use. */
bool outbox_put(struct outbox *outbox, const char *line);

/* Bytes that are not sent yet. */
size_t outbox_size(const struct outbox *outbox);

/* The next piece, valid until outbox_sent; false when everything was sent. Not while a piece is
 * being written. */
bool outbox_next(struct outbox *outbox, const void **out_data, uint32_t *out_bytes);

/* `n_bytes` of the piece were written. */
void outbox_sent(struct outbox *outbox, uint32_t n_bytes);

#endif
