"""Calls that are banned in C, each with what to use instead."""

from lintlib import Finding, calls_of, glob_match, line_of, strip_to_code

EXCEPTIONS = ()

# names, files in which they are allowed, what to use instead
BANNED = (
    ("sprintf strcpy strcat strncpy strncat gets", (),
     "use snprintf or memcpy with a length that was checked"),
    ("atoi atol", (), "use strtol, strtoull or a parser that reports errors"),
    ("strtok", (), "scan with strcspn or a cursor"),
    ("alloca", (), "use the arena"),
    ("Sleep SleepEx usleep nanosleep clock_nanosleep sleep", ("libseg/os/*/loop*",),
     "set a timer on the loop, or wait for the event with a deadline"),
    ("malloc calloc realloc free strdup strndup aligned_alloc reallocarray wcsdup _strdup _wcsdup",
     ("libseg/base/**",), "use sg_alloc, sg_realloc, sg_strdup and sg_free of base/mem.h"),
)


def check(tree):
    for path, text in tree.sources():
        code = strip_to_code(text)
        for names, allowed, instead in BANNED:
            if any(glob_match(path, pattern) for pattern in allowed):
                continue
            for call in calls_of(names.split(), code):
                yield Finding(path, line_of(code, call.start()), "calls %s" % call[1], instead)
