/* Files by descriptor: writes go to the writers' threads, everything else blocks. A file knows the
 * path that it was opened with, because POSIX renames and removes names, not files. */
#define _GNU_SOURCE
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/mem.h"
#include "os/path.h"
#include "os/posix/fail_posix.h"
#include "os/posix/file_posix.h"
#include "os/posix/port_posix.h"
#include "os/posix/stat_posix.h"
#include "os/posix/writers.h"

static int open_flags(enum file_mode mode)
{
    switch (mode) {
    case FILE_CREATE_NEW:
    case FILE_CREATE_PLAIN:
    case FILE_CREATE_FOR_OWNER:
        return O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC;
    case FILE_OPEN_EXISTING:
    case FILE_OPEN_FOR_OWNER:
        return O_RDWR | O_CLOEXEC;
    case FILE_READ_ONLY:
        return O_RDONLY | O_CLOEXEC;
    }
    SG_UNREACHABLE("no such mode");
}

static bool is_folder(int fd)
{
    struct stat info;
    return fstat(fd, &info) == 0 && S_ISDIR(info.st_mode);
}

static enum sg_status open_path(const char *path, enum file_mode mode, int *out_fd,
                                struct sg_err *err)
{
    int fd = open(path, open_flags(mode), 0666);
    if (fd < 0) {
        int os_error = errno;
        return posix_fail_as(err, file_path_status(os_error, path), os_error, "opening", path);
    }
    if (is_folder(fd)) {
        close(fd);
        return posix_fail(err, EISDIR, "opening", path);
    }
    *out_fd = fd;
    return SG_OK;
}

enum sg_status file_open(struct loop *loop, const char *path, enum file_mode mode,
                         struct file **out, struct sg_err *err)
{
    struct file *file = sg_alloc(sizeof *file);
    char *copy = sg_strdup(path);
    enum sg_status status;
    if (file == NULL || copy == NULL) {
        status = sg_err_set(err, SG_E_NOMEM, "opening %s", path);
        goto free_both;
    }
    *file = (struct file){
        .port = loop_port(loop),
        .is_read_only = mode == FILE_READ_ONLY,
        .path = copy,
    };
    status = open_path(path, mode, &file->fd, err);
    if (status != SG_OK)
        goto free_both;
    *out = file;
    return SG_OK;

free_both:
    sg_free(copy);
    sg_free(file);
    return status;
}

void file_close(struct file *file)
{
    if (file == NULL)
        return;
    close(file->fd);
    sg_free(file->path);
    sg_free(file);
}

enum sg_status file_write(struct file *file, struct op *op, uint64_t offset, const void *data,
                          uint32_t n_bytes)
{
    SG_ASSERT(n_bytes > 0);
    op->os_error = 0;
    if (file->is_read_only) {
        op->os_error = EACCES;
        return SG_E_DENIED;
    }
    if (offset > (uint64_t)INT64_MAX - n_bytes) {
        op->os_error = EFBIG;
        return SG_E_TOO_LARGE;
    }
    *op_state(op) = (struct op_state){
        .n_bytes = n_bytes,
        .fd = file->fd,
        .data = data,
        .offset = offset,
    };
    writers_submit(port_writers(file->port), op);
    return SG_PENDING;
}

enum sg_status file_read(struct file *file, uint64_t offset, void *out, uint32_t n_bytes,
                         uint32_t *out_read, struct sg_err *err)
{
    uint32_t n_read = 0;
    while (n_read < n_bytes) {
        ssize_t n_now =
            pread(file->fd, (char *)out + n_read, n_bytes - n_read, (off_t)(offset + n_read));
        if (n_now == 0)
            break;
        if (n_now > 0)
            n_read += (uint32_t)n_now;
        else if (errno != EINTR)
            return posix_fail(err, errno, "reading", file->path);
    }
    *out_read = n_read;
    return SG_OK;
}

enum sg_status file_flush(struct file *file, struct sg_err *err)
{
    return fsync(file->fd) == 0 ? SG_OK : posix_fail(err, errno, "flushing", file->path);
}

/* FAT and its kin have no holes: to reserve is to write zeros. */
static bool has_holes(int fd)
{
    struct statfs volume;
    return fstatfs(fd, &volume) != 0 ||
           (volume.f_type != MSDOS_SUPER_MAGIC && volume.f_type != EXFAT_SUPER_MAGIC);
}

/* Bytes on the volume that are free or already this file's. */
static uint64_t room_for(const struct stat *info, const struct statvfs *volume)
{
    return (uint64_t)volume->f_bavail * volume->f_frsize + (uint64_t)info->st_blocks * 512;
}

enum sg_status file_reserve(struct file *file, uint64_t size, enum file_allocation *out_kind,
                            struct sg_err *err)
{
    struct stat info;
    struct statvfs volume;
    if (fstat(file->fd, &info) != 0 || fstatvfs(file->fd, &volume) != 0)
        return posix_fail(err, errno, "looking at the volume of", file->path);
    if (size > room_for(&info, &volume))
        return posix_fail(err, ENOSPC, "reserving room for", file->path);
    if (size == 0 || !has_holes(file->fd)) {
        *out_kind = FILE_ALLOC_NONE;
        return SG_OK;
    }
    if (fallocate(file->fd, 0, 0, (off_t)size) == 0) {
        *out_kind = FILE_ALLOC_RESERVED;
        return SG_OK;
    }
    if (errno != EOPNOTSUPP)
        return posix_fail(err, errno, "reserving room for", file->path);
    if ((uint64_t)info.st_size < size && ftruncate(file->fd, (off_t)size) != 0)
        return posix_fail(err, errno, "reserving room for", file->path);
    *out_kind = FILE_ALLOC_SPARSE;
    return SG_OK;
}

/* Files are created neither closed to others nor for them here. */
enum sg_status file_admit_others(struct file *file, struct sg_err *err)
{
    (void)file;
    (void)err;
    return SG_OK;
}

enum sg_status file_set_size(struct file *file, uint64_t size, struct sg_err *err)
{
    if (size > INT64_MAX)
        return posix_fail(err, EFBIG, "setting the size of", file->path);
    if (ftruncate(file->fd, (off_t)size) == 0)
        return SG_OK;
    if (file->is_read_only)
        return posix_fail_as(err, SG_E_DENIED, errno, "setting the size of", file->path);
    return posix_fail(err, errno, "setting the size of", file->path);
}

enum sg_status file_size(struct file *file, uint64_t *out_size, struct sg_err *err)
{
    struct stat info;
    if (fstat(file->fd, &info) != 0)
        return posix_fail(err, errno, "asking for the size of", file->path);
    *out_size = (uint64_t)info.st_size;
    return SG_OK;
}

enum sg_status file_identity(struct file *file, struct file_id *out_id, struct sg_err *err)
{
    struct stat info;
    if (fstat(file->fd, &info) != 0)
        return posix_fail(err, errno, "asking for the identity of", file->path);
    *out_id = posix_file_id(&info);
    return SG_OK;
}

enum sg_status file_set_modified(struct file *file, int64_t wall_ms, struct sg_err *err)
{
    int64_t seconds = wall_ms / 1000 - (wall_ms % 1000 < 0);
    const struct timespec times[2] = {
        { .tv_nsec = UTIME_OMIT },
        { .tv_sec = (time_t)seconds, .tv_nsec = (long)(wall_ms - seconds * 1000) * 1000000 },
    };
    return futimens(file->fd, times) == 0
               ? SG_OK
               : posix_fail(err, errno, "setting the time of", file->path);
}

/* What users may add to a file, and what goes where it goes: extended attributes of this class. */
enum { STREAM_NAME_MAX = 64 };

static void attribute_name(const char *stream, char out[STREAM_NAME_MAX])
{
    int length = snprintf(out, STREAM_NAME_MAX, "user.%s", stream);
    SG_ASSERT(length < STREAM_NAME_MAX);
}

bool file_has_streams(struct file *file)
{
    return fgetxattr(file->fd, "user.any", NULL, 0) >= 0 || errno != EOPNOTSUPP;
}

enum sg_status file_write_stream(struct file *file, const char *name, const char *text,
                                 struct sg_err *err)
{
    char attribute[STREAM_NAME_MAX];
    attribute_name(name, attribute);
    if (fsetxattr(file->fd, attribute, text, strlen(text), 0) != 0)
        return posix_fail(err, errno, "writing a stream of", file->path);
    return file_flush(file, err);
}
