"""The Markdown table: machine, versions, what ran with which command, and every row."""

import datetime
import os
import pathlib
import platform
import statistics
import subprocess

import figures
import rows

FIGURE_NAMES = {"wall_s": "time", "cpu_s": "CPU"}


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def memory_gib():
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30))


def package_version(name):
    done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", name], capture_output=True, text=True)
    return done.stdout.strip() or "none"


def head(bench, repeat):
    """Where, when and with what it was measured."""
    system = platform.freedesktop_os_release()["PRETTY_NAME"]
    yield f"- {datetime.date.today()}, {system}, {processor()}, " \
          f"{os.cpu_count()} processors, {memory_gib()} GiB of memory; load at the start {bench.load:.1f}"
    yield f"- {bench.segue_version}, {bench.description}; nginx {package_version('nginx')}"
    if bench.system.name == "wine":
        yield f"- Wine {package_version('wine')}; CPU seconds of what runs in it include wineserver's"
    yield f"- medians of {repeat}, contenders in turn, files on tmpfs"
    yield ""
    yield "| contender | version | command |"
    yield "| --- | --- | --- |"
    yield "| Segue | as above | `seg get URL -d DIR`, with `segd run` running already; `--mirror URL2 --mirror URL3` |"
    for name, (peer, version) in bench.versions.items():
        yield f"| {name} | {version} | {commands(peer)} |"
    for name in bench.missing:
        yield f"| {name} | not on this machine | |"


def commands(peer):
    plain = f"`{peer.line()}`"
    if peer.tls_words:
        plain += f", TLS: `{peer.line(is_tls=True)}`"
    return plain


def spread(samples, figure):
    found = figures.values(samples, figure)
    if not found:
        return "no right file"
    if len(found) == 1:
        return f"{found[0]:.2f}"
    return f"{statistics.median(found):.2f} ({min(found):.2f}–{max(found):.2f})"


def middle(samples, figure):
    found = figures.median(samples, figure)
    return "–" if found is None else f"{found:.0f}"


def line_of(row, name, samples):
    wall = spread(samples, "wall_s")
    if samples[-1].is_over:
        wall = f"more than {row.limit_s:.0f}"
    of_bound = ""
    if row.bound_s:
        time_s = figures.median(samples, "wall_s")
        of_bound = " – |" if time_s is None else f" {time_s / row.bound_s:.2f} |"
    peak = figures.median(samples, "peak_kib")
    n_wrong = sum(not sample.is_right and not sample.is_over for sample in samples)
    note = f" **{n_wrong} failed**" if n_wrong else ""
    return (f"| {name}{note} | {wall} |{of_bound} {spread(samples, 'cpu_s')} | "
            f"{f'{peak / 1024:.0f}' if peak else '–'} | {middle(samples, 'connections')} | "
            f"{middle(samples, 'requests')} | {middle(samples, 'refused')} |")


def row_table(row, results):
    bound = f" (`{row.name}`; the network needs {row.bound_s:.2f} s)" if row.bound_s else f" (`{row.name}`)"
    yield f"### {row.heading}{bound}"
    yield ""
    yield "| contender | time, s |" + (" × bound |" if row.bound_s else "") + \
          " CPU, s | segd peak, MiB | connections | requests | refused |"
    yield "| --- | ---: |" + (" ---: |" if row.bound_s else "") + " ---: | ---: | ---: | ---: | ---: |"
    for name, samples in results.items():
        yield line_of(row, name, samples)
    yield ""


def budget_line(row, verdict):
    budget = verdict.budget
    what = FIGURE_NAMES[budget.figure]
    if budget.against is None:
        most, measured = f"≤ {budget.most:.2f} s", f"{verdict.measured:.2f} s" if verdict.measured else "–"
    else:
        most = f"≤ {budget.most:.2f} × {budget.against}"
        measured = "–" if verdict.measured is None else f"{verdict.measured:.2f} ×"
    met = "yes" if verdict.is_met else "**no**"
    return f"| {row.heading} | {budget.of}: {what} {most} | {measured} | {met} |"


def alone_line(figure):
    met = "" if figure.is_met is None else "yes" if figure.is_met else "**no**"
    return f"| {figure.title} | {figure.budget} | {figure.text} | {met} |"


def document(bench, repeat, done, alone):
    """Lines of the whole report: of the rows that are done, and the figures that need no peer."""
    yield "# Benchmark"
    yield ""
    yield from head(bench, repeat)
    yield ""
    yield "## Budgets"
    yield ""
    yield "| what | budget | measured | met |"
    yield "| --- | --- | ---: | --- |"
    for row, results in done:
        for verdict in figures.verdicts(row, results):
            yield budget_line(row, verdict)
    for figure in alone:
        yield alone_line(figure)
    yield ""
    yield "## Rows"
    yield ""
    for row, results in done:
        yield from row_table(row, results)


def write(path, *what):
    path.write_text("\n".join(document(*what)).rstrip() + "\n", encoding="utf-8")
