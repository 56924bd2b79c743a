/* The login of --user. A password on a command line can be read by everybody on the machine and
 * stays in the shell's history: so it may be left out. It is asked of a terminal only: what a
 * script feeds to stdin is meant for something else. */
#include "cli/login.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cli/need.h"
#include "cli/secret_input.h"

bool login_has_password(const char *value)
{
    return strchr(value, ':') != NULL;
}

static char *join(const char *name, const char *password)
{
    size_t n_name = strlen(name);
    size_t n_password = strlen(password);
    char *login = need(sg_alloc(n_name + 1 + n_password + 1));
    memcpy(login, name, n_name);
    login[n_name] = ':';
    memcpy(login + n_name + 1, password, n_password + 1);
    return login;
}

static enum sg_status ask(const char *name, char **out, struct sg_err *err)
{
    char *password;
    struct sg_buf prompt = { 0 };
    sg_buf_printf(&prompt, "Password of %s: ", name);
    need(prompt.is_failed ? NULL : prompt.data);
    enum sg_status status = secret_input_read(prompt.data, &password, err);
    sg_buf_fini(&prompt);
    if (status != SG_OK)
        return sg_err_prefix(err, status, "the password of %s cannot be asked for", name);
    *out = join(name, password);
    sg_free_secret(password);
    return SG_OK;
}

enum sg_status login_complete(const char *value, char **out, struct sg_err *err)
{
    if (value[0] == '\0')
        return sg_err_set(err, SG_E_INVALID,
                          "--user needs a name: give NAME:PASSWORD, or NAME to be asked for the "
                          "password");
    if (!login_has_password(value))
        return ask(value, out, err);
    *out = need(sg_strdup(value));
    return SG_OK;
}
