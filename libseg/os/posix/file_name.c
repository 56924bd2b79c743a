/* An open file's names: POSIX renames and removes names, not files, so it is looked first whose
 * they are. Blocking; any thread. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "os/path.h"
#include "os/posix/fail_posix.h"
#include "os/posix/file_posix.h"

enum sg_status file_path_status(int os_error, const char *path)
{
    if (os_error != ENOENT)
        return os_error_status(os_error);
    char *folder = path_parent(path);
    bool has_folder = folder != NULL && path_exists(folder);
    sg_free(folder);
    return has_folder ? SG_E_NOT_FOUND : SG_E_NO_FOLDER;
}

/* Here others can take the name of an open file away, or give it to another one. */
static bool is_still_named(const struct file *file)
{
    struct stat own;
    struct stat named;
    return fstat(file->fd, &own) == 0 && lstat(file->path, &named) == 0 &&
           own.st_dev == named.st_dev && own.st_ino == named.st_ino;
}

enum sg_status file_rename(struct file *file, const char *target, bool may_replace,
                           struct sg_err *err)
{
    if (!is_still_named(file))
        return sg_err_set(err, SG_E_NOT_FOUND, "%s is gone, or another file", file->path);
    char *copy = sg_strdup(target);
    if (copy == NULL)
        return sg_err_set(err, SG_E_NOMEM, "renaming %s", file->path);
    unsigned flags = may_replace ? 0 : RENAME_NOREPLACE;
    if (renameat2(AT_FDCWD, file->path, AT_FDCWD, target, flags) != 0) {
        int os_error = errno;
        sg_free(copy);
        return posix_fail_as(err, file_path_status(os_error, target), os_error, "renaming to",
                             target);
    }
    sg_free(file->path);
    file->path = copy;
    return SG_OK;
}

/* "/proc/self/fd/7" leads to where the file is by now. */
enum sg_status file_place(struct file *file, char **out_path, struct sg_err *err)
{
    char link[32];
    char place[PATH_MAX];
    struct stat own, there;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file->fd);
    ssize_t length = readlink(link, place, sizeof place - 1);
    if (length < 0)
        return posix_fail(err, errno, "asking for the place of", file->path);
    place[length] = '\0';
    bool is_there = fstat(file->fd, &own) == 0 && lstat(place, &there) == 0 &&
                    own.st_dev == there.st_dev && own.st_ino == there.st_ino;
    if (!is_there)
        return sg_err_set(err, SG_E_NOT_FOUND, "%s has no name any more", file->path);
    char *copy = sg_strdup(place);
    if (copy == NULL)
        return sg_err_set(err, SG_E_NOMEM, "out of memory");
    *out_path = copy;
    return SG_OK;
}

/* The folder that has the open file under the name `name`; -1 when it is another by now: errno. */
static int open_folder(const struct file *file, const char *folder, const char *name)
{
    struct stat own, named;
    int fd = open(folder, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -1;
    if (fstat(file->fd, &own) == 0 && fstatat(fd, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
        own.st_dev == named.st_dev && own.st_ino == named.st_ino)
        return fd;
    close(fd);
    errno = ENOENT;
    return -1;
}

static enum sg_status rename_in(struct file *file, const char *folder, const char *place,
                                const char *target, bool may_replace, struct sg_err *err)
{
    unsigned flags = may_replace ? 0 : RENAME_NOREPLACE;
    const char *from = path_name(place);
    int fd = open_folder(file, folder, from);
    if (fd < 0)
        return posix_fail(err, errno, "looking at the folder of", place);
    int os_error = renameat2(fd, from, fd, path_name(target), flags) == 0 ? 0 : errno;
    close(fd);
    return os_error == 0 ? SG_OK : posix_fail(err, os_error, "renaming to", target);
}

enum sg_status file_rename_here(struct file *file, const char *name, bool may_replace,
                                struct sg_err *err)
{
    char *place;
    enum sg_status status = file_place(file, &place, err);
    if (status != SG_OK)
        return status;
    char *folder = path_parent(place);
    char *target = folder != NULL ? path_join(folder, name) : NULL;
    if (target == NULL)
        status = sg_err_set(err, SG_E_NOMEM, "renaming %s", file->path);
    else
        status = rename_in(file, folder, place, target, may_replace, err);
    if (status == SG_OK) {
        sg_free(file->path);
        file->path = target;
        target = NULL;
    }
    sg_free(target);
    sg_free(folder);
    sg_free(place);
    return status;
}

enum sg_status file_delete(struct file *file, struct sg_err *err)
{
    if (!is_still_named(file))
        return sg_err_set(err, SG_E_NOT_FOUND, "%s is gone, or another file", file->path);
    return unlink(file->path) == 0 ? SG_OK : posix_fail(err, errno, "removing", file->path);
}
