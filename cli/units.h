/* Sizes, rates and times as people write and read them. Units are KiB based: 1K is 1024. Pure. */
#ifndef SEGUE_CLI_UNITS_H
#define SEGUE_CLI_UNITS_H

#include <stdbool.h>
#include <stdint.h>

enum { UNITS_TEXT_SIZE = 32 };

/* The largest number of bytes that is understood: JSON numbers are exact up to here. */
#define UNITS_BYTES_MAX ((int64_t)1 << 53)

/* Reads "500", "500K", "1.5G", "2MiB"; false for anything else, `*out` is untouched then. */
bool units_parse_size(const char *text, int64_t *out_bytes);

/* As units_parse_size, also "2M/s", and "off", which gives 0. */
bool units_parse_rate(const char *text, int64_t *out_bps);

/* Reads a whole number, with a sign or without. */
bool units_parse_integer(const char *text, int64_t *out);

/* "999 B", "1.0 KiB", "23.4 MiB": at most 9 columns up to the TiB; "-" for a negative number, which
 * stands for "not known" here and below. */
void units_format_size(int64_t bytes, char out[UNITS_TEXT_SIZE]);

/* The same with "/s": at most 11 columns. */
void units_format_rate(int64_t bps, char out[UNITS_TEXT_SIZE]);

/* "0:07", "2:05", "1:02:03", "3d 04h". */
void units_format_duration(int64_t seconds, char out[UNITS_TEXT_SIZE]);

/* "42%", rounded down, so that 100% means all of it. */
void units_format_percent(int64_t done, int64_t total, char out[UNITS_TEXT_SIZE]);

/* A time of the protocol (ISO 8601, UTC) as local time: "2026-11-23 13:01:02"; the text itself when
 * it cannot be read; "-" for NULL. */
void units_format_time(const char *iso, char out[UNITS_TEXT_SIZE]);

#endif
