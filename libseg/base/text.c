/* Numbers and times as text. */
#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum { MS_PER_DAY = 86400000 };

bool sg_parse_u64(const char *text, size_t length, uint64_t *out)
{
    if (length == 0)
        return false;
    uint64_t value = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        uint64_t digit = (uint64_t)(text[i] - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

/* Both conversions: Howard Hinnant, chrono-compatible low-level date algorithms; a year that
 * begins in March puts the leap day last. */
int64_t sg_days_from_civil(int64_t year, unsigned month, unsigned day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static void civil_from_days(int64_t days, int64_t *year, int64_t *month, int64_t *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * day_of_year + 2) / 153;
    *day = day_of_year - (153 * shifted + 2) / 5 + 1;
    *month = shifted < 10 ? shifted + 3 : shifted - 9;
    *year = year_of_era + era * 400 + (*month <= 2);
}

void sg_format_iso8601(int64_t wall_ms, char out[SG_ISO8601_SIZE])
{
    int64_t days = wall_ms / MS_PER_DAY;
    int64_t ms = wall_ms % MS_PER_DAY;
    if (ms < 0) {
        ms += MS_PER_DAY;
        days--;
    }
    int64_t year, month, day;
    civil_from_days(days, &year, &month, &day);
    snprintf(out, SG_ISO8601_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", (int)(year % 10000),
             (int)month, (int)day, (int)(ms / 3600000), (int)(ms / 60000 % 60),
             (int)(ms / 1000 % 60), (int)(ms % 1000));
}

/* Reads exactly `digits` digits and then one of the characters of `after` (or the end, for ""). */
static bool take_field(const char **text, size_t digits, char after, int64_t *out)
{
    uint64_t value;
    if (!sg_parse_u64(*text, digits, &value)) /* stops at a NUL */
        return false;
    *text += digits;
    if (after != '\0') {
        if (**text != after)
            return false;
        (*text)++;
    }
    *out = (int64_t)value;
    return true;
}

static bool take_fraction_ms(const char **text, int64_t *out_ms)
{
    *out_ms = 0;
    if (**text != '.')
        return true;
    (*text)++;
    int64_t scale = 100;
    if (**text < '0' || **text > '9')
        return false;
    for (; **text >= '0' && **text <= '9'; (*text)++) {
        *out_ms += (**text - '0') * scale;
        scale /= 10;
    }
    return true;
}

static bool take_zone_ms(const char *text, int64_t *out_ms)
{
    if ((text[0] == 'Z' || text[0] == 'z') && text[1] == '\0') {
        *out_ms = 0;
        return true;
    }
    int64_t sign = text[0] == '-' ? -1 : 1;
    if (text[0] != '+' && text[0] != '-')
        return false;
    text++;
    int64_t hours, minutes;
    if (!take_field(&text, 2, ':', &hours) || !take_field(&text, 2, '\0', &minutes))
        return false;
    *out_ms = sign * (hours * 60 + minutes) * 60000;
    return *text == '\0' && hours <= 23 && minutes <= 59;
}

bool sg_parse_iso8601(const char *text, int64_t *out_wall_ms)
{
    int64_t year, month, day, hour, minute, second, ms, zone_ms;
    if (!take_field(&text, 4, '-', &year) || !take_field(&text, 2, '-', &month) ||
        !take_field(&text, 2, 'T', &day) || !take_field(&text, 2, ':', &hour) ||
        !take_field(&text, 2, ':', &minute) || !take_field(&text, 2, '\0', &second) ||
        !take_fraction_ms(&text, &ms) || !take_zone_ms(text, &zone_ms))
        return false;
    if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 60)
        return false;
    int64_t days = sg_days_from_civil(year, (unsigned)month, (unsigned)day);
    if (days >= sg_days_from_civil(year, (unsigned)month + 1, 1))
        return false;
    *out_wall_ms = days * MS_PER_DAY + ((hour * 60 + minute) * 60 + second) * 1000 + ms - zone_ms;
    return true;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool sg_equals_ignoring_case(const char *a, const char *b)
{
    while (*a != '\0' && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) == lower(*b);
}

const char *sg_next_line(const char **text, size_t *out_length)
{
    const char *line = *text;
    if (line == NULL || *line == '\0')
        return NULL;
    *out_length = strcspn(line, "\n");
    *text = line + *out_length + (line[*out_length] == '\n');
    return line;
}
