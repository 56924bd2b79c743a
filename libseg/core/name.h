/* File names from URLs and servers, made safe for Windows. The sources are untrusted: the result
 * never leaves its folder, never names a device or a stream, and never deceives the eye by control
 * or direction-changing characters. Pure.
 * Naming Files, Paths, and Namespaces (Windows documentation); RFC 6266; RFC 8187. */
#ifndef SEGUE_CORE_NAME_H
#define SEGUE_CORE_NAME_H

#include <stdbool.h>
#include <stddef.h>

/* UTF-16 units of the longest name, so that ".part" and " (999)" still fit into 255. */
enum { NAME_UNITS_MAX = 255 - 16 };

/* The raw name in a Content-Disposition value: `filename*` (RFC 8187, UTF-8 or ISO-8859-1) where it
 * is well formed, else `filename`, with encoded words decoded (core/encoded_word.h). Of a path, its
 * last part. The caller owns it (sg_free). NULL when there is none or memory
 * ran out. */
char *name_from_disposition(const char *value);

/* A safe name made of `raw` (any bytes): separators and forbidden characters become "_", what
 * cannot be seen is left out, broken UTF-8 is replaced, device names get a "_" in front, trailing
 * dots and spaces go, long names are cut before their extension. "download" when nothing is left.
 * The caller owns it (sg_free). NULL when memory ran out. */
char *name_sanitize(const char *raw);

/* True when name_sanitize would leave `name` as it is: what a caller may ask for. */
bool name_is_safe(const char *name);

/* "NAME (n).ext" for n > 1, a copy for n = 1. The caller owns it. NULL when memory ran out. */
char *name_numbered(const char *name, unsigned n);

#endif
