/* The one table of commands and of their options. Parsing, help and completion are made from it.
 * Pure. */
#ifndef SEGUE_CLI_COMMANDS_H
#define SEGUE_CLI_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_id {
    OPTION_OUTPUT,
    OPTION_DIR,
    OPTION_INPUT,
    OPTION_CONNECTIONS,
    OPTION_MIRROR,
    OPTION_CHECKSUM,
    OPTION_HEADER,
    OPTION_USER,
    OPTION_COOKIE_FILE,
    OPTION_PROXY,
    OPTION_LIMIT,
    OPTION_PRIORITY,
    OPTION_AT,
    OPTION_KEY,
    OPTION_PAUSED,
    OPTION_IF_EXISTS,
    OPTION_ON_CHANGE,
    OPTION_METERED,
    OPTION_WAIT,
    OPTION_STATE,
    OPTION_ALL,
    OPTION_PURGE,
    OPTION_FIRST,
    OPTION_LAST,
    OPTION_BEFORE,
    OPTION_PROGRESS,
    OPTION_ALGORITHM,
    OPTION_LINES,
    OPTION_FOLLOW,
    OPTION_LEVEL,
    OPTION_HOSTS,
    OPTION_FORGET_HOSTS,
    OPTION_PROGRAM,
    OPTION_REVOKE,
    OPTION_JSON,
    OPTION_HELP,
    OPTION_COUNT
};

/* One option. */
struct option {
    char letter;          /* '\0': none */
    const char *name;     /* without the dashes */
    const char *argument; /* what its value is called in help; NULL: it takes none */
    const char *choices;  /* the values that are allowed, "a|b|c"; NULL: any */
    const char *help;
};

enum command_id {
    COMMAND_ADD,
    COMMAND_GET,
    COMMAND_LIST,
    COMMAND_SHOW,
    COMMAND_WATCH,
    COMMAND_WAIT,
    COMMAND_PAUSE,
    COMMAND_RESUME,
    COMMAND_CANCEL,
    COMMAND_REMOVE,
    COMMAND_MOVE,
    COMMAND_SET,
    COMMAND_LIMIT,
    COMMAND_REFRESH,
    COMMAND_VERIFY,
    COMMAND_SETTINGS,
    COMMAND_STATUS,
    COMMAND_EVENTS,
    COMMAND_SERVICE,
    COMMAND_GRANT,
    COMMAND_LOG,
    COMMAND_COMPLETION,
    COMMAND_HELP,
    COMMAND_COUNT
};

enum { WORDS_ANY = INT32_MAX };

/* One command. */
struct command {
    const char *name;
    const char *words;   /* how help shows what is no option: "ID..." */
    const char *summary; /* one line, without a full stop */
    const char *details; /* further lines of help, or NULL */
    const char *choices; /* the words that may follow, "a|b"; NULL: any */
    uint64_t options;    /* bit 1 << option_id for each that it takes */
    int32_t min_words;
    int32_t max_words;
};

/* The option with this id; static. */
const struct option *option_info(enum option_id id);

/* The command with this id; static. */
const struct command *command_info(enum command_id id);

/* The command of this name, or COMMAND_COUNT. */
enum command_id command_from_name(const char *name);

/* True when the command takes the option. */
bool command_takes(const struct command *command, enum option_id id);

#endif
