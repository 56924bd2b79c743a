/* Ownership of jobs. */
#include "daemon/access.h"

#include <string.h>

bool access_may_see(const struct app *app, const struct session *session, const struct job *job)
{
    if (app_options(app)->mode == APP_USER)
        return true;
    const char *owner = job_record_of(job)->owner;
    return owner != NULL && strcmp(owner, session_owner(session)) == 0;
}
