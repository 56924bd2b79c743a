/* What pipes are called: \\.\pipe\segue for the service, \\.\pipe\segue-SID for a user's own
 * daemon. */
#include "ipc/win/pipe_name.h"

#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/utf.h"
#include "ipc/dial.h"
#include "ipc/win/sid.h"
#include "os/win/wide.h"

#define LOCAL_PIPE "\\\\.\\pipe\\"
#define SERVICE_PIPE LOCAL_PIPE "segue"

enum { NAME_UNITS_MAX = 256, PREFIX_LENGTH = sizeof LOCAL_PIPE - 1 };

static bool has_prefix(const char *name)
{
    char prefix[PREFIX_LENGTH + 1];
    if (strlen(name) <= PREFIX_LENGTH)
        return false;
    memcpy(prefix, name, PREFIX_LENGTH);
    prefix[PREFIX_LENGTH] = '\0';
    return sg_equals_ignoring_case(prefix, LOCAL_PIPE);
}

enum sg_status pipe_name_to_wide(const char *name, wchar_t **out, struct sg_err *err)
{
    bool is_good = sg_utf8_is_valid(name, strlen(name)) && has_prefix(name) &&
                   strchr(name + PREFIX_LENGTH, '\\') == NULL &&
                   sg_utf16_units(name) <= NAME_UNITS_MAX;
    if (!is_good)
        return sg_err_set(err, SG_E_INVALID, "not the name of a pipe (" LOCAL_PIPE "NAME): %s",
                          name);
    wchar_t *wide = wide_from_utf8(name);
    if (wide == NULL)
        return sg_err_set(err, SG_E_NOMEM, "naming a pipe");
    *out = wide;
    return SG_OK;
}

static enum sg_status give(struct sg_buf *name, char **out_name, struct sg_err *err)
{
    char *text = sg_buf_take(name);
    if (text == NULL)
        return sg_err_set(err, SG_E_NOMEM, "naming a pipe");
    *out_name = text;
    return SG_OK;
}

enum sg_status dial_service_name(char **out_name, struct sg_err *err)
{
    struct sg_buf name = { 0 };
    sg_buf_puts(&name, SERVICE_PIPE);
    return give(&name, out_name, err);
}

enum sg_status dial_user_name(char **out_name, struct sg_err *err)
{
    char *sid;
    enum sg_status status = sid_of_process(&sid, err);
    if (status != SG_OK)
        return status;
    struct sg_buf name = { 0 };
    sg_buf_printf(&name, SERVICE_PIPE "-%s", sid);
    sg_free(sid);
    return give(&name, out_name, err);
}
