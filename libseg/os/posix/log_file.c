/* The rotating log file, for tests only. */
#define _GNU_SOURCE
#include "os/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "os/posix/fail_posix.h"

struct log_file {
    pthread_mutex_t lock;
    char *path;
    uint64_t max_bytes;
    /* under lock */
    int fd;
    uint64_t size;
};

static int open_append(const char *path)
{
    return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

enum sg_status log_file_open(const char *path, uint64_t max_bytes, struct log_file **out,
                             struct sg_err *err)
{
    struct stat info;
    struct log_file *log = sg_alloc(sizeof *log);
    char *copy = sg_strdup(path);
    if (log == NULL || copy == NULL) {
        sg_free(log);
        sg_free(copy);
        return sg_err_set(err, SG_E_NOMEM, "out of memory");
    }
    log->path = copy;
    log->max_bytes = max_bytes;
    pthread_mutex_init(&log->lock, NULL);
    log->fd = open_append(path);
    if (log->fd < 0) {
        int os_error = errno;
        log_file_close(log);
        return posix_fail(err, os_error, "opening", path);
    }
    if (fstat(log->fd, &info) == 0)
        log->size = (uint64_t)info.st_size;
    *out = log;
    return SG_OK;
}

static void rotate(struct log_file *log)
{
    struct sg_buf old = { 0 };
    sg_buf_printf(&old, "%s.1", log->path);
    if (!old.is_failed && rename(log->path, old.data) == 0) {
        close(log->fd);
        log->fd = open_append(log->path);
        log->size = 0;
    }
    sg_buf_fini(&old);
}

void log_file_append(struct log_file *log, const char *line, size_t length)
{
    if (log == NULL)
        return;
    pthread_mutex_lock(&log->lock);
    if (log->size + length > log->max_bytes)
        rotate(log);
    if (log->fd >= 0 && write(log->fd, line, length) > 0)
        log->size += length;
    pthread_mutex_unlock(&log->lock);
}

void log_file_close(struct log_file *log)
{
    if (log == NULL)
        return;
    if (log->fd >= 0)
        close(log->fd);
    pthread_mutex_destroy(&log->lock);
    sg_free(log->path);
    sg_free(log);
}
