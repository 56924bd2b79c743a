/* What errno means: the table that turns it into a status, and its sentence. */
#define _GNU_SOURCE
#include "os/op.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "os/posix/fail_posix.h"

static const struct {
    int os_error;
    enum sg_status status;
} meanings[] = {
    { ENOENT, SG_E_NOT_FOUND },    { ENOTDIR, SG_E_NO_FOLDER },    { EEXIST, SG_E_EXISTS },
    { ENOTEMPTY, SG_E_EXISTS },    { EACCES, SG_E_DENIED },        { EPERM, SG_E_DENIED },
    { EROFS, SG_E_DENIED },        { EISDIR, SG_E_DENIED },        { ENOSPC, SG_E_DISK_FULL },
    { EDQUOT, SG_E_DISK_FULL },    { EFBIG, SG_E_TOO_LARGE },      { EOVERFLOW, SG_E_TOO_LARGE },
    { EBUSY, SG_E_IN_USE },        { ETXTBSY, SG_E_IN_USE },       { ENAMETOOLONG, SG_E_INVALID },
    { EILSEQ, SG_E_INVALID },      { ENOMEM, SG_E_NOMEM },         { EIO, SG_E_IO },
    { ECANCELED, SG_E_CANCELLED }, { EPIPE, SG_E_CLOSED },         { ECONNRESET, SG_E_RESET },
    { ECONNABORTED, SG_E_RESET },  { ECONNREFUSED, SG_E_CONNECT }, { EHOSTUNREACH, SG_E_NETWORK },
    { ETIMEDOUT, SG_E_TIMEOUT },   { ENETUNREACH, SG_E_NETWORK },  { ENETDOWN, SG_E_NETWORK },
};

enum sg_status os_error_status(int32_t os_error)
{
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
        if (meanings[i].os_error == os_error)
            return meanings[i].status;
    }
    return SG_E_SYSTEM;
}

void os_error_text(int32_t os_error, char *out_text, uint32_t size)
{
    char sentence[256];
    snprintf(out_text, size, "%s (errno %d)", strerror_r(os_error, sentence, sizeof sentence),
             (int)os_error);
}

enum sg_status posix_fail_as(struct sg_err *err, enum sg_status status, int os_error,
                             const char *doing, const char *subject)
{
    char text[300];
    os_error_text(os_error, text, sizeof text);
    return sg_err_foreign(err, status, os_error, "%s%s%s: %s", doing, subject != NULL ? " " : "",
                          subject != NULL ? subject : "", text);
}

enum sg_status posix_fail(struct sg_err *err, int os_error, const char *doing, const char *subject)
{
    return posix_fail_as(err, os_error_status(os_error), os_error, doing, subject);
}
