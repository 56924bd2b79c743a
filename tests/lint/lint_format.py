"""clang-format has nothing to change in our C."""

import re
import shutil
import subprocess

from lintlib import Finding

EXCEPTIONS = ()

TOOL = "clang-format"
FOLDERS = ("libseg/", "ipc/", "daemon/", "cli/", "tests/")


def check(tree):
    paths = [path for path, _ in tree.sources(under=FOLDERS)]
    if not paths:
        return
    if shutil.which(TOOL) is None:
        yield Finding(paths[0], 1, "%s is not installed" % TOOL, "install it")
        return
    run = subprocess.run([TOOL, "--dry-run", "-Werror", "--style=file"] + paths, cwd=tree.root,
                         stderr=subprocess.PIPE, text=True, errors="replace", check=False)
    first = _first_lines(run.stderr)
    for path, line in sorted(first.items()):
        yield Finding(path, line, "is not formatted from here on", "run %s -i on it" % TOOL)
    if run.returncode != 0 and not first:
        yield Finding(paths[0], 1, "%s failed (%s)" % (TOOL, run.stderr.strip()[:200]),
                      "run it by hand")


def _first_lines(diagnostics):
    """The first complaint about each file."""
    found = {}
    for match in re.finditer(r"^([^:\n]+):(\d+):\d+: error: ", diagnostics, re.MULTILINE):
        found.setdefault(match[1], int(match[2]))
    return found
