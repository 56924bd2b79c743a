"""A machine that sleeps: a daemon that is stopped and continued, which os/posix takes for the end of a
sleep. Silence that lasts would be endured for ten minutes here, and no failure of a server forgiven:
what goes on went on because of the sleep."""

import contextlib
import signal

import pytest

from origin import File

MIB = 1 << 20
SIZE = 24 * MIB


@contextlib.contextmanager
def asleep(daemon):
    daemon.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        daemon.process.send_signal(signal.SIGCONT)


@pytest.fixture
def patient(daemon):
    for name, value in {"stall_timeout": 600, "retries": 0}.items():
        daemon.call("settings.set", name=name, value=value)
    return daemon


def begin(daemon, origin, **options):
    """A download that is under way, slowly."""
    origin.add(File("file.bin", SIZE, 4, behaviour={"rate_bps": 2 * MIB}))
    job, = daemon.add(origin.url("/file.bin"), **options)
    daemon.wait_until(job, lambda job: job["done"] > 8 * MIB)
    return job


def check_end(daemon, job, is_right):
    assert daemon.wait(job) == 0, daemon.job(job)
    found = daemon.job(job)
    assert found["attempts"] == 0
    assert is_right(daemon.saved(found), 4, SIZE)


@pytest.mark.parametrize("lanes", (1, 4))
def test_connections_that_the_server_closed_meanwhile_are_made_anew(patient, origin, is_right, lanes):
    job = begin(patient, origin, connections=lanes)
    with asleep(patient):
        origin.set("/file.bin", {"reset_after": 0})
        origin.wait_for(lambda stats: stats.open == 0, deadline_s=30)
        origin.set("/file.bin", {})
    check_end(patient, job, is_right)
    assert origin.stats().sent < SIZE + 6 * MIB, "it went on where it was"


@pytest.mark.parametrize("lanes", (1, 4))
def test_connections_that_nobody_knows_any_more_are_made_anew(patient, origin, is_right, lanes):
    job = begin(patient, origin, connections=lanes)
    with asleep(patient):
        known = origin.stats().connections
        origin.set("/file.bin", {"when": {"connection": {"from": 1, "to": known}}, "silence_after": 0})
    check_end(patient, job, is_right)
    assert "the machine woke up" in patient.seg("log")


def test_a_request_without_an_answer_is_made_anew(patient, origin, is_right):
    origin.add(File("file.bin", SIZE, 4, behaviour={"hold": True}))
    job, = patient.add(origin.url("/file.bin"))
    origin.wait_for(lambda stats: stats.requests == 1, deadline_s=30)
    with asleep(patient):
        origin.set("/file.bin", {"when": {"request": 1}, "hold": True})
    check_end(patient, job, is_right)


def test_connections_that_live_go_on(patient, origin, is_right):
    job = begin(patient, origin, connections=1)
    n = origin.stats().requests
    for _ in range(3):
        with asleep(patient):
            assert origin.stats().open > 0
    origin.set("/file.bin", {"rate_bps": 64 * MIB})
    check_end(patient, job, is_right)
    assert origin.stats().requests == n
