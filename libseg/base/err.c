/* Filling and prefixing error records. */
#include "base/err.h"

#include <stdio.h>
#include <string.h>

#include "base/utf.h"

static void fill(struct sg_err *err, enum sg_status status, int64_t foreign, const char *format,
                 va_list args) __attribute__((format(printf, 4, 0)));

static void fill(struct sg_err *err, enum sg_status status, int64_t foreign, const char *format,
                 va_list args)
{
    err->status = status;
    err->foreign = foreign;
    vsnprintf(err->message, sizeof err->message, format, args);
    sg_utf8_trim_partial(err->message);
}

enum sg_status sg_err_set(struct sg_err *err, enum sg_status status, const char *format, ...)
{
    if (err == NULL)
        return status;
    va_list args;
    va_start(args, format);
    fill(err, status, 0, format, args);
    va_end(args);
    return status;
}

enum sg_status sg_err_foreign(struct sg_err *err, enum sg_status status, int64_t foreign,
                              const char *format, ...)
{
    if (err == NULL)
        return status;
    va_list args;
    va_start(args, format);
    fill(err, status, foreign, format, args);
    va_end(args);
    return status;
}

enum sg_status sg_err_prefix(struct sg_err *err, enum sg_status status, const char *format, ...)
{
    if (err == NULL)
        return status;
    struct sg_err inner = *err;
    if (inner.status != status)
        inner.message[0] = '\0';
    inner.status = status;

    va_list args;
    va_start(args, format);
    fill(err, status, inner.foreign, format, args);
    va_end(args);

    size_t length = strlen(err->message);
    snprintf(err->message + length, sizeof err->message - length, ": %s", sg_err_text(&inner));
    sg_utf8_trim_partial(err->message);
    return status;
}

const char *sg_err_text(const struct sg_err *err)
{
    return err->message[0] != '\0' ? err->message : sg_status_sentence(err->status);
}
