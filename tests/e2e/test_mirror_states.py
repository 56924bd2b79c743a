"""What seg show tells of mirrors: which are used, what each gave, which was left out and why."""

import contextlib

import pytest

from origin import File, Origin

MIB = 1 << 20
SIZE = 8 * MIB
RATE = MIB


# after a part of the file: so nothing is finished before it was looked at
TRICKLE = {"when": {"sent_bytes": {"from": 3 * MIB // 2}}, "rate_bps": 1024}


@pytest.fixture
def servers():
    """Makes origins, each with its own way of serving the file, up to a part of it."""
    with contextlib.ExitStack() as stack:
        def make(seed=1, size=SIZE, **behaviour):
            server = stack.enter_context(Origin([], send_buffer=65536))
            server.add(File("f.bin", size, seed, behaviour=[{"rate_bps": RATE, **behaviour}, TRICKLE]))
            return server
        yield make


def let_go(*servers):
    for server in servers:
        server.set("/f.bin", {})


def url_of(server):
    return server.url("/f.bin")


def states(job):
    return [source["state"] for source in job["sources"]]


def source_of(job, server):
    [source] = [source for source in job["sources"] if source["url"] == url_of(server)]
    return source


def faults(job):
    return [source["error"] and source["error"]["code"] for source in job["sources"]]


def test_each_mirror_says_what_it_gave_or_why_it_is_left_out(daemon, servers, is_right):
    origin, good, slow = servers(), servers(), servers(rate_bps=RATE // 16)
    wrong, missing, longer = servers(seed=2), servers(status=404), servers(size=SIZE + 1)
    mirrors = [good, slow, wrong, missing, longer]
    [job] = daemon.add(url_of(origin), mirrors=[url_of(server) for server in mirrors], connections=8)
    expected = ["used", "used", "used", "left_out", "left_out", "left_out"]
    at_work = daemon.wait_until(job, lambda job: states(job) == expected and job["sources"][1]["lanes"] > 0 and
                                all(source["bytes"] > 0 for source in job["sources"][:3]))
    assert sum(source["lanes"] for source in at_work["sources"]) == at_work["lanes"]
    let_go(origin, good, slow)
    assert daemon.wait(job) == 0
    done = daemon.job(job)
    assert is_right(daemon.saved(done), 1, SIZE)
    assert states(done) == expected
    assert [source["url"] for source in done["sources"]] == [url_of(server) for server in (origin, *mirrors)]
    assert faults(done)[3:] == ["remote_changed", "http_error", "remote_changed"], done["sources"]
    assert done["sources"][5]["error"]["message"] == f"its file has {SIZE + 1} bytes, not {SIZE}"
    gave = [source["bytes"] for source in done["sources"]]
    assert gave[3:] == [0, 0, 0] and sum(gave) == SIZE, gave
    assert all(gave[:3]), gave
    assert all(source["lanes"] == source["rate"] == 0 for source in done["sources"])


def test_people_see_it_too(daemon, servers):
    origin, good, wrong = servers(), servers(), servers(seed=2)
    [job] = daemon.add(url_of(origin), mirrors=[url_of(good), url_of(wrong)], connections=4)
    daemon.wait_until(job, lambda job: states(job) == ["used", "used", "left_out"])
    assert "connection" in daemon.seg("show", job)
    let_go(origin, good)
    assert daemon.wait(job) == 0
    lines = daemon.seg("show", job).splitlines()
    at = lines.index(f"mirror        {url_of(good)}")
    assert lines[at + 1].startswith("              used, gave "), lines
    assert lines[at + 2:at + 4] == [f"mirror        {url_of(wrong)}",
                                    "              left out, gave 0 B: its bytes are not those of the file"], lines


def test_one_that_cannot_be_reached_says_so_while_it_is_tried_again(daemon, servers):
    origin, dead = servers(), servers()
    dead.refuse()
    [job] = daemon.add(url_of(origin), mirrors=[url_of(dead)], connections=2)
    tried = daemon.wait_until(job, lambda job: job["sources"][1]["error"])
    shown = daemon.seg("show", job)
    dead.refuse(False)
    assert tried["sources"][1]["state"] in ("new", "checking")
    assert tried["sources"][1]["error"]["code"] == "connect_failed"
    assert "gave 0 B; trouble: " in shown, shown
    helped = daemon.wait_until(job, lambda job: source_of(job, dead)["bytes"] > 0)
    assert source_of(helped, dead)["error"] is None and source_of(helped, dead)["state"] == "used"
    daemon.seg("cancel", job)


def test_a_url_that_is_lost_says_so_while_its_mirror_carries_on(daemon, servers):
    origin, good = servers(status=404), servers()
    let_go(good)
    [job] = daemon.add(url_of(origin), mirrors=[url_of(good)])
    assert daemon.wait(job) == 0
    done = daemon.job(job)
    assert (states(done), faults(done)) == (["left_out", "used"], ["http_error", None])
    assert [source["bytes"] for source in done["sources"]] == [0, SIZE]


def test_what_was_given_is_counted_over_pauses_and_not_known_after_a_restart(daemon, servers):
    origin, good = servers(), servers()
    [job] = daemon.add(url_of(origin), mirrors=[url_of(good)], connections=4, paused=True)
    assert states(daemon.job(job)) == [None, None]
    daemon.seg("resume", job)
    daemon.wait_until(job, lambda job: source_of(job, good)["bytes"] > MIB)
    daemon.seg("pause", job)
    daemon.wait_until(job, lambda job: job["state"] == "paused" and job["lanes"] == 0)
    assert source_of(daemon.job(job), good)["bytes"] > MIB
    let_go(origin, good)
    daemon.seg("resume", job)
    assert daemon.wait(job) == 0
    assert sum(source["bytes"] for source in daemon.job(job)["sources"]) == SIZE
    daemon.stop()
    daemon.start()
    assert states(daemon.job(job)) == [None, None]


def test_a_job_without_mirrors_has_no_sources_and_too_many_mirrors_are_refused(daemon, servers):
    origin = servers()
    [job] = daemon.add(url_of(origin), paused=True)
    assert daemon.job(job)["sources"] == []
    options = [word for n in range(64) for word in ("--mirror", f"{url_of(origin)}?{n}")]
    done = daemon.run("add", url_of(origin), "--paused", *options)
    assert (done.returncode, done.stderr) == (2, "seg: a job has at most 63 mirrors, not 64: leave some out\n")
    daemon.seg("add", url_of(origin), "--paused", *options[2:], "-d", daemon.system.path(daemon.out))
    assert len(daemon.job(2)["sources"]) == 64
