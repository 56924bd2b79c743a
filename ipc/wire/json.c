/* A scanner that follows the grammar of RFC 8259 and builds nothing. Its recursion is as deep as
 * the depth that the caller allows. */
#include "ipc/wire/json.h"

#include <stdbool.h>
#include <string.h>

enum { END = -1, NO_CODE = -1 };

struct scan {
    const char *text;
    size_t length;
    size_t at;
    unsigned depth_left;
    const char *wrong; /* NULL: nothing so far */
};

static bool scan_value(struct scan *scan);

static bool fail(struct scan *scan, const char *wrong)
{
    scan->wrong = wrong;
    return false;
}

static int peek(const struct scan *scan)
{
    return scan->at < scan->length ? (unsigned char)scan->text[scan->at] : END;
}

static bool take(struct scan *scan, char c)
{
    if (peek(scan) != c)
        return false;
    scan->at++;
    return true;
}

static bool take_one_of(struct scan *scan, const char *set)
{
    int c = peek(scan);
    if (c <= 0 || strchr(set, c) == NULL)
        return false;
    scan->at++;
    return true;
}

static void skip_blanks(struct scan *scan)
{
    for (int c = peek(scan); c == ' ' || c == '\t' || c == '\r' || c == '\n'; c = peek(scan))
        scan->at++;
}

static bool take_behind_blanks(struct scan *scan, char c)
{
    skip_blanks(scan);
    return take(scan, c);
}

static bool take_digits(struct scan *scan)
{
    size_t start = scan->at;
    while (take_one_of(scan, "0123456789"))
        ;
    return scan->at > start;
}

static bool scan_number(struct scan *scan)
{
    size_t start = scan->at;
    take(scan, '-');
    if (!take(scan, '0') && !take_digits(scan))
        return fail(scan, "a value is expected");
    if (take(scan, '.') && !take_digits(scan))
        return fail(scan, "a digit is expected");
    if (take_one_of(scan, "eE")) {
        take_one_of(scan, "+-");
        if (!take_digits(scan))
            return fail(scan, "a digit is expected");
    }
    if (scan->at - start > JSON_NUMBER_MAX)
        return fail(scan, "the number is too long");
    return true;
}

static bool scan_word(struct scan *scan, const char *word)
{
    size_t length = strlen(word);
    if (scan->length - scan->at < length || memcmp(scan->text + scan->at, word, length) != 0)
        return fail(scan, "a value is expected");
    scan->at += length;
    return true;
}

static int hex_value(int c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return NO_CODE;
}

/* The four digits of "\u", or NO_CODE. */
static int take_code_unit(struct scan *scan)
{
    int unit = 0;
    for (int i = 0; i < 4; i++) {
        int digit = hex_value(peek(scan));
        if (digit == NO_CODE)
            return NO_CODE;
        unit = unit * 16 + digit;
        scan->at++;
    }
    return unit;
}

static bool is_high_surrogate(int unit)
{
    return unit >= 0xD800 && unit <= 0xDBFF;
}

static bool is_low_surrogate(int unit)
{
    return unit >= 0xDC00 && unit <= 0xDFFF;
}

static bool scan_code_point(struct scan *scan)
{
    int unit = take_code_unit(scan);
    if (unit == NO_CODE)
        return fail(scan, "four hexadecimal digits are expected");
    if (unit == 0)
        return fail(scan, "a NUL character is not allowed");
    if (is_low_surrogate(unit))
        return fail(scan, "half of a surrogate pair");
    if (!is_high_surrogate(unit))
        return true;
    if (!take(scan, '\\') || !take(scan, 'u') || !is_low_surrogate(take_code_unit(scan)))
        return fail(scan, "half of a surrogate pair");
    return true;
}

static bool scan_escape(struct scan *scan)
{
    if (take_one_of(scan, "\"\\/bfnrt"))
        return true;
    if (take(scan, 'u'))
        return scan_code_point(scan);
    return fail(scan, "there is no such escape");
}

/* Behind the opening quote. */
static bool scan_string(struct scan *scan)
{
    while (!take(scan, '"')) {
        int c = peek(scan);
        if (c == END)
            return fail(scan, "a string does not end");
        if (c < ' ')
            return fail(scan, "a control character must be escaped");
        scan->at++;
        if (c == '\\' && !scan_escape(scan))
            return false;
    }
    return true;
}

static bool scan_name(struct scan *scan)
{
    if (!take_behind_blanks(scan, '"'))
        return fail(scan, "a name in quotes is expected");
    if (!scan_string(scan))
        return false;
    return take_behind_blanks(scan, ':') || fail(scan, "a colon is expected");
}

/* Behind the opening bracket of an object or array that ends with `close`. */
static bool scan_members(struct scan *scan, char close)
{
    if (take_behind_blanks(scan, close))
        return true;
    do {
        if (close == '}' && !scan_name(scan))
            return false;
        if (!scan_value(scan))
            return false;
    } while (take_behind_blanks(scan, ','));
    return take(scan, close) || fail(scan, "a comma or the closing bracket is expected");
}

static bool scan_container(struct scan *scan, char close)
{
    if (scan->depth_left == 0)
        return fail(scan, "nested too deeply");
    scan->depth_left--;
    bool is_good = scan_members(scan, close);
    scan->depth_left++;
    return is_good;
}

static bool scan_value(struct scan *scan)
{
    skip_blanks(scan);
    if (take(scan, '{'))
        return scan_container(scan, '}');
    if (take(scan, '['))
        return scan_container(scan, ']');
    if (take(scan, '"'))
        return scan_string(scan);
    switch (peek(scan)) {
    case 't':
        return scan_word(scan, "true");
    case 'f':
        return scan_word(scan, "false");
    case 'n':
        return scan_word(scan, "null");
    default:
        return scan_number(scan);
    }
}

static bool scan_text(struct scan *scan)
{
    if (!scan_value(scan))
        return false;
    skip_blanks(scan);
    return scan->at == scan->length || fail(scan, "more text behind the value");
}

enum sg_status json_check(const char *text, size_t length, unsigned depth_max, struct sg_err *err)
{
    struct scan scan = { .text = text, .length = length, .depth_left = depth_max };
    if (scan_text(&scan))
        return SG_OK;
    return sg_err_set(err, SG_E_PARSE, "not valid JSON at byte %llu: %s",
                      (unsigned long long)scan.at, scan.wrong);
}
