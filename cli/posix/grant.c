/* There is no service here. */
#include "cli/grant.h"

enum sg_status grant_to_service(const char *folder, bool is_granted, struct sg_err *err)
{
    (void)is_granted;
    return sg_err_set(err, SG_E_INVALID, "no service of this system could write to %s: use Windows",
                      folder);
}
