/* Reading declared and demanded digests. */
#include "core/digest_header.h"

#include <string.h>

#include "base/buf.h"
#include "base/text.h"

static const struct {
    const char *word;
    size_t size;
} kinds[DIGEST_KIND_COUNT] = {
#define X(code, word, size) [code] = { word, size },
    DIGEST_TABLE(X)
#undef X
};

/* Names in the registry of hash algorithms for HTTP digests, and the older spellings. */
static const struct {
    const char *name;
    enum digest_kind kind;
} http_names[] = {
    { "sha-512", DIGEST_SHA512 }, { "sha-256", DIGEST_SHA256 }, { "sha", DIGEST_SHA1 },
    { "sha-1", DIGEST_SHA1 },     { "md5", DIGEST_MD5 },
};

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+')
        return 62;
    return c == '/' ? 63 : -1;
}

/* Decodes exactly `size` bytes of padded base64. RFC 4648, 4. */
static bool decode_base64(const char *text, size_t length, uint8_t *out, size_t size)
{
    if (length != (size + 2) / 3 * 4)
        return false;
    uint32_t bits = 0;
    unsigned n_bits = 0;
    size_t n = 0;
    for (size_t i = 0; i < length && text[i] != '='; i++) {
        int value = base64_value(text[i]);
        if (value < 0)
            return false;
        bits = (bits << 6 | (uint32_t)value) & 0xFFFFFFu;
        n_bits += 6;
        if (n_bits >= 8) {
            n_bits -= 8;
            if (n == size)
                return false;
            out[n++] = (uint8_t)(bits >> n_bits);
        }
    }
    return n == size;
}

static void offer(struct digest_choice *choice, enum digest_kind kind, const char *base64,
                  size_t length)
{
    uint8_t bytes[DIGEST_SIZE_MAX] = { 0 };
    if (choice->is_set && choice->kind >= kind)
        return;
    if (!decode_base64(base64, length, bytes, kinds[kind].size))
        return;
    choice->is_set = true;
    choice->kind = kind;
    memcpy(choice->bytes, bytes, sizeof bytes);
}

static enum digest_kind kind_from_http(const char *name, size_t length)
{
    char copy[16] = { 0 };
    if (length < sizeof copy) {
        memcpy(copy, name, length);
        for (size_t i = 0; i < sizeof http_names / sizeof http_names[0]; i++) {
            if (sg_equals_ignoring_case(copy, http_names[i].name))
                return http_names[i].kind;
        }
    }
    return DIGEST_KIND_COUNT;
}

static void offer_member(struct digest_choice *choice, const char *member, size_t length,
                         bool is_quoted_by_colons)
{
    while (length > 0 && (*member == ' ' || *member == '\t')) {
        member++;
        length--;
    }
    const char *equals = memchr(member, '=', length);
    if (equals == NULL)
        return;
    enum digest_kind kind = kind_from_http(member, (size_t)(equals - member));
    const char *value = equals + 1;
    size_t n = length - (size_t)(value - member);
    while (n > 0 && (value[n - 1] == ' ' || value[n - 1] == '\t'))
        n--;
    if (is_quoted_by_colons) {
        if (n < 2 || value[0] != ':' || value[n - 1] != ':')
            return;
        value++;
        n -= 2;
    }
    if (kind != DIGEST_KIND_COUNT)
        offer(choice, kind, value, n);
}

static void offer_list(struct digest_choice *choice, const char *value, size_t length,
                       bool is_quoted_by_colons)
{
    while (length > 0) {
        const char *comma = memchr(value, ',', length);
        size_t n = comma != NULL ? (size_t)(comma - value) : length;
        offer_member(choice, value, n, is_quoted_by_colons);
        size_t step = comma != NULL ? n + 1 : n;
        value += step;
        length -= step;
    }
}

void digest_choice_dictionary(struct digest_choice *choice, const char *value, size_t length)
{
    offer_list(choice, value, length, true);
}

void digest_choice_legacy(struct digest_choice *choice, const char *value, size_t length)
{
    offer_list(choice, value, length, false);
}

void digest_choice_md5(struct digest_choice *choice, const char *value, size_t length)
{
    offer(choice, DIGEST_MD5, value, length);
}

void digest_to_hex(const uint8_t *bytes, size_t size, char out[DIGEST_HEX_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * size] = '\0';
}

enum sg_status digest_choice_take(const struct digest_choice *choice, char **out_text)
{
    if (!choice->is_set) {
        *out_text = NULL;
        return SG_OK;
    }
    struct sg_buf text = { 0 };
    char hex[DIGEST_HEX_SIZE];
    digest_to_hex(choice->bytes, kinds[choice->kind].size, hex);
    sg_buf_printf(&text, "%s:%s", kinds[choice->kind].word, hex);
    char *taken = sg_buf_take(&text);
    if (taken == NULL)
        return SG_E_NOMEM;
    *out_text = taken;
    return SG_OK;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool decode_hex(const char *text, uint8_t *out, size_t size)
{
    if (strlen(text) != size * 2)
        return false;
    for (size_t i = 0; i < size; i++) {
        int high = hex_value(text[2 * i]);
        int low = hex_value(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high * 16 + low);
    }
    return true;
}

bool digest_kind_from_word(const char *word, size_t length, enum digest_kind *out_kind)
{
    for (unsigned i = 0; i < DIGEST_KIND_COUNT; i++) {
        if (strlen(kinds[i].word) != length || memcmp(word, kinds[i].word, length) != 0)
            continue;
        *out_kind = (enum digest_kind)i;
        return true;
    }
    return false;
}

bool digest_parse(const char *text, enum digest_kind *out_kind, uint8_t out_bytes[DIGEST_SIZE_MAX])
{
    const char *colon = strchr(text, ':');
    enum digest_kind kind;
    uint8_t bytes[DIGEST_SIZE_MAX];
    if (colon == NULL || !digest_kind_from_word(text, (size_t)(colon - text), &kind))
        return false;
    if (!decode_hex(colon + 1, bytes, kinds[kind].size))
        return false;
    *out_kind = kind;
    memcpy(out_bytes, bytes, kinds[kind].size);
    return true;
}

size_t digest_size(enum digest_kind kind)
{
    return kinds[kind].size;
}

const char *digest_word(enum digest_kind kind)
{
    return kinds[kind].word;
}
