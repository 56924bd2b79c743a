/* Two buffers that change places: one is written from, the other one grows. */
#include "ipc/server/outbox.h"

enum { KEEP_CAPACITY = 64 * 1024 }; /* what a slow reader made larger is given back */

void outbox_fini(struct outbox *outbox)
{
    sg_buf_fini(&outbox->sending);
    sg_buf_fini(&outbox->waiting);
    outbox->n_sent = 0;
}

bool outbox_put(struct outbox *outbox, const char *line)
{
    sg_buf_puts(&outbox->waiting, line);
    return !outbox->waiting.is_failed;
}

size_t outbox_size(const struct outbox *outbox)
{
    return outbox->sending.length - outbox->n_sent + outbox->waiting.length;
}

static void change_places(struct outbox *outbox)
{
    struct sg_buf sent = outbox->sending;
    if (sent.capacity > KEEP_CAPACITY)
        sg_buf_fini(&sent);
    else
        sg_buf_clear(&sent);
    outbox->sending = outbox->waiting;
    outbox->waiting = sent;
    outbox->n_sent = 0;
}

bool outbox_next(struct outbox *outbox, const void **out_data, uint32_t *out_bytes)
{
    if (outbox->n_sent == outbox->sending.length)
        change_places(outbox);
    size_t left = outbox->sending.length - outbox->n_sent;
    if (left == 0)
        return false;
    *out_data = outbox->sending.data + outbox->n_sent;
    *out_bytes = left < OUTBOX_PIECE_MAX ? (uint32_t)left : OUTBOX_PIECE_MAX;
    return true;
}

void outbox_sent(struct outbox *outbox, uint32_t n_bytes)
{
    outbox->n_sent += n_bytes;
}
