/* What a reply means: the table of HTTP situations in one function. A verdict says whether the body
 * may be written, and otherwise what became of the server's file or of the link to it. Pure. */
#ifndef SEGUE_CORE_VERDICT_H
#define SEGUE_CORE_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "core/reply.h"

enum verdict {
    VERDICT_RANGE,    /* the body is exactly the range that was asked for, or its beginning */
    VERDICT_WHOLE,    /* the body is the whole file: this server has no ranges */
    VERDICT_IGNORED,  /* the whole file though a later range was asked: not to be written */
    VERDICT_EMPTY,    /* the file has no bytes */
    VERDICT_COMPLETE, /* nothing lies behind what we have: 416 with our total */
    VERDICT_CHANGED,  /* it is another file now */
    VERDICT_REFUSED,  /* too many connections or too busy: fewer lanes, later */
    VERDICT_RETRY,    /* a passing failure of the server */
    VERDICT_LINK,     /* it worked before and does not now: the link has expired */
    VERDICT_NO_RANGE, /* asking for ranges does not tell the length: ask again without one */
    VERDICT_FAILED,   /* it will not work: *err says why */
};

/* What is known when the request was sent. */
struct expectation {
    bool wants_range; /* a Range header was sent */
    uint64_t first;   /* first byte asked for */
    uint64_t end;     /* one past the last byte asked for; 0: open */
    int64_t total;    /* of the version being fetched; -1: not known yet */
    const char *etag; /* validators of that version; NULL: not known */
    const char *last_modified;
    bool has_worked; /* the link gave bytes before */
};

/* Judges a reply. For VERDICT_FAILED, LINK, CHANGED, RETRY and REFUSED `err` has status and
 * message. */
enum verdict verdict_of(const struct reply *reply, const struct expectation *expected,
                        struct sg_err *err);

/* The file's length that the reply tells; -1 when it does not. */
int64_t verdict_total(const struct reply *reply);

#endif
