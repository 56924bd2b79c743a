"""Include guards: libseg/base/status.h has SEGUE_BASE_STATUS_H around all of it."""

import re

from lintlib import Finding, strip_to_code

EXCEPTIONS = ()


def check(tree):
    for path, text in tree.sources((".h",)):
        guard = guard_of(path)
        lines = [(n, " ".join(line.split()))
                 for n, line in enumerate(strip_to_code(text).split("\n"), 1) if line.strip()]
        wanted = ["#ifndef " + guard, "#define " + guard]
        if [line for _, line in lines[:2]] != wanted:
            yield Finding(path, lines[0][0] if lines else 1, "does not begin with its guard",
                          "begin with %s and %s" % tuple(wanted))
        elif lines[-1][1] != "#endif":
            yield Finding(path, lines[-1][0], "the guard does not enclose the whole header",
                          "end with #endif")


def guard_of(path):
    short = path[len("libseg/"):] if path.startswith("libseg/") else path
    return "SEGUE_" + re.sub(r"[^A-Z0-9]", "_", short.upper())
