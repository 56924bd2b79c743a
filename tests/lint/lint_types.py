"""No typedef of a struct or enum (of a function type is fine), and no name of ours ends in _t."""

import re

from lintlib import Finding, line_of, strip_to_code

EXCEPTIONS = ()

TYPEDEF = re.compile(r"\btypedef\b[^;{]*[;{]")
TAG = re.compile(r"\b(?:struct|union|enum)\s+(\w+_t)\b")
MACRO = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+_t)\b", re.MULTILINE)
DECLARED = re.compile(r"(?:\w\s|\*)\s*\**(\w+_t)\s*(?=[;=,)(\[])")
NOT_TYPES = re.compile(r"\b(?:return|sizeof|case|goto|else)\s*$")

# Types of the C library and of the systems may stand where a name of ours could.
FOREIGN = re.compile(
    r"u?int(_least|_fast)?\d+_t|u?intptr_t|u?intmax_t|s?size_t|(wchar|char16|char32|wint|wctype)_t"
    r"|(ptrdiff|max_align|sig_atomic|mbstate|time|clock|errno|fpos|(l|ll|imax)?div)_t"
    r"|(off|off64|pid|uid|gid|mode|dev|ino|nlink|clockid|timer|socklen|sa_family|in_addr|in_port)_t"
    r"|pthread_\w*t|(sem|mtx|cnd|thrd|tss)_t|curl_(socket|off)_t|(cap|sigset|nfds|rlim|locale)_t")


def check(tree):
    for path, text in tree.sources():
        code = strip_to_code(text)
        for match in TYPEDEF.finditer(code):
            kind = re.match(r"typedef\s+(?:const\s+)?(struct|enum)\b", match[0])
            if kind and (match[0].endswith("{") or "(" not in match[0]):
                yield Finding(path, line_of(code, match.start()), "typedef of a %s" % kind[1],
                              "write `%s x` where it is used" % kind[1])
        for offset, name in sorted(_names(code)):
            yield Finding(path, line_of(code, offset), "%s ends in _t" % name,
                          "those names are the C library's: drop the ending")


def _names(code):
    """Where names ending in _t are defined, as far as the language lets a regex see it."""
    found = {(m.start(1), m[1]) for pattern in (TAG, MACRO) for m in pattern.finditer(code)}
    for match in DECLARED.finditer(code):
        before = code[:match.start(1)]
        if not FOREIGN.fullmatch(match[1]) and not NOT_TYPES.search(before[-16:]):
            found.add((match.start(1), match[1]))
    return found
