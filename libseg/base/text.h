/* Small pure helpers for numbers and times as text. Any thread. */
#ifndef SEGUE_BASE_TEXT_H
#define SEGUE_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SG_ISO8601_SIZE = 32 };

/* Reads decimal digits from `text` up to `length` bytes; false when there is none, when something
 * else stands among them, or when the number does not fit. `*out` is untouched then. */
bool sg_parse_u64(const char *text, size_t length, uint64_t *out);

/* Writes `wall_ms` (milliseconds since 1970, UTC) as "2026-11-23T13:01:02.345Z". */
void sg_format_iso8601(int64_t wall_ms, char out[SG_ISO8601_SIZE]);

/* Reads what sg_format_iso8601 writes, with or without the milliseconds, "Z" or an offset such as
 * "+01:00" (RFC 3339); false when it is anything else. */
bool sg_parse_iso8601(const char *text, int64_t *out_wall_ms);

/* Days from 1970-01-01 to the given day of the proleptic Gregorian calendar; `month` 1 to 12. */
int64_t sg_days_from_civil(int64_t year, unsigned month, unsigned day);

/* The next line of a text that has one entry a line: its beginning and, without the line break, its
 * length; `*text` moves behind it. NULL at the end; a text that is NULL has no lines. */
const char *sg_next_line(const char **text, size_t *out_length);

/* Compares ASCII text without regard to case; other bytes compare as they are. */
bool sg_equals_ignoring_case(const char *a, const char *b);

#endif
