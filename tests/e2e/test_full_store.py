"""The database's disk is full while downloads go elsewhere: nothing is lost, nothing is claimed that is
not committed, and everything goes on when there is room."""

import contextlib
import subprocess

import pytest
from daemon import Daemon
from origin import File

MIB = 1 << 20
SIZE = 24 * MIB


@contextlib.contextmanager
def small_disk(folder, mib):
    """A file system of so many MiB on the folder."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mib}m", "none", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.fixture(params=[2, 8])
def daemon(system, tmp_path, request):
    """A daemon whose data folder is a disk of its own."""
    with small_disk(tmp_path / "data", request.param):
        daemon = Daemon(system, tmp_path).start()
        yield daemon
        try:
            daemon.stop()
        finally:
            if daemon.process.poll() is None:
                daemon.kill()


def fill(daemon):
    """Takes all the room that is left."""
    with open(daemon.data / "filler", "ab", buffering=0) as filler, contextlib.suppress(OSError):
        while True:
            filler.write(bytes(4096))


def make_room(daemon):
    (daemon.data / "filler").unlink()


def add(daemon, url, n_bytes=20000):
    spec = {"url": url + "?" + "x" * n_bytes, "folder": daemon.system.path(daemon.out), "paused": True}
    return daemon.call("job.add", jobs=[spec])


def add_until_refused(daemon, url):
    """What room is left inside the log is used up first."""
    answer = add(daemon, url)
    while "jobs" in answer:
        answer = add(daemon, url)
    return answer


def info(daemon):
    return daemon.call("daemon.info")


def wait_for_notice(daemon, job, condition):
    daemon.wait_until(job, lambda j: condition(info(daemon)["notice"]))


def test_jobs_are_refused_until_there_is_room(daemon, origin):
    origin.add(File("f.bin", MIB, 1))
    url = origin.url("/f.bin")
    fill(daemon)
    before = None
    error = add_until_refused(daemon, url)
    assert error["data"]["code"] == "disk_full"
    assert "the disk that has the database is full" in error["message"]
    done = daemon.run("add", url + "?" + "y" * 20000, "-d", daemon.system.path(daemon.out))
    assert done.returncode == 1
    assert "the disk that has the database is full" in done.stderr
    before = daemon.json("list")
    make_room(daemon)
    [job] = daemon.add(url)
    assert job not in [old["id"] for old in before]
    assert daemon.wait(job) == 0
    daemon.kill()
    daemon.start()
    assert [old["id"] for old in daemon.json("list")] == [old["id"] for old in before] + [job]


def test_a_running_download_goes_on_and_is_committed_when_there_is_room(daemon, origin, is_right):
    origin.add(File("f.bin", SIZE, 1, behaviour={"rate_bps": MIB}))
    url = origin.url("/f.bin")
    [job] = daemon.add(url)
    daemon.wait_until(job, lambda j: j["extents"])
    fill(daemon)
    add_until_refused(daemon, url)
    wait_for_notice(daemon, job, lambda text: text is not None)
    assert "the disk that has the database is full" in daemon.seg("status")
    before = daemon.job(job)
    after = daemon.wait_until(job, lambda j: j["done"] == SIZE)
    assert after["state"] == "active", "it is not called done before that is committed"
    assert before["state"] == "active"
    assert daemon.json("list")[0]["id"] == job
    make_room(daemon)
    assert daemon.wait(job) == 0
    assert is_right(daemon.out / "f.bin", 1, SIZE)
    assert origin.stats().sent < SIZE + 6 * MIB, "no byte was given up"
    assert info(daemon)["notice"] is None
    daemon.kill()
    daemon.start()
    assert daemon.job(job)["state"] == "done"


def test_a_kill_while_the_disk_is_full_loses_no_right_byte(daemon, origin, is_right):
    origin.add(File("f.bin", SIZE, 1, behaviour={"rate_bps": MIB}))
    url = origin.url("/f.bin")
    [job] = daemon.add(url)
    daemon.wait_until(job, lambda j: j["extents"])
    fill(daemon)
    add_until_refused(daemon, url)
    wait_for_notice(daemon, job, lambda text: text is not None)
    daemon.kill()
    make_room(daemon)
    origin.set("/f.bin", {})
    daemon.start()
    assert daemon.wait(job) == 0
    assert is_right(daemon.out / "f.bin", 1, SIZE)


def test_pause_and_stop_do_not_wait_for_room(daemon, origin, is_right):
    origin.add(File("f.bin", SIZE, 1, behaviour={"rate_bps": MIB}))
    origin.add(File("g.bin", SIZE, 2, behaviour={"rate_bps": MIB}))
    paused, running = daemon.add(origin.url("/f.bin"), origin.url("/g.bin"))
    for job in (paused, running):
        daemon.wait_until(job, lambda j: j["extents"])
    fill(daemon)
    add_until_refused(daemon, origin.url("/f.bin"))
    wait_for_notice(daemon, running, lambda text: text is not None)
    kept = sum(to - at for at, to in daemon.job(paused)["extents"])
    daemon.seg("pause", paused)
    now = daemon.job(paused)
    assert now["state"] == "paused"
    assert sum(to - at for at, to in now["extents"]) >= kept
    make_room(daemon)
    wait_for_notice(daemon, running, lambda text: text is None)
    fill(daemon)
    add_until_refused(daemon, origin.url("/f.bin"))
    daemon.stop()
    make_room(daemon)
    origin.set("/f.bin", {})
    origin.set("/g.bin", {})
    daemon.start()
    daemon.seg("resume", paused)
    assert daemon.wait(paused, running) == 0
    assert is_right(daemon.out / "f.bin", 1, SIZE)
    assert is_right(daemon.out / "g.bin", 2, SIZE)


def test_no_room_at_the_start_is_a_clear_failure(daemon):
    daemon.stop()
    (daemon.data / "segue.db").unlink()
    fill(daemon)
    done = daemon.run("run", program="segd")
    assert done.returncode == 1
    assert "the disk that has the database is full" in done.stderr
    make_room(daemon)
    daemon.start()
