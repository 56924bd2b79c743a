"""A database that is damaged: the daemon starts, says what happened, saves what can be saved, and
what it saved goes on and ends with right files."""

import random
import re
import shutil

import pytest
from origin import File

MIB = 1 << 20
SIZE = 8 * MIB
PAGE = 8192
N_RUNNING = 3


# --- downloads to begin with ---

class Downloads:
    """One finished download, one that is paused, and some in their middle."""

    def __init__(self, daemon, origin):
        self.daemon = daemon
        self.origin = origin
        self.names = [f"f{i}.bin" for i in range(2 + N_RUNNING)]
        for i, name in enumerate(self.names):
            rate = None if i == 0 else MIB // 16
            origin.add(File(name, SIZE, i, behaviour={"rate_bps": rate}))
        urls = [origin.url("/" + name) for name in self.names]
        self.ids = daemon.add(urls[0])
        assert daemon.wait(*self.ids) == 0
        self.ids += daemon.add(urls[1], headers=["X-Test: yes"])
        daemon.wait_until(self.ids[1], lambda j: j["done"] > MIB)
        daemon.seg("pause", self.ids[1])
        self.ids += daemon.add(*urls[2:])
        for job_id in self.ids[2:]:
            daemon.wait_until(job_id, lambda j: sum(to - at for at, to in j["extents"]) > MIB)
        daemon.seg("settings", "retries", "7")

    def hurry(self):
        """From here on the server is fast."""
        for name in self.names:
            self.origin.set("/" + name, {})
        self.before = self.origin.stats().sent

    def finish(self):
        """Finishes what is there; returns the finished files by their downloads' names."""
        jobs = {job["id"]: job for job in self.daemon.json("list")}
        for job in jobs.values():
            assert job["url"] in [self.origin.url("/" + name) for name in self.names], job
            if job["state"] == "paused":
                self.daemon.seg("resume", job["id"])
        if jobs:
            assert self.daemon.wait(*jobs) == 0, self.daemon.seg("list")
        self.sent = self.origin.stats().sent - self.before
        return {job["url"].rsplit("/", 1)[1]: self.daemon.saved(self.daemon.job(job["id"]))
                for job in jobs.values()}


@pytest.fixture
def downloads(daemon, origin):
    return Downloads(daemon, origin)


# --- the database of a daemon ---

def database(daemon):
    return daemon.data / "segue.db"


def log_of(daemon):
    return daemon.data / "segue.db-wal"


def overwrite(path, at, count, seed):
    content = bytearray(path.read_bytes())
    assert at < len(content)
    count = min(count, len(content) - at)
    content[at:at + count] = random.Random(seed).randbytes(count)
    path.write_bytes(content)


def overwrite_middle(path, seed):
    chosen = random.Random(seed)
    at = chosen.randrange(PAGE, path.stat().st_size)
    overwrite(path, at, chosen.randrange(1, 2 * PAGE), seed)


def cut(path, length):
    with open(path, "r+b") as file:
        file.truncate(length)


def put_aside(daemon):
    return [path for path in daemon.data.iterdir()
            if re.fullmatch(r"segue\.db\.damaged-[0-9T.Z-]+", path.name)]


def damages(daemon):
    """What is in the database's files."""
    return {path.name: path.read_bytes() for path in (database(daemon), log_of(daemon))
            if path.exists()}


def contents(folder):
    return {path.name: path.stat().st_ino for path in folder.iterdir()}


# --- what holds after any damage ---

def assert_nothing_lost(daemon, before):
    """Every file of the user's is there: under its name, or, once finished, without '.part'."""
    after = contents(daemon.out)
    for name, inode in before.items():
        assert after.get(name) == inode or after.get(name.removesuffix(".part")) == inode, \
            (name, before, after)


def start_damaged(daemon, downloads):
    """Starts on a damaged database; returns the notice."""
    damaged = damages(daemon)
    files = contents(daemon.out)
    downloads.hurry()
    daemon.start()
    notice = daemon.json("status")["info"]["notice"]
    [aside] = put_aside(daemon)
    assert aside.name in notice
    assert notice in daemon.seg("status")
    assert aside.read_bytes() == damaged["segue.db"]
    if "segue.db-wal" in damaged:
        assert (daemon.data / (aside.name + "-wal")).read_bytes() == damaged["segue.db-wal"]
    assert "the database was damaged" in daemon.logged()
    assert sorted(path.name for path in daemon.data.glob("*salvaged*")) == []
    assert_nothing_lost(daemon, files)
    return notice


def assert_right(downloads, finished, is_right):
    for name, path in finished.items():
        assert is_right(path, downloads.names.index(name), SIZE), path


def assert_ids_are_new(daemon, downloads, origin):
    [job] = daemon.add(origin.url("/" + downloads.names[0]), if_exists="overwrite")
    assert job > max(downloads.ids)


def assert_saved_some(daemon, downloads, origin, is_right):
    files = contents(daemon.out)
    finished = downloads.finish()
    assert_right(downloads, finished, is_right)
    assert_nothing_lost(daemon, files)
    assert_ids_are_new(daemon, downloads, origin)
    return finished


def assert_saved_all(daemon, downloads, origin, is_right):
    finished = assert_saved_some(daemon, downloads, origin, is_right)
    assert list(finished) == downloads.names
    assert [path.name for path in finished.values()] == downloads.names
    assert daemon.call("settings.get", name="retries")["settings"][0]["value"] == 7
    assert downloads.sent < (1 + N_RUNNING) * SIZE, "claims were believed"


# --- the file is damaged ---

@pytest.mark.parametrize("count", [100, PAGE], ids=["header", "first page"])
def test_an_overwritten_header_costs_nothing(daemon, downloads, origin, is_right, count):
    daemon.stop()
    overwrite(database(daemon), 0, count, 1)
    notice = start_damaged(daemon, downloads)
    assert f"{len(downloads.ids)} jobs were saved" in notice
    assert_saved_all(daemon, downloads, origin, is_right)


@pytest.mark.parametrize("seed", range(4))
def test_an_overwritten_middle_costs_what_was_there(daemon, downloads, origin, is_right, seed):
    daemon.stop()
    overwrite_middle(database(daemon), seed)
    files = contents(daemon.out)
    downloads.hurry()
    daemon.start()
    assert_nothing_lost(daemon, files)
    assert_saved_some(daemon, downloads, origin, is_right)


@pytest.mark.parametrize("length", [50, PAGE, 3 * PAGE + 1000])
def test_a_cut_file_costs_what_is_gone(daemon, downloads, origin, is_right, length):
    daemon.stop()
    cut(database(daemon), length)
    start_damaged(daemon, downloads)
    assert_saved_some(daemon, downloads, origin, is_right)


def test_an_empty_file_is_told(daemon, downloads, origin, is_right):
    daemon.stop()
    cut(database(daemon), 0)
    files = contents(daemon.out)
    daemon.start()
    assert "the database was empty" in daemon.json("status")["info"]["notice"]
    assert daemon.json("list") == []
    assert_nothing_lost(daemon, files)
    assert_ids_are_new(daemon, downloads, origin)


def test_a_file_that_is_no_database_is_kept(daemon, downloads, origin, is_right):
    daemon.stop()
    database(daemon).write_bytes(b"the shopping list\n" * 1000)
    assert "0 jobs were saved" in start_damaged(daemon, downloads)
    assert_saved_some(daemon, downloads, origin, is_right)


# --- the log is damaged ---

def test_an_overwritten_file_is_saved_with_its_log(daemon, downloads, origin, is_right):
    daemon.kill()
    assert log_of(daemon).stat().st_size > PAGE
    cut(database(daemon), 0)
    notice = start_damaged(daemon, downloads)
    assert f"{len(downloads.ids)} jobs were saved" in notice
    assert_saved_all(daemon, downloads, origin, is_right)


@pytest.mark.parametrize("seed", range(3))
def test_a_damaged_log_is_never_believed(daemon, downloads, origin, is_right, seed):
    daemon.kill()
    overwrite_middle(log_of(daemon), seed)
    files = contents(daemon.out)
    downloads.hurry()
    daemon.start()
    assert_nothing_lost(daemon, files)
    assert_right(downloads, downloads.finish(), is_right)
    assert_nothing_lost(daemon, files)


def test_a_damaged_log_is_told(daemon, downloads, origin, is_right):
    daemon.kill()
    overwrite(log_of(daemon), log_of(daemon).stat().st_size // 2, 10, 1)
    start_damaged(daemon, downloads)
    assert_saved_some(daemon, downloads, origin, is_right)


def test_a_log_that_is_gone_is_told(daemon, downloads, origin, is_right):
    daemon.stop()
    daemon.start()
    daemon.wait_until(downloads.ids[-1], lambda j: j["done"] > 2 * MIB)
    daemon.kill()
    log_of(daemon).unlink()
    files = contents(daemon.out)
    downloads.hurry()
    daemon.start()
    assert "segue.db-wal, was gone or unreadable" in daemon.json("status")["info"]["notice"]
    assert "segue.db-wal, was gone or unreadable" in daemon.logged()
    assert_nothing_lost(daemon, files)
    assert_saved_some(daemon, downloads, origin, is_right)


def test_another_databases_log_is_left_out(daemon, downloads, origin, is_right, tmp_path):
    from daemon import Daemon
    (tmp_path / "other").mkdir()
    other = Daemon(daemon.system, tmp_path / "other").start()
    other.add(origin.url("/" + downloads.names[0]), paused=True)
    other.kill()
    daemon.stop()
    shutil.copy(log_of(other), log_of(daemon))
    notice = start_damaged(daemon, downloads)
    assert f"{len(downloads.ids)} jobs were saved" in notice
    assert_saved_all(daemon, downloads, origin, is_right)


# --- the notice, and a salvage that is interrupted ---

def test_the_notice_stays_until_the_damaged_file_is_taken_away(daemon, downloads):
    daemon.stop()
    overwrite(database(daemon), 0, 100, 1)
    notice = start_damaged(daemon, downloads)
    daemon.stop()
    daemon.start()
    assert daemon.json("status")["info"]["notice"] == notice
    daemon.stop()
    put_aside(daemon)[0].unlink()
    daemon.start()
    assert daemon.json("status")["info"]["notice"] is None


def test_an_interrupted_salvage_is_finished(daemon, downloads, origin, is_right):
    daemon.kill()
    shutil.copy(database(daemon), daemon.data / "segue.db.salvaged")
    shutil.copy(log_of(daemon), daemon.data / "segue.db.salvaged-wal")
    daemon.start()
    daemon.stop()
    database(daemon).rename(daemon.data / "segue.db.salvaged")
    log_of(daemon).write_bytes(b"the log of the damaged one")
    downloads.hurry()
    daemon.start()
    assert [path.name[-4:] for path in daemon.data.glob("segue.db.damaged-*")] == ["-wal"]
    assert_saved_all(daemon, downloads, origin, is_right)
