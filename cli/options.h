/* Reads a command's arguments by the table of commands. Pure.
 *
 *   --name VALUE, --name=VALUE, -x VALUE, -xVALUE, flags together as in -aw; "--" ends the options;
 *   a lone "-" is a word. Names are not abbreviated: a script would break with the next option. */
#ifndef SEGUE_CLI_OPTIONS_H
#define SEGUE_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "cli/commands.h"

struct args_option {
    enum option_id id;
    const char *value; /* NULL for a flag */
};

/* What was given. The strings are those of argv. args_fini releases it. */
struct args {
    const struct command *command;
    struct args_option *options; /* in the order given */
    size_t n_options;
    const char **words; /* what is no option */
    size_t n_words;
};

/* Reads the `argc` arguments behind the command's name. SG_E_INVALID with a message that says which
 * help to read; SG_E_NOMEM. When --help is among them, the number of words is not checked. */
SG_MUST_USE enum sg_status options_parse(const struct command *command, int argc,
                                         char *const argv[], struct args *out, struct sg_err *err);

/* Releases it. */
void args_fini(struct args *args);

/* True when the option was given. */
bool args_has(const struct args *args, enum option_id id);

/* The option's value, the last one where it was given several times; NULL when it was not. */
const char *args_value(const struct args *args, enum option_id id);

#endif
