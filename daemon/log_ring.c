/* Lines in a circle of pointers. */
#include "daemon/log_ring.h"

#include <string.h>

#include "base/mem.h"

struct log_ring {
    uint64_t newest; /* the number given last */
    size_t first;    /* the place of the oldest line */
    size_t n_lines;
    size_t n_bytes;
    struct log_ring_line *lines[LOG_RING_LINES];
};

struct log_ring *log_ring_create(void)
{
    return sg_alloc(sizeof(struct log_ring));
}

static struct log_ring_line *line_at(const struct log_ring *ring, size_t i)
{
    return ring->lines[(ring->first + i) % LOG_RING_LINES];
}

static void drop_oldest(struct log_ring *ring)
{
    struct log_ring_line *line = line_at(ring, 0);
    ring->n_bytes -= line->length;
    ring->first = (ring->first + 1) % LOG_RING_LINES;
    ring->n_lines--;
    sg_free(line);
}

void log_ring_destroy(struct log_ring *ring)
{
    if (ring == NULL)
        return;
    while (ring->n_lines > 0)
        drop_oldest(ring);
    sg_free(ring);
}

void log_ring_add(struct log_ring *ring, enum log_level level, const char *line, size_t length)
{
    ring->newest++;
    struct log_ring_line *copy = sg_alloc(sizeof *copy + length + 1);
    if (copy == NULL)
        return;
    copy->number = ring->newest;
    copy->level = level;
    copy->length = length;
    memcpy(copy->text, line, length);
    while (ring->n_lines > 0 &&
           (ring->n_lines == LOG_RING_LINES || ring->n_bytes + length > LOG_RING_BYTES))
        drop_oldest(ring);
    ring->lines[(ring->first + ring->n_lines) % LOG_RING_LINES] = copy;
    ring->n_lines++;
    ring->n_bytes += length;
}

uint64_t log_ring_newest(const struct log_ring *ring)
{
    return ring->newest;
}

/* By halves, for numbers only grow. */
const struct log_ring_line *log_ring_next(const struct log_ring *ring, uint64_t after)
{
    size_t low = 0;
    size_t high = ring->n_lines;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (line_at(ring, middle)->number > after)
            high = middle;
        else
            low = middle + 1;
    }
    return low < ring->n_lines ? line_at(ring, low) : NULL;
}

uint64_t log_ring_before_last(const struct log_ring *ring, enum log_level level, size_t n)
{
    uint64_t before = ring->newest;
    for (size_t i = ring->n_lines; i > 0 && n > 0; i--) {
        const struct log_ring_line *line = line_at(ring, i - 1);
        if (line->level > level)
            continue;
        before = line->number - 1;
        n--;
    }
    return before;
}
