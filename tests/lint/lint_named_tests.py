"""A page that says which test shows something names a test that is there."""

import os
import re

from lintlib import Finding

EXCEPTIONS = ()

TEST_FILE = re.compile(r"`(test_\w+\.(?:py|c))`")


def check(tree):
    there = {os.path.basename(path) for path in tree.paths if path.startswith("tests/")}
    for path, text in tree.sources((".md",)):
        for number, line in enumerate(text.split("\n"), 1):
            for name in TEST_FILE.findall(line):
                if name not in there:
                    yield Finding(path, number, "names %s, which is not there" % name,
                                  "name the test that shows it now")
