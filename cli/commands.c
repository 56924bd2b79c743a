/* The table of commands and options. It holds words only: what a command does is in cmd_*.c, and
 * main.c knows which function belongs to which command. */
#include "cli/commands.h"

#include <string.h>

static const struct option options[OPTION_COUNT] = {
    [OPTION_OUTPUT] = { 'o', "output", "FILE", NULL, "save as FILE (a name, or a path with one)" },
    [OPTION_DIR] = { 'd', "dir", "DIR", NULL, "save in DIR instead of the current folder" },
    [OPTION_INPUT] = { 'i', "input", "LIST", NULL,
                       "take addresses from the file LIST too, one a line ('-': stdin)" },
    [OPTION_CONNECTIONS] = { 'x', "connections", "N", NULL, "use at most N connections for a job" },
    [OPTION_MIRROR] = { '\0', "mirror", "URL", NULL,
                        "another address of the same file; may be repeated" },
    [OPTION_CHECKSUM] = { '\0', "checksum", "ALG:HEX", NULL,
                          "the digest that the file must have (sha256, sha1, sha512, md5)" },
    [OPTION_HEADER] = { 'H', "header", "'K: V'", NULL,
                        "send this header; @FILE: those of a file, one "
                        "a line; may be repeated" },
    [OPTION_USER] = { 'u', "user", "U[:P]", NULL,
                      "log in as user U with password P, which is asked for if left out" },
    [OPTION_COOKIE_FILE] = { '\0', "cookie-file", "F", NULL,
                             "send the cookies of F that fit the address (cookies.txt format)" },
    [OPTION_PROXY] = { '\0', "proxy", "URL", NULL,
                       "go through this proxy, 'none', or Windows' ('system')" },
    [OPTION_LIMIT] = { '\0', "limit", "RATE", NULL, "at most RATE a second (500K, 2M, off)" },
    [OPTION_PRIORITY] = { '\0', "priority", "N", NULL, "higher goes first; 0 unless given" },
    [OPTION_AT] = { '\0', "at", "TIME", NULL,
                    "not before TIME: 22:30, +2h, 2030-01-31T22:30, or with a zone" },
    [OPTION_KEY] = { '\0', "key", "KEY", NULL,
                     "your own name for the job: adding it again gives that job" },
    [OPTION_PAUSED] = { '\0', "paused", NULL, NULL, "do not start yet" },
    [OPTION_IF_EXISTS] = { '\0', "if-exists", "WHAT", "rename|fail|overwrite",
                           "when the name is taken (default: the setting if_exists)" },
    [OPTION_ON_CHANGE] = { '\0', "on-change", "WHAT", "restart|fail",
                           "when the server's file changes meanwhile (default: the "
                           "setting on_change)" },
    [OPTION_METERED] = { '\0', "metered", "WHAT", "pause|ignore",
                         "on a metered network (default: the setting metered)" },
    [OPTION_WAIT] = { 'w', "wait", NULL, NULL,
                      "return when all are finished; the exit code is the downloads'" },
    [OPTION_STATE] = { '\0', "state", "S",
                       "queued|active|verifying|waiting|paused|done|failed|cancelled",
                       "only jobs in state S; may be repeated" },
    [OPTION_ALL] = { 'a', "all", NULL, NULL, "all jobs" },
    [OPTION_PURGE] = { '\0', "purge", NULL, NULL,
                       "delete the files too (of the service: its data)" },
    [OPTION_FIRST] = { '\0', "first", NULL, NULL, "before all others" },
    [OPTION_LAST] = { '\0', "last", NULL, NULL, "behind all others" },
    [OPTION_BEFORE] = { '\0', "before", "ID", NULL, "right before the job ID" },
    [OPTION_PROGRESS] = { '\0', "progress", "MS", NULL,
                          "progress every MS milliseconds, 100 to 60000, or off (1000)" },
    [OPTION_ALGORITHM] = { '\0', "algorithm", "ALG", "sha256|sha512|sha1|md5", "make this digest" },
    [OPTION_LINES] = { 'n', "lines", "N", NULL, "begin with the last N lines (20)" },
    [OPTION_FOLLOW] = { 'f', "follow", NULL, NULL, "go on with what comes, until Ctrl-C" },
    [OPTION_LEVEL] = { '\0', "level", "L", "error|warning|info|debug",
                       "only lines of this level, and worse ones" },
    [OPTION_HOSTS] = { '\0', "hosts", NULL, NULL, "show what is remembered of servers" },
    [OPTION_FORGET_HOSTS] = { '\0', "forget-hosts", NULL, NULL,
                              "forget what is remembered of servers, all or one" },
    [OPTION_PROGRAM] = { '\0', "program", "FILE", NULL,
                         "install this segd.exe; the one beside seg.exe unless given" },
    [OPTION_REVOKE] = { '\0', "revoke", NULL, NULL, "take the right away again" },
    [OPTION_JSON] = { '\0', "json", NULL, NULL, "write JSON" },
    [OPTION_HELP] = { 'h', "help", NULL, NULL, "show help" },
};

#define BIT(id) ((uint64_t)1 << (id))
#define COMMON BIT(OPTION_HELP)
#define COMMON_JSON (BIT(OPTION_JSON) | COMMON)
#define SPEC_OPTIONS                                                                          \
    (BIT(OPTION_OUTPUT) | BIT(OPTION_DIR) | BIT(OPTION_INPUT) | BIT(OPTION_CONNECTIONS) |     \
     BIT(OPTION_MIRROR) | BIT(OPTION_CHECKSUM) | BIT(OPTION_HEADER) | BIT(OPTION_USER) |      \
     BIT(OPTION_COOKIE_FILE) | BIT(OPTION_PROXY) | BIT(OPTION_LIMIT) | BIT(OPTION_PRIORITY) | \
     BIT(OPTION_AT) | BIT(OPTION_KEY) | BIT(OPTION_IF_EXISTS) | BIT(OPTION_ON_CHANGE) |       \
     BIT(OPTION_METERED))

#define SPEC_DETAILS                                                                             \
    "Options apply to every address given. Files go to the current folder unless -o or -d says " \
    "otherwise. A LIST has one address a line; blank lines and lines that begin with # are "     \
    "passed over. Addresses are sent in batches of some hundreds, and of each batch the daemon " \
    "takes all or none.\n"

static const struct command commands[COMMAND_COUNT] = {
    [COMMAND_ADD] = { "add", "URL...|-i LIST", "queue downloads",
                      SPEC_DETAILS "With --json: an object for one address, an array for several "
                                   "or a LIST.",
                      NULL, SPEC_OPTIONS | BIT(OPTION_PAUSED) | BIT(OPTION_WAIT) | COMMON_JSON, 0,
                      WORDS_ANY },
    [COMMAND_GET] = { "get", "URL...|-i LIST",
                      "queue downloads and show them until they are finished",
                      SPEC_DETAILS "Ctrl-C pauses them. The exit code is 1 when one failed. With "
                                   "--json: one object a line, as 'seg events' writes them.",
                      NULL, SPEC_OPTIONS | COMMON_JSON, 0, WORDS_ANY },
    [COMMAND_LIST] = { "list", "", "list jobs", NULL, NULL, BIT(OPTION_STATE) | COMMON_JSON, 0, 0 },
    [COMMAND_SHOW] = { "show", "ID", "show everything about a job",
                       "Also what each of its mirrors gave, or why it is left out, its open "
                       "connections, and what is on disk (ranges of bytes, the end not included).",
                       NULL, COMMON_JSON, 1, 1 },
    [COMMAND_WATCH] = { "watch", "[ID...]", "show jobs at work until they are finished",
                        "Without an ID: all jobs, until none of them runs. With --json: one object "
                        "a line, as 'seg events' writes them.",
                        NULL, COMMON_JSON, 0, WORDS_ANY },
    [COMMAND_WAIT] = { "wait", "ID...", "return when the jobs are finished",
                       "The exit code is 0 when all are done, 1 when one failed.", NULL,
                       COMMON_JSON, 1, WORDS_ANY },
    [COMMAND_PAUSE] = { "pause", "ID...|--all", "pause jobs; what was fetched is kept", NULL, NULL,
                        BIT(OPTION_ALL) | COMMON_JSON, 0, WORDS_ANY },
    [COMMAND_RESUME] = { "resume", "ID...|--all", "continue paused or failed jobs",
                         "A cancelled job begins again. A failed one goes on with what it "
                         "has; where its address or login does not work any more, see 'seg help "
                         "refresh'.",
                         NULL, BIT(OPTION_ALL) | COMMON_JSON, 0, WORDS_ANY },
    [COMMAND_CANCEL] = { "cancel", "ID...|--all", "give jobs up; what was fetched is deleted", NULL,
                         NULL, BIT(OPTION_ALL) | COMMON_JSON, 0, WORDS_ANY },
    [COMMAND_REMOVE] = { "remove", "ID...", "forget jobs; those not finished are cancelled first",
                         "Finished files stay, unless --purge is given.", NULL,
                         BIT(OPTION_PURGE) | COMMON_JSON, 1, WORDS_ANY },
    [COMMAND_MOVE] = { "move", "ID", "change a job's place in the queue",
                       "One of --first, --last and --before is needed.", NULL,
                       BIT(OPTION_FIRST) | BIT(OPTION_LAST) | BIT(OPTION_BEFORE) | COMMON_JSON, 1,
                       1 },
    [COMMAND_SET] = { "set", "ID KEY=VALUE...", "change a job",
                      "Keys: priority=N (-1000 to 1000, higher goes first), limit=RATE (500K, 2M, "
                      "off), connections=N (at most; 0: as many as the settings allow), "
                      "metered=pause|ignore|default. For its "
                      "address, login, headers and proxy see 'seg help refresh'.",
                      NULL, COMMON_JSON, 2, WORDS_ANY },
    [COMMAND_LIMIT] = { "limit", "[RATE|off]", "limit the rate of all jobs together",
                        "RATE is a size a second: 500K, 2M, 1.5G. Without RATE: show the limit.",
                        NULL, COMMON_JSON, 0, 1 },
    [COMMAND_REFRESH] = { "refresh", "ID [URL]",
                          "give a job a new address or login, and continue it",
                          "What was fetched is kept. Each option replaces what the job has of its "
                          "kind; an empty one (--user=) takes it away. What was given for one "
                          "server is not sent to another: with a URL elsewhere, give it again.",
                          NULL,
                          BIT(OPTION_HEADER) | BIT(OPTION_USER) | BIT(OPTION_COOKIE_FILE) |
                              BIT(OPTION_PROXY) | COMMON_JSON,
                          1, 2 },
    [COMMAND_VERIFY] = { "verify", "ID", "make the digest of a job's file again and compare it",
                         "It is compared with --checksum, else with what the server declared. "
                         "Where there is neither (of that algorithm) it is only shown; sha256 "
                         "unless given. The exit code is 1 when it is wrong. The job stays as it "
                         "is.",
                         NULL, BIT(OPTION_ALGORITHM) | COMMON_JSON, 1, 1 },
    [COMMAND_SETTINGS] = { "settings", "[KEY [VALUE]]|--forget-hosts [HOST]",
                           "show or change settings",
                           "The VALUE 'default' takes a setting back to its default. HOST is one "
                           "that 'seg status --hosts' shows; its scheme and its port may be left "
                           "out.",
                           NULL, BIT(OPTION_FORGET_HOSTS) | COMMON_JSON, 0, 2 },
    [COMMAND_STATUS] = { "status", "", "show the daemon, or what it remembers",
                         "Starts no daemon: the exit code is 3 when none runs.", NULL,
                         BIT(OPTION_HOSTS) | COMMON_JSON, 0, 0 },
    [COMMAND_EVENTS] = { "events", "[ID...]", "write what happens, a line each, until Ctrl-C",
                         "Without an ID: what happens to all jobs. With --json a line is\n"
                         "  {\"event\": \"job\", \"job\": {...}}\n"
                         "  {\"event\": \"removed\", \"id\": N}\n"
                         "  {\"event\": \"progress\", \"jobs\": [...]}",
                         NULL, BIT(OPTION_PROGRESS) | COMMON_JSON, 0, WORDS_ANY },
    [COMMAND_SERVICE] = { "service", "install|uninstall|start|stop|status",
                          "install and control the service of Windows",
                          "All but status need an administrator's rights. install may be done "
                          "again. uninstall stops first and keeps the data (jobs, settings, log), "
                          "unless --purge is given. The exit code is 4 when it is not installed.",
                          "install|uninstall|start|stop|status",
                          BIT(OPTION_PROGRAM) | BIT(OPTION_PURGE) | COMMON_JSON, 1, 1 },
    [COMMAND_GRANT] = { "grant", "DIR", "let the service write to a folder of yours",
                        "The service may then read, make, change and delete what is in DIR and "
                        "below, for every user's downloads there. It needs no daemon.",
                        NULL, BIT(OPTION_REVOKE) | COMMON, 1, 1 },
    [COMMAND_LOG] = { "log", "", "show the daemon's log",
                      "The daemon keeps the last few thousand lines in memory; the rest is in "
                      "segd.log in its data folder. What it writes there is the setting "
                      "log_level. With --json: an array, with -f one object a line.",
                      NULL,
                      BIT(OPTION_LINES) | BIT(OPTION_FOLLOW) | BIT(OPTION_LEVEL) | COMMON_JSON, 0,
                      0 },
    [COMMAND_COMPLETION] = { "completion", "bash|powershell", "write a completion script",
                             "For bash: source <(seg completion bash). For PowerShell, in your "
                             "$PROFILE: seg completion powershell | Out-String | "
                             "Invoke-Expression",
                             "bash|powershell", COMMON, 1, 1 },
    [COMMAND_HELP] = { "help", "[COMMAND]", "show help", NULL, NULL, COMMON, 0, 1 },
};

const struct option *option_info(enum option_id id)
{
    return &options[id];
}

const struct command *command_info(enum command_id id)
{
    return &commands[id];
}

enum command_id command_from_name(const char *name)
{
    int id = 0;
    while (id < COMMAND_COUNT && strcmp(commands[id].name, name) != 0)
        id++;
    return (enum command_id)id;
}

bool command_takes(const struct command *command, enum option_id id)
{
    return (command->options & BIT(id)) != 0;
}
