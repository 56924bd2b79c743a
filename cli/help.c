/* Help texts. */
#include "cli/help.h"

#include <stdio.h>
#include <string.h>

enum { COMMAND_WIDTH = 12, OPTION_WIDTH = 26, LABEL_SIZE = 64 };

void help_put_overview(struct sg_buf *out)
{
    sg_buf_puts(out, "seg downloads files through the Segue daemon.\n\n"
                     "usage: seg COMMAND [OPTION...] [WORD...]\n\n");
    for (int id = 0; id < COMMAND_COUNT; id++) {
        const struct command *command = command_info((enum command_id)id);
        sg_buf_printf(out, "  %-*s%s\n", COMMAND_WIDTH, command->name, command->summary);
    }
    sg_buf_puts(out, "\n'seg help COMMAND' tells more; 'seg --version' the version.\n"
                     "Exit codes: 0 done, 1 a download failed, 2 usage, 3 no daemon, 4 no such "
                     "job, 5 denied,\n130 interrupted.\n");
}

/* "-o, --output FILE" */
static void label(const struct option *option, char out[LABEL_SIZE])
{
    char letter[] = "-x, ";
    letter[1] = option->letter;
    snprintf(out, LABEL_SIZE, "%s--%s%s%s", option->letter != '\0' ? letter : "    ", option->name,
             option->argument != NULL ? " " : "", option->argument != NULL ? option->argument : "");
}

static void put_option(const struct option *option, struct sg_buf *out)
{
    char text[LABEL_SIZE];
    label(option, text);
    sg_buf_printf(out, "  %-*s%s", OPTION_WIDTH, text, option->help);
    if (option->choices != NULL)
        sg_buf_printf(out, ":\n%*s%s", OPTION_WIDTH + 4, "", option->choices);
    sg_buf_putc(out, '\n');
}

void help_put_command(const struct command *command, struct sg_buf *out)
{
    sg_buf_printf(out, "usage: seg %s [OPTION...]%s%s\n\n%s.\n", command->name,
                  command->words[0] != '\0' ? " " : "", command->words, command->summary);
    if (command->details != NULL)
        sg_buf_printf(out, "\n%s\n", command->details);
    sg_buf_puts(out, "\noptions:\n");
    for (int id = 0; id < OPTION_COUNT; id++) {
        if (command_takes(command, (enum option_id)id))
            put_option(option_info((enum option_id)id), out);
    }
}
