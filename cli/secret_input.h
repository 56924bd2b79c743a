/* Asking a person for a secret. Implemented by cli/win, and by cli/posix for tests. */
#ifndef SEGUE_CLI_SECRET_INPUT_H
#define SEGUE_CLI_SECRET_INPUT_H

#include "base/err.h"

/* Shows `prompt` and reads a line from stdin's terminal, which does not show what is typed
 * meanwhile. The caller owns `*out` (UTF-8, without the line's end; sg_free_secret). SG_E_INVALID
 * with what to do instead when stdin is no terminal, or the line cannot be read or is too long;
 * SG_E_CANCELLED after Ctrl-C. ReadConsoleW without ENABLE_ECHO_INPUT; termios. */
SG_MUST_USE enum sg_status secret_input_read(const char *prompt, char **out, struct sg_err *err);

/* Lets the terminal show again what is typed, if secret_input_read is at work: for the handler of
 * Ctrl-C, which ends the program. Any thread; in a signal handler too. */
void secret_input_restore(void);

#endif
