/* The edge between UTF-8 inside and UTF-16 in Windows, for this program. */
#ifndef SEGUE_CLI_WIN_TEXT_H
#define SEGUE_CLI_WIN_TEXT_H

#include <stddef.h>
#include <wchar.h>

enum { TEXT_ERROR_SIZE = 256 };

/* NUL-terminated copies, owned by the caller (sg_free). Malformed parts become U+FFFD. */
wchar_t *text_wide(const char *utf8);
char *text_utf8(const wchar_t *wide);

/* What an error code of Windows means, in Windows' words and with the number: "Access is denied
 * (error 5)". FormatMessageW. */
void text_of_error(unsigned long error, char out[TEXT_ERROR_SIZE]);

#endif
