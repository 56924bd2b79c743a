/* The head of an HTTP reply as facts: what Segue uses of the headers, parsed strictly. Servers are
 * not believed: a number that is not one, or two different answers to one question, make the reply
 * malformed. Pure. RFC 9110, RFC 9112. */
#ifndef SEGUE_CORE_REPLY_H
#define SEGUE_CORE_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct reply {
    int http_status;
    int64_t content_length; /* -1: not given */
    bool has_range;         /* Content-Range with a range */
    uint64_t range_first;   /* first and last byte, as in "bytes 0-99/100" */
    uint64_t range_last;
    int64_t range_total;    /* total of Content-Range, also in the form of 416; -1: "*" or none */
    bool is_encoded;        /* Content-Encoding other than identity */
    bool is_html;           /* Content-Type text/html or application/xhtml+xml */
    bool refuses_ranges;    /* Accept-Ranges: none */
    int64_t retry_after_ms; /* from now; -1: not given */
    char *etag;             /* as sent, with quotes and W/; NULL: none */
    char *last_modified;    /* as sent; NULL: none */
    char *disposition;      /* Content-Disposition as sent; NULL: none */
    char *digest;           /* strongest declared digest of the whole file as "sha256:hex"; NULL:
                               none, or it speaks of something else */
};

/* Parses header lines ("Name: value\n", …) of a reply. `now_wall_ms` turns dates of Retry-After
 * into delays. The caller releases `*out` by reply_fini; on failure there is nothing to release.
 * SG_E_BAD_SERVER with the header's name; SG_E_NOMEM. */
SG_MUST_USE enum sg_status reply_parse(int http_status, const char *lines, size_t length,
                                       int64_t now_wall_ms, struct reply *out, struct sg_err *err);

/* Releases what a reply owns. */
void reply_fini(struct reply *reply);

#endif
