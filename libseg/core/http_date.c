/* HTTP dates: the three forms differ only in order and separators, so the text is cut into words
 * and numbers, and each is recognised by what it looks like. */
#include "core/http_date.h"

#include <string.h>

#include "base/text.h"

struct fields {
    int64_t year;
    unsigned month;
    unsigned day;
    int64_t hour, minute, second;
    bool has_year, has_month, has_day, has_time;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool take_month(const char *word, size_t length, struct fields *fields)
{
    static const char *const names[] = { "jan", "feb", "mar", "apr", "may", "jun",
                                         "jul", "aug", "sep", "oct", "nov", "dec" };
    char copy[4] = { 0 };
    if (length != 3)
        return false;
    memcpy(copy, word, 3);
    for (unsigned i = 0; i < 12; i++) {
        if (sg_equals_ignoring_case(copy, names[i])) {
            fields->month = i + 1;
            fields->has_month = true;
            return true;
        }
    }
    return false;
}

/* "08:49:37" */
static bool take_time(const char *text, size_t length, struct fields *fields)
{
    uint64_t hour, minute, second;
    if (length != 8 || text[2] != ':' || text[5] != ':' || !sg_parse_u64(text, 2, &hour) ||
        !sg_parse_u64(text + 3, 2, &minute) || !sg_parse_u64(text + 6, 2, &second))
        return false;
    if (hour > 23 || minute > 59 || second > 60)
        return false;
    fields->hour = (int64_t)hour;
    fields->minute = (int64_t)minute;
    fields->second = (int64_t)second;
    fields->has_time = true;
    return true;
}

/* The first short number is the day; the next number is the year. */
static bool take_number(const char *text, size_t length, struct fields *fields)
{
    uint64_t number;
    if (!sg_parse_u64(text, length, &number))
        return false;
    if (!fields->has_day && length <= 2 && number >= 1 && number <= 31) {
        fields->day = (unsigned)number;
        fields->has_day = true;
        return true;
    }
    if (fields->has_year || (length != 2 && length != 4))
        return false;
    fields->year = (int64_t)number;
    if (length == 2)
        fields->year += number >= 70 ? 1900 : 2000;
    fields->has_year = true;
    return true;
}

/* The names of days, and the zone, which is always GMT, in both spellings of RFC 9110. */
static bool is_ornament(const char *word, size_t length)
{
    static const char *const names[] = { "Mon",      "Tue",    "Wed",      "Thu",     "Fri",
                                         "Sat",      "Sun",    "Monday",   "Tuesday", "Wednesday",
                                         "Thursday", "Friday", "Saturday", "Sunday",  "GMT" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strlen(names[i]) == length && memcmp(names[i], word, length) == 0)
            return true;
    }
    return false;
}

static bool take_token(const char *token, size_t length, struct fields *fields)
{
    if (is_letter(token[0])) {
        return is_ornament(token, length) ||
               (!fields->has_month && take_month(token, length, fields));
    }
    if (memchr(token, ':', length) != NULL)
        return !fields->has_time && take_time(token, length, fields);
    return take_number(token, length, fields);
}

static size_t token_length(const char *text, size_t length)
{
    size_t n = 0;
    bool is_word = is_letter(text[0]);
    while (n < length && (is_word ? is_letter(text[n]) : is_digit(text[n]) || text[n] == ':'))
        n++;
    return n;
}

bool http_date_parse(const char *text, size_t length, int64_t *out_wall_ms)
{
    struct fields fields = { 0 };
    while (length > 0) {
        if (*text == ' ' || *text == ',' || *text == '-') {
            text++;
            length--;
            continue;
        }
        size_t n = token_length(text, length);
        if (n == 0 || !take_token(text, n, &fields))
            return false;
        text += n;
        length -= n;
    }
    if (!fields.has_year || !fields.has_month || !fields.has_day || !fields.has_time)
        return false;
    int64_t days = sg_days_from_civil(fields.year, fields.month, fields.day);
    if (days >= sg_days_from_civil(fields.year, fields.month + 1, 1))
        return false; /* February has no 30th */
    *out_wall_ms = (((days * 24 + fields.hour) * 60 + fields.minute) * 60 + fields.second) * 1000;
    return true;
}
