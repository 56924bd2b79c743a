/* Help texts, for terminals of 80 columns. */
#include "cli/help.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "cli/need.h"

enum { WIDTH = 80, COMMAND_WIDTH = 12, OPTION_WIDTH = 26, OPTION_INDENT = 2, LABEL_SIZE = 64 };

/* Writes words from `column` on, and begins new lines with `indent` blanks where the width says so,
 * and where the text does. */
static void put_words(struct sg_buf *out, const char *text, size_t column, size_t indent)
{
    bool is_first = true;
    while (*text != '\0') {
        size_t length = strcspn(text, " \n");
        bool fits = column + !is_first + length < WIDTH;
        if (!is_first && fits)
            sg_buf_putc(out, ' ');
        else if (!is_first)
            sg_buf_printf(out, "\n%*s", (int)indent, "");
        column = (fits ? column + !is_first : indent) + length;
        sg_buf_append(out, text, length);
        text += length;
        is_first = *text == '\n';
        if (is_first) {
            sg_buf_printf(out, "\n%*s", (int)indent, "");
            column = indent;
        }
        text += *text != '\0';
    }
    sg_buf_putc(out, '\n');
}

void help_put_overview(struct sg_buf *out)
{
    sg_buf_puts(out, "seg downloads files through the Segue daemon.\n\n"
                     "usage: seg COMMAND [OPTION...] [WORD...]\n\n");
    for (int id = 0; id < COMMAND_COUNT; id++) {
        const struct command *command = command_info((enum command_id)id);
        sg_buf_printf(out, "  %-*s%s\n", COMMAND_WIDTH, command->name, command->summary);
    }
    sg_buf_putc(out, '\n');
    put_words(out,
              "'seg help COMMAND' tells more; 'seg --version' the version.\n"
              "Exit codes: 0 done, 1 a download failed, 2 usage, 3 no daemon, 4 no such job, "
              "5 denied, 130 interrupted.",
              0, 0);
}

/* "-o, --output FILE" */
static void label(const struct option *option, char out[LABEL_SIZE])
{
    char letter[] = "-x, ";
    letter[1] = option->letter;
    snprintf(out, LABEL_SIZE, "%s--%s%s%s", option->letter != '\0' ? letter : "    ", option->name,
             option->argument != NULL ? " " : "", option->argument != NULL ? option->argument : "");
}

/* "rename|fail" as "rename, fail": so it can be broken. */
static void put_choices(const char *choices, struct sg_buf *out)
{
    for (; *choices != '\0'; choices++) {
        if (*choices == '|')
            sg_buf_puts(out, ", ");
        else
            sg_buf_putc(out, *choices);
    }
}

static void put_option(const struct option *option, struct sg_buf *out)
{
    enum { COLUMN = OPTION_INDENT + OPTION_WIDTH };
    char text[LABEL_SIZE];
    struct sg_buf words = { 0 };
    label(option, text);
    sg_buf_printf(out, "%*s%-*s", OPTION_INDENT, "", OPTION_WIDTH, text);
    sg_buf_puts(&words, option->help);
    if (option->choices != NULL) {
        sg_buf_puts(&words, ": ");
        put_choices(option->choices, &words);
    }
    put_words(out, need(words.is_failed ? NULL : words.data), COLUMN, COLUMN);
    sg_buf_fini(&words);
}

void help_put_command(const struct command *command, struct sg_buf *out)
{
    const char *summary = command->summary;
    sg_buf_printf(out, "usage: seg %s [OPTION...]%s%s\n\n%c%s.\n", command->name,
                  command->words[0] != '\0' ? " " : "", command->words,
                  toupper((unsigned char)summary[0]), summary + 1);
    if (command->details != NULL) {
        sg_buf_putc(out, '\n');
        put_words(out, command->details, 0, 0);
    }
    sg_buf_puts(out, "\noptions:\n");
    for (int id = 0; id < OPTION_COUNT; id++) {
        if (command_takes(command, (enum option_id)id))
            put_option(option_info((enum option_id)id), out);
    }
}
