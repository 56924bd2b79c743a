/* Questions to the file system about paths. UTF-8, absolute; both separators are understood on
 * Windows. Everything here may block and is called on a work thread or at start-up. Strings that
 * are returned belong to the caller (sg_free). */
#ifndef SEGUE_OS_PATH_H
#define SEGUE_OS_PATH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "os/file.h"

enum path_folder {
    PATH_USER_DATA,    /* %LocalAppData%\Segue: the user's own daemon */
    PATH_SERVICE_DATA, /* %ProgramData%\Segue: the service */
    PATH_DOWNLOADS,    /* the user's Downloads folder */
    PATH_TEMP,         /* for files that nobody needs after the process */
    PATH_PROGRAM,      /* the running executable's file */
};

/* Makes `path` absolute and normal; a relative one is taken from the process's current folder.
 * SG_E_INVALID when it cannot be a path. GetFullPathNameW. */
SG_MUST_USE enum sg_status path_absolute(const char *path, char **out, struct sg_err *err);

/* True when `path` does not depend on a current folder or drive. Pure. */
bool path_is_absolute(const char *path);

/* `folder` and `name` with one separator between them. NULL when memory ran out. Pure. */
char *path_join(const char *folder, const char *name);

/* The folder part of `path` ("C:\x\y.bin" → "C:\x", "C:\y" → "C:\"). NULL when memory ran out.
 * Pure. */
char *path_parent(const char *path);

/* The part behind the last separator: a pointer into `path`. Pure. */
const char *path_name(const char *path);

/* SG_OK when `path` is a folder; SG_E_NO_FOLDER when it is missing or something else;
 * SG_E_DENIED. */
SG_MUST_USE enum sg_status path_check_folder(const char *path, struct sg_err *err);

/* SG_OK when this process can create files in the folder `path`, which is found out by doing so
 * (the file is gone at once). SG_E_NO_FOLDER, SG_E_DENIED, SG_E_DISK_FULL.
 * FILE_FLAG_DELETE_ON_CLOSE. */
SG_MUST_USE enum sg_status path_check_writable(const char *path, struct sg_err *err);

/* True when something has this name. */
bool path_exists(const char *path);

/* The identity of what has this name; SG_E_NOT_FOUND when nothing has. Does not follow links. */
SG_MUST_USE enum sg_status path_identity(const char *path, struct file_id *out_id,
                                         struct sg_err *err);

/* Creates the folder and those above it that are missing. */
SG_MUST_USE enum sg_status path_make_folders(const char *path, struct sg_err *err);

/* Removes a file; SG_E_NOT_FOUND when there is none. */
SG_MUST_USE enum sg_status path_remove(const char *path, struct sg_err *err);

/* Gives a file another name in the same volume; an existing file there is an error: SG_E_EXISTS.
 * MoveFileExW. */
SG_MUST_USE enum sg_status path_rename(const char *from, const char *to, struct sg_err *err);

/* Bytes that this process may still write in the volume of the folder `path`. */
SG_MUST_USE enum sg_status path_free_bytes(const char *path, uint64_t *out_bytes,
                                           struct sg_err *err);

/* A folder that the system knows by role. */
SG_MUST_USE enum sg_status path_known(enum path_folder which, char **out, struct sg_err *err);

struct path_lock;

/* Takes the exclusive lock that says "this process owns the data folder": opens `path` and holds it
 * until the process ends or path_unlock. SG_E_LOCKED when another process holds it. */
SG_MUST_USE enum sg_status path_lock(const char *path, struct path_lock **out, struct sg_err *err);

/* Gives the lock back. NULL is allowed. */
void path_unlock(struct path_lock *lock);

#endif
