/* The daemon's log: one line a record, to segd.log in the data folder and, while the daemon has a
 * console, to stderr. While the daemon runs, whoever has something to say only puts it into memory;
 * another thread writes it, so that a slow disk or a console that somebody holds still never stops
 * the engine. Lines that come faster than they can be written, and those that a full disk refuses,
 * are counted, and their number is told with the next line that can be written. Any thread. */
#ifndef SEGUE_DAEMON_LOG_H
#define SEGUE_DAEMON_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/log_text.h"

/* Makes the log ready, before anything else here and before there are threads. Until log_open lines
 * go to stderr only. */
void log_init(void);

/* Opens the file in `folder`. Without one (it cannot be written) only stderr gets the lines. */
void log_open(const char *folder);

/* Writes what is left and closes it. */
void log_close(void);

/* Says whether lines go to stderr too; true at first. */
void log_to_console(bool is_on);

/* Says which lines are wanted: those of this level, and worse ones. LOG_INFO at first. */
void log_set_level(enum log_level level);

/* Writes one record as log_text_format says. */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Leaves the writing to another thread that `wake` makes call log_flush; with NULL whoever has a
 * line writes it, as at first. `wake` is called after each line, on any thread and with the log's
 * lock held: all it may do is to post mail. */
void log_hand_over(void (*wake)(void *ctx), void *ctx);

/* Returns when all lines so far were written, or could not be. */
void log_flush(void);

/* Calls `on_line` after each new line until this is called with NULL. It is called on any thread
 * and with the log's lock held: all it may do is to post mail. */
void log_watch(void (*on_line)(void *ctx), void *ctx);

/* One line of log_read; `text` is the line with its line break. */
typedef void log_read_fn(void *ctx, uint64_t number, enum log_level level, const char *text,
                         size_t length);

/* Which lines. */
struct log_query {
    enum log_level level; /* and worse ones */
    uint64_t after;       /* only lines with numbers above it */
    size_t max_lines;
    size_t max_bytes;
};

/* What log_read found besides the lines. */
struct log_found {
    uint64_t next;   /* `after` for what follows these lines */
    uint64_t missed; /* lines that are in memory no more */
};

/* Calls `fn` for each of the lines in memory (the newest few thousand, also of the runs before),
 * the oldest first, with the log's lock held. */
struct log_found log_read(const struct log_query *query, log_read_fn *fn, void *ctx);

/* log_ring_before_last. */
uint64_t log_before_last(enum log_level level, size_t n);

#endif
