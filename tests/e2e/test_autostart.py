"""The daemon that seg starts for a user who has none."""

import json
import shutil
import subprocess
import time

import pytest

from daemon import DEADLINE_S, Daemon
from origin import File

MIB = 1 << 20


class Own(Daemon):
    """The user's own daemon in a place of its own: found by name rule, started by whoever needs it."""

    def environment(self):
        env = super().environment()
        del env["SEGUE_PIPE"]
        env["HOME"] = env["XDG_RUNTIME_DIR"] = str(self.folder)
        return env

    def command(self, *arguments):
        return [*self.system.command("seg"), *map(str, arguments)]

    def run(self, *arguments, **_):
        """Errors go to a file: in Wine the daemon keeps the stream of who started it open."""
        with open(self.folder / "errors", "w+", encoding="utf-8") as errors:
            done = subprocess.run(self.command(*arguments), env=self.environment(), text=True,
                                  stdout=subprocess.PIPE, stderr=errors, timeout=DEADLINE_S)
            errors.seek(0)
            done.stderr = errors.read()
        return done

    def is_there(self):
        """Whether one listens; learns the name of its pipe."""
        status = self.run("status", "--json")
        assert status.returncode in (0, 3), status
        if status.returncode == 3:
            return False
        self.pipe = json.loads(status.stdout)["info"]["pipe"]
        return True

    def end(self):
        if not self.is_there():
            return
        assert self.call("daemon.shutdown") == {}
        end = time.monotonic() + DEADLINE_S
        while self.is_there():
            assert time.monotonic() < end

    def starts(self):
        """How often a daemon began to serve with this data folder."""
        log = self.logged() if self.is_there() else (self.data / "segd.log").read_text()
        return log.count(" serves ")


@pytest.fixture
def own(system, tmp_path):
    own = Own(in_one_folder(system, tmp_path / "programs"), tmp_path)
    assert not own.is_there(), "another daemon runs here"
    yield own
    own.end()


def in_one_folder(system, folder):
    """The system with seg and segd side by side, as they are installed."""
    class Installed(type(system)):
        def command(self, program):
            if program in ("seg", "segd") and self.name == "native":
                return [str(folder / program)]
            return super().command(program)
    folder.mkdir()
    if system.name == "native":
        for program in ("seg", "segd"):
            shutil.copy(system.command(program)[0], folder / program)
    return Installed()


def test_status_starts_no_daemon(own):
    status = own.run("status", "--json")
    assert (status.returncode, status.stdout) == (3, "")
    assert status.stderr.startswith("seg: no daemon is running: ")
    assert not own.data.exists()


def test_a_daemon_is_started_once_and_used_by_all(own, origin, is_right):
    assert own.json("list") == []
    assert own.is_there()
    info = own.json("status")["info"]
    assert info["mode"] == "user"
    origin.add(File("a.bin", MIB, 1))
    own.seg("add", origin.url("/a.bin"), "-d", own.system.path(own.out), "--wait")
    assert is_right(own.out / "a.bin", 1, MIB)
    assert own.json("status")["info"]["pid"] == info["pid"] and own.starts() == 1
    own.end()
    assert [job["state"] for job in own.json("list")] == ["done"], "its data was kept"
    assert own.starts() == 2


def test_many_at_once_start_only_one(own):
    processes = [subprocess.Popen(own.command("list", "--json"), env=own.environment(),
                                  stdout=subprocess.PIPE, text=True) for _ in range(6)]
    for process in processes:
        out = process.communicate(timeout=DEADLINE_S)[0]
        assert (process.returncode, out.strip()) == (0, "[]")
    assert own.starts() == 1


def test_the_daemon_is_independent_of_who_started_it(own, origin):
    origin.add(File("slow.bin", 64 * MIB, 1, behaviour={"rate_bps": MIB}))
    out = own.system.path(own.out)
    started = own.run("add", origin.url("/slow.bin"), "-d", out)
    assert started.returncode == 0, "its output ends with it, and does not wait for the daemon"
    assert own.is_there()
    own.wait_until(1, lambda job: job["done"] > 0)


def test_a_daemon_that_cannot_start_is_told(own):
    own.data.write_text("a file where the folder should be")
    done = own.run("list")
    assert done.returncode == 3
    assert "segd run" in done.stderr and "exit code 1" in done.stderr
