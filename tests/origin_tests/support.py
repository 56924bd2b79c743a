"""What the tests of the origin share: one server for most of them, with a path of its own for each."""

import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from origin import RawClient, content  # noqa: E402

SIZE = 300_000
SEED = 7
WHOLE = content(SEED, 0, SIZE)


def once(origin, path, *headers, **more):
    """(status, headers, every byte after the head, how it ended) on a connection of its own."""
    with RawClient(origin, **more) as client:
        status, fields = client.ask(path, "Connection: close", *headers).answer()
        return (status, fields, *client.rest())


def seconds(call):
    """How long the call takes."""
    began = time.monotonic()
    call()
    return time.monotonic() - began
