/* Owners by number; for tests only. */
#include "daemon/owner.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

enum sg_status owner_check(const char *path, struct sg_err *err)
{
    struct stat found;
    if (lstat(path, &found) != 0)
        return sg_err_foreign(err, SG_E_DENIED, errno, "the owner of %s cannot be told", path);
    if (found.st_uid == 0 || found.st_uid == geteuid())
        return SG_OK;
    return sg_err_set(err, SG_E_DENIED,
                      "the data folder %s belongs to another user: look at it, and delete it",
                      path);
}
