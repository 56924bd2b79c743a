"""Fixtures: the system under test, a daemon with its own folder, and an origin."""

import hashlib
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import system as systems  # noqa: E402
from daemon import Daemon  # noqa: E402
from origin import Origin, digest  # noqa: E402

# what only one of the systems can show
collect_ignore = ["native" if systems.chosen().name == "wine" else "wine"]


@pytest.fixture(scope="session")
def system():
    with systems.chosen().awake() as system:
        yield system


@pytest.fixture
def idle_daemon(system, tmp_path):
    """A daemon that was not started yet."""
    daemon = Daemon(system, tmp_path)
    yield daemon
    try:
        daemon.stop()
    finally:
        if daemon.process is not None and daemon.process.poll() is None:
            daemon.kill()


@pytest.fixture
def daemon(idle_daemon):
    return idle_daemon.start()


@pytest.fixture
def origin():
    # small send buffers: what the server counts as sent is close to what was received
    with Origin([], send_buffer=65536) as server:
        yield server


@pytest.fixture
def sha256():
    def of(path):
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    return of


@pytest.fixture
def is_right(sha256):
    """Whether a file has the bytes of a seed, all of them."""
    def check(path, seed, size):
        return path.stat().st_size == size and sha256(path) == digest(seed, size)
    return check
