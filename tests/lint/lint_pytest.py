"""Python tests neither sleep nor skip. Read with `ast`, so an alias does not hide either."""

import ast

from lintlib import Finding

EXCEPTIONS = ()

SLEEPS = ("time.sleep",)
SKIPS = ("pytest.skip", "pytest.xfail", "pytest.mark.skip", "pytest.mark.skipif",
         "pytest.mark.xfail")


def check(tree):
    for path, text in tree.sources((".py",), ("tests/",)):
        try:
            module = ast.parse(text)
        except SyntaxError as error:
            yield Finding(path, error.lineno or 1, "is not Python", "mend it")
            continue
        aliases = _aliases(module)
        for node in ast.walk(module):
            name = _dotted(node, aliases)
            if name in SLEEPS:
                yield Finding(path, node.lineno, name,
                              "wait for the event itself, with a deadline")
            elif name in SKIPS:
                yield Finding(path, node.lineno, name, "make the test run, or remove it")


def _aliases(module):
    """What the imported names of the module stand for."""
    found = {}
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            found.update((a.asname, a.name) for a in node.names if a.asname)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.update((a.asname or a.name, node.module + "." + a.name) for a in node.names)
    return found


def _dotted(node, aliases):
    """`a.b.c` for an expression of that shape, with an alias spelled out; None for any other."""
    if isinstance(node, ast.Name):
        return aliases.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        base = _dotted(node.value, aliases)
        return base + "." + node.attr if base else None
    return None
