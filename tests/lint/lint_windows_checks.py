"""The script of the Windows checks is what Windows PowerShell 5.1 can read, and docs/windows-checks.md names exactly the
checks that it makes."""

import re

from lintlib import Finding, line_of

EXCEPTIONS = ()

SCRIPT = "packaging/windows-checks.ps1"
PAGE = "docs/windows-checks.md"
MAX_COLUMNS = 120

CHECK = re.compile(r"^ *Check '([^']*)' \{$", re.MULTILINE)
NAMED = re.compile(r"script: (`[a-z.-]+`(?:, `[a-z.-]+`)*)")
# What may hold brackets that are no code: C# and comments, then the two kinds of strings.
NOT_CODE = re.compile(r"@'\n.*?\n'@|<#.*?#>|#[^\n]*|'(?:''|[^'])*'|\"(?:`.|\"\"|[^\"`])*\"", re.DOTALL)
PAIRS = {")": "(", "]": "[", "}": "{"}


def check(tree):
    if not tree.has(SCRIPT):
        return
    script = tree.text(SCRIPT)
    page = tree.text(PAGE) if tree.has(PAGE) else ""
    yield from _check_characters(script)
    yield from _check_brackets(script)
    yield from _check_names(script, page)


def _check_characters(script):
    for number, line in enumerate(script.split("\n"), 1):
        if not line.isascii() or "\t" in line:
            yield Finding(SCRIPT, number, "a character that is not plain ASCII",
                          "Windows PowerShell would read it in the machine's own code page")
        if line != line.rstrip() or len(line) > MAX_COLUMNS:
            yield Finding(SCRIPT, number, "trailing white space, or more than %d columns" % MAX_COLUMNS,
                          "wrap it; what follows a ` at the end of a line would be lost")


def _check_brackets(script):
    code = NOT_CODE.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), script)
    opened = []
    for offset, letter in enumerate(code):
        if letter in PAIRS.values():
            opened.append((letter, offset))
        elif letter in PAIRS and (not opened or opened.pop()[0] != PAIRS[letter]):
            yield Finding(SCRIPT, line_of(script, offset), "a '%s' that closes nothing" % letter, "balance it")
            return
    for letter, offset in opened:
        yield Finding(SCRIPT, line_of(script, offset), "a '%s' that is not closed" % letter, "balance it")


def _check_names(script, page):
    made = {found[1]: line_of(script, found.start()) for found in CHECK.finditer(script)}
    named = {}
    for found in NAMED.finditer(page):
        for name in re.findall(r"`([^`]+)`", found[1]):
            named[name] = line_of(page, found.start())
    if len(made) != len(CHECK.findall(script)):
        yield Finding(SCRIPT, 1, "two checks of one name", "name them apart")
    for name in sorted(set(made) - set(named)):
        yield Finding(SCRIPT, made[name], "the check %s is not in %s" % (name, PAGE), "tell there what it shows")
    for name in sorted(set(named) - set(made)):
        yield Finding(PAGE, named[name], "there is no check %s in %s" % (name, SCRIPT), "name one that is there")
