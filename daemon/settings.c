/* Settings: the table and the values. */
#include "daemon/settings.h"

#include <inttypes.h>
#include <string.h>

#include "base/assert.h"
#include "base/mem.h"
#include "base/redact.h"
#include "base/text.h"
#include "base/utf.h"
#include "daemon/log.h"
#include "net/net.h"
#include "os/path.h"

enum { TEXT_MAX = 4096, CONNECT_TIMEOUT_MS = 30000, IDLE_CONNECTIONS = 64 };

static const struct setting_info infos[SETTING_COUNT] = {
#define X(code, name, type, standard, min, max, unit, words, help) \
    [code] = { name, SETTING_##type, standard, min, max, unit, words, help },
    SETTING_TABLE(X)
#undef X
};

struct settings {
    char *values[SETTING_COUNT]; /* NULL: the default */
};

struct settings *settings_create(void)
{
    return sg_alloc(sizeof(struct settings));
}

void settings_destroy(struct settings *settings)
{
    if (settings == NULL)
        return;
    for (unsigned i = 0; i < SETTING_COUNT; i++)
        sg_free_secret(settings->values[i]);
    sg_free(settings);
}

enum setting settings_find(const char *name)
{
    unsigned i = 0;
    while (i < SETTING_COUNT && strcmp(infos[i].name, name) != 0)
        i++;
    return (enum setting)i;
}

const struct setting_info *settings_info(enum setting setting)
{
    SG_ASSERT((unsigned)setting < SETTING_COUNT);
    return &infos[setting];
}

static enum sg_status check_number(const struct setting_info *info, const char *value,
                                   struct sg_err *err)
{
    uint64_t number;
    if (sg_parse_u64(value, strlen(value), &number) && number >= info->min && number <= info->max)
        return SG_OK;
    return sg_err_set(err, SG_E_INVALID,
                      "%s cannot be '%s': give a whole number from %" PRIu64 " to %" PRIu64 " (%s)",
                      info->name, value, info->min, info->max, info->unit);
}

static bool is_among(const char *words, const char *value)
{
    size_t length = strlen(value);
    for (const char *word = words; length > 0 && *word != '\0';) {
        size_t n = strcspn(word, " ");
        if (n == length && memcmp(word, value, n) == 0)
            return true;
        word += n + (word[n] == ' ');
    }
    return false;
}

static enum sg_status check_word(const struct setting_info *info, const char *value,
                                 struct sg_err *err)
{
    if (is_among(info->words, value))
        return SG_OK;
    return sg_err_set(err, SG_E_INVALID, "%s cannot be '%s': give one of: %s", info->name, value,
                      info->words);
}

static enum sg_status check_text(const struct setting_info *info, const char *value,
                                 struct sg_err *err)
{
    size_t length = strlen(value);
    bool has_control = false;
    for (size_t i = 0; i < length; i++)
        has_control = has_control || (unsigned char)value[i] < 0x20;
    if (length <= TEXT_MAX && !has_control && sg_utf8_is_valid(value, length))
        return SG_OK;
    return sg_err_set(err, SG_E_INVALID,
                      "%s cannot have this value: give at most %d bytes of text in one line",
                      info->name, (int)TEXT_MAX);
}

static enum sg_status check_folder(const struct setting_info *info, const char *value,
                                   struct sg_err *err)
{
    enum sg_status status = check_text(info, value, err);
    if (status != SG_OK || value[0] == '\0' || path_is_absolute(value))
        return status;
    return sg_err_set(err, SG_E_INVALID, "%s cannot be '%s': give the whole path of a folder",
                      info->name, value);
}

/* The value is not repeated: it may have a password in it. */
static enum sg_status check_proxy(const struct setting_info *info, const char *value,
                                  struct sg_err *err)
{
    enum sg_status status = check_text(info, value, err);
    return status == SG_OK && value[0] != '\0' ? net_proxy_check(value, err) : status;
}

enum sg_status settings_check(enum setting setting, const char *value, struct sg_err *err)
{
    const struct setting_info *info = settings_info(setting);
    if (info->type == SETTING_NUMBER)
        return check_number(info, value, err);
    if (info->type == SETTING_WORD)
        return check_word(info, value, err);
    if (info->type == SETTING_FOLDER)
        return check_folder(info, value, err);
    if (setting == SET_PROXY)
        return check_proxy(info, value, err);
    return check_text(info, value, err);
}

char *settings_shown(const struct settings *settings, enum setting setting)
{
    const char *text = settings_text(settings, setting);
    return setting == SET_PROXY ? sg_redact_address(text) : sg_strdup(text);
}

enum sg_status settings_set(struct settings *settings, enum setting setting, const char *value,
                            struct sg_err *err)
{
    enum sg_status status = value != NULL ? settings_check(setting, value, err) : SG_OK;
    if (status != SG_OK)
        return status;
    char *copy = sg_strdup(value);
    if (value != NULL && copy == NULL)
        return sg_err_set(err, SG_E_NOMEM, "out of memory");
    sg_free_secret(settings->values[setting]); /* a proxy's has a password */
    settings->values[setting] = copy;
    return SG_OK;
}

const char *settings_text(const struct settings *settings, enum setting setting)
{
    const char *value = settings->values[setting];
    return value != NULL ? value : infos[setting].standard;
}

uint64_t settings_number(const struct settings *settings, enum setting setting)
{
    uint64_t number = 0;
    const char *text = settings_text(settings, setting);
    bool is_number = sg_parse_u64(text, strlen(text), &number);
    SG_ASSERT(is_number);
    return number;
}

static const char *text_or_null(const struct settings *settings, enum setting setting)
{
    const char *text = settings_text(settings, setting);
    return text[0] != '\0' ? text : NULL;
}

static uint32_t number32(const struct settings *settings, enum setting setting)
{
    return (uint32_t)settings_number(settings, setting);
}

struct engine_config settings_engine_config(const struct settings *settings, bool is_service)
{
    return (struct engine_config){
        .max_active = number32(settings, SET_MAX_ACTIVE),
        .max_connections = number32(settings, SET_MAX_CONNECTIONS),
        .max_connections_per_host = number32(settings, SET_MAX_PER_HOST),
        .memory_limit = settings_number(settings, SET_MEMORY_LIMIT),
        .limit_bps = settings_number(settings, SET_LIMIT),
        .retries = number32(settings, SET_RETRIES),
        .stall_timeout_ms = number32(settings, SET_STALL_TIMEOUT) * 1000,
        .checkpoint_interval_ms = number32(settings, SET_CHECKPOINT_INTERVAL),
        .may_downgrade = strcmp(settings_text(settings, SET_ALLOW_DOWNGRADE), "on") == 0,
        .metered = job_metered_from_word(settings_text(settings, SET_METERED)),
        .zone_mark = strcmp(settings_text(settings, SET_ZONE_MARK), "on") == 0,
        .net = { .user_agent = text_or_null(settings, SET_USER_AGENT),
                 .ca_file = text_or_null(settings, SET_CA_FILE),
                 .proxy = text_or_null(settings, SET_PROXY),
                 .is_for_machine = is_service,
                 .connect_timeout_ms = CONNECT_TIMEOUT_MS,
                 .max_idle_connections = IDLE_CONNECTIONS },
    };
}

void settings_apply_log_level(const struct settings *settings)
{
    log_set_level(log_level_find(settings_text(settings, SET_LOG_LEVEL)));
}
