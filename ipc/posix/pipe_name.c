/* Where the daemons' sockets would be, for tests. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "ipc/dial.h"

static enum sg_status give(struct sg_buf *name, char **out_name, struct sg_err *err)
{
    char *text = sg_buf_take(name);
    if (text == NULL)
        return sg_err_set(err, SG_E_NOMEM, "naming the control channel");
    *out_name = text;
    return SG_OK;
}

enum sg_status dial_service_name(char **out_name, struct sg_err *err)
{
    struct sg_buf name = { 0 };
    sg_buf_puts(&name, "/run/segue.sock");
    return give(&name, out_name, err);
}

enum sg_status dial_user_name(char **out_name, struct sg_err *err)
{
    struct sg_buf name = { 0 };
    const char *folder = getenv("XDG_RUNTIME_DIR");
    if (folder != NULL && folder[0] == '/')
        sg_buf_printf(&name, "%s/segue.sock", folder);
    else
        sg_buf_printf(&name, "/tmp/segue-%u.sock", (unsigned)geteuid());
    return give(&name, out_name, err);
}
