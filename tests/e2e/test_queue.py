"""Which jobs run when: how many at once, in what order, and what waits for what."""

import email.utils
import time

import pytest

from origin import File

MIB = 1 << 20


@pytest.fixture
def files(origin):
    """Makes n files that are answered when release() says so."""
    class Files:
        def __init__(self):
            self.urls = []

        def add(self, n):
            for i in range(len(self.urls), len(self.urls) + n):
                origin.add(File(f"f{i}.bin", 64 * 1024, i, behaviour={"hold": True}))
                self.urls.append(origin.url(f"/f{i}.bin"))
            return self.urls[-n:]

        def release(self, *numbers):
            for i in numbers or range(len(self.urls)):
                origin.set(f"/f{i}.bin", {})

        def asked(self):
            """The numbers of the files in the order of their first requests."""
            order = []
            for entry in origin.stats().log:
                number = int(entry["path"][2:-4])
                if number not in order:
                    order.append(number)
            return order

        def wait_for_requests(self, n):
            origin.wait_for(lambda stats: stats.requests >= n, deadline_s=30)
            return self.asked()
    return Files()


@pytest.fixture
def one_at_a_time(daemon):
    daemon.call("settings.set", name="max_active", value=1)


def counts(daemon):
    return {state: n for state, n in daemon.call("daemon.stats")["jobs"].items() if n > 0}


def most_at_once(stats):
    """The greatest number of answers that were under way at the same time."""
    changes = []
    for entry in stats.log:
        changes += [(entry["started_s"], 1), (entry["ended_s"], -1)]
    level = most = 0
    for _, change in sorted(changes):
        level += change
        most = max(most, level)
    return most


# ---- how many ----

def test_never_more_than_max_active_run(daemon, origin):
    daemon.call("settings.set", name="max_active", value=3)
    urls = []
    for i in range(24):
        origin.add(File(f"f{i}.bin", 256 * 1024, i, behaviour={"rate_bps": 2 * MIB}))
        urls.append(origin.url(f"/f{i}.bin"))
    jobs = daemon.add(*urls, connections=1)
    assert daemon.wait(*jobs) == 0
    assert most_at_once(origin.stats()) == 3
    assert {job["state"] for job in daemon.json("list")} == {"done"}


def test_max_active_can_be_changed_at_any_time(daemon, files, one_at_a_time):
    jobs = daemon.add(*files.add(8))
    assert files.wait_for_requests(1) == [0]
    assert counts(daemon) == {"active": 1, "queued": 7}
    daemon.seg("settings", "max_active", 4)
    assert sorted(files.wait_for_requests(4)) == [0, 1, 2, 3]
    daemon.call("settings.set", name="max_active", value=2)
    files.release(0, 1)
    assert daemon.wait(*jobs[:2]) == 0
    assert counts(daemon) == {"active": 2, "queued": 4, "done": 2}, "none is thrown out or let in"
    files.release()
    assert daemon.wait(*jobs) == 0


@pytest.mark.parametrize("command", ["pause", "cancel", "remove"])
def test_a_job_that_is_stopped_makes_room(daemon, files, one_at_a_time, command):
    first, second = daemon.add(*files.add(2))
    assert files.wait_for_requests(1) == [0]
    daemon.seg(command, first)
    assert files.wait_for_requests(2) == [0, 1]
    files.release()
    assert daemon.wait(second) == 0
    if command == "pause":
        daemon.seg("resume", first)
        assert daemon.wait(first) == 0
    else:
        assert [path.name for path in daemon.out.iterdir()] == ["f1.bin"], "no part file is left"


def test_pause_all_and_resume_all(daemon, files, one_at_a_time):
    jobs = daemon.add(*files.add(4))
    later = daemon.add(*files.add(1), at="2099-01-01T00:00:00Z")
    files.wait_for_requests(1)
    assert daemon.json("pause", "--all") == {"ids": [*jobs, *later]}
    assert counts(daemon) == {"paused": 5}
    files.release()
    assert daemon.json("resume", "--all") == {"ids": [*jobs, *later]}
    assert daemon.wait(*jobs, *later) == 0
    assert counts(daemon) == {"done": 5}


# ---- in what order ----

def test_higher_priorities_go_first_and_equal_ones_in_order(daemon, files, one_at_a_time):
    plug = daemon.add(*files.add(1))
    files.wait_for_requests(1)
    for priority in (0, -5, 7, 0, 7, 1000, -1000):
        daemon.add(*files.add(1), priority=priority)
    daemon.seg("set", plug[0] + 1, "priority=6")
    files.release()
    assert daemon.wait(*range(1, 9)) == 0
    assert files.asked() == [0, 6, 3, 5, 1, 4, 2, 7]


def test_jobs_are_moved_in_the_queue(daemon, files, one_at_a_time):
    daemon.add(*files.add(6))  # job n is file n - 1
    files.wait_for_requests(1)
    daemon.seg("move", 5, "--first")
    daemon.seg("move", 2, "--last")
    daemon.seg("move", 6, "--before", 3)
    daemon.seg("set", 4, "priority=1")
    daemon.seg("move", 2, "--before", 4)
    daemon.stop()
    daemon.start()  # the order is kept; what ran begins again in its place
    files.release()
    assert daemon.wait(*range(1, 7)) == 0
    assert files.asked() == [0, 1, 3, 4, 5, 2]


def test_many_moves_before_the_same_job_keep_the_order(daemon, files, one_at_a_time):
    daemon.add(*files.add(40))
    files.wait_for_requests(1)
    moves = [{"jsonrpc": "2.0", "id": i, "method": "job.move", "params": {"id": i, "before": 2}}
             for i in range(3, 40)]
    assert all("result" in answer for answer in daemon.talk(moves, len(moves)))
    added = daemon.add(*files.add(1))
    files.release()
    assert daemon.wait(*range(1, 41), *added) == 0
    assert files.asked() == [0, *range(2, 39), 1, 39, 40]


# ---- what waits ----

def test_a_busy_server_is_asked_again_when_it_says(daemon, origin, is_right):
    origin.add(File("a.bin", MIB, 1, behaviour={"when": {"request": {"from": 1, "to": 2}},
                                                "status": 503, "retry_after": 2}))
    [job] = daemon.add(origin.url("/a.bin"))
    shown = daemon.wait_until(job, lambda j: j["state"] == "waiting")
    assert (shown["reason"], shown["error"]["code"]) == ("retry", "server_busy")
    assert "waiting: retry" in daemon.seg("list")
    assert daemon.wait(job) == 0
    assert is_right(daemon.out / "a.bin", 1, MIB)
    assert daemon.job(job)["error"] is None
    started = [entry["started_s"] for entry in origin.stats().of("/a.bin")][:3]
    for before, after in zip(started, started[1:]):
        assert 1.9 < after - before < 6, started


def test_a_date_to_retry_after_is_understood(daemon, origin):
    origin.add(File("a.bin", MIB, 1, behaviour={"when": {"request": 1}, "status": 503,
                                                "retry_after": {"date_in_s": 3}}))
    [job] = daemon.add(origin.url("/a.bin"))
    assert daemon.wait(job) == 0
    first, second = [entry["started_s"] for entry in origin.stats().of("/a.bin")][:2]
    assert 1.9 < second - first < 8, "a date has whole seconds"


def test_a_job_that_waits_makes_room_and_may_be_hurried(daemon, origin, one_at_a_time):
    origin.add(File("busy.bin", MIB, 1, behaviour={"when": {"request": 1}, "status": 503,
                                                   "retry_after": 3600}))
    origin.add(File("b.bin", MIB, 2))
    waiting, other = daemon.add(origin.url("/busy.bin"), origin.url("/b.bin"))
    assert daemon.wait(other) == 0
    assert daemon.job(waiting)["state"] == "waiting"
    daemon.seg("resume", waiting)
    assert daemon.wait(waiting) == 0


def test_a_job_fails_after_its_rounds_and_can_be_resumed(daemon, origin):
    daemon.seg("settings", "retries", 1)
    origin.add(File("a.bin", MIB, 1, behaviour={"status": 500}))
    [job] = daemon.add(origin.url("/a.bin"))
    assert daemon.wait(job) == 1
    shown = daemon.job(job)
    assert (shown["state"], shown["error"]["code"]) == ("failed", "server_error")
    assert len(origin.stats().of("/a.bin")) == 2
    origin.set("/a.bin", {})
    daemon.seg("resume", job)
    assert daemon.wait(job) == 0
    assert daemon.job(job)["error"] is None


def test_a_schedule_is_kept_over_a_kill(daemon, origin):
    origin.add(File("a.bin", MIB, 1))
    due = int(time.time()) + 4
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(due))
    [job] = daemon.add(origin.url("/a.bin"), at=at)
    [past] = daemon.add(origin.url("/a.bin"), at="2001-01-01T00:00:00Z")
    assert daemon.wait(past) == 0, "a time that is over is no reason to wait"
    shown = daemon.call("job.get", id=job)
    assert (shown["state"], shown["reason"]) == ("waiting", "schedule")
    daemon.kill()
    daemon.start()
    requests = origin.stats().requests
    assert daemon.wait(job) == 0
    started = email.utils.parsedate_to_datetime(email.utils.formatdate(due))
    assert daemon.job(job)["started"] >= started.strftime("%Y-%m-%dT%H:%M:%S")
    assert origin.stats().requests > requests


# ---- what is kept ----

def test_settings_are_kept_over_a_kill(daemon, files):
    wanted = {"max_active": 1, "retries": 3, "user_agent": "gr\u00fc\u00dfe/1", "if_exists": "fail",
              "download_dir": daemon.system.path(daemon.out)}
    for name, value in wanted.items():
        daemon.call("settings.set", name=name, value=value)
    before = daemon.call("settings.get")
    daemon.kill()
    daemon.start()
    assert daemon.call("settings.get") == before
    assert {s["name"]: s["value"] for s in before["settings"] if s["name"] in wanted} == wanted

    jobs = daemon.call("job.add", jobs=[{"url": url} for url in files.add(2)])["jobs"]
    assert files.wait_for_requests(1) == [0], "max_active is in force"
    files.release()
    assert daemon.wait(*(job["id"] for job in jobs)) == 0
    assert (daemon.out / "f1.bin").exists(), "so is the folder"
    again = daemon.call("job.add", jobs=[{"url": files.urls[0]}])["jobs"][0]["id"]
    assert daemon.wait(again) == 1
    assert daemon.job(again)["error"]["code"] == "exists"


def test_rate_limits_hold_and_can_be_changed(daemon, origin):
    """Lower bounds only: a limit may make a download slow, a busy machine may too."""
    origin.add(File("limited.bin", 6 * MIB))
    origin.add(File("own.bin", 4 * MIB))
    daemon.seg("limit", "2M")
    assert daemon.json("limit")["value"] == 2 * MIB
    out = daemon.system.path(daemon.out)
    began = time.monotonic()
    daemon.seg("get", origin.url("/limited.bin"), "-d", out)
    assert time.monotonic() - began > 6 * MIB / (2 * MIB) * 0.9
    daemon.seg("limit", "off")
    began = time.monotonic()
    daemon.seg("get", origin.url("/own.bin"), "-d", out, "--limit", "2M")
    assert time.monotonic() - began > 4 * MIB / (2 * MIB) * 0.9
