/* Points of time as people give them on a command line. */
#ifndef SEGUE_CLI_AT_H
#define SEGUE_CLI_AT_H

#include <stdbool.h>
#include <stdint.h>

/* Reads, in milliseconds since 1970 (UTC):
 *   22:30                             the next time that a local clock shows it
 *   +90s, +15m, +2h, +1d              that long after `now_ms`
 *   2030-01-31T22:30[:00]             local time
 *   2030-01-31T22:30:00[.123]Z|+01:00 that time in that zone (RFC 3339)
 * False for anything else, and for days that no calendar has. Local time is the C library's. */
bool at_parse(const char *text, int64_t now_ms, int64_t *out_ms);

#endif
