"""Files that others hold, as Windows lets them: nobody else may open, rename or remove them."""

import contextlib
import subprocess

import pytest

from origin import File
from volume import Volume

MIB = 1 << 20
SIZE = 16 * MIB
HALF = {"when": {"sent_bytes": {"from": SIZE // 2}}, "rate_bps": 1024}  # then it waits
PATIENCE_S = 30  # how long a finished file waits for its name


@pytest.fixture
def volume(tmp_path):
    with Volume(tmp_path / "volume", 32 * MIB) as volume:
        yield volume


@pytest.fixture
def idle_daemon(volume, idle_daemon):
    """Ends before its disk goes."""
    return idle_daemon


@contextlib.contextmanager
def held(system, path):
    """Another program has the file open and shares it with nobody."""
    command = [*system.command("hold"), system.path(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL) as process:
        assert process.stdout.readline().strip() == b"held"
        yield


def serve(origin, behaviour=None):
    origin.add(File("big.bin", SIZE, 1, behaviour=behaviour))
    return origin.url("/big.bin")


def durable(job):
    return sum(end - start for start, end in job["extents"])


def has_all(job):
    return job["done"] == SIZE


def is_in_state(state):
    return lambda job: job["state"] == state


def test_a_held_target_is_replaced_as_soon_as_it_is_free(daemon, origin, is_right):
    target = daemon.out / "big.bin"
    target.write_bytes(b"old")
    with held(daemon.system, target):
        [job] = daemon.add(serve(origin), if_exists="overwrite")
        daemon.wait_until(job, has_all)
        origin.add(File("other.bin", SIZE, 2))
        assert daemon.wait(*daemon.add(origin.url("/other.bin"))) == 0
        assert daemon.job(job)["state"] == "active", "it was tried by now, and is tried again"
        assert target.read_bytes() == b"old"
    daemon.wait_until(job, is_in_state("done"))
    assert is_right(target, 1, SIZE)


def test_a_target_held_for_long_fails_the_job_which_can_be_resumed(daemon, origin, is_right):
    target = daemon.out / "big.bin"
    target.write_bytes(b"old")
    with held(daemon.system, target):
        [job] = daemon.add(serve(origin), if_exists="overwrite")
        shown = daemon.wait_until(job, is_in_state("failed"), deadline_s=PATIENCE_S + 60)
        assert shown["error"]["code"] == "in_use"
        assert "big.bin" in shown["error"]["message"]
    asked = origin.stats().requests
    assert target.read_bytes() == b"old"
    daemon.seg("resume", job)
    daemon.wait_until(job, is_in_state("done"))
    assert is_right(target, 1, SIZE)
    assert origin.stats().requests == asked, "everything was there already"


def test_a_part_file_that_others_hold_is_waited_for(daemon, origin, is_right):
    [job] = daemon.add(serve(origin, HALF))
    daemon.wait_until(job, lambda j: j["done"] > SIZE // 4)
    daemon.stop()
    origin.set("/big.bin", {})
    with held(daemon.system, daemon.out / "big.bin.part"):
        daemon.start()
        shown = daemon.wait_until(job, is_in_state("waiting"))
        assert (shown["reason"], shown["error"]["code"]) == ("retry", "in_use")
    daemon.wait_until(job, is_in_state("done"))
    assert is_right(daemon.out / "big.bin", 1, SIZE)
    assert origin.stats().sent < SIZE + 4 * MIB


def test_nobody_can_take_an_open_part_file_away(daemon, origin, is_right):
    [job] = daemon.add(serve(origin, HALF))
    daemon.wait_until(job, lambda j: j["done"] > SIZE // 4)
    part = daemon.out / "big.bin.part"
    daemon.system.run("cmd", "/c", "del", daemon.system.path(part))
    daemon.system.run("cmd", "/c", "ren", daemon.system.path(part), "other.part")
    assert part.exists()
    origin.set("/big.bin", {})
    assert daemon.wait(job) == 0
    assert is_right(daemon.out / "big.bin", 1, SIZE)


def test_a_finished_file_can_be_read_by_those_who_can_read_its_folder(daemon, origin):
    """Where room may be made without filling it, the part file is closed to others; Wine shows an
    access list as the file's mode."""
    daemon.out.chmod(0o755)
    [job] = daemon.add(serve(origin))
    [unknown] = daemon.add(serve(origin, {"chunked": True, "ignore_ranges": True}))
    assert daemon.wait(job, unknown) == 0
    for path in daemon.out.iterdir():
        assert path.stat().st_mode & 0o444 == 0o444, path


def test_a_sparse_part_file_waits_for_room_and_keeps_what_it_has(volume, daemon, origin, is_right):
    spec = dict(url=serve(origin, HALF), folder=daemon.system.path(volume.folder))
    job = daemon.call("job.add", jobs=[spec])["jobs"][0]["id"]
    daemon.wait_until(job, lambda j: durable(j) > SIZE // 4)
    volume.fill()
    origin.set("/big.bin", {})
    shown = daemon.wait_until(job, lambda j: j.get("reason") == "space")
    assert shown["state"] == "waiting" and shown["error"]["code"] == "disk_full"
    assert "are missing in " + daemon.system.path(volume.folder) in shown["error"]["message"]
    assert shown["done"] > SIZE // 4
    before = origin.stats().sent
    volume.make_room()
    daemon.wait_until(job, is_in_state("done"))
    assert is_right(volume.folder / "big.bin", 1, SIZE)
    missing = SIZE - shown["done"]
    assert origin.stats().sent - before < missing + 2 * MIB, "what was on the disk is not sent again"
