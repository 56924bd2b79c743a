/* Turning untrusted text into a file name. */
#include "core/name.h"

#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/utf.h"

static const char fallback[] = "download";

static bool is_invisible(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c <= 0x9F) || /* controls */
           c == 0xAD ||                            /* soft hyphen */
           c == 0x180E ||                          /* Mongolian vowel separator */
           (c >= 0x200B && c <= 0x200F) ||         /* zero width, direction marks */
           (c >= 0x2028 && c <= 0x202E) ||         /* line separators, direction overrides */
           (c >= 0x2060 && c <= 0x206F) ||         /* joiners, direction isolates */
           c == 0x061C || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFB) ||
           (c >= 0xE0000 && c <= 0xE0FFF); /* tags */
}

static bool is_forbidden(uint32_t c)
{
    return c < 0x80 && strchr("<>:\"/\\|?*", (int)c) != NULL;
}

/* Writes the permitted characters of `raw` to `out`. */
static void filter(const char *raw, struct sg_buf *out)
{
    for (size_t length = strlen(raw); length > 0;) {
        size_t size;
        uint32_t c = sg_utf8_decode(raw, length, &size);
        char encoded[4];
        if (is_forbidden(c))
            sg_buf_putc(out, '_');
        else if (!is_invisible(c))
            sg_buf_append(out, encoded, sg_utf8_encode(c, encoded));
        raw += size;
        length -= size;
    }
}

static void trim(struct sg_buf *name)
{
    size_t leading = 0;
    while (leading < name->length && name->data[leading] == ' ')
        leading++;
    sg_buf_consume(name, leading);
    while (name->length > 0 &&
           (name->data[name->length - 1] == '.' || name->data[name->length - 1] == ' '))
        name->data[--name->length] = '\0';
}

static bool ends_with_tar(const char *name, size_t length)
{
    char end[5] = { 0 };
    if (length <= 4)
        return false;
    memcpy(end, name + length - 4, 4);
    return sg_equals_ignoring_case(end, ".tar");
}

/* Up to the dot that begins the extension, which of "x.tar.gz" is ".tar.gz"; the whole name when it
 * has none. */
static size_t stem_length(const char *name)
{
    const char *dot = strrchr(name, '.');
    if (dot == NULL || dot == name)
        return strlen(name);
    size_t length = (size_t)(dot - name);
    return ends_with_tar(name, length) ? length - 4 : length;
}

/* Devices are reserved with any extension and with blanks behind the stem: "NUL", "nul.txt",
 * "COM1 .log". The superscript digits count as digits there. */
static bool is_device(const char *name)
{
    static const char *const plain[] = { "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$" };
    char stem[16] = { 0 };
    size_t length = strcspn(name, ".");
    while (length > 0 && name[length - 1] == ' ')
        length--;
    if (length >= sizeof stem)
        return false;
    memcpy(stem, name, length);
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        if (sg_equals_ignoring_case(stem, plain[i]))
            return true;
    }
    char port[4] = { 0 };
    memcpy(port, stem, 3);
    if (!sg_equals_ignoring_case(port, "COM") && !sg_equals_ignoring_case(port, "LPT"))
        return false;
    const char *digit = stem + 3;
    if (digit[0] >= '0' && digit[0] <= '9' && digit[1] == '\0')
        return true;
    return strcmp(digit, "\xC2\xB9") == 0 || strcmp(digit, "\xC2\xB2") == 0 ||
           strcmp(digit, "\xC2\xB3") == 0;
}

/* The bytes of `text` that make up at most `units` UTF-16 units. */
static size_t bytes_of_units(const char *text, size_t length, size_t units)
{
    size_t bytes = 0;
    while (bytes < length) {
        size_t size;
        size_t wide = sg_utf8_decode(text + bytes, length - bytes, &size) >= 0x10000 ? 2 : 1;
        if (wide > units)
            break;
        units -= wide;
        bytes += size;
    }
    return bytes;
}

/* Cuts a long name: from its stem where the extension is reasonable, else from its end. */
static void shorten(struct sg_buf *name)
{
    if (sg_utf16_units(name->data) <= NAME_UNITS_MAX)
        return;
    size_t stem = stem_length(name->data);
    size_t extension_units = sg_utf16_units(name->data + stem);
    if (extension_units > NAME_UNITS_MAX / 2) {
        stem = name->length;
        extension_units = 0;
    }
    size_t kept = bytes_of_units(name->data, stem, NAME_UNITS_MAX - extension_units);
    while (kept > 0 && (name->data[kept - 1] == '.' || name->data[kept - 1] == ' '))
        kept--;
    memmove(name->data + kept, name->data + stem, name->length - stem + 1);
    name->length -= stem - kept;
    trim(name);
}

static void guard_device(struct sg_buf *name)
{
    if (name->is_failed || !is_device(name->data))
        return;
    struct sg_buf prefixed = { 0 };
    sg_buf_printf(&prefixed, "_%s", name->data);
    sg_buf_fini(name);
    *name = prefixed;
}

static void fill(struct sg_buf *name)
{
    if (name->length == 0)
        sg_buf_puts(name, fallback);
}

char *name_sanitize(const char *raw)
{
    struct sg_buf name = { 0 };
    filter(raw, &name);
    trim(&name);
    fill(&name);
    guard_device(&name);
    if (!name.is_failed)
        shorten(&name);
    fill(&name);         /* what is left of hundreds of dots and then a word is nothing */
    guard_device(&name); /* "CON", many blanks, "x.txt" is one only now */
    return sg_buf_take(&name);
}

bool name_is_safe(const char *name)
{
    char *safe = name_sanitize(name);
    bool is_same = safe != NULL && strcmp(safe, name) == 0;
    sg_free(safe);
    return is_same;
}

char *name_numbered(const char *name, unsigned n)
{
    if (n <= 1)
        return sg_strdup(name);
    int stem = (int)stem_length(name);
    struct sg_buf numbered = { 0 };
    sg_buf_printf(&numbered, "%.*s (%u)%s", stem, name, n, name + stem);
    return sg_buf_take(&numbered);
}
