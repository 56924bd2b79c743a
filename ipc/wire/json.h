/* Whether a text is JSON, to the letter. cJSON is more generous than it should be with bytes that
 * somebody else wrote: it takes control characters, "01", and "\u0000" (which ends a C string
 * before its time), cuts long numbers, and nests a thousand deep. What passes here means the same
 * to it as to everyone. Pure. */
#ifndef SEGUE_IPC_WIRE_JSON_H
#define SEGUE_IPC_WIRE_JSON_H

#include <stddef.h>

#include "base/err.h"

/* Longest number, in characters: what cJSON 1.7 reads without cutting. */
enum { JSON_NUMBER_MAX = 63 };

/* SG_OK when `text` is one JSON value and nothing else (RFC 8259), nested at most `depth_max`
 * levels deep, with no number longer than JSON_NUMBER_MAX, no "\u0000" and no half of a surrogate
 * pair. SG_E_PARSE otherwise; the message tells what was wrong at which byte. That the bytes are
 * UTF-8 is the caller's to check. */
SG_MUST_USE enum sg_status json_check(const char *text, size_t length, unsigned depth_max,
                                      struct sg_err *err);

#endif
