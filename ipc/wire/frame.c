/* Cutting a byte stream into lines. Knows nothing of what is in them. Pure. */
#include "ipc/wire/frame.h"

#include <string.h>

enum { KEEP_CAPACITY = 64 * 1024 }; /* a buffer that one long line made larger is given back */

void frame_fini(struct frame_reader *reader)
{
    sg_buf_fini(&reader->pending);
    *reader = (struct frame_reader){ 0 };
}

/* Drops the lines that were given out. */
static void forget_taken(struct frame_reader *reader)
{
    if (reader->taken == reader->pending.length && reader->pending.capacity > KEEP_CAPACITY)
        sg_buf_fini(&reader->pending);
    else
        sg_buf_consume(&reader->pending, reader->taken);
    reader->scanned -= reader->taken;
    reader->taken = 0;
}

enum sg_status frame_feed(struct frame_reader *reader, const void *data, size_t n_bytes)
{
    const char *bytes = data;
    if (n_bytes == 0)
        return SG_OK;
    if (reader->is_skipping) {
        const char *end = memchr(bytes, '\n', n_bytes);
        if (end == NULL)
            return SG_OK;
        reader->is_skipping = false;
        n_bytes -= (size_t)(end + 1 - bytes);
        bytes = end + 1;
    }
    forget_taken(reader);
    sg_buf_append(&reader->pending, bytes, n_bytes);
    return reader->pending.is_failed ? SG_E_NOMEM : SG_OK;
}

/* A CR that is the last byte so far may be part of the line's end, and does not count yet. */
static bool is_beyond_limit(const char *rest, size_t length)
{
    if (length > 0 && rest[length - 1] == '\r')
        length--;
    return length > FRAME_LINE_MAX;
}

/* The rest of the stream so far has no line end: too long already, or not known yet. */
static enum sg_status judge_rest(struct frame_reader *reader)
{
    size_t length = reader->pending.length - reader->taken;
    reader->scanned = reader->pending.length;
    if (length == 0 || !is_beyond_limit(reader->pending.data + reader->taken, length))
        return SG_PENDING;
    sg_buf_fini(&reader->pending);
    reader->scanned = 0;
    reader->taken = 0;
    reader->is_skipping = true;
    return SG_E_TOO_LONG;
}

enum sg_status frame_next(struct frame_reader *reader, const char **out_line, size_t *out_length)
{
    struct sg_buf *pending = &reader->pending;
    char *end = NULL;
    if (reader->scanned < pending->length)
        end = memchr(pending->data + reader->scanned, '\n', pending->length - reader->scanned);
    if (end == NULL)
        return judge_rest(reader);

    char *line = pending->data + reader->taken;
    size_t length = (size_t)(end - line);
    reader->taken += length + 1;
    reader->scanned = reader->taken;
    if (is_beyond_limit(line, length))
        return SG_E_TOO_LONG;
    if (length > 0 && line[length - 1] == '\r')
        length--;
    line[length] = '\0';
    *out_line = line;
    *out_length = length;
    return SG_OK;
}
