/* Files that are appended to, for tests only. */
#define _GNU_SOURCE
#include "os/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "os/posix/fail_posix.h"

struct log_file {
    int fd;
};

enum sg_status log_file_open(const char *path, struct log_file **out, uint64_t *out_bytes,
                             struct sg_err *err)
{
    struct stat info;
    struct log_file *file = sg_alloc(sizeof *file);
    if (file == NULL)
        return sg_err_set(err, SG_E_NOMEM, "out of memory");
    file->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file->fd < 0) {
        int os_error = errno;
        sg_free(file);
        return posix_fail(err, os_error, "opening", path);
    }
    *out_bytes = fstat(file->fd, &info) == 0 ? (uint64_t)info.st_size : 0;
    *out = file;
    return SG_OK;
}

size_t log_file_write(struct log_file *file, const char *data, size_t length)
{
    ssize_t written = write(file->fd, data, length);
    return written > 0 ? (size_t)written : 0;
}

void log_file_close(struct log_file *file)
{
    if (file == NULL)
        return;
    close(file->fd);
    sg_free(file);
}

static void read_end(int fd, size_t max_bytes, struct sg_buf *out)
{
    struct stat info;
    size_t size = fstat(fd, &info) == 0 && info.st_size > 0 ? (size_t)info.st_size : 0;
    size_t wanted = size < max_bytes ? size : max_bytes;
    if (!sg_buf_reserve(out, wanted))
        return;
    ssize_t n = pread(fd, out->data + out->length, wanted, (off_t)(size - wanted));
    out->length += n > 0 ? (size_t)n : 0;
    out->data[out->length] = '\0';
}

enum sg_status log_file_read_end(const char *path, size_t max_bytes, struct sg_buf *out,
                                 struct sg_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return posix_fail(err, errno, "opening", path);
    read_end(fd, max_bytes, out);
    close(fd);
    return out->is_failed ? sg_err_set(err, SG_E_NOMEM, "out of memory") : SG_OK;
}
