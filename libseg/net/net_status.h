/* The one place where libcurl's error codes become ours. */
#ifndef SEGUE_NET_NET_STATUS_H
#define SEGUE_NET_NET_STATUS_H

#include <curl/curl.h>

#include "base/err.h"

/* Records in `err` why a transfer failed, and returns the status. `text` is what libcurl put into
 * CURLOPT_ERRORBUFFER; NULL or "" where it said nothing. Any thread. libcurl-errors(3). */
enum sg_status net_status_set(struct sg_err *err, CURLcode code, const char *text);

#endif
