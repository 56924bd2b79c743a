/* The half of os/path.h that is about text alone. */
#include "os/posix/path_text.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/utf.h"
#include "os/path.h"

bool path_is_absolute(const char *path)
{
    return path[0] == '/';
}

char *path_join(const char *folder, const char *name)
{
    struct sg_buf joined = { 0 };
    sg_buf_puts(&joined, folder);
    if (joined.length > 0 && joined.data[joined.length - 1] != '/')
        sg_buf_putc(&joined, '/');
    sg_buf_puts(&joined, name);
    return sg_buf_take(&joined);
}

const char *path_name(const char *path)
{
    const char *separator = strrchr(path, '/');
    return separator != NULL ? separator + 1 : path;
}

char *path_parent(const char *path)
{
    size_t length = (size_t)(path_name(path) - path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    return sg_strndup(path, length);
}

/* Appends one part of a path that is to be normal: "." says nothing, ".." takes a part away. */
static void append_part(struct sg_buf *buf, const char *part, size_t length)
{
    if (length == 0 || (length == 1 && part[0] == '.'))
        return;
    if (length == 2 && memcmp(part, "..", 2) == 0) {
        while (buf->length > 0 && buf->data[--buf->length] != '/')
            continue;
        return;
    }
    sg_buf_putc(buf, '/');
    sg_buf_append(buf, part, length);
}

static void append_normal(struct sg_buf *buf, const char *path)
{
    while (*path != '\0' && !buf->is_failed) {
        size_t length = strcspn(path, "/");
        append_part(buf, path, length);
        path += length + (path[length] == '/');
    }
}

enum sg_status path_absolute_from(const char *folder, const char *path, char **out,
                                  struct sg_err *err)
{
    if (path[0] == '\0')
        return sg_err_set(err, SG_E_INVALID, "an empty path");
    if (!sg_utf8_is_valid(path, strlen(path)))
        return sg_err_set(err, SG_E_INVALID, "a path that is not UTF-8");
    struct sg_buf buf = { 0 };
    if (!path_is_absolute(path))
        append_normal(&buf, folder);
    append_normal(&buf, path);
    if (buf.length == 0)
        sg_buf_putc(&buf, '/');
    char *absolute = sg_buf_take(&buf);
    if (absolute == NULL)
        return sg_err_set(err, SG_E_NOMEM, "making %s absolute", path);
    *out = absolute;
    return SG_OK;
}
