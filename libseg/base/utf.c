/* Conversion and checking of UTF-8 and UTF-16. */
#include "base/utf.h"

#include <string.h>

#include "base/mem.h"

enum { REPLACEMENT = 0xFFFD };

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xC0u) == 0x80u;
}

/* Length that the first byte announces, and the smallest code point that may use it. */
static size_t announced_size(unsigned char lead, uint32_t *out_bits, uint32_t *out_least)
{
    if (lead >= 0xC2 && lead <= 0xDF) {
        *out_bits = lead & 0x1Fu;
        *out_least = 0x80;
        return 2;
    }
    if (lead >= 0xE0 && lead <= 0xEF) {
        *out_bits = lead & 0x0Fu;
        *out_least = 0x800;
        return 3;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        *out_bits = lead & 0x07u;
        *out_least = 0x10000;
        return 4;
    }
    return 0;
}

static bool is_scalar(uint32_t code_point)
{
    return code_point <= 0x10FFFF && (code_point < 0xD800 || code_point > 0xDFFF);
}

uint32_t sg_utf8_decode(const char *text, size_t length, size_t *out_size)
{
    unsigned char lead = (unsigned char)text[0];
    *out_size = 1;
    if (lead < 0x80)
        return lead;

    uint32_t value = 0;
    uint32_t least = 0;
    size_t size = announced_size(lead, &value, &least);
    if (size == 0 || size > length)
        return REPLACEMENT;
    for (size_t i = 1; i < size; i++) {
        if (!is_continuation(text[i]))
            return REPLACEMENT;
        value = (value << 6) | ((unsigned char)text[i] & 0x3Fu);
    }
    if (value < least || !is_scalar(value))
        return REPLACEMENT;
    *out_size = size;
    return value;
}

size_t sg_utf8_encode(uint32_t code_point, char out[4])
{
    if (code_point < 0x80) {
        out[0] = (char)code_point;
        return 1;
    }
    if (code_point < 0x800) {
        out[0] = (char)(0xC0u | (code_point >> 6));
        out[1] = (char)(0x80u | (code_point & 0x3Fu));
        return 2;
    }
    if (code_point < 0x10000) {
        out[0] = (char)(0xE0u | (code_point >> 12));
        out[1] = (char)(0x80u | ((code_point >> 6) & 0x3Fu));
        out[2] = (char)(0x80u | (code_point & 0x3Fu));
        return 3;
    }
    out[0] = (char)(0xF0u | (code_point >> 18));
    out[1] = (char)(0x80u | ((code_point >> 12) & 0x3Fu));
    out[2] = (char)(0x80u | ((code_point >> 6) & 0x3Fu));
    out[3] = (char)(0x80u | (code_point & 0x3Fu));
    return 4;
}

bool sg_utf8_is_valid(const char *text, size_t length)
{
    while (length > 0) {
        size_t size = 1;
        bool is_ascii = (unsigned char)text[0] < 0x80; /* most of it is */
        if (!is_ascii && sg_utf8_decode(text, length, &size) == REPLACEMENT && size == 1)
            return false; /* a real U+FFFD takes three bytes */
        text += size;
        length -= size;
    }
    return true;
}

void sg_utf8_trim_partial(char *text)
{
    size_t length = strlen(text);
    size_t lead = length;
    while (lead > 0 && length - lead < 3 && is_continuation(text[lead - 1]))
        lead--;
    if (lead == 0)
        return;
    lead--;
    uint32_t bits;
    uint32_t least;
    if (announced_size((unsigned char)text[lead], &bits, &least) > length - lead)
        text[lead] = '\0';
}

size_t sg_utf16_units(const char *text)
{
    size_t length = strlen(text);
    size_t units = 0;
    while (length > 0) {
        size_t size;
        units += sg_utf8_decode(text, length, &size) >= 0x10000 ? 2 : 1;
        text += size;
        length -= size;
    }
    return units;
}

uint16_t *sg_utf16_from_utf8(const char *text)
{
    uint16_t *wide = sg_alloc_array(sg_utf16_units(text) + 1, sizeof *wide);
    if (wide == NULL)
        return NULL;
    uint16_t *out = wide;
    for (size_t length = strlen(text); length > 0;) {
        size_t size;
        uint32_t code_point = sg_utf8_decode(text, length, &size);
        if (code_point >= 0x10000) {
            *out++ = (uint16_t)(0xD7C0u + (code_point >> 10));
            *out++ = (uint16_t)(0xDC00u | (code_point & 0x3FFu));
        } else {
            *out++ = (uint16_t)code_point;
        }
        text += size;
        length -= size;
    }
    return wide;
}

static uint32_t utf16_decode(const uint16_t *text, size_t units, size_t *out_taken)
{
    uint32_t high = text[0];
    *out_taken = 1;
    if (high < 0xD800 || high > 0xDFFF)
        return high;
    if (high > 0xDBFF || units < 2 || text[1] < 0xDC00 || text[1] > 0xDFFF)
        return REPLACEMENT;
    *out_taken = 2;
    return 0x10000u + ((high - 0xD800u) << 10) + (text[1] - 0xDC00u);
}

char *sg_utf8_from_utf16(const uint16_t *text, size_t units)
{
    char *narrow = sg_alloc(units * 3 + 1); /* no unit needs more than three bytes */
    if (narrow == NULL)
        return NULL;
    size_t length = 0;
    while (units > 0) {
        size_t taken;
        length += sg_utf8_encode(utf16_decode(text, units, &taken), narrow + length);
        text += taken;
        units -= taken;
    }
    return narrow;
}
