"""Users look error codes up: every word of the status table is in docs/reference.md."""

import re

from lintlib import Finding, line_of, strip_comments

EXCEPTIONS = ()

TABLE = "libseg/base/status.h"
REFERENCE = "docs/reference.md"
ROW = re.compile(r'\bX\(\s*(SG_E_\w+)[\s\\]*,[\s\\]*"([^"]*)"')


def check(tree):
    missing = [path for path in (TABLE, REFERENCE) if not tree.has(path)]
    for path in missing:
        yield Finding(path, 1, "does not exist", "write it")
    if missing:
        return
    table, reference = strip_comments(tree.text(TABLE)), tree.text(REFERENCE)
    rows = list(ROW.finditer(table))
    if not rows:
        yield Finding(TABLE, 1, "has no row like X(SG_E_NAME, \"name\", CLASS, \"sentence\")",
                      "keep the table in that form")
    for row in rows:
        if "`%s`" % row[2] not in reference:
            yield Finding(TABLE, line_of(table, row.start()),
                          "%s: `%s` is not in %s" % (row[1], row[2], REFERENCE),
                          "describe it there")
