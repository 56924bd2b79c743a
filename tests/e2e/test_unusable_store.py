"""A data folder or a database that cannot be used: the daemon says why, ends with code 1, and touches
nothing."""

import contextlib
import sqlite3
import subprocess

import pytest

CODE_FAILURE = 1


def refused(daemon):
    """Starts a daemon that must not start; what it said."""
    done = daemon.run("run", program="segd")
    assert done.returncode == CODE_FAILURE, done.stderr
    assert done.stderr.startswith("segd: ") or "\nsegd: " in done.stderr, done.stderr
    return done.stderr


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "segd.log"}


@pytest.fixture
def stopped_daemon(daemon):
    """A daemon that has run, and has a database."""
    daemon.stop()
    return daemon


def test_a_second_daemon_is_refused(daemon):
    said = refused(daemon)
    assert "another segd uses" in said
    assert daemon.json("list") == []


def test_a_database_that_another_program_holds_is_waited_for_and_then_told(stopped_daemon):
    daemon = stopped_daemon
    with contextlib.closing(sqlite3.connect(daemon.data / "segue.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        said = refused(daemon)
        assert "another program holds it" in said
        other.execute("ROLLBACK")
    daemon.start()
    assert daemon.json("list") == []


def test_a_database_in_use_is_closed_to_other_programs(daemon, origin):
    with contextlib.closing(sqlite3.connect(daemon.data / "segue.db", timeout=0)) as other:
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("DELETE FROM job")
    assert daemon.add(origin.url("/f.bin"), paused=True) == [1]


@contextlib.contextmanager
def read_only(folder):
    """The folder as one of a disk that cannot be written."""
    subprocess.run(["mount", "--bind", folder, folder], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


def test_a_folder_that_cannot_be_written_is_told(stopped_daemon):
    daemon = stopped_daemon
    before = contents(daemon.data)
    with read_only(daemon.data):
        said = refused(daemon)
    assert f"the data folder {daemon.system.path(daemon.data)} cannot be written to" in said
    assert contents(daemon.data) == before
    daemon.start()


def test_a_folder_that_is_a_file_is_told(idle_daemon):
    daemon = idle_daemon
    daemon.data.write_bytes(b"mine")
    said = refused(daemon)
    assert f"the data folder {daemon.system.path(daemon.data)} cannot be" in said
    assert daemon.data.read_bytes() == b"mine"


def test_a_database_that_is_a_folder_is_told(stopped_daemon):
    daemon = stopped_daemon
    (daemon.data / "segue.db").rename(daemon.data / "kept.db")
    (daemon.data / "segue.db").mkdir()
    said = refused(daemon)
    assert "segue.db" in said
    assert (daemon.data / "segue.db").is_dir()


def test_a_database_of_a_newer_version_is_told_and_kept(stopped_daemon):
    daemon = stopped_daemon
    with contextlib.closing(sqlite3.connect(daemon.data / "segue.db", isolation_level=None)) as other:
        other.execute("PRAGMA user_version = 1000")
    before = contents(daemon.data)
    assert "a newer Segue made it" in refused(daemon)
    assert contents(daemon.data) == before
