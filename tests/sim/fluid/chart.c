/* A box for each family, on an axis that shows small differences near 1. */
#include "tests/sim/fluid/chart.h"

#include <math.h>
#include <stdio.h>

#include "tests/sim/fluid/budgets.h"

enum { WIDTH = 860, LEFT = 110, RIGHT = 30, TOP = 92, ROW = 34, BOTTOM = 74, FONT = 13 };

static const double axis_low =
    0.005; /* of ratio - 1: what is nearer to the bound lies at the edge */
static const double axis_high = 10.0;

/* The horizontal place of a ratio: the logarithm of what it is above the bound. */
static double place_of(double ratio)
{
    double above = ratio - 1.0;
    if (above < axis_low)
        above = axis_low;
    if (above > axis_high)
        above = axis_high;
    double part = log(above / axis_low) / log(axis_high / axis_low);
    return LEFT + part * (WIDTH - LEFT - RIGHT);
}

static void draw_line(FILE *out, double x1, double y1, double x2, double y2, const char *style)
{
    fprintf(out, "<line x1='%.1f' y1='%.1f' x2='%.1f' y2='%.1f' %s/>\n", x1, y1, x2, y2, style);
}

static void draw_text(FILE *out, double x, double y, const char *anchor, const char *color,
                      const char *text)
{
    fprintf(out, "<text x='%.1f' y='%.1f' text-anchor='%s' fill='%s'>%s</text>\n", x, y, anchor,
            color, text);
}

static void draw_axis(FILE *out, double bottom)
{
    static const double ratios[] = { 1.005, 1.01, 1.02, 1.05, 1.1, 1.2, 1.5, 2.0, 3.0, 6.0, 11.0 };
    for (size_t i = 0; i < sizeof ratios / sizeof ratios[0]; i++) {
        char label[32];
        double x = place_of(ratios[i]);
        (void)snprintf(label, sizeof label, "%g", ratios[i]);
        draw_line(out, x, TOP, x, bottom, "stroke='#e3e3e3'");
        draw_text(out, x, bottom + 18, "middle", "#555", label);
    }
    draw_text(out, (LEFT + WIDTH - RIGHT) / 2.0, bottom + 40, "middle", "#333",
              "finish time / fluid lower bound (logarithmic above 1)");
}

static void draw_goal(FILE *out, double ratio, double bottom, const char *label)
{
    double x = place_of(ratio);
    draw_line(out, x, TOP - 6, x, bottom, "stroke='#c0392b' stroke-dasharray='4 3'");
    draw_text(out, x, TOP - 11, "middle", "#c0392b", label);
}

static void draw_row(FILE *out, const char *name, const struct tally *t, double y)
{
    double p5 = place_of(tally_percentile(t, 0.05));
    double p25 = place_of(tally_percentile(t, 0.25));
    double p75 = place_of(tally_percentile(t, 0.75));
    double p99 = place_of(tally_percentile(t, 0.99));
    double median = place_of(tally_percentile(t, 0.5));
    draw_text(out, LEFT - 12, y + 4, "end", "#222", name);
    draw_line(out, p5, y, p99, y, "stroke='#34648c' stroke-width='1.5'");
    draw_line(out, p5, y - 5, p5, y + 5, "stroke='#34648c' stroke-width='1.5'");
    draw_line(out, p99, y - 5, p99, y + 5, "stroke='#34648c' stroke-width='1.5'");
    fprintf(out,
            "<rect x='%.1f' y='%.1f' width='%.1f' height='16' rx='2' fill='#a9c8e0' "
            "stroke='#34648c'/>\n",
            p25, y - 8, p75 - p25 > 1.0 ? p75 - p25 : 1.0);
    draw_line(out, median, y - 8, median, y + 8, "stroke='#16364f' stroke-width='2.5'");
    fprintf(out,
            "<circle cx='%.1f' cy='%.1f' r='3.5' fill='#fff' stroke='#16364f' "
            "stroke-width='1.5'/>\n",
            place_of(t->mean), y);
}

static void draw_head(FILE *out, size_t n, double height)
{
    fprintf(out,
            "<svg xmlns='http://www.w3.org/2000/svg' width='%d' height='%.0f' "
            "viewBox='0 0 %d %.0f' font-family='sans-serif' font-size='%d'>\n"
            "<rect width='100%%' height='100%%' fill='#fff'/>\n",
            WIDTH, height, WIDTH, height, FONT);
    fprintf(out,
            "<text x='%d' y='28' font-size='17' font-weight='bold' fill='#222'>"
            "Finish time in %zu simulated networks</text>\n",
            LEFT, n);
    draw_text(out, LEFT, 50, "start", "#555",
              "line: 5th to 99th percentile; box: 25th to 75th; bar: median; circle: mean");
}

bool chart_write(const char *path, const struct sample *samples, size_t n)
{
    const struct family *all;
    size_t n_families = families(&all);
    FILE *out = fopen(path, "w");
    if (out == NULL)
        return false;
    double bottom = TOP + ROW * (double)(n_families + 1);
    draw_head(out, n, bottom + BOTTOM);
    draw_axis(out, bottom);
    draw_goal(out, budget_wanted.mean, bottom, "mean wanted");
    draw_goal(out, budget_wanted.p99, bottom, "p99 wanted");
    for (size_t i = 0; i <= n_families; i++) {
        struct tally t = tally_of(samples, n, i < n_families ? i : SIZE_MAX);
        if (t.n > 0)
            draw_row(out, i < n_families ? all[i].name : "all", &t, TOP + ROW * ((double)i + 0.5));
        tally_fini(&t);
    }
    fputs("</svg>\n", out);
    return fclose(out) == 0;
}
