"""A machine without a network, which is a network namespace: a test can have one only natively."""

import pathlib
import subprocess
import sys

import pytest

import origin

MIB = 1 << 20
PORT = 8080  # nobody else is in the namespace


class Island:
    """What only this daemon sees of a network: at first nothing, not even loopback. Wants root."""

    def __init__(self, daemon):
        self._entry = ["nsenter", "--target", str(daemon.process.pid), "--net"]
        self._server = None

    def run(self, *command):
        subprocess.run([*self._entry, *command], check=True)

    def serve(self, *files):
        command = [sys.executable, "-m", "origin", "--port", str(PORT), "--control"]
        self._server = subprocess.Popen(
            [*self._entry, *command, *(f"--file={file}" for file in files)],
            cwd=pathlib.Path(origin.__file__).parents[1], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert int(self._server.stdout.readline()) == PORT

    def end(self):
        if self._server is not None:
            self._server.communicate(timeout=60)


@pytest.fixture
def lonely_daemon(idle_daemon, monkeypatch):
    """A daemon on a machine without a network."""
    command = idle_daemon.system.command

    def command_on_island(program):
        return [*(["unshare", "--net"] if program == "segd" else []), *command(program)]

    monkeypatch.setattr(idle_daemon.system, "command", command_on_island)
    return idle_daemon.start()


@pytest.fixture
def island(lonely_daemon):
    island = Island(lonely_daemon)
    yield island
    island.end()


def test_jobs_wait_for_a_network_and_go_on_when_it_comes(lonely_daemon, island, is_right):
    named, numbered = lonely_daemon.add("http://localhost.invalid/one.bin",
                                        f"http://127.0.0.1:{PORT}/two.bin")
    for job in (named, numbered):
        found = lonely_daemon.wait_until(job, lambda job: job["state"] == "waiting")
        assert (found["reason"], found["attempts"]) == ("network", 0), found
        assert found["error"]["code"] == "no_network"

    island.run("ip", "link", "set", "lo", "up")
    island.serve(f"two.bin={3 * MIB}:7")
    island.run("ip", "route", "add", "default", "dev", "lo")

    assert lonely_daemon.wait(numbered) == 0
    assert is_right(lonely_daemon.saved(lonely_daemon.job(numbered)), 7, 3 * MIB)
