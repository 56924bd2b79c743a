/* The edge between UTF-8 inside and UTF-16 in Windows, and the form of path that Windows takes. */
#ifndef SEGUE_OS_WIN_WIDE_H
#define SEGUE_OS_WIN_WIDE_H

#include <wchar.h>

#include "base/err.h"

/* NUL-terminated copies, owned by the caller (sg_free); NULL when memory ran out. Any thread. */
wchar_t *wide_from_utf8(const char *text);
char *wide_to_utf8(const wchar_t *text);

/* The path as it is handed to Windows: backslashes, and long ones normalised and marked with "\\?\"
 * so that the limit of 260 units does not hold for them, whatever the program's manifest and the
 * machine's policy say. Owned by the caller (sg_free). SG_E_INVALID for what is not UTF-8, not
 * absolute, or names a device or a pipe instead of something in a file system. Any thread.
 * Windows documentation: "Maximum Path Length Limitation", "Naming Files, Paths, and Namespaces" */
SG_MUST_USE enum sg_status wide_path(const char *path, wchar_t **out, struct sg_err *err);

/* GetFullPathNameW into memory of the right size, owned by the caller (sg_free). */
SG_MUST_USE enum sg_status wide_full_path(const wchar_t *path, wchar_t **out, struct sg_err *err);

#endif
