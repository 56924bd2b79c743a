/* What the files about files share. */
#ifndef SEGUE_OS_POSIX_FILE_POSIX_H
#define SEGUE_OS_POSIX_FILE_POSIX_H

#include <stdbool.h>

#include "os/file.h"

/* An open file. */
struct file {
    struct port *port;
    int fd;
    bool is_read_only;
    char *path; /* that it was opened with, or renamed to */
};

/* What an errno about `path` means: ENOENT is said of a missing file and of a missing folder above
 * it. Any thread; blocks. */
enum sg_status file_path_status(int os_error, const char *path);

#endif
