"""Every header compiles on its own: natively, or with mingw-w64 when it is one of Windows'."""

import concurrent.futures
import os
import re
import shutil
import subprocess

from lintlib import Finding, glob_match

EXCEPTIONS = ()

NATIVE = "gcc"
WINDOWS = "x86_64-w64-mingw32-gcc"
WINDOWS_ONLY = (
    "libseg/os/win/**", "ipc/win/**", "daemon/win/**", "daemon/win_*", "cli/win/**", "cli/win_*",
    "tests/win/**", "tests/contract/win/**", "tests/contract/win_*",
)
LIBRARIES = ("libcurl", "sqlite3", "libcjson", "cmocka")
WINDOWS_FLAGS = ["-isystem", "build/deps/x86_64-w64-mingw32/include"]


def check(tree):
    headers = [path for path in tree.paths if path.endswith(".h")]
    commands = {}
    for path in headers:
        commands.setdefault(_compiler_of(path), []).append(path)
    for compiler, paths in commands.items():
        if shutil.which(compiler) is None:
            yield Finding(paths[0], 1, "%s is not installed" % compiler, "install it")
            continue
        flags = _native_flags() if compiler == NATIVE else WINDOWS_FLAGS
        with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
            jobs = [pool.submit(_compile, tree.root, compiler, flags, path) for path in paths]
            for job in jobs:
                yield from job.result()


def _compiler_of(path):
    return WINDOWS if any(glob_match(path, p) for p in WINDOWS_ONLY) else NATIVE


def _native_flags():
    """Where the native third-party headers are; a library that is missing shows when needed."""
    flags = []
    for library in LIBRARIES:
        query = subprocess.run(["pkg-config", "--cflags", library], stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True, check=False)
        flags += query.stdout.split() if query.returncode == 0 else []
    return flags


def _compile(root, compiler, flags, path):
    command = [compiler, "-fsyntax-only", "-std=c17", "-I.", "-Ilibseg"] + flags
    run = subprocess.run(command + ["-x", "c", path], cwd=root, stdout=subprocess.DEVNULL,
                         stderr=subprocess.PIPE, text=True, errors="replace", check=False,
                         env={**os.environ, "LC_ALL": "C"})
    if run.returncode == 0:
        return []
    return [Finding(path, _first_line(path, run.stderr),
                    "does not compile on its own (%s)" % _first_error(run.stderr),
                    "include or forward-declare what it uses")]


def _first_error(diagnostics):
    error = re.search(r"error: (.*)", diagnostics)
    return error[1] if error else "the compiler does not say why"


def _first_line(path, diagnostics):
    place = re.search(r"^%s:(\d+):\d+: (?:fatal )?error:" % re.escape(path), diagnostics, re.M)
    return int(place[1]) if place else 1
