"""What the tests of Wine share."""

import fcntl

import pytest


@pytest.fixture(scope="module")
def one_service(system):
    """A machine has one service of that name: the files that install it wait for each other."""
    with open(system.build.parent / "wine-service.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
