"""Servers that are busy or take few connections: fewer lanes, patience, and not a byte lost."""

import itertools

import pytest

from origin import File
from stage import LANES, MIB, RATE_BPS, Situation, each

MANY = (4, 16)


def at_most(cap, **answer):
    return Situation({"when": {"active": {"from": cap + 1}}, **answer}, lanes=MANY)


def door(cap, how):
    return Situation({}, lanes=MANY, door={"when": {"open": {"from": cap + 1}}, "accept": how})


def later(**answer):
    """All lanes are cut in mid-download, and for a while there is this answer."""
    return Situation({"when": {"sent_bytes": {"from": MIB}, "elapsed_s": {"to": 1.5}}, "reset_after": 0, **answer})


SITUATIONS = {
    "at most 1, then 429": at_most(1, status=429),
    "at most 3, then 429": at_most(3, status=429),
    "at most 3, then 429 for a second": at_most(3, status=429, retry_after=1),
    "at most 3, then 429 for an hour": at_most(3, status=429, retry_after=3600),
    "at most 1, then 503": at_most(1, status=503),
    "at most 3, then 503 and the end": at_most(3, status=503, keep_alive=False),
    "at most 1 connection, then a reset": door(1, "reset"),
    "at most 3 connections, then a reset": door(3, "reset"),
    "at most 3 connections, then the end": door(3, "close"),
    "busy at the start, for 2 s": Situation({"when": {"request": 1}, "status": 503, "retry_after": 2}),
    "busy at the start, till a date": Situation(
        {"when": {"request": 1}, "status": 503, "retry_after": {"date_in_s": 3}}),
    "busy at the start, without a time": Situation({"when": {"request": {"to": 2}}, "status": 503}),
    "429 at the start": Situation({"when": {"request": 1}, "status": 429, "retry_after": 2}),
    "busy in mid-download, for 2 s": later(status=503, retry_after=2),
    "429 in mid-download": later(status=429, retry_after=2),
    "busy for ever": Situation({"status": 503, "retry_after": 1}, "failed server_busy"),
}


@pytest.mark.parametrize("title, lanes", each(SITUATIONS))
def test_a_busy_server_gets_patience(run):
    run.check_end()


def most_at_once(log):
    """The most answers with bytes of the file that were under way at the same time."""
    changes = sorted(itertools.chain.from_iterable(
        ((entry["started_s"], 1), (entry["ended_s"], -1)) for entry in log if entry["status"] == 206))
    return max(itertools.accumulate(change for _, change in changes))


@pytest.mark.parametrize("title, lanes", each(SITUATIONS, "at most 3"))
def test_all_the_lanes_that_are_allowed_are_used(run):
    run.ended()
    assert 2 <= most_at_once(run.log()) <= 3, run.story()


@pytest.mark.parametrize("title, lanes", each(SITUATIONS, "at the start, "))
def test_a_server_is_not_asked_before_its_time(run):
    run.ended()
    first, second = [entry["started_s"] for entry in run.log()][:2]
    least = 0.5 if "without" in run.title else 1.9
    assert second - first >= least, run.story()


@pytest.mark.parametrize("lanes", MANY)
def test_connections_that_the_system_refuses_cost_only_themselves(daemon, origin, is_right, lanes):
    origin.add(File("a.bin", 2 * MIB, 5, behaviour={"rate_bps": RATE_BPS[lanes]}))
    [job] = daemon.add(origin.url("/a.bin"), connections=lanes)
    origin.wait_for(lambda stats: stats.of("/a.bin") and stats.sent > 0)
    origin.refuse()
    assert daemon.wait(job) == 0, daemon.job(job)
    assert is_right(daemon.out / "a.bin", 5, 2 * MIB)


def test_a_server_that_is_down_is_asked_again(daemon, origin, is_right):
    for lanes in LANES:
        origin.add(File(f"{lanes}.bin", MIB, lanes))
    origin.refuse()
    jobs = [daemon.add(origin.url(f"/{lanes}.bin"), connections=lanes)[0] for lanes in LANES]
    for job in jobs:
        shown = daemon.wait_until(job, lambda j: j["state"] == "waiting")
        assert (shown["reason"], shown["error"]["code"]) == ("retry", "connect_failed")
    origin.refuse(False)
    assert daemon.wait(*jobs) == 0
    for lanes in LANES:
        assert is_right(daemon.out / f"{lanes}.bin", lanes, MIB)
