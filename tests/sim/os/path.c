/* Paths on the simulated disk. They look like POSIX paths; the current folder is always "/desk". */
#include "os/path.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/mem.h"
#include "os/posix/fail_posix.h"
#include "os/posix/path_text.h"
#include "tests/sim/os/disk.h"

static const char current_folder[] = "/desk";
static const char program[] = "/desk/sim-contract";

struct path_lock {
    struct node *node;
};

enum sg_status path_absolute(const char *path, char **out, struct sg_err *err)
{
    return path_absolute_from(current_folder, path, out, err);
}

enum sg_status path_check_folder(const char *path, struct sg_err *err)
{
    struct node *node;
    int os_error = disk_find(disk_mounted(), path, &node);
    if (os_error != 0)
        return posix_fail_as(err, SG_E_NO_FOLDER, os_error, "looking at", path);
    if (!node_is_folder(node))
        return sg_err_set(err, SG_E_NO_FOLDER, "%s is not a folder", path);
    return SG_OK;
}

enum sg_status path_check_writable(const char *path, struct sg_err *err)
{
    enum sg_status status = path_check_folder(path, err);
    if (status == SG_OK && disk_free_bytes(disk_mounted(), disk_volume_of(path)) == 0)
        return posix_fail(err, ENOSPC, "writing to the folder", path);
    return status;
}

bool path_exists(const char *path)
{
    struct node *node;
    return disk_is_mounted() && disk_find(disk_mounted(), path, &node) == 0;
}

/* A missing folder above it means the same to the caller: nothing has this name. */
static enum sg_status status_for_name(int os_error)
{
    return os_error == ENOTDIR ? SG_E_NOT_FOUND : os_error_status(os_error);
}

enum sg_status path_identity(const char *path, struct file_id *out_id, struct sg_err *err)
{
    struct node *node;
    int os_error = disk_find(disk_mounted(), path, &node);
    if (os_error != 0)
        return posix_fail_as(err, status_for_name(os_error), os_error, "looking at", path);
    uint64_t number = node_number(node);
    *out_id = (struct file_id){ .volume = 1 + (uint64_t)disk_volume_of(path) };
    memcpy(out_id->id, &number, sizeof number);
    return SG_OK;
}

enum sg_status path_make_folders(const char *path, struct sg_err *err)
{
    struct node *node;
    struct disk *disk = disk_mounted();
    if (path_exists(path))
        return path_check_folder(path, err);
    char *parent = path_parent(path);
    if (parent == NULL)
        return sg_err_set(err, SG_E_NOMEM, "making folder %s", path);
    enum sg_status status = path_make_folders(parent, err);
    sg_free(parent);
    if (status != SG_OK)
        return status;
    int os_error = disk_make(disk, path, true, &node);
    return os_error == 0 ? SG_OK : posix_fail(err, os_error, "making folder", path);
}

enum sg_status path_remove(const char *path, struct sg_err *err)
{
    int os_error = disk_remove(disk_mounted(), path);
    if (os_error == 0)
        return SG_OK;
    return posix_fail_as(err, status_for_name(os_error), os_error, "removing", path);
}

enum sg_status path_rename(const char *from, const char *to, struct sg_err *err)
{
    int os_error = disk_rename(disk_mounted(), from, to, false);
    if (os_error == 0)
        return SG_OK;
    return posix_fail_as(err, status_for_name(os_error), os_error, "renaming", from);
}

enum sg_status path_free_bytes(const char *path, uint64_t *out_bytes, struct sg_err *err)
{
    enum sg_status status = path_check_folder(path, err);
    if (status == SG_OK)
        *out_bytes = disk_free_bytes(disk_mounted(), disk_volume_of(path));
    return status;
}

/* The simulated machine has its program only once somebody asks for it. */
static const char *known_path(enum path_folder which)
{
    struct node *node;
    switch (which) {
    case PATH_USER_DATA:
    case PATH_SERVICE_DATA:
        return "/data";
    case PATH_TEMP:
        return current_folder;
    case PATH_DOWNLOADS:
        return "/downloads";
    case PATH_PROGRAM:
        SG_ASSERT(path_exists(program) || disk_make(disk_mounted(), program, false, &node) == 0);
        return program;
    }
    SG_UNREACHABLE("no such folder");
}

enum sg_status path_known(enum path_folder which, char **out, struct sg_err *err)
{
    char *path = sg_strdup(known_path(which));
    if (path == NULL)
        return sg_err_set(err, SG_E_NOMEM, "looking for a folder");
    *out = path;
    return SG_OK;
}

/* The lock is that a file can be open for writing only once. */
static int open_lock(const char *path, struct node **out)
{
    struct disk *disk = disk_mounted();
    int os_error = disk_make(disk, path, false, out);
    if (os_error == EEXIST)
        os_error = disk_find(disk, path, out);
    return os_error == 0 ? node_open(*out, true) : os_error;
}

enum sg_status path_lock(const char *path, struct path_lock **out, struct sg_err *err)
{
    struct path_lock *lock = sg_alloc(sizeof *lock);
    if (lock == NULL)
        return sg_err_set(err, SG_E_NOMEM, "locking %s", path);
    int os_error = open_lock(path, &lock->node);
    if (os_error != 0) {
        enum sg_status status = os_error == EBUSY ? SG_E_LOCKED : SG_E_NO_FOLDER;
        sg_free(lock);
        return posix_fail_as(err, status, os_error, "locking", path);
    }
    *out = lock;
    return SG_OK;
}

void path_unlock(struct path_lock *lock)
{
    if (lock == NULL)
        return;
    node_close(lock->node, true);
    sg_free(lock);
}
