/* The error record: a status, the foreign code behind it, and a message that each layer prefixes
 * with what it was doing, so that the top can show one line that tells the whole story. */
#ifndef SEGUE_BASE_ERR_H
#define SEGUE_BASE_ERR_H

#include <stdarg.h>
#include <stdint.h>

#include "base/status.h"

enum { SG_ERR_MESSAGE_SIZE = 512 };

/* Plain data; zero-initialise it. Copy it freely. Every function below takes NULL for `err` and
 * then only hands back the status. Messages longer than the buffer are cut at a UTF-8 boundary. */
struct sg_err {
    enum sg_status status;
    int64_t foreign; /* Win32, errno, CURLcode or SQLite code; 0 if none */
    char message[SG_ERR_MESSAGE_SIZE];
};

/* Records `status` with a message and returns it, so that a failing branch is one line:
 * `return sg_err_set(err, SG_E_INVALID, "not a URL: %s", text);` */
enum sg_status sg_err_set(struct sg_err *err, enum sg_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* As sg_err_set, and keeps the foreign code. */
enum sg_status sg_err_foreign(struct sg_err *err, enum sg_status status, int64_t foreign,
                              const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Puts "prefix: " before the message that is there and returns the recorded status. */
enum sg_status sg_err_prefix(struct sg_err *err, enum sg_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The message, or the status's sentence where there is no message. Never empty. */
const char *sg_err_text(const struct sg_err *err);

#endif
