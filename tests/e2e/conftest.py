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
from stage import SEND_BUFFER, Run, Stage, each  # noqa: E402

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


# what tables of situations need to be over soon; a module may add its own as SETTINGS
STAGE_SETTINGS = {"max_active": 32, "max_connections_per_host": 256, "retries": 2}


@pytest.fixture(scope="module")
def stage(request, system, tmp_path_factory):
    """The SITUATIONS of the module, all under way on a daemon of the module's own."""
    daemon = Daemon(system, tmp_path_factory.mktemp("stage")).start()
    settings = STAGE_SETTINGS | getattr(request.module, "SETTINGS", {})
    try:
        for name, value in settings.items():
            daemon.call("settings.set", name=name, value=value)
        with Origin([], send_buffer=SEND_BUFFER) as server:
            stage = Stage(daemon, server, request.module.SITUATIONS)
            yield stage
            stage.close()
        daemon.stop()
    finally:
        if daemon.process.poll() is None:
            daemon.kill()


@pytest.fixture(scope="module")
def mended_as_if_nothing_had_been(request, stage):
    """What the downloads "and may not" had that were resumed when the old file was back; they are
    done."""
    chosen = each(request.module.SITUATIONS, "and may not")
    return stage.mend(chosen, Run.resume_as_if_nothing_had_been)


@pytest.fixture
def run(stage, title, lanes):
    """One of the runs of the stage."""
    return stage.runs[title, lanes]


@pytest.fixture
def origin():
    with Origin([], send_buffer=SEND_BUFFER) as server:
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
