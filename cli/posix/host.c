/* Environment, paths and files of a POSIX system; for tests. */
#define _GNU_SOURCE
#include "cli/host.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cli/need.h"

char *host_env(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? need(sg_strdup(value)) : NULL;
}

/* Appends the parts of `path` one by one; "." stays where it is and ".." goes up. */
static void walk(struct sg_buf *out, const char *path)
{
    while (*path != '\0') {
        size_t length = strcspn(path, "/");
        if (length == 2 && memcmp(path, "..", 2) == 0) {
            while (out->length > 0 && out->data[out->length - 1] != '/')
                out->length--;
            out->length -= out->length > 0;
        } else if (length > 0 && !(length == 1 && path[0] == '.')) {
            sg_buf_putc(out, '/');
            sg_buf_append(out, path, length);
        }
        path += length + (path[length] == '/');
    }
}

enum sg_status host_absolute(const char *path, char **out, struct sg_err *err)
{
    struct sg_buf full = { 0 };
    char folder[4096];
    bool is_relative = path[0] != '/';
    if (is_relative && getcwd(folder, sizeof folder) == NULL)
        return sg_err_foreign(err, SG_E_INVALID, errno,
                              "the current folder cannot be told: give whole paths");
    if (is_relative)
        walk(&full, folder);
    walk(&full, path);
    if (full.length == 0)
        sg_buf_putc(&full, '/');
    full.data[full.length] = '\0'; /* ".." only shortened it */
    *out = need(sg_buf_take(&full));
    return SG_OK;
}

size_t host_name_start(const char *path)
{
    const char *separator = strrchr(path, '/');
    return separator != NULL ? (size_t)(separator - path) + 1 : 0;
}

FILE *host_open(const char *path)
{
    return strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
}
