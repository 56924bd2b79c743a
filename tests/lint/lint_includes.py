"""Who may include whom. The tables are the rule; what follows them only reads them."""

import re

from lintlib import Finding, glob_match, line_of, strip_comments

EXCEPTIONS = ()

# First row that matches a file decides which families of headers it may include.
MAY_INCLUDE = (
    ("libseg/seg.h",          "c base"),
    ("libseg/examples/**",    "c base seg"),
    ("libseg/base/**",        "c base"),
    ("libseg/core/**",        "pure-c base core"),
    ("libseg/os/win/win.h",   "c windows"),
    ("libseg/os/win/**",      "c crt base seam os-win win.h"),
    ("libseg/os/posix/**",    "c posix base seam os-posix libcrypto"),
    ("libseg/os/*",           "c base seam"),
    ("libseg/net/**",         "c base seam net curl"),
    ("libseg/store/**",       "c base seam record checkpoint store sqlite"),
    ("libseg/engine/**",      "c base core seam net store seg engine"),
    ("ipc/wire/**",           "c base wire cjson"),
    ("ipc/client/**",         "c base wire client ipc cjson"),
    ("ipc/server/**",         "c base seg wire server ipc cjson"),
    ("ipc/win/**",            "c crt base seam os-win win.h wire server client ipc ipc-win cjson"),
    ("ipc/posix/**",          "c posix base seam os-posix wire server client ipc ipc-posix cjson"),
    ("ipc/*",                 "c base seam wire ipc cjson"),
    ("daemon/win_*",          "c crt base seam os-win win.h @daemon daemon-win ipc-win"),
    ("daemon/win/**",         "c crt base seam os-win win.h @daemon daemon-win ipc-win"),
    ("daemon/posix/**",       "c posix base seam os-posix @daemon daemon-posix ipc-posix"),
    ("daemon/**",             "c base seam @daemon"),
    ("cli/win_*",             "c crt base win.h @cli cli-win ipc-win"),
    ("cli/win/**",            "c crt base win.h @cli cli-win ipc-win"),
    ("cli/posix/**",          "c posix base @cli cli-posix ipc-posix"),
    ("cli/**",                "c base @cli"),
    ("tests/win/**",          "c crt win.h cmocka @all"),
    ("tests/contract/**",     "c posix win.h cmocka @all"),
    ("tests/**",              "c posix cmocka sqlite cjson @all"),
)

# Words that stand for several families in the rows above.
SHORTHAND = {
    "@daemon": "record net store engine seg wire server client ipc daemon cjson",
    "@cli": "wire client ipc cli cjson",
    "@all": "base core seam os-win os-posix net store engine seg wire server client ipc ipc-win "
            "ipc-posix daemon daemon-win daemon-posix cli cli-win cli-posix tests",
}

# Our headers. A header belongs to the first family that matches. Some parts of core/ have a second
# family: the checkpoint format, because the store writes it, and the records of jobs and of servers,
# which are the vocabulary that store, engine and daemon share.
OURS = (
    ("base",         "libseg/base/**"),
    ("core",         "libseg/core/**"),
    ("win.h",        "libseg/os/win/win.h"),
    ("os-win",       "libseg/os/win/**"),
    ("os-posix",     "libseg/os/posix/**"),
    ("seam",         "libseg/os/*"),
    ("net",          "libseg/net/**"),
    ("store",        "libseg/store/**"),
    ("engine",       "libseg/engine/**"),
    ("seg",          "libseg/seg.h"),
    ("wire",         "ipc/wire/**"),
    ("client",       "ipc/client/**"),
    ("server",       "ipc/server/**"),
    ("ipc-win",      "ipc/win/**"),
    ("ipc-posix",    "ipc/posix/**"),
    ("ipc",          "ipc/*"),
    ("daemon-win",   "daemon/win_*"),
    ("daemon-win",   "daemon/win/**"),
    ("daemon-posix", "daemon/posix/**"),
    ("daemon",       "daemon/**"),
    ("cli-win",      "cli/win_*"),
    ("cli-win",      "cli/win/**"),
    ("cli-posix",    "cli/posix/**"),
    ("cli",          "cli/**"),
    ("tests",        "tests/**"),
)
SECOND = (
    ("checkpoint",   "libseg/core/checkpoint*"),
    ("record",       "libseg/core/record*"),
    ("record",       "libseg/core/extents*"),
    ("record",       "libseg/core/profile*"),
)

PURE_C = """assert ctype errno float inttypes iso646 limits math stdalign stdarg stdbool stddef
            stdint stdlib stdnoreturn string"""
IMPURE_C = """complex fenv locale setjmp signal stdatomic stdio tgmath threads time uchar wchar
              wctype"""
POSIX = """alloca dirent dlfcn endian fcntl getopt glob grp ifaddrs netdb poll pthread pwd sched
           semaphore spawn strings syslog termios ucontext unistd utime
           arpa/* linux/* net/* netinet/* sys/*"""
CRT = "conio direct fcntl io malloc process sys/stat sys/types"
WINDOWS = """accctrl aclapi afunix bcrypt bcryptprimitives combaseapi dbghelp dpapi evntprov fileapi guiddef
             handleapi initguid iphlpapi knownfolders lmaccess lmcons mswsock ncrypt ndis netlistmgr
             ntdef ntsecapi ntstatus objbase ole2 pathcch powrprof psapi rpc sddl sdkddkver shellapi
             shlobj shlwapi shobjidl sspi tchar tlhelp32 userenv versionhelpers win* ws2* wtsapi32
             *api *apiset"""


def _patterns(words):
    return tuple(word + ".h" for word in words.split())


# Headers that are not ours, written in angle brackets. A header may be in several families.
FOREIGN = (
    ("pure-c",  _patterns(PURE_C)),
    ("c",       _patterns(PURE_C + " " + IMPURE_C)),
    ("posix",   _patterns(POSIX)),
    ("crt",     _patterns(CRT)),
    ("windows", _patterns(WINDOWS)),
    ("curl",    ("curl/*.h",)),
    ("sqlite",  ("sqlite3.h", "sqlite3ext.h", "sqlite3recover.h")),
    ("cjson",   ("cjson/cJSON.h", "cJSON.h")),
    ("cmocka",  ("cmocka.h",)),
    ("libcrypto", ("openssl/*.h",)),
)

INCLUDE = re.compile(r"^[ \t]*#[ \t]*include[ \t]+([<\"])([^>\"\n]+)[>\"]", re.MULTILINE)


def check(tree):
    for path, text in tree.sources():
        row = _row_of(path)
        if row is None:
            yield Finding(path, 1, "no row of the include table matches this file",
                          "move the file, or add a row to MAY_INCLUDE")
            continue
        for match in INCLUDE.finditer(strip_comments(text)):
            problem = _judge(tree, row, match[1], match[2])
            if problem:
                yield Finding(path, line_of(text, match.start()), *problem)


def families_of_foreign(name):
    return {family for family, patterns in FOREIGN if any(glob_match(name, p) for p in patterns)}


def families_of_ours(path):
    first = next((family for family, pattern in OURS if glob_match(path, pattern)), None)
    second = {family for family, pattern in SECOND if glob_match(path, pattern)}
    return second | {first} if first else second


def resolve(tree, name):
    """The tracked file that an include by path means, or None. Include folders: root, libseg/."""
    return next((p for p in ("libseg/" + name, name) if tree.has(p)), None)


def _row_of(path):
    return next((row for row in MAY_INCLUDE if glob_match(path, row[0])), None)


def _allowed_by(row):
    words = [SHORTHAND.get(word, word) for word in row[1].split()]
    return set(" ".join(words).split())


def _judge(tree, row, bracket, name):
    """What is wrong with one include and what to do, or None."""
    if bracket == "<":
        return _judge_foreign(tree, row, name)
    return _judge_ours(tree, row, name)


def _judge_foreign(tree, row, name):
    families = families_of_foreign(name)
    if not families and resolve(tree, name):
        return "<%s> is ours" % name, 'write "%s"' % name
    if not families:
        return "<%s> is in no family of headers" % name, "do without it, or add it to a family"
    return _judge_families(row, families, "<%s>" % name)


def _judge_ours(tree, row, name):
    path = resolve(tree, name)
    if path is None and families_of_foreign(name):
        return '"%s" is not ours' % name, "write <%s>" % name
    if path is None:
        return ('"%s" is no header below the root or libseg/' % name,
                'write the path from there, as in "base/status.h"')
    if name.startswith("libseg/"):
        return '"%s" names libseg/' % name, 'write "%s"' % name[len("libseg/"):]
    return _judge_families(row, families_of_ours(path), '"%s"' % name)


def _judge_families(row, families, shown):
    allowed = _allowed_by(row)
    if families & allowed:
        return None
    return ("%s must not include %s" % (row[0], shown),
            "it may include only: " + " ".join(sorted(allowed)))
