"""Ctrl-C, as a signal to the native programs."""

import json
import re
import signal

import pytest

from origin import File
from terminal import Terminal

MIB = 1 << 20
COLOUR = re.compile(rb"\x1b\[[0-9;]*m")


@pytest.fixture
def slow(origin):
    origin.add(File("slow.bin", 64 * MIB, 1, behaviour={"rate_bps": MIB}))
    return origin.url("/slow.bin")


def has_begun(job):
    """Also for a job that may not be there yet."""
    return job.get("done", 0) > 0


def interrupt(process):
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 130, (out, errors)
    return out, errors


def test_get_pauses_its_jobs_and_says_how_to_resume(daemon, origin, slow, is_right):
    process = daemon.start_command("get", slow, slow, "-d", daemon.out)
    for job in (1, 2):
        daemon.wait_until(job, has_begun)
    out, errors = interrupt(process)
    assert errors == "seg: paused: 'seg resume 1 2' continues\n"
    assert [job["state"] for job in daemon.json("list")] == ["paused", "paused"]
    origin.set("/slow.bin", {})
    daemon.seg("resume", 1, 2)
    assert daemon.wait(1, 2) == 0
    assert is_right(daemon.out / "slow.bin", 1, 64 * MIB)


def test_get_with_json_writes_whole_lines_to_the_end(daemon, slow):
    process = daemon.start_command("get", slow, "-d", daemon.out, "--json")
    daemon.wait_until(1, has_begun)
    out, errors = interrupt(process)
    assert [json.loads(line)["event"] for line in out.splitlines()]
    assert "'seg resume 1' continues" in errors
    assert daemon.job(1)["state"] == "paused"


@pytest.mark.parametrize("command", [("wait", 1), ("watch", 1), ("events",), ("watch", "--json")])
def test_those_who_only_look_leave_the_job_alone(daemon, slow, command):
    daemon.add(slow)
    process = daemon.start_command(*command)
    if command[0] != "wait":
        assert process.stdout.readline()
    daemon.wait_until(1, has_begun)
    interrupt(process)
    assert daemon.job(1)["state"] == "active"


def test_a_terminal_shows_bars_and_no_color_is_respected(daemon, slow):
    plain = Terminal(daemon, "get", slow, "-d", daemon.out, NO_COLOR="1")
    plain.read_until(b"%")
    plain.process.send_signal(signal.SIGINT)
    assert plain.end() == 130
    assert b"slow.bin" in plain.seen and b"'seg resume 1'" in plain.seen
    assert not COLOUR.search(plain.seen), plain.seen
    daemon.seg("resume", 1)
    coloured = Terminal(daemon, "watch", 1)
    coloured.read_until(b"%")
    daemon.seg("cancel", 1)
    assert coloured.end() == 1
    assert COLOUR.search(coloured.seen), coloured.seen
