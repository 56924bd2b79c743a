"""The bar chart: how long each contender takes, as a multiple of the bound or of Segue."""

import html

import figures
import rows

WIDTH = 860
LABEL = 210         # px for the names
BAR = 13
GAP = 5
ROW_GAP = 30
SCALE_END = 5.0     # longer bars are cut
COLOURS = {"Segue": "#2f9e66", "aria2": "#c9822b", "axel": "#a65a9c", "curl": "#4a7bb5"}


def colour(name):
    return next(value for start, value in COLOURS.items() if name.startswith(start))


def bars(row, results):
    """(name, seconds, None or more than that many) of the contenders."""
    for name, samples in results.items():
        found = figures.median(samples, "wall_s")
        if samples[-1].is_over:
            yield name, row.limit_s, True
        elif found is not None:
            yield name, found, False


def unit_of(row, results):
    """What one unit of the scale is, in seconds."""
    if row.bound_s:
        return row.bound_s
    return figures.median(results.get(rows.KNOWN, []), "wall_s")


def text(x, y, words, extra=""):
    return f'<text x="{x:.0f}" y="{y:.0f}" {extra}>{html.escape(words)}</text>'


def bar(y, name, seconds, is_over, unit_s):
    scale = (WIDTH - LABEL - 110) / SCALE_END
    ratio = seconds / unit_s
    width = min(ratio, SCALE_END) * scale
    shade = "1" if name != rows.FIRST else "0.55"
    yield text(LABEL - 8, y + BAR - 2, name, 'text-anchor="end"')
    yield f'<rect x="{LABEL}" y="{y}" width="{width:.1f}" height="{BAR}" rx="2" fill="{colour(name)}" ' \
          f'fill-opacity="{shade}"/>'
    if ratio > SCALE_END:
        x = LABEL + width - 24
        yield f'<path d="M{x:.0f} {y + BAR + 2} l6 -{BAR + 4} h5 l-6 {BAR + 4} z" fill="#fff"/>'
    more = "more than " if is_over else ""
    yield text(LABEL + width + 6, y + BAR - 2, f"{more}{seconds:.1f} s")


def group(y, row, results):
    """The lines of one row, and where the next begins."""
    unit_s = unit_of(row, results)
    lines = [text(LABEL, y, row.heading, 'font-weight="bold"')]
    y += 8
    top = y
    for name, seconds, is_over in bars(row, results):
        lines += bar(y, name, seconds, is_over, unit_s)
        y += BAR + GAP
    if row.bound_s:
        x = LABEL + (WIDTH - LABEL - 110) / SCALE_END
        lines.append(f'<path d="M{x:.0f} {top - 2} V{y - 2}" stroke="#333" stroke-dasharray="3 3"/>')
    return lines, y + ROW_GAP


def draw(title, note, done):
    """The SVG of rows and their results; None if there is nothing to draw."""
    lines, y = [], 74
    for row, results in done:
        if unit_of(row, results) is None:
            continue
        more, y = group(y, row, results)
        lines += more
    if not lines:
        return None
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y}" viewBox="0 0 {WIDTH} {y}" '
        'font-family="Segoe UI, DejaVu Sans, sans-serif" font-size="12" fill="#222">',
        f"<title>{html.escape(title)}</title>",
        '<rect width="100%" height="100%" rx="8" fill="#fff"/>',
        text(20, 26, title, 'font-size="15" font-weight="bold"'),
        text(20, 45, note, 'fill="#555"'), *lines, "</svg>", ""])
