/* Column widths and clean text. The table of wide characters is coarse: whole blocks of Unicode 15
 * EastAsianWidth (W and F) and of emoji, which is what terminals agree on. */
#include "cli/columns.h"

#include <string.h>

#include "base/utf.h"

struct block {
    uint32_t first;
    uint32_t last;
};

static const struct block wide[] = {
    { 0x1100, 0x115F },   { 0x231A, 0x231B },   { 0x2329, 0x232A },   { 0x23E9, 0x23EC },
    { 0x25FD, 0x25FE },   { 0x2614, 0x2615 },   { 0x2648, 0x2653 },   { 0x26AA, 0x26AB },
    { 0x26BD, 0x26BE },   { 0x26C4, 0x26C5 },   { 0x2705, 0x2705 },   { 0x270A, 0x270B },
    { 0x2728, 0x2728 },   { 0x274C, 0x274C },   { 0x2753, 0x2755 },   { 0x2795, 0x2797 },
    { 0x2B1B, 0x2B1C },   { 0x2B50, 0x2B50 },   { 0x2E80, 0x303E },   { 0x3041, 0x33FF },
    { 0x3400, 0x4DBF },   { 0x4E00, 0x9FFF },   { 0xA000, 0xA4CF },   { 0xA960, 0xA97F },
    { 0xAC00, 0xD7A3 },   { 0xF900, 0xFAFF },   { 0xFE10, 0xFE19 },   { 0xFE30, 0xFE6F },
    { 0xFF00, 0xFF60 },   { 0xFFE0, 0xFFE6 },   { 0x16FE0, 0x18AFF }, { 0x1B000, 0x1B2FF },
    { 0x1F300, 0x1F64F }, { 0x1F680, 0x1F6FF }, { 0x1F900, 0x1F9FF }, { 0x1FA70, 0x1FAFF },
    { 0x20000, 0x3FFFD },
};

static const struct block combining[] = {
    { 0x0300, 0x036F }, { 0x0483, 0x0489 }, { 0x0591, 0x05BD },   { 0x0610, 0x061A },
    { 0x064B, 0x065F }, { 0x0E34, 0x0E3A }, { 0x0E47, 0x0E4E },   { 0x1AB0, 0x1AFF },
    { 0x1DC0, 0x1DFF }, { 0x200B, 0x200D }, { 0x20D0, 0x20FF },   { 0x3099, 0x309A },
    { 0xFE00, 0xFE0F }, { 0xFE20, 0xFE2F }, { 0xE0100, 0xE01EF },
};

/* C0, DEL, C1; line and paragraph separators; marks, embeddings and isolates of direction; BOM. */
static const struct block harmful[] = {
    { 0x0000, 0x001F }, { 0x007F, 0x009F }, { 0x061C, 0x061C }, { 0x200E, 0x200F },
    { 0x2028, 0x202E }, { 0x2066, 0x2069 }, { 0xFEFF, 0xFEFF }, { 0xFFF9, 0xFFFB },
};

#define IS_IN(blocks, code_point) is_in(blocks, sizeof(blocks) / sizeof((blocks)[0]), code_point)

/* The blocks are in order. */
static bool is_in(const struct block *blocks, size_t n, uint32_t code_point)
{
    for (size_t i = 0; i < n && code_point >= blocks[i].first; i++) {
        if (code_point <= blocks[i].last)
            return true;
    }
    return false;
}

static uint32_t width_of(uint32_t code_point)
{
    if (code_point < 0x300)
        return 1;
    if (IS_IN(combining, code_point))
        return 0;
    return IS_IN(wide, code_point) ? 2 : 1;
}

/* One character as it will be shown. */
struct glyph {
    const char *text;
    size_t size;
    uint32_t width;
};

/* Takes the next character off the text. */
static struct glyph next_glyph(const char **text, size_t *length)
{
    size_t size;
    uint32_t code_point = sg_utf8_decode(*text, *length, &size);
    bool is_malformed = code_point == 0xFFFD && size == 1;
    struct glyph glyph = { .text = *text, .size = size, .width = width_of(code_point) };
    if (is_malformed || IS_IN(harmful, code_point))
        glyph = (struct glyph){ .text = "?", .size = 1, .width = 1 };
    *text += size;
    *length -= size;
    return glyph;
}

uint32_t columns_width(const char *text)
{
    uint32_t width = 0;
    for (size_t length = strlen(text); length > 0;)
        width += next_glyph(&text, &length).width;
    return width;
}

void columns_put(struct sg_buf *out, const char *text)
{
    for (size_t length = strlen(text); length > 0;) {
        struct glyph glyph = next_glyph(&text, &length);
        sg_buf_append(out, glyph.text, glyph.size);
    }
}

/* Appends characters while they fit into `max` columns; returns the columns taken. */
static uint32_t put_head(struct sg_buf *out, const char *text, uint32_t max)
{
    uint32_t taken = 0;
    for (size_t length = strlen(text); length > 0;) {
        struct glyph glyph = next_glyph(&text, &length);
        if (taken + glyph.width > max)
            break;
        taken += glyph.width;
        sg_buf_append(out, glyph.text, glyph.size);
    }
    return taken;
}

/* The longest end of the text that fits into `max` columns. */
static const char *tail_of(const char *text, uint32_t width, uint32_t max)
{
    for (size_t length = strlen(text); length > 0 && width > max;)
        width -= next_glyph(&text, &length).width;
    return text;
}

uint32_t columns_put_short(struct sg_buf *out, const char *text, uint32_t max, bool is_unicode)
{
    uint32_t width = columns_width(text);
    uint32_t gap = is_unicode ? 1 : 3;
    if (width <= max || max <= gap + 1)
        return put_head(out, text, max);
    uint32_t tail = (max - gap) / 2;
    uint32_t taken = put_head(out, text, max - gap - tail);
    sg_buf_puts(out, is_unicode ? "…" : "...");
    return taken + gap + put_head(out, tail_of(text, width, tail), tail);
}

void columns_put_blanks(struct sg_buf *out, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        sg_buf_putc(out, ' ');
}

void line_put(struct line *line, const char *text)
{
    line->left -= put_head(line->out, text, line->left);
}

void line_put_invisible(struct line *line, const char *bytes)
{
    sg_buf_puts(line->out, bytes);
}

void line_put_blanks(struct line *line, uint32_t n)
{
    if (n > line->left)
        n = line->left;
    columns_put_blanks(line->out, n);
    line->left -= n;
}
