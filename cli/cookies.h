/* Cookies out of a file as browsers and curl exchange them (cookies.txt): a line each, with seven
 * fields between tabs: domain, TRUE when subdomains count, path, TRUE when only https counts, the
 * second at which it expires (0: with the session), name, value. A "#HttpOnly_" before the domain
 * does not matter; other lines with "#" are comments. Pure. */
#ifndef SEGUE_CLI_COOKIES_H
#define SEGUE_CLI_COOKIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* Appends the cookies that go with `url` as a Cookie header has them ("a=1; b=2", RFC 6265, 5.4),
 * and tells whether there are any. Lines of another form are passed over. */
bool cookies_for_url(const char *text, const char *url, int64_t now_s, struct sg_buf *out);

#endif
