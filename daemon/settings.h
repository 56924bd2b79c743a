/* The daemon's settings: one table with types, ranges, defaults and help, values that came from the
 * store or a caller, and the engine's configuration made of them. Loop thread only. */
#ifndef SEGUE_DAEMON_SETTINGS_H
#define SEGUE_DAEMON_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "core/record.h"
#include "engine/engine.h"

enum setting_type {
    SETTING_NUMBER, /* a whole number within min and max */
    SETTING_WORD,   /* one of `words` */
    SETTING_TEXT,   /* any text; "" when not set */
    SETTING_FOLDER, /* an absolute path of a folder; "" when not set */
};

/* X(constant, name, type, default, min, max, unit, words, help) */
#define SETTING_TABLE(X)                                                                          \
    X(SET_MAX_ACTIVE, "max_active", NUMBER, "4", 1, 64, "jobs", "",                               \
      "jobs that fetch at once; those that are only being finished do not count")                 \
    X(SET_MAX_CONNECTIONS, "max_connections", NUMBER, "16", 1, 64, "connections", "",             \
      "most connections of one job")                                                              \
    X(SET_MAX_PER_HOST, "max_connections_per_host", NUMBER, "16", 1, 256, "connections", "",      \
      "most connections of all jobs to one server")                                               \
    X(SET_MEMORY_LIMIT, "memory_limit", NUMBER, "67108864", 8388608, 4294967296, "bytes", "",     \
      "most memory for write buffers")                                                            \
    X(SET_LIMIT, "limit", NUMBER, "0", 0, 1099511627776, "bytes per second", "",                  \
      "most that all jobs together may take; 0: no limit")                                        \
    X(SET_RETRIES, "retries", NUMBER, "10", 0, 1000, "rounds", "",                                \
      "rounds of attempts without a single byte before a job fails")                              \
    X(SET_STALL_TIMEOUT, "stall_timeout", NUMBER, "10", 1, 600, "seconds", "",                    \
      "silence after which a connection is given up")                                             \
    X(SET_CHECKPOINT_INTERVAL, "checkpoint_interval", NUMBER, "1000", 100, 60000, "milliseconds", \
      "", "time between two checkpoints while bytes flow")                                        \
    X(SET_DOWNLOAD_DIR, "download_dir", FOLDER, "", 0, 0, "", "",                                 \
      "folder for jobs that name none; the user's Downloads when not set")                        \
    X(SET_IF_EXISTS, "if_exists", WORD, "rename", 0, 0, "", "rename fail overwrite",              \
      "what happens when the file's name is taken")                                               \
    X(SET_ON_CHANGE, "on_change", WORD, "restart", 0, 0, "", "restart fail",                      \
      "what happens when the server's file changes in mid-download")                              \
    X(SET_ZONE_MARK, "zone_mark", WORD, "on", 0, 0, "", "on off",                                 \
      "whether finished files get the mark of the web (Zone.Identifier)")                         \
    X(SET_METERED, "metered", WORD, "pause", 0, 0, "", "pause ignore",                            \
      "what jobs do on a metered network, unless they say otherwise")                             \
    X(SET_KEEP_AWAKE, "keep_awake", WORD, "on", 0, 0, "", "on off",                               \
      "whether downloads keep the machine from going to sleep while it is on mains")              \
    X(SET_ALLOW_DOWNGRADE, "allow_downgrade", WORD, "off", 0, 0, "", "on off",                    \
      "whether redirects from https to http are followed")                                        \
    X(SET_PROXY, "proxy", TEXT, "system", 0, 0, "", "",                                           \
      "proxy for all jobs: its URL, 'none', or 'system' for what Windows' settings say")          \
    X(SET_CA_FILE, "ca_file", TEXT, "", 0, 0, "", "",                                             \
      "PEM bundle of certificates to trust in place of Windows' own")                             \
    X(SET_LOG_LEVEL, "log_level", WORD, "info", 0, 0, "", "error warning info debug",             \
      "what the log is told: lines of this level and worse ones")                                 \
    X(SET_USER_AGENT, "user_agent", TEXT, "", 0, 0, "", "",                                       \
      "what Segue calls itself; Segue/VERSION when not set")

enum setting {
#define X(code, name, type, standard, min, max, unit, words, help) code,
    SETTING_TABLE(X)
#undef X
        SETTING_COUNT
};

/* What is known about a setting besides its value. */
struct setting_info {
    const char *name;
    enum setting_type type;
    const char *standard; /* the default, as text */
    uint64_t min;
    uint64_t max;
    const char *unit;
    const char *words; /* separated by blanks */
    const char *help;
};

struct settings;

/* Creates them with their defaults. NULL when memory ran out. */
struct settings *settings_create(void);

/* Frees them. NULL is allowed. */
void settings_destroy(struct settings *settings);

/* The setting with this name, or SETTING_COUNT. */
enum setting settings_find(const char *name);

/* What is known about it; static. */
const struct setting_info *settings_info(enum setting setting);

/* Checks that `value` is one for this setting; does not look at the file system. SG_E_INVALID says
 * what would be right. */
SG_MUST_USE enum sg_status settings_check(enum setting setting, const char *value,
                                          struct sg_err *err);

/* Keeps a value that settings_check accepts; NULL: the default. SG_E_INVALID, SG_E_NOMEM. */
SG_MUST_USE enum sg_status settings_set(struct settings *settings, enum setting setting,
                                        const char *value, struct sg_err *err);

/* The value as text; valid until it is set again. */
const char *settings_text(const struct settings *settings, enum setting setting);

/* As settings_text, but without the password that a proxy's address may have: for every eye. The
 * caller's (sg_free); NULL when memory ran out. */
char *settings_shown(const struct settings *settings, enum setting setting);

/* The value of a SETTING_NUMBER. */
uint64_t settings_number(const struct settings *settings, enum setting setting);

/* Tells the log which lines are wanted. */
void settings_apply_log_level(const struct settings *settings);

/* The engine's configuration; its strings point into the settings. `is_service`: for all users of
 * the machine. */
struct engine_config settings_engine_config(const struct settings *settings, bool is_service);

#endif
