/* Paths mean the same to everybody. */
#include "daemon/folder.h"

enum sg_status folder_check_shared(const char *folder, struct sg_err *err)
{
    (void)folder;
    (void)err;
    return SG_OK;
}
