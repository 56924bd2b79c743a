/* Lines out of a byte stream: fed in pieces as the input says, and in one piece, the lines must be
 * the same, and memory must stay bounded.
 *
 * The input's first byte gives the size of the pieces. In the rest 0xFF stands for a run of 200 000
 * bytes, so that small inputs reach the greatest length of a line. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/assert.h"
#include "base/mem.h"
#include "ipc/wire/frame.h"

enum { RUN = 200000, STREAM_MAX = 4 * 1024 * 1024 };

/* A running sum over what came out: the content and the length of every line, and every error. */
struct digest {
    uint64_t sum;
    uint64_t n_lines;
};

static void add_byte(struct digest *digest, uint8_t byte)
{
    digest->sum = (digest->sum ^ byte) * UINT64_C(1099511628211); /* FNV-1a */
}

static void add_line(struct digest *digest, const char *line, size_t length)
{
    SG_ASSERT(length <= FRAME_LINE_MAX);
    SG_ASSERT(line[length] == '\0');
    SG_ASSERT(memchr(line, '\n', length) == NULL);
    for (size_t i = 0; i < length; i++)
        add_byte(digest, (uint8_t)line[i]);
    add_byte(digest, '\n');
    digest->n_lines++;
}

static void take_lines(struct frame_reader *reader, struct digest *digest)
{
    const char *line;
    size_t length;
    for (;;) {
        enum sg_status status = frame_next(reader, &line, &length);
        if (status == SG_PENDING)
            return;
        SG_ASSERT(status == SG_OK || status == SG_E_TOO_LONG);
        if (status == SG_OK)
            add_line(digest, line, length);
        else
            add_byte(digest, 0xFF);
    }
}

static struct digest read_in_pieces(const struct sg_buf *stream, size_t piece_size)
{
    struct frame_reader reader = { 0 };
    struct digest digest = { 0 };
    for (size_t at = 0; at < stream->length; at += piece_size) {
        size_t left = stream->length - at;
        size_t piece = left < piece_size ? left : piece_size;
        enum sg_status status = frame_feed(&reader, stream->data + at, piece);
        SG_ASSERT(status == SG_OK);
        take_lines(&reader, &digest);
        SG_ASSERT(reader.pending.length <= FRAME_LINE_MAX + 1 + piece_size);
    }
    frame_fini(&reader);
    return digest;
}

static void expand(struct sg_buf *stream, const uint8_t *data, size_t size)
{
    static char run[RUN];
    memset(run, 'x', sizeof run);
    for (size_t i = 0; i < size && stream->length < STREAM_MAX; i++) {
        if (data[i] == 0xFF)
            sg_buf_append(stream, run, sizeof run);
        else
            sg_buf_append(stream, &data[i], 1);
    }
    SG_ASSERT(!stream->is_failed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct sg_buf stream = { 0 };
    expand(&stream, data + 1, size - 1);
    size_t piece_size = data[0] < 64 ? (size_t)data[0] + 1 : (size_t)data[0] * 1024;
    if (stream.length > RUN && piece_size < 64)
        piece_size = 64;
    struct digest pieces = read_in_pieces(&stream, piece_size);
    struct digest whole = read_in_pieces(&stream, stream.length);
    SG_ASSERT(pieces.sum == whole.sum && pieces.n_lines == whole.n_lines);
    sg_buf_fini(&stream);
    SG_ASSERT(sg_mem_live() == 0);
    return 0;
}
