"""The posix/ folders exist for tests only: no meson.build may name one where Windows gets to.

Reads the part of meson's language that decides it: if/elif/else with host_machine.system(), `?:`,
variables that hold such a condition, and subdir(). What it cannot decide may be true on Windows.
"""

import os
import re

from lintlib import Finding

EXCEPTIONS = ()

STRING = re.compile(r"'''(.*?)'''|'((?:\\.|[^'\\\n])*)'", re.DOTALL)
SYSTEM = re.compile(r"([\w.()]+)\s*(==|!=)\s*'(\w+)'")
SYSTEM_IN = re.compile(r"([\w.()]+)\s+(not\s+in|in)\s+\[([^\]]*)\]")
ASSIGN = re.compile(r"^\s*(\w+)\s*=\s*(.+)$")
BRANCH = re.compile(r"^\s*(if|elif|else|endif)\b(.*)$")
VALUE = r"((?:files\s*)?[(\[]*\s*'[^']*'\s*[)\]]*)"
CHOICE = re.compile(r"((?:\bnot\s+)?\w+|[\w.()]+\s*[!=]=\s*'\w+')\s*\?\s*" + VALUE
                    + r"\s*:\s*" + VALUE)
HOST = "the system's name"              # the value of a variable that holds host_machine.system()


def check(tree):
    known = {}
    seen = set()
    if tree.has("meson.build"):
        yield from _walk(tree, "meson.build", True, known, seen)
    for path in tree.paths:
        if os.path.basename(path) == "meson.build" and path not in seen:
            yield from _walk(tree, path, True, known, seen)


def _walk(tree, path, reachable, known, seen):
    """Follows one meson.build and its subdirs, keeping whether Windows can get to each line."""
    seen.add(path)
    state = [(reachable, False)]        # (reachable, an earlier branch is taken for certain)
    for number, line in _lines(tree.text(path) or ""):
        branch = BRANCH.match(line)
        if branch:
            _enter(state, branch[1], branch[2], known)
            continue
        line = CHOICE.sub(lambda m: _choose(m, known), line)
        if state[-1][0]:
            _learn(line, known)
        for name in _strings(line):
            if state[-1][0] and "posix" in name.split("/"):
                yield Finding(path, number, "'%s' is reached when building for Windows" % name,
                              "put it where host_machine.system() is not 'windows'")
        for sub in re.findall(r"\bsubdir\(\s*'([^']+)'", line):
            below = os.path.normpath(os.path.join(os.path.dirname(path), sub, "meson.build"))
            if tree.has(below):
                yield from _walk(tree, below, state[-1][0], known, seen)


def _lines(text):
    """Logical lines without comments: what stands in open brackets belongs to one line."""
    start, joined = None, ""
    for number, raw in enumerate(text.split("\n"), 1):
        joined += " " + re.sub(r"('(?:\\.|[^'\\])*')|#.*", lambda m: m[1] or "", raw)
        start = start or number
        bare = STRING.sub("''", joined)
        if sum(bare.count(c) for c in "([{") <= sum(bare.count(c) for c in ")]}"):
            yield start, joined
            start, joined = None, ""
    if joined:
        yield start, joined


def _strings(line):
    return [m[1] or m[2] or "" for m in STRING.finditer(line)]


def _enter(state, word, condition, known):
    if word == "endif":
        if len(state) > 1:
            state.pop()
        return
    truth = True if word == "else" else _truth(condition, known)
    if word == "if":
        state.append((state[-1][0] and truth is not False, truth is True))
    elif len(state) > 1:
        taken = state[-1][1]
        state[-1] = (state[-2][0] and not taken and truth is not False, taken or truth is True)


def _truth(condition, known):
    """True, False, or None when it cannot be told, on Windows."""
    condition = condition.strip()
    for word, deciding in (("or", True), ("and", False)):
        parts = re.split(r"\b%s\b" % word, condition)
        if len(parts) > 1:
            truths = [_truth(part, known) for part in parts]
            return deciding if deciding in truths else None if None in truths else not deciding
    if re.match(r"not\b", condition):
        inner = _truth(condition[3:], known)
        return None if inner is None else not inner
    return _truth_of_atom(condition, known)


def _truth_of_atom(condition, known):
    if condition.startswith("(") and condition.endswith(")"):
        return _truth(condition[1:-1], known)
    system = SYSTEM.fullmatch(condition)
    if system and _is_host(system[1], known):
        return (system[3] == "windows") == (system[2] == "==")
    among = SYSTEM_IN.fullmatch(condition)
    if among and _is_host(among[1], known):
        return ("'windows'" in among[3]) == (among[2] == "in")
    value = {"true": True, "false": False}.get(condition, known.get(condition))
    return None if value == HOST else value


def _is_host(name, known):
    return name == "host_machine.system()" or known.get(name) == HOST


def _choose(match, known):
    """Leaves of `condition ? 'a' : 'b'` the string that Windows gets, when that is certain."""
    truth = _truth(match[1], known)
    return match[0] if truth is None else match[2] if truth else match[3]


def _learn(line, known):
    assign = ASSIGN.match(line)
    if assign:
        is_host = _is_host(assign[2].strip(), known)
        known[assign[1]] = HOST if is_host else _truth(assign[2], known)
