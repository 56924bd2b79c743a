"""Functions declared in headers: each has a comment right before it (prototypes on adjacent lines
share one), and those of libseg/base start with sg_, macros with SG_ or sg_."""

import collections
import re

from lint_guards import guard_of
from lintlib import Finding, line_of, strip_to_code

EXCEPTIONS = ()

Function = collections.namedtuple("Function", "name first_line last_line")

CPLUSPLUS = re.compile(r"^[ \t]*#[ \t]*ifdef[ \t]+__cplusplus\b.*?^[ \t]*#[ \t]*endif\b",
                       re.MULTILINE | re.DOTALL)
DIRECTIVE = re.compile(r"^[ \t]*#(?:\\\n|[^\n])*", re.MULTILINE)
ATTRIBUTE = re.compile(r"\b(?:__attribute__|__declspec|_Alignas|[A-Z][A-Z0-9_]*)\s*"
                       r"\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)")
DEFINE = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)", re.MULTILINE)
UNDEF = re.compile(r"^[ \t]*#[ \t]*undef[ \t]+(\w+)", re.MULTILINE)
BASE = "libseg/base/"


def check(tree):
    for path, text in tree.sources((".h",)):
        code = strip_to_code(text)
        functions = functions_of(code)
        yield from _check_comments(path, text, code, functions)
        if path.startswith(BASE):
            yield from _check_names(path, code, functions)


def functions_of(code):
    """The functions that a header declares or defines, from its text without comments."""
    code = CPLUSPLUS.sub(_blank, code)
    code = DIRECTIVE.sub(_blank, code)
    functions = []
    for start, end in _top_level_items(code):
        name = _function_name(code[start:end])
        if name:
            functions.append(Function(name, line_of(code, start), line_of(code, end - 1)))
    return functions


def _blank(match):
    return re.sub(r"[^\n]", " ", match[0])


def _top_level_items(code):
    """(start, end) of each declaration: up to its `;`, or to the `}` of a function's body."""
    start, depth = None, 0
    for at, char in enumerate(code):
        if start is None and not char.isspace():
            start = at
        depth += (char in "({[") - (char in ")}]")
        if start is None or depth != 0:
            continue
        if char == ";" or (char == "}" and _is_body(code[start:at])):
            yield start, at + 1
            start = None


def _is_body(text):
    """True when the text up to a closing brace is a function's: `(` comes before `{` and `=`."""
    mark = re.search(r"[({=]", ATTRIBUTE.sub(" ", text))
    return mark is not None and mark[0] == "("


def _function_name(item):
    if re.match(r"(typedef|_Static_assert|static_assert)\b", item) or not _is_body(item):
        return None
    name = re.search(r"(\w+)\s*\((?!\s*\*)", ATTRIBUTE.sub(" ", item))
    head = re.search(r"[^(]*", ATTRIBUTE.sub(" ", item))[0]
    return name[1] if name and head.rstrip().endswith(name[1]) else None


def _check_comments(path, text, code, functions):
    raw, bare = text.split("\n"), code.split("\n")
    previous_end, has_comment = None, False
    for function in functions:
        above = function.first_line - 2         # as an index into the lines
        commented = above >= 0 and bool(raw[above].strip()) and not bare[above].strip()
        shares = previous_end == function.first_line - 1 and has_comment
        has_comment, previous_end = commented or shares, function.last_line
        if not has_comment:
            yield Finding(path, function.first_line,
                          "%s has no comment right before it" % function.name,
                          "state its contract there")


def _check_names(path, code, functions):
    for function in functions:
        if not function.name.startswith("sg_"):
            yield Finding(path, function.first_line, "%s is declared in base/" % function.name,
                          "name it sg_...")
    local = set(UNDEF.findall(code)) | {guard_of(path)}     # what no includer ever sees
    for macro in DEFINE.finditer(code):
        if not macro[1].startswith(("SG_", "sg_")) and macro[1] not in local:
            yield Finding(path, line_of(code, macro.start()), "macro %s in base/" % macro[1],
                          "name it SG_...")
