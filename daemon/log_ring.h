/* The newest lines of the log, in memory: what waits to be written, and what callers read. Lines
 * have numbers from 1 on, without gaps but for those that memory had no room for. Pure. */
#ifndef SEGUE_DAEMON_LOG_RING_H
#define SEGUE_DAEMON_LOG_RING_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/log_text.h"

enum { LOG_RING_LINES = 4096, LOG_RING_BYTES = 1024 * 1024 };

struct log_ring_line {
    uint64_t number;
    enum log_level level;
    size_t length;
    char text[]; /* with its line break and a NUL */
};

struct log_ring;

/* Creates an empty one. NULL when memory ran out. */
struct log_ring *log_ring_create(void);

/* Frees it. NULL is allowed. */
void log_ring_destroy(struct log_ring *ring);

/* Adds a line; the oldest ones go where there are too many. */
void log_ring_add(struct log_ring *ring, enum log_level level, const char *line, size_t length);

/* The number of the newest line; 0 when there was none. */
uint64_t log_ring_newest(const struct log_ring *ring);

/* The oldest line with a number above `after`; NULL when there is none. Valid until the next
 * log_ring_add. */
const struct log_ring_line *log_ring_next(const struct log_ring *ring, uint64_t after);

/* The number behind which the last `n` lines of this level, or of a worse one, stand. */
uint64_t log_ring_before_last(const struct log_ring *ring, enum log_level level, size_t n);

#endif
