/* Lines of the log: what comes from servers, paths and callers is made harmless here, before
 * anybody's terminal or editor sees it. */
#include "daemon/log_text.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/utf.h"

enum { ESCAPED_SIZE = 12, TAIL_SIZE = sizeof "...\n" };

struct block {
    uint32_t first;
    uint32_t last;
};

/* C0, DEL, C1; line and paragraph separators; marks, embeddings and isolates of direction; BOM. */
static const struct block harmful[] = {
    { 0x0000, 0x001F }, { 0x007F, 0x009F }, { 0x061C, 0x061C }, { 0x200E, 0x200F },
    { 0x2028, 0x202E }, { 0x2066, 0x2069 }, { 0xFEFF, 0xFEFF }, { 0xFFF9, 0xFFFB },
};

static const char *const words[LOG_LEVEL_COUNT] = { "error", "warning", "info", "debug" };

const char *log_level_word(enum log_level level)
{
    return words[level];
}

enum log_level log_level_find(const char *word)
{
    int level = 0;
    while (level < LOG_LEVEL_COUNT && strcmp(words[level], word) != 0)
        level++;
    return (enum log_level)level;
}

static bool is_harmful(uint32_t code_point)
{
    for (size_t i = 0; i < sizeof harmful / sizeof harmful[0]; i++) {
        if (code_point >= harmful[i].first && code_point <= harmful[i].last)
            return true;
    }
    return false;
}

/* One character as the log has it, from `n` bytes at `text`. Returns its length. */
static size_t put_character(const char *text, size_t n, uint32_t code_point, char out[ESCAPED_SIZE])
{
    bool is_malformed = n == 1 && (unsigned char)*text >= 0x80;
    int length = 0;
    if (code_point == '\n' || code_point == '\r' || code_point == '\t')
        length = snprintf(out, ESCAPED_SIZE, "\\%c",
                          code_point == '\n' ? 'n' : (code_point == '\r' ? 'r' : 't'));
    else if (is_malformed || (is_harmful(code_point) && code_point < 0x80))
        length = snprintf(out, ESCAPED_SIZE, "\\x%02x", (unsigned char)*text);
    else if (is_harmful(code_point))
        length = snprintf(out, ESCAPED_SIZE, "\\u%04x", (unsigned)code_point);
    if (length > 0)
        return (size_t)length;
    memcpy(out, text, n);
    return n;
}

size_t log_text_format(int64_t wall_ms, enum log_level level, const char *text,
                       char out[LOG_LINE_SIZE])
{
    char when[SG_ISO8601_SIZE];
    sg_format_iso8601(wall_ms, when);
    size_t length = (size_t)snprintf(out, LOG_LINE_SIZE, "%s %s ", when, words[level]);
    size_t left = strlen(text);
    while (left > 0) {
        char shown[ESCAPED_SIZE];
        size_t n;
        uint32_t code_point = sg_utf8_decode(text, left, &n);
        size_t n_shown = put_character(text, n, code_point, shown);
        if (length + n_shown + TAIL_SIZE > LOG_LINE_SIZE) {
            memcpy(out + length, "...", 3);
            length += 3;
            break;
        }
        memcpy(out + length, shown, n_shown);
        length += n_shown;
        text += n;
        left -= n;
    }
    out[length++] = '\n';
    out[length] = '\0';
    return length;
}

bool log_text_parse(const char *line, struct log_record *out)
{
    char when[LOG_TIME_LENGTH + 1];
    char word[sizeof "warning"];
    int64_t wall_ms;
    if (strlen(line) < LOG_TIME_LENGTH + 1 || line[LOG_TIME_LENGTH] != ' ')
        return false;
    memcpy(when, line, LOG_TIME_LENGTH);
    when[LOG_TIME_LENGTH] = '\0';
    const char *level = line + LOG_TIME_LENGTH + 1;
    size_t n = strcspn(level, " ");
    if (!sg_parse_iso8601(when, &wall_ms) || level[n] != ' ' || n >= sizeof word)
        return false;
    memcpy(word, level, n);
    word[n] = '\0';
    if (log_level_find(word) == LOG_LEVEL_COUNT)
        return false;
    out->level = log_level_find(word);
    out->text = level + n + 1;
    return true;
}
