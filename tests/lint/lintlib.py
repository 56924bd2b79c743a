"""What the lints share: the tree they look at, the shape of a finding, a tiny C tokenizer.

A lint is a module `lint_<name>.py` with `check(tree)`, which yields findings, and `EXCEPTIONS`, a
tuple of (path, what is wrong) pairs that are let through. The tuples are empty and should stay so.
"""

import collections
import os
import re
import subprocess

Finding = collections.namedtuple("Finding", "path line wrong todo")

C_SUFFIXES = (".c", ".h")


class Tree:
    """The files of the project: their names relative to the root, and their text."""

    def __init__(self, root, paths):
        self.root = str(root)
        self.paths = sorted(p for p in set(paths) if os.path.isfile(os.path.join(self.root, p)))
        self._known = set(self.paths)
        self._text = {}

    def has(self, path):
        return path in self._known

    def text(self, path):
        """The file's text, or None when it is not UTF-8 text."""
        if path not in self._text:
            with open(os.path.join(self.root, path), "rb") as file:
                data = file.read()
            try:
                self._text[path] = None if b"\0" in data else data.decode("utf-8")
            except UnicodeDecodeError:
                self._text[path] = None
        return self._text[path]

    def sources(self, suffixes=C_SUFFIXES, under=("",)):
        """(path, text) of each text file with one of the suffixes below one of the folders."""
        for path in self.paths:
            if path.endswith(suffixes) and path.startswith(under):
                text = self.text(path)
                if text is not None:
                    yield path, text


def tracked_tree(root):
    """What git knows below `root` or would add to it."""
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root, check=True, stdout=subprocess.PIPE).stdout
    return Tree(root, [os.fsdecode(name) for name in names.split(b"\0") if name])


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def glob_match(path, pattern):
    """`*` stays inside one folder, `**` does not."""
    parts = re.split(r"(\*\*|\*)", pattern)
    wild = {"**": ".*", "*": "[^/]*"}
    return re.fullmatch("".join(wild.get(p, re.escape(p)) for p in parts), path) is not None


_TOKEN = re.compile(
    r"""(?P<comment>/\*.*?(?:\*/|\Z)|//(?:\\\n|[^\n])*)
      | (?P<string>"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?)""",
    re.DOTALL | re.VERBOSE)


def _blank(text):
    return re.sub(r"[^\n]", " ", text)


def strip_comments(text):
    """The text with every comment turned into blanks: offsets and lines stay what they were."""
    return _TOKEN.sub(lambda m: _blank(m[0]) if m["comment"] else m[0], text)


def strip_to_code(text):
    """Like strip_comments, and what stands inside string and character constants goes too."""
    def empty(match):
        if match["comment"]:
            return _blank(match[0])
        quote = match[0][0]
        return quote + _blank(match[0][1:-1]) + quote if len(match[0]) > 1 else quote
    return _TOKEN.sub(empty, text)


def calls_of(names, code):
    """Matches of calls of the named functions; a struct's member of that name is not meant."""
    return re.finditer(r"(?<![\w.])(?<!->)(%s)\s*\(" % "|".join(names), code)
