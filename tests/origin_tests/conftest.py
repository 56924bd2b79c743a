"""Fixtures: a server for all tests of a module, files in it, and a client that shows raw bytes."""

import itertools

import pytest

from support import SEED, SIZE

from origin import File, Origin, RawClient


@pytest.fixture(scope="module", name="origin")
def shared_origin():
    with Origin() as server:
        yield server


file_numbers = itertools.count(1)


@pytest.fixture(name="put")
def file_maker(origin):
    """put(behaviour, ...) makes a file of the test's own and returns its path."""
    def put(behaviour=None, **content_of):
        file = File(f"file-{next(file_numbers)}", **(content_of or {"size": SIZE, "seed": SEED}),
                    behaviour=behaviour)
        origin.add(file)
        return file.path
    return put


@pytest.fixture(name="client")
def shared_client(origin):
    with RawClient(origin) as client:
        yield client
