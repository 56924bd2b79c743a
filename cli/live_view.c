/* Frames of the live view. */
#include "cli/live_view.h"

#include <stdio.h>

#include "cli/columns.h"
#include "cli/render_bar.h"
#include "cli/units.h"

enum {
    INDENT = 4,
    NAME_MIN = 8,    /* columns below which numbers make room for the name */
    LANE_CELL = 26,  /* least width of a lane's cell: number, bar of 8, rate, gap */
    RATE_WIDTH = 11, /* "999.9 MiB/s" */
    LANE_GAP = 2,
    BAR_MIN = 4, /* a shorter bar tells nothing */
    BAR_MAX = 100,
};

/* How much of each job is shown. */
enum detail { DETAIL_NAME, DETAIL_MAP, DETAIL_LANES };

static const char green[] = "\x1b[32m";
static const char yellow[] = "\x1b[33m";
static const char cyan[] = "\x1b[36m";
static const char plain[] = "\x1b[0m";

static void colour(struct line *line, const struct live_style *style, const char *code)
{
    if (style->has_colour)
        line_put_invisible(line, code);
}

static void put_right(struct line *line, const char *text, uint32_t width)
{
    uint32_t taken = columns_width(text);
    line_put_blanks(line, taken < width ? width - taken : 0);
    line_put(line, text);
}

/* ---- the line with name and numbers ---- */

/* What stands at the right end of a job's line, shortest first. */
enum numbers { NUMBERS_NONE, NUMBERS_STATE, NUMBERS_RATE, NUMBERS_ETA, NUMBERS_ALL };

static void put_sizes(const struct row *row, struct sg_buf *out)
{
    char done[UNITS_TEXT_SIZE];
    char total[UNITS_TEXT_SIZE];
    units_format_size(row->done, done);
    units_format_size(row->total, total);
    if (row->total >= 0)
        sg_buf_printf(out, "%s of %s", done, total);
    else
        sg_buf_puts(out, done);
}

/* The percentage of a job at work; the state of any other. */
static void put_short_state(const struct row *row, struct sg_buf *out)
{
    char percent[UNITS_TEXT_SIZE];
    if (row->state != ROW_ACTIVE) {
        row_put_state(row, out);
        return;
    }
    if (row->total < 0) {
        sg_buf_puts(out, "active");
        return;
    }
    units_format_percent(row->done, row->total, percent);
    sg_buf_printf(out, "%4s", percent);
}

static void put_numbers(const struct row *row, enum numbers numbers, struct sg_buf *out)
{
    char text[UNITS_TEXT_SIZE];
    if (numbers >= NUMBERS_STATE)
        put_short_state(row, out);
    if (numbers >= NUMBERS_ALL && (row->done > 0 || row->total >= 0)) {
        sg_buf_puts(out, "  ");
        put_sizes(row, out);
    }
    if (numbers >= NUMBERS_RATE && row->state == ROW_ACTIVE) {
        units_format_rate(row->rate, text);
        sg_buf_printf(out, "  %*s", RATE_WIDTH, text);
    }
    if (numbers >= NUMBERS_ETA && row->state == ROW_ACTIVE && row->eta >= 0) {
        units_format_duration(row->eta, text);
        sg_buf_printf(out, "  %5s", text);
    }
}

/* As many numbers as leave the name enough room. */
static void choose_numbers(const struct row *row, uint32_t width, struct sg_buf *out)
{
    for (int numbers = NUMBERS_ALL; numbers > NUMBERS_NONE; numbers--) {
        sg_buf_clear(out);
        put_numbers(row, (enum numbers)numbers, out);
        if (out->data == NULL || columns_width(out->data) + NAME_MIN + 2 <= width)
            return;
    }
    sg_buf_clear(out);
}

static const char *state_colour(const struct row *row)
{
    return row->state == ROW_ACTIVE ? green : row->state == ROW_WAITING ? yellow : cyan;
}

/* The line without its end; whatever `line` has left is its width. */
static void put_job_line(const struct row *row, const struct live_style *style, struct line *line)
{
    char id[UNITS_TEXT_SIZE];
    struct sg_buf numbers = { 0 };
    snprintf(id, sizeof id, "%3lld ", (long long)row->id);
    line_put(line, id);
    choose_numbers(row, line->left, &numbers);

    uint32_t numbers_width = numbers.length > 0 ? columns_width(numbers.data) + 2 : 0;
    uint32_t room = line->left > numbers_width ? line->left - numbers_width : 0;
    const char *name = row->name != NULL ? row->name : "?";
    uint32_t taken = columns_put_short(line->out, name, room, style->is_unicode);
    line->left -= taken;
    if (numbers.length > 0) {
        line_put_blanks(line, room - taken + 2);
        colour(line, style, state_colour(row));
        line_put(line, numbers.data);
        colour(line, style, plain);
    }
    sg_buf_fini(&numbers);
}

/* ---- what stands below it ---- */

static bool has_map(const struct row *row)
{
    return row->total > 0 && (row->state == ROW_ACTIVE || row->have.n > 0);
}

static bool has_message(const struct row *row)
{
    return row->error != NULL && row->state == ROW_WAITING;
}

static void put_map_line(const struct row *row, const struct live_style *style, struct sg_buf *out)
{
    struct line line = { .out = out, .left = style->width };
    line_put_blanks(&line, INDENT);
    uint32_t cells = line.left < BAR_MAX ? line.left : BAR_MAX;
    colour(&line, style, state_colour(row));
    bar_put_map(&line, &row->have, row->total, cells, style->is_unicode);
    colour(&line, style, plain);
    sg_buf_putc(out, '\n');
}

static void put_message_line(const struct row *row, const struct live_style *style,
                             struct sg_buf *out)
{
    struct line line = { .out = out, .left = style->width };
    line_put_blanks(&line, INDENT);
    colour(&line, style, yellow);
    line.left -= columns_put_short(out, row->error, line.left, style->is_unicode);
    colour(&line, style, plain);
    sg_buf_putc(out, '\n');
}

/* ---- lanes ---- */

static uint32_t lanes_per_line(const struct live_style *style)
{
    uint32_t room = style->width > INDENT ? style->width - INDENT : 1;
    uint32_t n = (room + LANE_GAP) / (LANE_CELL + LANE_GAP);
    return n > 0 ? n : 1;
}

static uint32_t lane_lines(const struct row *row, const struct live_style *style)
{
    uint32_t per_line = lanes_per_line(style);
    return (uint32_t)((row->n_lanes + per_line - 1) / per_line);
}

/* "12 ████░░░░  2.1 MiB/s" in `width` columns; the bar gives way first. */
static void put_lane(const struct row_lane *lane, uint32_t width, const struct live_style *style,
                     struct line *line)
{
    char text[UNITS_TEXT_SIZE];
    snprintf(text, sizeof text, "%2u ", (unsigned)(lane->number % 1000));
    uint32_t fixed = columns_width(text) + 1 + RATE_WIDTH;
    uint32_t bar = width > fixed ? width - fixed : 0;
    line_put(line, text);
    if (bar >= BAR_MIN) {
        int64_t size = lane->end >= 0 ? lane->end - lane->start : 0;
        colour(line, style, cyan);
        bar_put_fill(line, lane->pos - lane->start, size, bar, style->is_unicode);
        colour(line, style, plain);
        line_put(line, " ");
    }
    units_format_rate(lane->rate, text);
    put_right(line, text, RATE_WIDTH);
}

static void put_lanes(const struct row *row, const struct live_style *style, struct sg_buf *out)
{
    uint32_t per_line = lanes_per_line(style);
    uint32_t room = style->width > INDENT ? style->width - INDENT : 1;
    uint32_t cell = (room - LANE_GAP * (per_line - 1)) / per_line;
    struct line line = { 0 };
    for (size_t i = 0; i < row->n_lanes; i++) {
        bool is_first = i % per_line == 0;
        bool is_last = i + 1 == row->n_lanes || (i + 1) % per_line == 0;
        if (is_first)
            line = (struct line){ .out = out, .left = style->width };
        line_put_blanks(&line, is_first ? INDENT : LANE_GAP);
        put_lane(&row->lanes[i], cell, style, &line);
        if (is_last)
            sg_buf_putc(out, '\n');
    }
}

/* ---- frames ---- */

struct sums {
    uint32_t n_active;
    uint32_t n_other;
    int64_t rate;
};

static struct sums sum_up(struct row *const *rows, size_t n_rows)
{
    struct sums sums = { 0 };
    for (size_t i = 0; i < n_rows; i++) {
        if (row_is_final(rows[i]))
            continue;
        bool is_active = rows[i]->state == ROW_ACTIVE;
        sums.n_active += is_active;
        sums.n_other += !is_active;
        sums.rate += is_active && rows[i]->rate > 0 ? rows[i]->rate : 0;
    }
    return sums;
}

static uint32_t lines_of(const struct row *row, enum detail detail, const struct live_style *style)
{
    uint32_t lines = 1;
    if (detail >= DETAIL_MAP)
        lines += (uint32_t)has_map(row) + (uint32_t)has_message(row);
    if (detail >= DETAIL_LANES)
        lines += lane_lines(row, style);
    return lines;
}

static uint64_t lines_of_all(struct row *const *rows, size_t n_rows, enum detail detail,
                             const struct live_style *style)
{
    uint64_t lines = 0;
    for (size_t i = 0; i < n_rows; i++)
        lines += row_is_final(rows[i]) ? 0 : lines_of(rows[i], detail, style);
    return lines;
}

static enum detail choose_detail(struct row *const *rows, size_t n_rows, uint32_t height,
                                 const struct live_style *style)
{
    int detail = DETAIL_LANES;
    while (detail > DETAIL_NAME && lines_of_all(rows, n_rows, (enum detail)detail, style) > height)
        detail--;
    return (enum detail)detail;
}

static void put_job(const struct row *row, enum detail detail, const struct live_style *style,
                    struct sg_buf *out)
{
    struct line line = { .out = out, .left = style->width };
    put_job_line(row, style, &line);
    sg_buf_putc(out, '\n');
    if (detail >= DETAIL_MAP && has_message(row))
        put_message_line(row, style, out);
    if (detail >= DETAIL_MAP && has_map(row))
        put_map_line(row, style, out);
    if (detail >= DETAIL_LANES)
        put_lanes(row, style, out);
}

static void put_sums(const struct sums *sums, struct line *line)
{
    char rate[UNITS_TEXT_SIZE];
    char text[2 * UNITS_TEXT_SIZE + 32];
    units_format_rate(sums->rate, rate);
    snprintf(text, sizeof text, "%u active, %u more, %s", sums->n_active, sums->n_other, rate);
    line_put(line, text);
}

/* Jobs at work are shown before others, so that those which are left out are the idle ones. */
static uint32_t put_jobs(struct row *const *rows, size_t n_rows, bool is_active, uint32_t room,
                         enum detail detail, const struct live_style *style, struct sg_buf *out)
{
    uint32_t used = 0;
    for (size_t i = 0; i < n_rows; i++) {
        if (row_is_final(rows[i]) || (rows[i]->state == ROW_ACTIVE) != is_active)
            continue;
        uint32_t lines = lines_of(rows[i], detail, style);
        if (lines > room - used)
            break;
        put_job(rows[i], detail, style, out);
        used += lines;
    }
    return used;
}

void live_view_frame(struct row *const *rows, size_t n_rows, const struct live_style *style,
                     struct sg_buf *out)
{
    struct sums sums = sum_up(rows, n_rows);
    bool has_sums = sums.n_active + sums.n_other > 1;
    uint32_t room = style->height - (has_sums ? 1 : 0);
    enum detail detail = choose_detail(rows, n_rows, room, style);
    uint32_t used = put_jobs(rows, n_rows, true, room, detail, style, out);
    put_jobs(rows, n_rows, false, room - used, detail, style, out);
    if (has_sums) {
        struct line line = { .out = out, .left = style->width };
        put_sums(&sums, &line);
        sg_buf_putc(out, '\n');
    }
}

void live_view_single(struct row *const *rows, size_t n_rows, const struct live_style *style,
                      struct sg_buf *out)
{
    struct sums sums = sum_up(rows, n_rows);
    struct line line = { .out = out, .left = style->width };
    if (sums.n_active + sums.n_other > 1) {
        put_sums(&sums, &line);
        return;
    }
    for (size_t i = 0; i < n_rows; i++) {
        if (!row_is_final(rows[i]))
            put_job_line(rows[i], style, &line);
    }
}

void live_view_result(const struct row *row, const struct live_style *style, struct sg_buf *out)
{
    char size[UNITS_TEXT_SIZE];
    struct line line = { .out = out, .left = UINT32_MAX };
    units_format_size(row->total >= 0 ? row->total : row->done, size);
    sg_buf_printf(out, "%3lld ", (long long)row->id);
    columns_put(out, row->name != NULL ? row->name : "?");
    sg_buf_printf(out, "  %s  ", size);
    colour(&line, style, green);
    sg_buf_puts(out, row_state_word(row->state));
    colour(&line, style, plain);
    sg_buf_putc(out, '\n');
}
