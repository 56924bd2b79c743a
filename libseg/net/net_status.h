/* The one place where libcurl's error codes become ours. */
#ifndef SEGUE_NET_NET_STATUS_H
#define SEGUE_NET_NET_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include <curl/curl.h>

#include "base/err.h"

/* Records in `err` why a transfer failed, and returns the status. `text` is what libcurl put into
 * CURLOPT_ERRORBUFFER; NULL or "" where it said nothing. Any thread. libcurl-errors(3). */
enum sg_status net_status_set(struct sg_err *err, CURLcode code, const char *text);

/* True for the failures that a machine without any network has: names that cannot be resolved, and
 * places that cannot be reached (not those that refuse). They have other causes too: ask net_is_up.
 * `os_error` is CURLINFO_OS_ERRNO. Any thread. */
bool net_status_is_unreachable(enum sg_status status, int32_t os_error);

#endif
