/* UTF-8 inside, UTF-16 at the Win32 edge. Untrusted bytes (file names, headers, messages) are
 * checked here before they are believed to be text. Pure; any thread. */
#ifndef SEGUE_BASE_UTF_H
#define SEGUE_BASE_UTF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decodes the code point at `text` (`length` bytes left, > 0) and says in `*out_size` how many
 * bytes it took. Malformed input (overlong, surrogate, beyond U+10FFFF, cut) gives U+FFFD and takes
 * one byte. Unicode 15, table 3-7. */
uint32_t sg_utf8_decode(const char *text, size_t length, size_t *out_size);

/* Writes `code_point` (valid, not a surrogate) to `out` and returns its length, 1 to 4. */
size_t sg_utf8_encode(uint32_t code_point, char out[4]);

/* True when all `length` bytes are well-formed UTF-8. */
bool sg_utf8_is_valid(const char *text, size_t length);

/* Cuts an incomplete sequence off the end of the string, as vsnprintf leaves one. */
void sg_utf8_trim_partial(char *text);

/* The number of UTF-16 units that the string needs, without its NUL. */
size_t sg_utf16_units(const char *text);

/* A NUL-terminated UTF-16 copy, owned by the caller (sg_free); malformed bytes become U+FFFD. NULL
 * when memory ran out. */
uint16_t *sg_utf16_from_utf8(const char *text);

/* A UTF-8 copy of `units` UTF-16 units, owned by the caller (sg_free); lone surrogates become
 * U+FFFD. NULL when memory ran out. */
char *sg_utf8_from_utf16(const uint16_t *text, size_t units);

#endif
