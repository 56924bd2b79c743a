/* A file's identity out of what stat says. */
#ifndef SEGUE_OS_POSIX_STAT_POSIX_H
#define SEGUE_OS_POSIX_STAT_POSIX_H

#include <string.h>
#include <sys/stat.h>

#include "os/file.h"

/* Device and inode; the rest of the id is zero. */
static inline struct file_id posix_file_id(const struct stat *info)
{
    struct file_id id = { .volume = (uint64_t)info->st_dev };
    uint64_t inode = (uint64_t)info->st_ino;
    memcpy(id.id, &inode, sizeof inode);
    return id;
}

#endif
