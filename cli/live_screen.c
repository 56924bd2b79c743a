/* Redrawing in place: by escape sequences where the console has them; else by the console's own
 * functions, with blanks over what was there; else one line that is written over again and again. A
 * frame goes out in one write, so that it does not flicker. */
#include "cli/live_screen.h"

#include <string.h>

#include "base/buf.h"
#include "cli/columns.h"
#include "cli/console.h"
#include "cli/live_view.h"
#include "cli/report.h"

/* ECMA-48 and the private modes of the DEC VT220. */
#define HIDE_CURSOR "\x1b[?25l"
#define SHOW_CURSOR "\x1b[?25h"
#define ERASE_LINE "\x1b[K"
#define ERASE_BELOW "\x1b[J"

/* One column and one line are left free: a character in the last column, or a line end in the last
 * line, makes some consoles scroll. */
static struct live_style present_style(void)
{
    const struct console_traits *traits = console_traits();
    uint32_t columns;
    uint32_t lines;
    console_size(&columns, &lines);
    return (struct live_style){
        .width = columns > 1 ? columns - 1 : 1,
        .height = lines > 1 ? lines - 1 : 1,
        .is_unicode = traits->has_unicode,
        .has_colour = traits->has_colour,
    };
}

static void go_up(struct sg_buf *out, uint32_t n_lines)
{
    if (n_lines > 0)
        sg_buf_printf(out, "\x1b[%uA", n_lines);
    sg_buf_putc(out, '\r');
}

/* Copies the frame and erases what stood behind each of its lines. Returns the number of lines. */
static uint32_t put_lines(struct sg_buf *out, const struct sg_buf *frame)
{
    uint32_t n_lines = 0;
    for (size_t i = 0; i < frame->length; i++) {
        if (frame->data[i] == '\n') {
            sg_buf_puts(out, ERASE_LINE);
            n_lines++;
        }
        sg_buf_putc(out, frame->data[i]);
    }
    return n_lines;
}

static void draw_frame(struct live_screen *screen, struct row *const *rows, size_t n_rows,
                       const struct live_style *style)
{
    struct sg_buf frame = { 0 };
    struct sg_buf out = { 0 };
    live_view_frame(rows, n_rows, style, &frame);
    sg_buf_puts(&out, screen->is_shown ? "" : HIDE_CURSOR);
    go_up(&out, screen->n_lines);
    screen->n_lines = put_lines(&out, &frame);
    sg_buf_puts(&out, ERASE_BELOW);
    print_text(&out);
    sg_buf_fini(&out);
    sg_buf_fini(&frame);
}

/* Copies the frame with each line filled up to `width` columns. Returns the number of lines. */
static uint32_t put_padded_lines(struct sg_buf *out, struct sg_buf *frame, uint32_t width)
{
    uint32_t n_lines = 0;
    for (char *line = frame->data; line != NULL && *line != '\0'; n_lines++) {
        char *end = strchr(line, '\n');
        *end = '\0';
        uint32_t taken = columns_width(line);
        sg_buf_puts(out, line);
        columns_put_blanks(out, taken < width ? width - taken : 0);
        sg_buf_putc(out, '\n');
        line = end + 1;
    }
    return n_lines;
}

static void put_blank_lines(struct sg_buf *out, uint32_t n_lines, uint32_t width)
{
    for (uint32_t i = 0; i < n_lines; i++) {
        columns_put_blanks(out, width);
        sg_buf_putc(out, '\n');
    }
}

static void draw_padded(struct live_screen *screen, struct row *const *rows, size_t n_rows,
                        const struct live_style *style)
{
    struct sg_buf frame = { 0 };
    struct sg_buf out = { 0 };
    live_view_frame(rows, n_rows, style, &frame);
    uint32_t n_lines = put_padded_lines(&out, &frame, style->width);
    uint32_t n_old = screen->n_lines > n_lines ? screen->n_lines - n_lines : 0;
    put_blank_lines(&out, n_old, style->width);
    console_go_up(screen->n_lines);
    print_text(&out);
    if (n_old > 0)
        console_go_up(n_old);
    screen->n_lines = n_lines;
    screen->width = style->width;
    sg_buf_fini(&out);
    sg_buf_fini(&frame);
}

static void draw_single(struct live_screen *screen, struct row *const *rows, size_t n_rows,
                        const struct live_style *style)
{
    struct sg_buf line = { 0 };
    sg_buf_putc(&line, '\r');
    size_t start = line.length;
    live_view_single(rows, n_rows, style, &line);
    uint32_t width = line.is_failed ? 0 : columns_width(line.data + start);
    if (width < screen->width)
        columns_put_blanks(&line, screen->width - width);
    screen->width = width;
    print_text(&line);
    sg_buf_fini(&line);
}

void live_screen_draw(struct live_screen *screen, struct row *const *rows, size_t n_rows)
{
    const struct console_traits *traits = console_traits();
    if (!traits->is_terminal)
        return;
    struct live_style style = present_style();
    if (traits->has_vt)
        draw_frame(screen, rows, n_rows, &style);
    else if (traits->has_cursor)
        draw_padded(screen, rows, n_rows, &style);
    else
        draw_single(screen, rows, n_rows, &style);
    screen->is_shown = true;
}

static void clear_padded(const struct live_screen *screen, struct sg_buf *out)
{
    put_blank_lines(out, screen->n_lines, screen->width);
    console_go_up(screen->n_lines);
    print_text(out);
    console_go_up(screen->n_lines);
}

void live_screen_clear(struct live_screen *screen)
{
    const struct console_traits *traits = console_traits();
    struct sg_buf out = { 0 };
    if (!screen->is_shown)
        return;
    if (traits->has_vt) {
        go_up(&out, screen->n_lines);
        sg_buf_puts(&out, ERASE_BELOW SHOW_CURSOR);
    } else if (traits->has_cursor) {
        clear_padded(screen, &out);
    } else {
        sg_buf_putc(&out, '\r');
        columns_put_blanks(&out, screen->width);
        sg_buf_putc(&out, '\r');
    }
    print_text(&out);
    sg_buf_fini(&out);
    *screen = (struct live_screen){ 0 };
}
