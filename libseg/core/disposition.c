/* The file name in a Content-Disposition header: RFC 6266 with the extended notation of RFC 8187.
 * Parameters in pieces ("filename*0=", RFC 2231) are not: RFC 6266 leaves them out, and of the
 * browsers only Firefox puts them together. */
#include "core/name.h"

#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/utf.h"
#include "core/encoded_word.h"

/* A position in the header's value. */
struct cursor {
    const char *at;
};

static void skip_blanks(struct cursor *in)
{
    while (*in->at == ' ' || *in->at == '\t')
        in->at++;
}

/* Behind the next semicolon. */
static void skip_to_next(struct cursor *in)
{
    in->at += strcspn(in->at, ";");
    in->at += *in->at == ';';
}

static bool is_token_char(char c)
{
    return c > 0x20 && c < 0x7F && strchr("()<>@,;:\\\"/[]?={}", c) == NULL;
}

static void take_token(struct cursor *in, struct sg_buf *out)
{
    while (is_token_char(*in->at))
        sg_buf_putc(out, *in->at++);
}

/* A backslash makes the next character literal, but servers also send plain Windows paths: it is an
 * escape only before a quote or another backslash. */
static void take_quoted(struct cursor *in, struct sg_buf *out)
{
    in->at++;
    while (*in->at != '\0' && *in->at != '"') {
        if (*in->at == '\\' && (in->at[1] == '"' || in->at[1] == '\\'))
            in->at++;
        sg_buf_putc(out, *in->at++);
    }
    if (*in->at == '"')
        in->at++;
}

/* A value that is not quoted goes up to the next semicolon: many servers forget the quotes around
 * names with spaces. */
static void take_bare(struct cursor *in, struct sg_buf *out)
{
    const char *end = in->at + strcspn(in->at, ";");
    const char *last = end;
    while (last > in->at && (last[-1] == ' ' || last[-1] == '\t'))
        last--;
    sg_buf_append(out, in->at, (size_t)(last - in->at));
    in->at = end;
}

/* To the first parameter, behind the disposition's type, which may be missing. What it is does not
 * matter: also what is shown inline has a name. */
static void skip_type(struct cursor *in)
{
    skip_blanks(in);
    const char *type = in->at;
    while (is_token_char(*in->at))
        in->at++;
    skip_blanks(in);
    if (*in->at == '=')
        in->at = type;
    else
        skip_to_next(in);
}

/* Reads one `name=value`; false at the end of the header. */
static bool take_parameter(struct cursor *in, struct sg_buf *name, struct sg_buf *value)
{
    if (*in->at == '\0')
        return false;
    sg_buf_clear(name);
    sg_buf_clear(value);
    skip_blanks(in);
    take_token(in, name);
    skip_blanks(in);
    if (*in->at == '=') {
        in->at++;
        skip_blanks(in);
        if (*in->at == '"')
            take_quoted(in, value);
        else
            take_bare(in, value);
    }
    skip_to_next(in);
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Undoes %XX; false when a percent sign is not followed by two hex digits. */
static bool percent_decode(const char *text, struct sg_buf *out)
{
    while (*text != '\0') {
        if (*text != '%') {
            sg_buf_putc(out, *text++);
            continue;
        }
        int high = hex_digit(text[1]);
        int low = high >= 0 ? hex_digit(text[2]) : -1;
        if (low < 0)
            return false;
        sg_buf_putc(out, (char)(uint8_t)(high * 16 + low));
        text += 3;
    }
    return true;
}

static char *latin1_to_utf8(const struct sg_buf *text)
{
    struct sg_buf out = { 0 };
    for (size_t i = 0; i < text->length; i++) {
        char encoded[4];
        sg_buf_append(&out, encoded, sg_utf8_encode((unsigned char)text->data[i], encoded));
    }
    return sg_buf_take(&out);
}

/* A name with a NUL in it would not be the one that the server meant. */
static bool is_text(const struct sg_buf *raw)
{
    return !raw->is_failed && raw->length > 0 && strlen(raw->data) == raw->length;
}

/* "UTF-8'en'%e2%82%ac%20rates" */
static char *decode_extended(const char *value)
{
    const char *language = strchr(value, '\'');
    const char *text = language != NULL ? strchr(language + 1, '\'') : NULL;
    if (text == NULL)
        return NULL;
    char charset[16] = { 0 };
    if ((size_t)(language - value) >= sizeof charset)
        return NULL;
    memcpy(charset, value, (size_t)(language - value));
    bool is_utf8 = sg_equals_ignoring_case(charset, "utf-8");
    if (!is_utf8 && !sg_equals_ignoring_case(charset, "iso-8859-1"))
        return NULL;

    struct sg_buf raw = { 0 };
    char *name = NULL;
    if (percent_decode(text + 1, &raw) && is_text(&raw)) {
        if (!is_utf8)
            name = latin1_to_utf8(&raw);
        else if (sg_utf8_is_valid(raw.data, raw.length))
            name = sg_buf_take(&raw);
    }
    sg_buf_fini(&raw);
    return name;
}

/* The plain parameter is raw bytes: UTF-8 in practice, ISO-8859-1 by the letter, sometimes with
 * encoded words or percent-encoded against the rules. */
static char *decode_plain(struct sg_buf *value)
{
    struct sg_buf raw = { 0 };
    char *decoded = encoded_words_decode(value->data);
    if (decoded != NULL)
        return decoded;
    if (!percent_decode(value->data, &raw) || !is_text(&raw) ||
        !sg_utf8_is_valid(raw.data, raw.length)) {
        sg_buf_clear(&raw);
        sg_buf_append(&raw, value->data, value->length);
    }
    char *name = NULL;
    if (!raw.is_failed)
        name = sg_utf8_is_valid(raw.data, raw.length) ? sg_buf_take(&raw) : latin1_to_utf8(&raw);
    sg_buf_fini(&raw);
    return name;
}

/* What follows the last separator: servers that send a path mean its last part. NULL when nothing
 * follows. */
static char *last_part(char *name)
{
    if (name == NULL)
        return NULL;
    const char *last = name;
    for (const char *c = name; *c != '\0'; c++) {
        if (*c == '/' || *c == '\\')
            last = c + 1;
    }
    memmove(name, last, strlen(last) + 1);
    if (name[0] != '\0')
        return name;
    sg_free(name);
    return NULL;
}

char *name_from_disposition(const char *disposition)
{
    struct cursor in = { disposition };
    struct sg_buf name = { 0 };
    struct sg_buf value = { 0 };
    char *plain = NULL;
    char *extended = NULL;
    skip_type(&in);
    while (take_parameter(&in, &name, &value)) {
        if (name.length == 0 || value.length == 0 || name.is_failed || value.is_failed)
            continue;
        if (extended == NULL && sg_equals_ignoring_case(name.data, "filename*"))
            extended = decode_extended(value.data);
        else if (plain == NULL && sg_equals_ignoring_case(name.data, "filename"))
            plain = decode_plain(&value);
    }
    sg_buf_fini(&name);
    sg_buf_fini(&value);
    char *chosen = extended != NULL ? extended : plain;
    if (chosen != plain)
        sg_free(plain);
    return last_part(chosen);
}
