/* Reading text files whole. */
#include "cli/text_file.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf.h"
#include "cli/host.h"
#include "cli/need.h"

enum { READ_SIZE = 64 * 1024, FILE_SIZE_MAX = 256 * 1024 * 1024 };

static enum sg_status read_bytes(FILE *file, const char *path, struct sg_buf *out,
                                 struct sg_err *err)
{
    char *block = need(sg_alloc(READ_SIZE));
    size_t n_bytes;
    while ((n_bytes = fread(block, 1, READ_SIZE, file)) > 0 && out->length < FILE_SIZE_MAX)
        sg_buf_append(out, block, n_bytes);
    sg_free(block);
    need(out->is_failed ? NULL : out);
    if (ferror(file) != 0)
        return sg_err_set(err, SG_E_IO, "%s could not be read: see whether it is a file", path);
    if (out->length >= FILE_SIZE_MAX)
        return sg_err_set(err, SG_E_INVALID, "%s is too large: split it", path);
    return SG_OK;
}

/* Takes a byte order mark away, and converts UTF-16 (little-endian). */
static void to_utf8(struct sg_buf *text)
{
    if (text->length >= 3 && memcmp(text->data, "\xEF\xBB\xBF", 3) == 0) {
        sg_buf_consume(text, 3);
        return;
    }
    if (text->length < 2 || memcmp(text->data, "\xFF\xFE", 2) != 0)
        return;
    size_t n_units = text->length / 2 - 1;
    uint16_t *units = need(sg_alloc_array(n_units + 1, sizeof *units));
    memcpy(units, text->data + 2, n_units * sizeof *units);
    char *converted = need(sg_utf8_from_utf16(units, n_units));
    sg_buf_clear(text);
    sg_buf_puts(text, converted);
    sg_free(converted);
    sg_free(units);
}

enum sg_status text_file_read(const char *path, struct sg_buf *out, struct sg_err *err)
{
    FILE *file = host_open(path);
    if (file == NULL)
        return sg_err_foreign(err, SG_E_INVALID, errno, "%s cannot be opened (%s): check its name",
                              path, strerror(errno));
    enum sg_status status = read_bytes(file, path, out, err);
    if (file != stdin)
        fclose(file);
    if (status != SG_OK)
        return status;
    to_utf8(out);
    sg_buf_puts(out, ""); /* an empty file is an empty text */
    if (strlen(out->data) != out->length || !sg_utf8_is_valid(out->data, out->length))
        return sg_err_set(err, SG_E_INVALID, "%s is not UTF-8 text: save it as such", path);
    return SG_OK;
}
