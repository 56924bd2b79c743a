"""Each lint is fed small trees: the bad ones are reported at the right place, the good ones not."""

import importlib
import os
import re
import subprocess
import sys
import textwrap

import pytest

import lint_includes
import lint_named_tests
import lint_paths
import lintlib

HERE = os.path.dirname(os.path.abspath(__file__))
CLANG_FORMAT = "BasedOnStyle: LLVM\nIndentWidth: 4\nColumnLimit: 100\n"
NOTE = "TO" + "DO"                                  # spelled so that the lint passes over this file
HOME = "/" + "home/somebody"


def write_tree(root, files):
    for path, text in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return lintlib.Tree(root, list(files))


def findings(root, lint, files):
    return list(importlib.import_module("lint_" + lint).check(write_tree(root, files)))


def header(path, body=""):
    guard = importlib.import_module("lint_guards").guard_of(path)
    return {path: "#ifndef %s\n#define %s\n%s\n#endif\n" % (guard, guard, body)}


HEADERS = {path: "" for path in (
    "libseg/base/status.h", "libseg/base/text.h", "libseg/core/plan.h", "libseg/core/checkpoint.h",
    "libseg/os/loop.h", "libseg/os/win/win.h", "libseg/os/posix/loop_posix.h", "libseg/net/xfer.h",
    "libseg/store/store.h", "libseg/engine/engine.h", "libseg/seg.h", "ipc/wire/frame.h",
    "ipc/win/pipe.h", "daemon/queue.h", "cli/show.h")}

INCLUDES_BAD = (
    ("libseg/base/a.c", '"core/plan.h"'),
    ("libseg/core/a.c", '"os/loop.h"'),
    ("libseg/core/a.c", "<stdio.h>"),
    ("libseg/core/a.c", "<time.h>"),
    ("libseg/core/a.c", "<curl/curl.h>"),
    ("libseg/core/a.c", "<unistd.h>"),
    ("libseg/os/op.h", "<windows.h>"),
    ("libseg/os/win/loop.c", "<windows.h>"),
    ("libseg/os/win/loop.c", "<winsock2.h>"),
    ("libseg/os/win/loop.c", '"core/plan.h"'),
    ("libseg/net/a.c", '"core/plan.h"'),
    ("libseg/net/a.c", '"store/store.h"'),
    ("libseg/net/a.c", '"os/win/win.h"'),
    ("libseg/net/a.c", '"os/posix/loop_posix.h"'),
    ("libseg/store/a.c", '"net/xfer.h"'),
    ("libseg/store/a.c", '"core/plan.h"'),
    ("libseg/engine/a.c", "<sqlite3.h>"),
    ("libseg/engine/a.c", "<curl/curl.h>"),
    ("libseg/engine/a.c", "<cjson/cJSON.h>"),
    ("libseg/engine/a.c", '"os/win/win.h"'),
    ("ipc/wire/a.c", '"seg.h"'),
    ("ipc/wire/a.c", "<sys/socket.h>"),
    ("ipc/client/a.c", '"seg.h"'),
    ("ipc/win/a.c", '"engine/engine.h"'),
    ("daemon/a.c", '"core/plan.h"'),
    ("daemon/a.c", '"os/win/win.h"'),
    ("cli/a.c", '"seg.h"'),
    ("cli/a.c", '"os/win/win.h"'),
    ("cli/win_a.c", "<windows.h>"),
    ("tests/unit/test_a.c", "<windows.h>"),
    ("libseg/base/a.c", '"status.h"'),
    ("libseg/base/a.c", '"libseg/base/status.h"'),
    ("libseg/base/a.c", "<base/status.h>"),
    ("libseg/base/a.c", '"string.h"'),
    ("libseg/base/a.c", "<unheard_of.h>"),
    ("elsewhere/a.c", "<string.h>"),
)

INCLUDES_GOOD = (
    ("libseg/base/a.c", '"base/status.h"'),
    ("libseg/base/a.c", "<stdio.h>"),
    ("libseg/core/a.c", '"core/plan.h"'),
    ("libseg/core/a.c", "<string.h>"),
    ("libseg/os/win/win.h", "<winsock2.h>"),
    ("libseg/os/win/loop.c", '"os/win/win.h"'),
    ("libseg/os/posix/loop.c", "<sys/epoll.h>"),
    ("libseg/net/a.c", "<curl/curl.h>"),
    ("libseg/store/a.c", "<sqlite3.h>"),
    ("libseg/store/a.c", '"core/checkpoint.h"'),
    ("libseg/engine/a.c", '"core/plan.h"'),
    ("libseg/engine/a.c", '"os/loop.h"'),
    ("libseg/engine/a.c", '"net/xfer.h"'),
    ("libseg/engine/a.c", '"store/store.h"'),
    ("libseg/engine/a.c", '"seg.h"'),
    ("ipc/wire/a.c", "<cjson/cJSON.h>"),
    ("ipc/server/a.c", '"seg.h"'),
    ("ipc/win/a.c", '"os/win/win.h"'),
    ("daemon/a.c", '"engine/engine.h"'),
    ("daemon/win_service.c", '"os/win/win.h"'),
    ("daemon/win/service.c", '"os/win/win.h"'),
    ("cli/a.c", '"ipc/wire/frame.h"'),
    ("cli/win_a.c", '"os/win/win.h"'),
    ("tests/unit/test_a.c", "<cmocka.h>"),
    ("tests/unit/test_a.c", '"core/plan.h"'),
    ("tests/win/test_a.c", '"os/win/win.h"'),
)


@pytest.mark.parametrize("path, include", INCLUDES_BAD)
def test_include_that_the_table_forbids_is_reported(tmp_path, path, include):
    found = findings(tmp_path, "includes", {**HEADERS, path: "\n#include %s\n" % include})
    assert [f.path for f in found] == [path]
    assert found[0].line == 2 or path.startswith("elsewhere/")


@pytest.mark.parametrize("path, include", INCLUDES_GOOD)
def test_include_that_the_table_allows_is_not(tmp_path, path, include):
    assert findings(tmp_path, "includes", {**HEADERS, path: "#include %s\n" % include}) == []


def test_include_in_a_comment_does_not_count(tmp_path):
    text = "/*\n#include <windows.h>\n*/\n"
    assert findings(tmp_path, "includes", {"libseg/core/a.c": text}) == []


def test_every_word_of_the_include_table_is_a_family():
    families = {family for family, _ in lint_includes.OURS + lint_includes.SECOND
                + lint_includes.FOREIGN}
    words = " ".join(list(lint_includes.SHORTHAND.values())
                     + [row[1] for row in lint_includes.MAY_INCLUDE]).split()
    assert set(words) - families - set(lint_includes.SHORTHAND) == set()


ORDER_BAD = (
    '#include <string.h>\n\n#include "base/a.h"\n',
    '#include "base/a.h"\n#include <string.h>\n',
    '#include "base/a.h"\n\n#include <string.h>\n#include <stdint.h>\n',
    '#include "base/a.h"\n\n#include <stdint.h>\n\n#include <string.h>\n',
    '#include "base/a.h"\n\n#include <sqlite3.h>\n\n#include <string.h>\n',
    '#include "base/a.h"\n\n#include "base/b.h"\n\n#include <string.h>\n',
    '#include "base/a.h"\n\n#include "base/c.h"\n#include "base/b.h"\n',
    "int x;\n",
)

ORDER_GOOD = (
    ("libseg/base/a.c", '#include "base/a.h"\n\n#include <stdint.h>\n#include <string.h>\n\n'
                        '#include <curl/curl.h>\n\n#include "base/b.h"\n#include "os/c.h"\n'),
    ("libseg/base/a.c", '/* why */\n#include "base/a.h"\n\nint x;\n\n#include "base/a.h"\n'),
    ("libseg/engine/engine_in.c", '#include "engine/engine.h"\n\n#include <string.h>\n'),
    ("libseg/engine/engine_in.c", '#include "engine/engine.h"\n\n#include "base/b.h"\n'),
    ("libseg/os/win/win.h", "#include <winsock2.h>\n\n#include <windows.h>\n"),
    ("tests/unit/test_a.c", "#include <setjmp.h>\n#include <stdarg.h>\n\n#include <cmocka.h>\n\n"
                            '#include "base/a.h"\n'),
)


@pytest.mark.parametrize("text", ORDER_BAD)
def test_wrong_order_of_includes_is_reported(tmp_path, text):
    files = {"libseg/base/a.h": "", "libseg/base/a.c": text}
    assert findings(tmp_path, "include_order", files)


@pytest.mark.parametrize("path, text", ORDER_GOOD)
def test_right_order_of_includes_is_not(tmp_path, path, text):
    assert findings(tmp_path, "include_order", {"libseg/base/a.h": "", path: text}) == []


POSIX_BAD = (
    "src = files('libseg/os/posix/loop.c')\n",
    "if host_machine.system() == 'windows'\n  src += files('libseg/os/posix/loop.c')\nendif\n",
    "w = host_machine.system() == 'windows'\nif not w\n  x = 1\nelse\n  subdir('posix')\nendif\n",
    "if get_option('tests')\n  src += files(\n    'os/posix/loop.c',\n  )\nendif\n",
    "w = host_machine.system() == 'windows'\nd = w ? 'posix' : 'win'\n",
)

POSIX_GOOD = (
    "# 'posix/loop.c'\nsrc = files('os/win/loop.c')\n",
    "if host_machine.system() == 'windows'\n  subdir('win')\nelse\n  subdir('posix')\nendif\n",
    "if host_machine.system() != 'windows' and get_option('tests')\n  subdir('posix')\nendif\n",
    "s = host_machine.system()\nif s == 'windows'\n  x = 1\nelse\n  d = 'posix'\nendif\n",
    "w = host_machine.system() == 'windows'\nd = w ? 'win' : 'posix'\n",
    "d = host_machine.system() == 'windows' ? files('win/a.c') : files('posix/a.c')\n",
)


@pytest.mark.parametrize("text", POSIX_BAD)
def test_posix_sources_in_the_windows_build_are_reported(tmp_path, text):
    assert findings(tmp_path, "posix_build", {"meson.build": text})


@pytest.mark.parametrize("text", POSIX_GOOD)
def test_posix_sources_elsewhere_are_not(tmp_path, text):
    assert findings(tmp_path, "posix_build", {"meson.build": text}) == []


def test_condition_around_subdir_holds_inside_it(tmp_path):
    below = "files('posix/loop.c')\n"
    native = "if host_machine.system() != 'windows'\n  subdir('libseg')\nendif\n"
    assert findings(tmp_path, "posix_build",
                    {"meson.build": native, "libseg/meson.build": below}) == []
    found = findings(tmp_path, "posix_build",
                     {"meson.build": "subdir('libseg')\n", "libseg/meson.build": below})
    assert [(f.path, f.line) for f in found] == [("libseg/meson.build", 1)]


def test_header_that_needs_another_include_is_reported(tmp_path):
    files = header("libseg/base/a.h", "uint32_t sg_a(void);")
    found = findings(tmp_path, "headers", files)
    assert [(f.path, f.line) for f in found] == [("libseg/base/a.h", 3)]


def test_headers_that_compile_on_their_own_are_not(tmp_path):
    files = {**header("libseg/base/a.h", "#include <stdint.h>\nuint32_t sg_a(void);"),
             **header("libseg/core/b.h", '#include "base/a.h"\nuint32_t b(void);'),
             **header("ipc/wire/c.h", "#include <cjson/cJSON.h>\ncJSON *c(void);"),
             **header("libseg/os/win/win.h", "#include <windows.h>"),
             **header("ipc/win/pipe.h", '#include "os/win/win.h"\nHANDLE pipe_handle(void);')}
    assert findings(tmp_path, "headers", files) == []


@pytest.mark.parametrize("text", (
    "", "#pragma once\n", "#ifndef BASE_A_H\n#define BASE_A_H\n#endif\n",
    "#ifndef SEGUE_BASE_A_H\n#define SEGUE_BASE_A_H\n#endif\nint after;\n"))
def test_wrong_guard_is_reported(tmp_path, text):
    assert len(findings(tmp_path, "guards", {"libseg/base/a.h": text})) == 1


@pytest.mark.parametrize("path, guard", (
    ("libseg/base/status.h", "SEGUE_BASE_STATUS_H"), ("libseg/seg.h", "SEGUE_SEG_H"),
    ("ipc/wire/frame.h", "SEGUE_IPC_WIRE_FRAME_H")))
def test_right_guard_is_not(tmp_path, path, guard):
    text = "/* what */\n#ifndef %s\n#define %s\nint x;\n#endif /* end */\n" % (guard, guard)
    assert findings(tmp_path, "guards", {path: text}) == []


@pytest.mark.parametrize("path, call", [("daemon/a.c", name + "(x)") for name in (
    "sprintf strcpy strcat strncpy strncat atoi atol strtok alloca gets Sleep usleep nanosleep"
    " sleep malloc calloc realloc free strdup").split()] + [("libseg/base/a.c", "sleep(1)")])
def test_banned_call_is_reported(tmp_path, path, call):
    found = findings(tmp_path, "banned", {path: "\nvoid f(void) { %s; }\n" % call})
    assert [(f.path, f.line) for f in found] == [(path, 2)]


@pytest.mark.parametrize("path, text", (
    ("libseg/base/mem.c", "p = malloc(1); free(p);"),
    ("libseg/os/posix/loop.c", "nanosleep(&t, NULL);"),
    ("daemon/a.c", "cJSON_free(p); sg_free(p); a->free(p); a.free(p); fgets(b); snprintf(x);"),
    ("daemon/a.c", "/* free(p) */ s = \"strcpy(a, b)\"; // atoi(s)\nc = '\"'; /* gets( */"),
    ("daemon/a.c", "int free = 0;"),
    ("daemon/a.py", "free(p)")))
def test_call_that_is_no_banned_one_is_not(tmp_path, path, text):
    assert findings(tmp_path, "banned", {path: text}) == []


@pytest.mark.parametrize("code", (
    "CreateFileA(p)", "x = GetModuleHandleA", "CreateFile(p)", "RegOpenKeyExA(k)",
    "CreateNamedPipeA(n)"))
def test_ansi_function_is_reported(tmp_path, code):
    found = findings(tmp_path, "ansi", {"daemon/win_a.c": "\n%s;\n" % code})
    assert [(f.path, f.line) for f in found] == [("daemon/win_a.c", 2)]


@pytest.mark.parametrize("code", (
    "CreateFileW(p)", "WSA(x)", "DATA(x)", "mediaA(x)", "/* CreateFileA(p) */",
    '"CreateFileA"', "CloseHandle(h)", "ops->CreateFile(p)"))
def test_other_function_is_not(tmp_path, code):
    assert findings(tmp_path, "ansi", {"daemon/win_a.c": code}) == []


@pytest.mark.parametrize("code", (
    "typedef struct a a;", "typedef struct { int x; } a;", "typedef enum b { B } b;",
    "typedef int a_t;", "struct a_t { int x; };", "#define a_t int", "typedef int (*fn_t)(void);",
    "int f(int delta_t);", "static int go_t(void);"))
def test_unwanted_type_is_reported(tmp_path, code):
    found = findings(tmp_path, "types", {"libseg/base/a.h": "\n%s\n" % code})
    assert found and all(f.line == 2 for f in found)


@pytest.mark.parametrize("code", (
    "typedef uint64_t job_id;", "typedef struct a *(*make_fn)(int x);", "struct a { int x; };",
    "typedef enum sg_status (*done_fn)(void *context, size_t n);", "/* typedef struct a a; */",
    "f(sizeof(size_t), (const uint8_t *)p, (unsigned)x);", "void f(const uint8_t, size_t);",
    "static pthread_t thread;", "curl_socket_t s = x;"))
def test_fine_type_is_not(tmp_path, code):
    assert findings(tmp_path, "types", {"libseg/base/a.h": code}) == []


@pytest.mark.parametrize("path, text", (
    ("cli/a.c", "\n\tint x;\n"), ("cli/a.c", "\nint x; \n"), ("cli/a.h", "\n" + "x" * 101),
    ("cli/a.c", "\nint x;\r\n"), ("docs/a.md", "\n%s: later\n" % NOTE),
    ("cli/a.c", "\n/* %s */\n" % ("FIX" + "ME"))))
def test_untidy_text_is_reported(tmp_path, path, text):
    found = findings(tmp_path, "text", {path: text})
    assert [(f.path, f.line) for f in found] == [(path, 2)]


@pytest.mark.parametrize("path, text", (
    ("cli/a.c", "x" * 100 + "\n"), ("cli/a.c", "/* %s */\n" % ("─" * 90)), ("Makefile", "\tcc\n"),
    ("cli/a.c", 'mkstemp("XXXXXX");\n'), ("a.bin", b"\0" + NOTE.encode())))
def test_tidy_text_is_not(tmp_path, path, text):
    assert findings(tmp_path, "text", {path: text}) == []


@pytest.mark.parametrize("code", (
    "import time\ntime.sleep(1)", "import time as t\nt.sleep(1)",
    "from time import sleep\nsleep(1)",
    "import pytest\npytest.skip('x')", "import pytest\n@pytest.mark.skip\ndef f(): pass",
    "import pytest\n@pytest.mark.skipif(True, reason='')\ndef f(): pass",
    "import pytest\n@pytest.mark.xfail\ndef f(): pass", "import pytest\nm = pytest.mark.skip(1)",
    "from pytest import mark\n@mark.xfail\ndef f(): pass", "\nthis is no Python"))
def test_python_test_that_sleeps_or_skips_is_reported(tmp_path, code):
    found = findings(tmp_path, "pytest", {"tests/e2e/test_a.py": code})
    assert [(f.path, f.line) for f in found] == [("tests/e2e/test_a.py", 2)]


@pytest.mark.parametrize("path, code", (
    ("tests/e2e/test_a.py", "import time\nx = time.monotonic()\ny = 'time.sleep(1)'\n"),
    ("tests/e2e/test_a.py", "import pytest\n@pytest.mark.parametrize('x', [1])\ndef f(x): pass\n"),
    ("packaging/try.py", "import time\ntime.sleep(1)\n")))
def test_python_that_does_not_is_not(tmp_path, path, code):
    assert findings(tmp_path, "pytest", {path: code}) == []


def test_unformatted_c_is_reported(tmp_path):
    files = {".clang-format": CLANG_FORMAT, "cli/good.c": "int x;\n",
             "cli/bad.c": "int y;\nint  x;\n"}
    found = findings(tmp_path, "format", files)
    assert [(f.path, f.line) for f in found] == [("cli/bad.c", 2)]


def test_formatted_c_is_not(tmp_path):
    files = {".clang-format": CLANG_FORMAT, "cli/a.c": "int x;\n", "packaging/a.c": "int  x;\n"}
    assert findings(tmp_path, "format", files) == []


@pytest.mark.parametrize("path", ("cli/a.c", "cli/a.h", "tests/a.py"))
def test_file_of_601_lines_is_reported_and_of_600_is_not(tmp_path, path):
    assert len(findings(tmp_path, "size", {path: "\n" * 601})) == 1
    assert findings(tmp_path, "size", {path: "\n" * 600}) == []


API_BAD = (
    ("libseg/base/a.h", "\nvoid sg_a(void);"),
    ("libseg/base/a.h", "/* far */\n\nvoid sg_a(void);"),
    ("libseg/base/a.h", "int x; /* of x */\nvoid sg_a(void);"),
    ("libseg/base/a.h", "/* a */\nvoid sg_a(void);\n\nvoid sg_b(void);"),
    ("libseg/base/a.h", "\nstatic inline int sg_a(int x)\n{\n    return x;\n}"),
    ("libseg/base/a.h", "/* a */\nvoid other(void);"),
    ("libseg/base/a.h", "/* a */\n#define OTHER 1"),
    ("libseg/core/a.h", "struct a {\n    int x;\n};\nSG_MUST_USE enum a plan(struct a *a);"),
)

API_GOOD = (
    ("libseg/base/a.h", "/* a */\nvoid sg_a(void);\nint sg_b(int x,\n  int y);\nint sg_c(void);"),
    ("libseg/base/a.h", "/* a\n * b */\nSG_PRINTF(2, 3)\nvoid sg_a(int x, const char *f, ...);"),
    ("libseg/base/a.h", "// a\nint sg_a(void) __attribute__((format(printf, 1, 2)));"),
    ("libseg/base/a.h", "/* a */\nstatic inline int sg_a(int x)\n{\n  return x;\n}\nextern int y;"),
    ("libseg/base/a.h", "#define SG_X 1\n#define X(a) a\n#undef X\n_Static_assert(sizeof(X));"),
    ("libseg/core/a.h", "typedef void (*a_fn)(int x);\nstruct a {\n    void (*f)(void);\n};"),
    ("libseg/core/a.h", "extern void (*hook)(int);\nextern const int table[2];\nenum e { A, B };"),
    ("libseg/seg.h", '#ifdef __cplusplus\nextern "C" {\n#endif\n/* a */\nint seg_a(void);\n'
                     "#ifdef __cplusplus\n}\n#endif"),
)


@pytest.mark.parametrize("path, body", API_BAD)
def test_undocumented_or_misnamed_function_is_reported(tmp_path, path, body):
    assert len(findings(tmp_path, "api", header(path, body))) == 1


@pytest.mark.parametrize("path, body", API_GOOD)
def test_documented_and_well_named_function_is_not(tmp_path, path, body):
    assert findings(tmp_path, "api", header(path, body)) == []


@pytest.fixture(name="apt_files")
def fixture_apt_files(tmp_path):
    settings = tmp_path / "apt.settings"
    settings.write_text("deb http://mirror.example.net:3142/debian stable main\n"
                        'Acquire::http::Proxy "http://cachehost:80";\n'
                        "URIs: http://localhost/debian\n# deb http://unused.example.net/ x\n")
    return (str(settings),)


@pytest.mark.parametrize("line", (
    "cd %s/x" % HOME, '"%s"' % HOME, "file://" + HOME, "x = /" + "work", "see mirror.example.net",
    "http://Mirror.Example.Net/x", "http://cachehost/x"))
def test_trace_of_the_machine_is_reported(tmp_path, apt_files, line):
    tree = write_tree(tmp_path / "tree", {"docs/a.md": "\n%s\n" % line})
    found = list(lint_paths.check(tree, apt_files))
    assert [(f.path, f.line) for f in found] == [("docs/a.md", 2)]


@pytest.mark.parametrize("line", (
    "https://example.org" + HOME, "the cachehost", "/workshop", "$ROOT" + HOME, "my" + HOME,
    "a.mirror.example.net", "http://localhost:80/x", "unused.example.net"))
def test_other_names_are_not(tmp_path, apt_files, line):
    tree = write_tree(tmp_path / "tree", {"docs/a.md": line})
    assert list(lint_paths.check(tree, apt_files)) == []


def test_page_that_names_a_test_which_is_not_there_is_reported(tmp_path):
    files = {"tests/e2e/test_a.py": "", "tests/unit/test_b.c": "",
             "docs/x.md": "`test_a.py`, `test_b.c`\nand `test_c.py`\n"}
    found = list(lint_named_tests.check(write_tree(tmp_path, files)))
    assert [(f.path, f.line) for f in found] == [("docs/x.md", 2)]


STATUS_TABLE = textwrap.dedent("""\
    #define SG_STATUS_TABLE(X) \\
        X(SG_E_TIMEOUT, "timeout", RETRY, "too late") \\
        X(SG_E_DENIED, \\
          "denied", USER, "no")
    """)


CHECKS_SCRIPT = "Check 'pipe.access' {\n    Assert-Equal 'a (' $a[0]\n}\n$b = @'\n({[\n'@ # )\n"
CHECKS_PAGE = "| the pipe | script: `pipe.access` |\n"


@pytest.mark.parametrize("script, page, line", [
    (CHECKS_SCRIPT + "# caf\u00e9\n", CHECKS_PAGE, 7),
    (CHECKS_SCRIPT + "$c = 1 `  \n", CHECKS_PAGE, 7),
    (CHECKS_SCRIPT + "$c = @(1\n", CHECKS_PAGE, 7),
    (CHECKS_SCRIPT + "$c = (1]\n", CHECKS_PAGE, 7),
    (CHECKS_SCRIPT, "| the pipe | by eye |\n", 1),
    (CHECKS_SCRIPT, CHECKS_PAGE + "| more | script: `pipe.access`, `pipe.gone` |\n", 2),
    (CHECKS_SCRIPT + "Check 'pipe.access' {\n}\n", CHECKS_PAGE, 1),
])
def test_fault_of_the_windows_checks_is_reported(tmp_path, script, page, line):
    found = findings(tmp_path, "windows_checks",
                     {"packaging/windows-checks.ps1": script, "docs/windows-checks.md": page})
    assert [f.line for f in found] == [line]


def test_windows_checks_that_agree_with_their_page_are_not(tmp_path):
    files = {"packaging/windows-checks.ps1": CHECKS_SCRIPT, "docs/windows-checks.md": CHECKS_PAGE}
    assert findings(tmp_path, "windows_checks", files) == []


def test_error_code_that_the_reference_lacks_is_reported(tmp_path):
    files = {"libseg/base/status.h": STATUS_TABLE, "docs/reference.md": "`timeout`: ..., denied\n"}
    found = findings(tmp_path, "error_codes", files)
    assert [(f.path, f.line) for f in found] == [("libseg/base/status.h", 3)]


def test_missing_table_or_reference_is_reported(tmp_path):
    table, reference = {"libseg/base/status.h": STATUS_TABLE}, {"docs/reference.md": ""}
    assert findings(tmp_path, "error_codes", table)
    assert findings(tmp_path, "error_codes", reference)
    assert findings(tmp_path, "error_codes", {"libseg/base/status.h": "", **reference})


def test_complete_reference_is_not(tmp_path):
    files = {"libseg/base/status.h": STATUS_TABLE, "docs/reference.md": "`timeout` `denied`\n"}
    assert findings(tmp_path, "error_codes", files) == []


def scratch_repository(root, files):
    write_tree(root, files)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    subprocess.run(["git", "init", "-q", str(root)], check=True, env=clean)
    return clean


def run_lints(root, env, *names):
    return subprocess.run([sys.executable, os.path.join(HERE, "run"), "--root", str(root), *names],
                          env=env, stdout=subprocess.PIPE, text=True, check=False)


def test_run_reports_findings_and_counts_lints(tmp_path):
    env = scratch_repository(tmp_path, {"cli/a.c": "int x;\n\tgets(p);\n"})
    done = run_lints(tmp_path, env, "banned", "size", "text")
    assert done.stdout.splitlines() == [
        "cli/a.c:2: calls gets: use snprintf or memcpy with a length that was checked",
        "cli/a.c:2: a tab: use spaces",
        "1 passed, 2 failed"]
    assert done.returncode == 1


def test_run_passes_a_tree_without_faults(tmp_path):
    files = {".clang-format": CLANG_FORMAT, "docs/reference.md": "`timeout`: too late\n",
             "meson.build": "src = files('libseg/base/status.c')\n",
             "libseg/base/status.c": '#include "base/status.h"\n\nint sg_status;\n',
             **header("libseg/base/status.h", '#define SG_T(X) X(SG_E_TIMEOUT, "timeout", A, "b")')}
    done = run_lints(tmp_path, scratch_repository(tmp_path, files))
    assert re.fullmatch(r"\d+ passed, 0 failed\n", done.stdout)
    assert done.returncode == 0


def test_run_passes_over_what_git_ignores(tmp_path):
    env = scratch_repository(tmp_path, {".gitignore": "/build/\n", "build/a.c": "gets(p);\n"})
    done = run_lints(tmp_path, env, "banned")
    assert (done.stdout, done.returncode) == ("1 passed, 0 failed\n", 0)


def test_no_lint_has_an_exception():
    names = [f[:-3] for f in os.listdir(HERE) if f.startswith("lint_") and f.endswith(".py")]
    assert names and [n for n in names if importlib.import_module(n).EXCEPTIONS != ()] == []
