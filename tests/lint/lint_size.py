"""A file with more lines than this has two ideas in it."""

from lintlib import C_SUFFIXES, Finding

EXCEPTIONS = ()

MAX_LINES = 600


def check(tree):
    for path, text in tree.sources(C_SUFFIXES + (".py",)):
        lines = len(text.splitlines())
        if lines > MAX_LINES:
            yield Finding(path, MAX_LINES + 1, "%d lines" % lines,
                          "split it in two at %d at the latest" % MAX_LINES)
