"""The text itself: no tabs, trailing blanks or long lines in C, no notes to self anywhere."""

import re

from lintlib import C_SUFFIXES, Finding

EXCEPTIONS = ()

MAX_COLUMNS = 100
NOTE = re.compile(r"\b(T[O]DO|F[I]XME|X[X]X|H[A]CK)\b")     # spelled so as not to find itself


def check(tree):
    for path, text in tree.sources(("",)):
        for number, line in enumerate(text.split("\n"), 1):
            note = NOTE.search(line)
            if note:
                yield Finding(path, number, "a note to self (%s)" % note[1],
                              "do it, or say in docs/ what is not done")
            if path.endswith(C_SUFFIXES):
                yield from _check_layout(path, number, line)


def _check_layout(path, number, line):
    if "\t" in line:
        yield Finding(path, number, "a tab", "use spaces")
    if line != line.rstrip():
        yield Finding(path, number, "trailing white space", "remove it")
    if len(line) > MAX_COLUMNS:
        yield Finding(path, number, "%d columns" % len(line), "wrap at %d" % MAX_COLUMNS)
