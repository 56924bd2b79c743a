"""Order of includes: own header, C library, third party, ours; a blank line between groups, none
inside, names in alphabetical order. The system's headers stand with the C library's, except those
of Windows: their order is theirs (winsock2.h before windows.h), so only their place is checked."""

import re

from lint_includes import INCLUDE, families_of_foreign
from lintlib import Finding, strip_comments

EXCEPTIONS = ()

OWN, C_LIBRARY, THIRD_PARTY, OURS = range(4)
GROUPS = ("own header", "C library", "third party", "ours")


def check(tree):
    for path, text in tree.sources():
        blocks = _blocks(text)
        own = _own_header(tree, path)
        if own and own not in [name for block in blocks[:1] for _, _, name in block[:1]]:
            line = blocks[0][0][0] if blocks else 1
            yield Finding(path, line, 'the own header "%s" is not the first include' % own,
                          "include it first, in a group of its own")
        for number, block in enumerate(blocks):
            yield from _check_block(path, text, block, own if number == 0 else None)


def _own_header(tree, path):
    """How `x.c` has to include the `x.h` beside it, or None when there is none."""
    header = path[:-2] + ".h"
    if not path.endswith(".c") or not tree.has(header):
        return None
    return re.sub(r"^libseg/", "", header)


def _blocks(text):
    """Runs of includes with only blank lines and comments between: [(line, bracket, name)]."""
    blocks, current = [], []
    for number, code in enumerate(strip_comments(text).split("\n"), 1):
        include = INCLUDE.match(code)
        if include:
            current.append((number, include[1], include[2]))
        elif code.strip() and current:
            blocks.append(current)
            current = []
    return blocks + [current] if current else blocks


def _groups_of(path, lines, block, own):
    """Each include's group. A first header that is alone and that the file implements under
    another name (engine_in.c and engine.h, os/win/loop.c and os/loop.h) counts as its own."""
    groups = [_group_of(bracket, name) for _, bracket, name in block]
    is_own = own == block[0][2] or (own is None and _stands_alone(lines, block))
    return [OWN] + groups[1:] if is_own and path.endswith(".c") else groups


def _stands_alone(lines, block):
    return block[0][1] == '"' and len(block) > 1 and _is_gap(lines, block[0], block[1])


def _is_gap(lines, before, here):
    return any(not line.strip() for line in lines[before[0]:here[0] - 1])


def _group_of(bracket, name):
    if bracket == '"':
        return OURS
    system = families_of_foreign(name) & {"c", "posix", "crt"}
    return C_LIBRARY if system else THIRD_PARTY


def _check_block(path, text, block, own):
    lines = text.split("\n")
    groups = _groups_of(path, lines, block, own)
    for at in range(1, len(block)):
        before, here = groups[at - 1], groups[at]
        number, _, name = block[at]
        gap = _is_gap(lines, block[at - 1], block[at])
        if here < before:
            yield Finding(path, number, '%s: "%s" comes after "%s"'
                          % (name, GROUPS[here], GROUPS[before]),
                          "own header, C library, third party, ours")
        elif here > before and not gap:
            yield Finding(path, number, "no blank line before the group '%s'" % GROUPS[here],
                          "put one")
        elif here == before and not _is_windows(block[at]):
            yield from _check_neighbours(path, block[at - 1], block[at], gap)


def _check_neighbours(path, before, here, gap):
    if gap:
        yield Finding(path, here[0], "a blank line inside a group of includes", "remove it")
    if here[2] < before[2]:
        yield Finding(path, here[0], "%s comes after %s" % (here[2], before[2]),
                      "sort the group alphabetically")


def _is_windows(include):
    return include[1] == "<" and "windows" in families_of_foreign(include[2])
