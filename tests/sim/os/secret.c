/* Secrets of the simulated system: every byte is turned around, behind one that says so. */
#include "os/secret.h"

#include <stdint.h>

enum { FIRST = 'S' };

static void append_turned(struct sg_buf *out, const uint8_t *bytes, size_t n_bytes)
{
    for (size_t i = 0; i < n_bytes; i++)
        sg_buf_putc(out, (char)(uint8_t)~bytes[i]);
}

enum sg_status secret_protect(const char *folder, const void *data, size_t n_bytes,
                              struct sg_buf *out, struct sg_err *err)
{
    (void)folder;
    if (!sg_buf_reserve(out, n_bytes + 1))
        return sg_err_set(err, SG_E_NOMEM, "out of memory");
    sg_buf_putc(out, FIRST);
    append_turned(out, data, n_bytes);
    return SG_OK;
}

enum sg_status secret_reveal(const char *folder, const void *data, size_t n_bytes,
                             struct sg_buf *out, struct sg_err *err)
{
    const uint8_t *bytes = data;
    (void)folder;
    if (n_bytes == 0 || bytes[0] != FIRST)
        return sg_err_set(err, SG_E_SECRETS, "a secret cannot be read");
    if (!sg_buf_reserve(out, n_bytes))
        return sg_err_set(err, SG_E_NOMEM, "out of memory");
    append_turned(out, bytes + 1, n_bytes - 1);
    return SG_OK;
}
