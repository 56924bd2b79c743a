/* Sizes, rates and times as text. */
#include "cli/units.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"

enum { FRACTION_DIGITS_MAX = 6 };

static const char unit_letters[] = "KMGTP";

/* The power of 1024 that the suffix stands for, or -1. "K", "KB", "KiB" are the same. */
static int suffix_power(const char *suffix)
{
    if (suffix[0] == '\0' || strcmp(suffix, "B") == 0)
        return 0;
    char letter = (char)(suffix[0] >= 'a' && suffix[0] <= 'z' ? suffix[0] - 'a' + 'A' : suffix[0]);
    const char *found = strchr(unit_letters, letter);
    if (found == NULL)
        return -1;
    if (suffix[1] != '\0' && !sg_equals_ignoring_case(suffix + 1, "B") &&
        !sg_equals_ignoring_case(suffix + 1, "iB"))
        return -1;
    return (int)(found - unit_letters) + 1;
}

/* Reads the digits behind the point as a number of millionths. */
static bool parse_fraction(const char *text, size_t length, int64_t *out_millionths)
{
    char digits[FRACTION_DIGITS_MAX + 1] = "000000";
    if (length == 0 || length > FRACTION_DIGITS_MAX)
        return false;
    memcpy(digits, text, length);
    uint64_t value;
    if (!sg_parse_u64(digits, FRACTION_DIGITS_MAX, &value))
        return false;
    *out_millionths = (int64_t)value;
    return true;
}

bool units_parse_size(const char *text, int64_t *out_bytes)
{
    static const char digits[] = "0123456789";
    uint64_t whole;
    int64_t millionths = 0;
    size_t length = strspn(text, digits);
    if (!sg_parse_u64(text, length, &whole))
        return false;
    text += length;
    if (text[0] == '.') {
        length = strspn(text + 1, digits);
        if (!parse_fraction(text + 1, length, &millionths))
            return false;
        text += 1 + length;
    }
    int power = suffix_power(text);
    if (power < 0)
        return false;
    int64_t unit = (int64_t)1 << (10 * power);
    if (whole > (uint64_t)(UNITS_BYTES_MAX / unit))
        return false;
    /* The fraction in two steps: a PiB of millionths would not fit. */
    int64_t part = unit / 1000000 * millionths + unit % 1000000 * millionths / 1000000;
    int64_t bytes = (int64_t)whole * unit + part;
    if (bytes > UNITS_BYTES_MAX)
        return false;
    *out_bytes = bytes;
    return true;
}

bool units_parse_rate(const char *text, int64_t *out_bps)
{
    char size[UNITS_TEXT_SIZE];
    size_t length = strlen(text);
    if (strcmp(text, "off") == 0) {
        *out_bps = 0;
        return true;
    }
    if (length >= sizeof size)
        return false;
    memcpy(size, text, length + 1);
    if (length > 2 && strcmp(size + length - 2, "/s") == 0)
        size[length - 2] = '\0';
    return units_parse_size(size, out_bps);
}

bool units_parse_integer(const char *text, int64_t *out)
{
    bool is_negative = text[0] == '-';
    if (text[0] == '-' || text[0] == '+')
        text++;
    uint64_t value;
    if (!sg_parse_u64(text, strlen(text), &value) || value > (uint64_t)UNITS_BYTES_MAX)
        return false;
    *out = is_negative ? -(int64_t)value : (int64_t)value;
    return true;
}

static void format_bytes(int64_t bytes, const char *tail, char out[UNITS_TEXT_SIZE])
{
    if (bytes < 0) {
        snprintf(out, UNITS_TEXT_SIZE, "-");
        return;
    }
    if (bytes < 1000) {
        snprintf(out, UNITS_TEXT_SIZE, "%d B%s", (int)bytes, tail);
        return;
    }
    double value = (double)bytes / 1024;
    size_t unit = 0;
    while (value >= 999.95 && unit_letters[unit + 1] != '\0') {
        value /= 1024;
        unit++;
    }
    snprintf(out, UNITS_TEXT_SIZE, "%.1f %ciB%s", value, unit_letters[unit], tail);
}

void units_format_size(int64_t bytes, char out[UNITS_TEXT_SIZE])
{
    format_bytes(bytes, "", out);
}

void units_format_rate(int64_t bps, char out[UNITS_TEXT_SIZE])
{
    format_bytes(bps, "/s", out);
}

void units_format_duration(int64_t seconds, char out[UNITS_TEXT_SIZE])
{
    if (seconds < 0)
        snprintf(out, UNITS_TEXT_SIZE, "-");
    else if (seconds < 3600)
        snprintf(out, UNITS_TEXT_SIZE, "%d:%02d", (int)(seconds / 60), (int)(seconds % 60));
    else if (seconds < 86400)
        snprintf(out, UNITS_TEXT_SIZE, "%d:%02d:%02d", (int)(seconds / 3600),
                 (int)(seconds / 60 % 60), (int)(seconds % 60));
    else if (seconds < (int64_t)86400 * 1000)
        snprintf(out, UNITS_TEXT_SIZE, "%dd %02dh", (int)(seconds / 86400),
                 (int)(seconds / 3600 % 24));
    else
        snprintf(out, UNITS_TEXT_SIZE, "> 999d");
}

void units_format_percent(int64_t done, int64_t total, char out[UNITS_TEXT_SIZE])
{
    if (total < 0 || done < 0) {
        snprintf(out, UNITS_TEXT_SIZE, "-");
        return;
    }
    int percent = done >= total ? 100 : (int)((double)done * 100 / (double)total);
    if (percent == 100 && done < total)
        percent = 99; /* a double is not exact that close to the end */
    snprintf(out, UNITS_TEXT_SIZE, "%d%%", percent);
}

void units_format_time(const char *iso, char out[UNITS_TEXT_SIZE])
{
    int64_t wall_ms;
    if (iso == NULL || !sg_parse_iso8601(iso, &wall_ms)) {
        snprintf(out, UNITS_TEXT_SIZE, "%s", iso == NULL ? "-" : iso);
        return;
    }
    time_t seconds = (time_t)(wall_ms / 1000);
    const struct tm *local = localtime(&seconds); /* the program has one thread */
    if (local == NULL || strftime(out, UNITS_TEXT_SIZE, "%Y-%m-%d %H:%M:%S", local) == 0)
        snprintf(out, UNITS_TEXT_SIZE, "%.31s", iso);
}
