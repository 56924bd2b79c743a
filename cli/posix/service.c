/* There are no services of this kind here. */
#include "cli/service.h"

static enum sg_status refuse(struct sg_err *err)
{
    return sg_err_set(err, SG_E_SYSTEM,
                      "services are Windows' own: run 'segd run' on this system instead");
}

enum sg_status service_install(const char *program, struct service_made *out, struct sg_err *err)
{
    (void)program;
    (void)out;
    return refuse(err);
}

enum sg_status service_uninstall(bool purges, struct sg_err *err)
{
    (void)purges;
    return refuse(err);
}

enum sg_status service_start(bool *out_was, struct sg_err *err)
{
    (void)out_was;
    return refuse(err);
}

enum sg_status service_stop(bool *out_was, struct sg_err *err)
{
    (void)out_was;
    return refuse(err);
}

enum sg_status service_query(struct service_facts *out, struct sg_err *err)
{
    (void)out;
    return refuse(err);
}
