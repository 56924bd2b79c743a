/* The option parser. It knows the table's shape, not what any option means. */
#include "cli/options.h"

#include <string.h>

#include "base/mem.h"

/* Where the parser stands. */
struct cursor {
    const struct command *command;
    char *const *argv;
    int argc;
    int next;
    bool is_past_options; /* "--" was seen */
};

static enum sg_status refuse(struct sg_err *err, const struct command *command, const char *what,
                             const char *text)
{
    return sg_err_set(err, SG_E_INVALID, "%s %s: read 'seg help %s'", what, text, command->name);
}

/* What stands behind the name may be a secret. */
static enum sg_status refuse_option(struct sg_err *err, const struct command *command,
                                    const char *text, size_t length)
{
    char *name = sg_strndup(text, length);
    enum sg_status status =
        name != NULL ? refuse(err, command, "there is no option", name) : SG_E_NOMEM;
    sg_free(name);
    return status;
}

static bool is_choice(const char *choices, const char *value)
{
    size_t length = strlen(value);
    for (const char *at = choices; *at != '\0';) {
        size_t n = strcspn(at, "|");
        if (n == length && memcmp(at, value, n) == 0)
            return true;
        at += n + (at[n] == '|');
    }
    return false;
}

static void keep(struct args *args, enum option_id id, const char *value)
{
    args->options[args->n_options++] = (struct args_option){ .id = id, .value = value };
}

/* Keeps an option whose value is `value`, or the next argument where that is NULL. */
static enum sg_status take_value(struct cursor *cursor, struct args *args, enum option_id id,
                                 const char *shown, const char *value, struct sg_err *err)
{
    const struct option *option = option_info(id);
    if (value == NULL && cursor->next == cursor->argc)
        return sg_err_set(err, SG_E_INVALID, "%s needs a value (%s): read 'seg help %s'", shown,
                          option->argument, cursor->command->name);
    if (value == NULL)
        value = cursor->argv[cursor->next++];
    if (option->choices != NULL && !is_choice(option->choices, value))
        return sg_err_set(err, SG_E_INVALID, "%s cannot be '%s': use %s", shown, value,
                          option->choices);
    keep(args, id, value);
    return SG_OK;
}

static enum option_id find_long(const struct command *command, const char *name, size_t length)
{
    for (int id = 0; id < OPTION_COUNT; id++) {
        const char *known = option_info((enum option_id)id)->name;
        if (command_takes(command, (enum option_id)id) && strlen(known) == length &&
            memcmp(known, name, length) == 0)
            return (enum option_id)id;
    }
    return OPTION_COUNT;
}

static enum option_id find_short(const struct command *command, char letter)
{
    for (int id = 0; id < OPTION_COUNT; id++) {
        if (command_takes(command, (enum option_id)id) &&
            option_info((enum option_id)id)->letter == letter)
            return (enum option_id)id;
    }
    return OPTION_COUNT;
}

static enum sg_status take_long(struct cursor *cursor, struct args *args, const char *text,
                                struct sg_err *err)
{
    size_t length = strcspn(text + 2, "=");
    const char *value = text[2 + length] == '=' ? text + 2 + length + 1 : NULL;
    enum option_id id = find_long(cursor->command, text + 2, length);
    if (id == OPTION_COUNT)
        return refuse_option(err, cursor->command, text, length + 2);
    if (option_info(id)->argument != NULL) {
        char shown[64] = { 0 };
        memcpy(shown, text, length + 2); /* a name of the table, so it is short */
        return take_value(cursor, args, id, shown, value, err);
    }
    if (value != NULL)
        return sg_err_set(err, SG_E_INVALID, "--%s takes no value: read 'seg help %s'",
                          option_info(id)->name, cursor->command->name);
    keep(args, id, NULL);
    return SG_OK;
}

static enum sg_status take_short(struct cursor *cursor, struct args *args, const char *text,
                                 struct sg_err *err)
{
    for (const char *at = text + 1; *at != '\0'; at++) {
        enum option_id id = find_short(cursor->command, *at);
        if (id == OPTION_COUNT)
            return refuse_option(err, cursor->command, (const char[]){ '-', *at }, 2);
        if (option_info(id)->argument != NULL) {
            const char shown[3] = { '-', *at, '\0' };
            return take_value(cursor, args, id, shown, at[1] != '\0' ? at + 1 : NULL, err);
        }
        keep(args, id, NULL);
    }
    return SG_OK;
}

static enum sg_status take_argument(struct cursor *cursor, struct args *args, struct sg_err *err)
{
    const char *text = cursor->argv[cursor->next++];
    if (cursor->is_past_options || text[0] != '-' || text[1] == '\0') {
        args->words[args->n_words++] = text;
        return SG_OK;
    }
    if (strcmp(text, "--") == 0) {
        cursor->is_past_options = true;
        return SG_OK;
    }
    return text[1] == '-' ? take_long(cursor, args, text, err)
                          : take_short(cursor, args, text, err);
}

static enum sg_status check_words(const struct args *args, struct sg_err *err)
{
    const struct command *command = args->command;
    if (args_has(args, OPTION_HELP))
        return SG_OK;
    if (args->n_words < (size_t)command->min_words)
        return sg_err_set(err, SG_E_INVALID, "'seg %s' needs %s: read 'seg help %s'", command->name,
                          command->words, command->name);
    if (args->n_words > (size_t)command->max_words)
        return refuse(err, command, "one too many:", args->words[command->max_words]);
    for (size_t i = 0; command->choices != NULL && i < args->n_words; i++) {
        if (!is_choice(command->choices, args->words[i]))
            return sg_err_set(err, SG_E_INVALID, "there is no '%s' here: use %s", args->words[i],
                              command->choices);
    }
    return SG_OK;
}

enum sg_status options_parse(const struct command *command, int argc, char *const argv[],
                             struct args *out, struct sg_err *err)
{
    struct args args = { .command = command };
    size_t letters = 1; /* an upper bound of how many options there can be: -abc has three */
    for (int i = 0; i < argc; i++)
        letters += strlen(argv[i]) + 1;
    args.options = sg_alloc_array(letters, sizeof *args.options);
    args.words = sg_alloc_array((size_t)argc + 1, sizeof *args.words);
    if (args.options == NULL || args.words == NULL) {
        args_fini(&args);
        return sg_err_set(err, SG_E_NOMEM, "reading the options");
    }

    enum sg_status status = SG_OK;
    struct cursor cursor = { .command = command, .argv = argv, .argc = argc };
    while (status == SG_OK && cursor.next < argc)
        status = take_argument(&cursor, &args, err);
    if (status == SG_OK)
        status = check_words(&args, err);
    if (status != SG_OK) {
        args_fini(&args);
        return status;
    }
    *out = args;
    return SG_OK;
}

void args_fini(struct args *args)
{
    sg_free(args->options);
    sg_free((void *)args->words);
    args->options = NULL;
    args->words = NULL;
}

bool args_has(const struct args *args, enum option_id id)
{
    for (size_t i = 0; i < args->n_options; i++) {
        if (args->options[i].id == id)
            return true;
    }
    return false;
}

const char *args_value(const struct args *args, enum option_id id)
{
    const char *value = NULL;
    for (size_t i = 0; i < args->n_options; i++) {
        if (args->options[i].id == id)
            value = args->options[i].value;
    }
    return value;
}
