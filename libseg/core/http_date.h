/* Dates as HTTP writes them. Pure. */
#ifndef SEGUE_CORE_HTTP_DATE_H
#define SEGUE_CORE_HTTP_DATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads an HTTP date of `length` bytes in any of the three forms of RFC 9110, 5.6.7 ("Sun, 06 Nov
 * 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"). False when it
 * is none of them; `*out_wall_ms` is then untouched. A two-digit year means 1970 to 2069. */
bool http_date_parse(const char *text, size_t length, int64_t *out_wall_ms);

#endif
