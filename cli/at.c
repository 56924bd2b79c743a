/* Points of time. What is local goes through mktime, which knows the zone and its summer time. */
#include "cli/at.h"

#include <string.h>
#include <time.h>

#include "base/text.h"

/* Reads exactly two digits, up to `max`. */
static bool take_two(const char **text, int max, int *out)
{
    uint64_t value;
    if (!sg_parse_u64(*text, 2, &value) || value > (uint64_t)max)
        return false;
    *text += 2;
    *out = (int)value;
    return true;
}

static bool take_char(const char **text, char wanted)
{
    if (**text != wanted)
        return false;
    (*text)++;
    return true;
}

/* "22:30" or "22:30:00", and nothing behind it. */
static bool read_clock(const char *text, struct tm *out)
{
    out->tm_sec = 0;
    if (!take_two(&text, 23, &out->tm_hour) || !take_char(&text, ':') ||
        !take_two(&text, 59, &out->tm_min))
        return false;
    if (take_char(&text, ':') && !take_two(&text, 59, &out->tm_sec))
        return false;
    return *text == '\0';
}

/* mktime changes a day that does not exist into another one: that is how it is noticed. */
static bool to_wall_ms(struct tm *local, int64_t *out_ms)
{
    int month = local->tm_mon;
    int day = local->tm_mday;
    local->tm_isdst = -1;
    time_t seconds = mktime(local);
    if (seconds == (time_t)-1 || local->tm_mon != month || local->tm_mday != day)
        return false;
    *out_ms = (int64_t)seconds * 1000;
    return true;
}

static bool parse_clock(const char *text, int64_t now_ms, int64_t *out_ms)
{
    time_t now = (time_t)(now_ms / 1000);
    const struct tm *today = localtime(&now); /* the program has one thread */
    if (today == NULL)
        return false;
    struct tm local = *today;
    if (!read_clock(text, &local))
        return false;
    struct tm tomorrow = local;
    int64_t ms;
    if (to_wall_ms(&local, &ms) && ms > now_ms) {
        *out_ms = ms;
        return true;
    }
    tomorrow.tm_mday++;
    tomorrow.tm_isdst = -1;
    time_t seconds = mktime(&tomorrow); /* it carries the end of a month over */
    if (seconds == (time_t)-1)
        return false;
    *out_ms = (int64_t)seconds * 1000;
    return true;
}

static bool parse_local(const char *text, int64_t *out_ms)
{
    uint64_t year;
    struct tm local = { 0 };
    if (!sg_parse_u64(text, 4, &year))
        return false;
    text += 4;
    if (!take_char(&text, '-') || !take_two(&text, 12, &local.tm_mon) || !take_char(&text, '-') ||
        !take_two(&text, 31, &local.tm_mday) || !(take_char(&text, 'T') || take_char(&text, ' ')) ||
        !read_clock(text, &local))
        return false;
    local.tm_year = (int)year - 1900;
    local.tm_mon--;
    return to_wall_ms(&local, out_ms);
}

static bool parse_delay(const char *text, int64_t now_ms, int64_t *out_ms)
{
    static const struct {
        char letter;
        int64_t seconds;
    } units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
    size_t length = strspn(text, "0123456789");
    uint64_t value;
    if (!sg_parse_u64(text, length, &value) || value > 100000000)
        return false;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (text[length] == units[i].letter && text[length + 1] == '\0') {
            *out_ms = now_ms + (int64_t)value * units[i].seconds * 1000;
            return true;
        }
    }
    return false;
}

bool at_parse(const char *text, int64_t now_ms, int64_t *out_ms)
{
    if (text[0] == '+')
        return parse_delay(text + 1, now_ms, out_ms);
    return sg_parse_iso8601(text, out_ms) || parse_local(text, out_ms) ||
           parse_clock(text, now_ms, out_ms);
}
