/* The login of --user: "NAME:PASSWORD", or a NAME whose password is asked for, as curl does. */
#ifndef SEGUE_CLI_LOGIN_H
#define SEGUE_CLI_LOGIN_H

#include <stdbool.h>

#include "base/err.h"

/* True when the value has a password, perhaps an empty one ("NAME:"). Behind the first colon
 * everything is password. */
bool login_has_password(const char *value);

/* The login as the daemon takes it; where the password is missing, the terminal is asked for it.
 * The caller owns `*out` (sg_free_secret). SG_E_INVALID when there is no name, nothing to ask, or
 * no answer; SG_E_CANCELLED after Ctrl-C. */
SG_MUST_USE enum sg_status login_complete(const char *value, char **out, struct sg_err *err);

#endif
