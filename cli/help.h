/* Help texts, made from the table of commands. Pure. */
#ifndef SEGUE_CLI_HELP_H
#define SEGUE_CLI_HELP_H

#include "base/buf.h"
#include "cli/commands.h"

/* Appends the list of commands. */
void help_put_overview(struct sg_buf *out);

/* Appends what a command does and takes. */
void help_put_command(const struct command *command, struct sg_buf *out);

#endif
