/* Decoding of encoded words. */
#include "core/encoded_word.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "base/utf.h"

enum charset { CHARSET_UTF8, CHARSET_LATIN1, CHARSET_UNKNOWN };

/* "=?CHARSET?ENCODING?TEXT?=" */
struct word {
    enum charset charset;
    char encoding; /* 'q' or 'b' */
    const char *text;
    size_t text_length;
    size_t length; /* of all of it */
};

static enum charset charset_of(const char *name, size_t length)
{
    char text[16] = { 0 };
    const char *language = memchr(name, '*', length);
    if (language != NULL)
        length = (size_t)(language - name);
    if (length >= sizeof text)
        return CHARSET_UNKNOWN;
    memcpy(text, name, length);
    if (sg_equals_ignoring_case(text, "utf-8") || sg_equals_ignoring_case(text, "us-ascii"))
        return CHARSET_UTF8;
    return sg_equals_ignoring_case(text, "iso-8859-1") ? CHARSET_LATIN1 : CHARSET_UNKNOWN;
}

static bool parse_word(const char *at, struct word *out)
{
    if (at[0] != '=' || at[1] != '?')
        return false;
    const char *charset = at + 2;
    size_t charset_length = strcspn(charset, "? \t");
    const char *encoding = charset + charset_length;
    if (encoding[0] != '?' || encoding[1] == '\0' || encoding[2] != '?')
        return false;
    out->charset = charset_of(charset, charset_length);
    out->encoding = (char)(encoding[1] | 0x20);
    out->text = encoding + 3;
    out->text_length = strcspn(out->text, "?");
    out->length = (size_t)(out->text - at) + out->text_length + 2;
    return out->text[out->text_length] == '?' && out->text[out->text_length + 1] == '=';
}

static void put_byte(struct sg_buf *out, enum charset charset, unsigned char byte)
{
    char encoded[4];
    if (charset == CHARSET_LATIN1)
        sg_buf_append(out, encoded, sg_utf8_encode(byte, encoded));
    else
        sg_buf_putc(out, (char)byte);
}

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *digit = c != '\0' ? strchr(digits, c) : NULL;
    return digit != NULL ? (int)((digit - digits) % 16) : -1;
}

static bool decode_q(const struct word *word, struct sg_buf *out)
{
    for (size_t i = 0; i < word->text_length; i++) {
        unsigned char c = (unsigned char)word->text[i];
        if (c == '=') {
            /* the text ends with a "?", so both may be looked at */
            int high = hex_digit(word->text[i + 1]);
            int low = high >= 0 ? hex_digit(word->text[i + 2]) : -1;
            if (low < 0)
                return false;
            c = (unsigned char)(high * 16 + low);
            i += 2;
        } else if (c == '_') {
            c = ' ';
        }
        put_byte(out, word->charset, c);
    }
    return true;
}

static int base64_digit(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *digit = c != '\0' ? strchr(digits, c) : NULL;
    return digit != NULL ? (int)(digit - digits) : -1;
}

/* The padding may be missing: many leave it out. */
static bool decode_b(const struct word *word, struct sg_buf *out)
{
    uint32_t bits = 0;
    int n_bits = 0;
    size_t length = word->text_length;
    while (length > 0 && word->text[length - 1] == '=')
        length--;
    for (size_t i = 0; i < length; i++) {
        int digit = base64_digit(word->text[i]);
        if (digit < 0)
            return false;
        bits = (bits << 6 | (uint32_t)digit) & 0xFFFFFF;
        n_bits += 6;
        if (n_bits < 8)
            continue;
        n_bits -= 8;
        put_byte(out, word->charset, (unsigned char)(bits >> n_bits & 0xFF));
    }
    return n_bits < 6; /* a single digit is no byte */
}

static bool decode_word(const struct word *word, struct sg_buf *out)
{
    if (word->charset == CHARSET_UNKNOWN)
        return false;
    if (word->encoding == 'q')
        return decode_q(word, out);
    return word->encoding == 'b' && decode_b(word, out);
}

/* The blanks at `at` if only they are between a word and the next one: they say nothing. */
static size_t gap_length(const char *at)
{
    struct word next;
    size_t n_blanks = strspn(at, " \t");
    return parse_word(at + n_blanks, &next) ? n_blanks : 0;
}

/* False when a word is broken, or when there is none. */
static bool decode_all(const char *text, struct sg_buf *out)
{
    bool has_words = false;
    while (*text != '\0') {
        struct word word;
        if (!parse_word(text, &word)) {
            sg_buf_putc(out, *text++);
            continue;
        }
        if (!decode_word(&word, out))
            return false;
        has_words = true;
        text += word.length;
        text += gap_length(text);
    }
    return has_words;
}

char *encoded_words_decode(const char *text)
{
    struct sg_buf out = { 0 };
    bool is_good = decode_all(text, &out) && !out.is_failed && out.length > 0 &&
                   strlen(out.data) == out.length && sg_utf8_is_valid(out.data, out.length);
    char *decoded = is_good ? sg_buf_take(&out) : NULL;
    sg_buf_fini(&out);
    return decoded;
}
