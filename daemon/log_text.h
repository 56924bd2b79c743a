/* A record of the log as text: one line, "2026-11-23T13:01:02.345Z info text". Pure. */
#ifndef SEGUE_DAEMON_LOG_TEXT_H
#define SEGUE_DAEMON_LOG_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG, LOG_LEVEL_COUNT };

enum {
    LOG_TIME_LENGTH = 24, /* of "2026-11-23T13:01:02.345Z" */
    LOG_LINE_SIZE = 2048, /* the longest line with its line break and its NUL */
};

/* "error", "warning", "info", "debug"; static. */
const char *log_level_word(enum log_level level);

/* The level of this name, or LOG_LEVEL_COUNT. */
enum log_level log_level_find(const char *word);

/* Writes the line with its line break and returns its length. In `text` control characters, line
 * breaks, malformed bytes and the marks that turn the direction of writing become \n, \x1b,
 * \u202e; a text that is too long ends in "...". A backslash stays as it is, for paths have many.
 */
size_t log_text_format(int64_t wall_ms, enum log_level level, const char *text,
                       char out[LOG_LINE_SIZE]);

/* What is in a line; pointers into it. */
struct log_record {
    enum log_level level;
    const char *text; /* with what follows in the line */
};

/* Reads a line that log_text_format wrote, NUL-terminated; false when it is none. */
bool log_text_parse(const char *line, struct log_record *out);

#endif
