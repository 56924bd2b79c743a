/* Questions about paths, and the lock of the data folder. */
#define _GNU_SOURCE
#include "os/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/mem.h"
#include "os/posix/fail_posix.h"
#include "os/posix/path_text.h"
#include "os/posix/stat_posix.h"

struct path_lock {
    int fd;
};

enum sg_status path_absolute(const char *path, char **out, struct sg_err *err)
{
    char folder[PATH_MAX] = "";
    if (!path_is_absolute(path) && getcwd(folder, sizeof folder) == NULL)
        return posix_fail(err, errno, "asking for the current folder", NULL);
    return path_absolute_from(folder, path, out, err);
}

enum sg_status path_check_folder(const char *path, struct sg_err *err)
{
    struct stat info;
    if (stat(path, &info) != 0) {
        int os_error = errno;
        enum sg_status status = os_error == ENOENT ? SG_E_NO_FOLDER : os_error_status(os_error);
        return posix_fail_as(err, status, os_error, "looking at", path);
    }
    if (!S_ISDIR(info.st_mode))
        return sg_err_set(err, SG_E_NO_FOLDER, "%s is not a folder", path);
    return SG_OK;
}

enum sg_status path_check_writable(const char *path, struct sg_err *err)
{
    enum sg_status status = path_check_folder(path, err);
    if (status != SG_OK)
        return status;
    int fd = open(path, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0) {
        int os_error = errno;
        return posix_fail(err, os_error, "writing to the folder", path);
    }
    close(fd);
    return SG_OK;
}

bool path_exists(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0;
}

/* A missing folder above it means the same to the caller: nothing has this name. */
static enum sg_status status_for_name(int os_error)
{
    return os_error == ENOTDIR ? SG_E_NOT_FOUND : os_error_status(os_error);
}

enum sg_status path_identity(const char *path, struct file_id *out_id, struct sg_err *err)
{
    struct stat info;
    if (lstat(path, &info) != 0) {
        int os_error = errno;
        return posix_fail_as(err, status_for_name(os_error), os_error, "looking at", path);
    }
    *out_id = posix_file_id(&info);
    return SG_OK;
}

enum sg_status path_make_folders(const char *path, struct sg_err *err)
{
    if (mkdir(path, 0777) == 0)
        return SG_OK;
    if (errno == EEXIST)
        return path_check_folder(path, err);
    if (errno != ENOENT || path[0] == '\0')
        return posix_fail(err, errno, "making folder", path);
    char *parent = path_parent(path);
    if (parent == NULL)
        return sg_err_set(err, SG_E_NOMEM, "making folder %s", path);
    enum sg_status status = path_make_folders(parent, err);
    sg_free(parent);
    if (status != SG_OK)
        return status;
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        return posix_fail(err, errno, "making folder", path);
    return path_check_folder(path, err);
}

enum sg_status path_remove(const char *path, struct sg_err *err)
{
    if (unlink(path) == 0)
        return SG_OK;
    int os_error = errno;
    return posix_fail_as(err, status_for_name(os_error), os_error, "removing", path);
}

enum sg_status path_rename(const char *from, const char *to, struct sg_err *err)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return SG_OK;
    int os_error = errno;
    return posix_fail_as(err, status_for_name(os_error), os_error, "renaming", from);
}

enum sg_status path_free_bytes(const char *path, uint64_t *out_bytes, struct sg_err *err)
{
    struct statvfs volume;
    if (statvfs(path, &volume) != 0) {
        int os_error = errno;
        enum sg_status status = os_error == ENOENT ? SG_E_NO_FOLDER : os_error_status(os_error);
        return posix_fail_as(err, status, os_error, "looking at the volume of", path);
    }
    *out_bytes = (uint64_t)volume.f_bavail * volume.f_frsize;
    return SG_OK;
}

static char *program_path(void)
{
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path);
    return length > 0 ? sg_strndup(path, (size_t)length) : NULL;
}

/* `name` in the user's home folder. */
static char *home_path(const char *name)
{
    const char *home = getenv("HOME");
    return home != NULL && path_is_absolute(home) ? path_join(home, name) : NULL;
}

static char *temp_path(void)
{
    const char *folder = getenv("TMPDIR");
    return sg_strdup(folder != NULL && path_is_absolute(folder) ? folder : "/tmp");
}

static char *known_path(enum path_folder which)
{
    switch (which) {
    case PATH_USER_DATA:
        return home_path(".local/share/segue");
    case PATH_SERVICE_DATA:
        return sg_strdup("/var/lib/segue");
    case PATH_DOWNLOADS:
        return home_path("Downloads");
    case PATH_TEMP:
        return temp_path();
    case PATH_PROGRAM:
        return program_path();
    }
    return NULL;
}

enum sg_status path_known(enum path_folder which, char **out, struct sg_err *err)
{
    char *path = known_path(which);
    if (path == NULL)
        return sg_err_set(err, SG_E_SYSTEM, "this folder is not known");
    *out = path;
    return SG_OK;
}

static enum sg_status take_lock(int fd, const char *path, struct sg_err *err)
{
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return SG_OK;
    int os_error = errno;
    enum sg_status status = os_error == EWOULDBLOCK ? SG_E_LOCKED : os_error_status(os_error);
    return posix_fail_as(err, status, os_error, "locking", path);
}

enum sg_status path_lock(const char *path, struct path_lock **out, struct sg_err *err)
{
    struct path_lock *lock = sg_alloc(sizeof *lock);
    if (lock == NULL)
        return sg_err_set(err, SG_E_NOMEM, "locking %s", path);
    lock->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    enum sg_status status;
    if (lock->fd < 0) {
        int os_error = errno;
        status = os_error == ENOENT ? SG_E_NO_FOLDER : os_error_status(os_error);
        posix_fail_as(err, status, os_error, "opening", path);
        goto free_lock;
    }
    status = take_lock(lock->fd, path, err);
    if (status != SG_OK)
        goto close_lock;
    *out = lock;
    return SG_OK;

close_lock:
    close(lock->fd);
free_lock:
    sg_free(lock);
    return status;
}

void path_unlock(struct path_lock *lock)
{
    if (lock == NULL)
        return;
    close(lock->fd);
    sg_free(lock);
}
