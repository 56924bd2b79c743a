"""Logins that expire in mid-download: the job gets a new one, and goes on with what it has."""

import pytest

from origin import File
from stage import MIB, SEAMS, ending

SIZE = 4 * MIB


def changes_its_mind(first, then):
    """The first half of the file goes to those who say one thing, the rest to those who say another."""
    return [{"rate_bps": MIB, **first}, {"when": {"sent_bytes": {"from": SIZE // 2}}, "reset_after": 0},
            {"when": {"sent_bytes": {"from": SIZE // 2}}, **then}]


def wants(header):
    return lambda value: {"require": {header: value}}


def user(password):
    return {"auth": ["me", password]}


KINDS = {
    "login": (user, lambda value: {"user": f"me:{value}"}, "failed auth_failed"),
    "header": (wants("X-Token"), lambda value: {"headers": ["X-Other: 1", f"X-Token: {value}"]},
               "waiting link link_expired"),
    "cookie": (wants("Cookie"), lambda value: {"cookies": value}, "waiting link link_expired"),
}


@pytest.fixture
def options(daemon, tmp_path):
    """What to give seg refresh for each kind."""
    jar = tmp_path / "cookies.txt"
    jar.write_text("127.0.0.1\tFALSE\t/\tFALSE\t0\tid\tB\n")
    return {"login": ["--user", "me:B"], "header": ["-H", "X-Other: 1", "--header=X-Token: B"],
            "cookie": ["--cookie-file", daemon.system.path(jar)]}


def sent(origin):
    return origin.stats().files["/f.bin"]["sent"]


def add_one_that_stops(daemon, origin, kind, lanes=4):
    """A job whose secrets were good for the first half of the file."""
    rule, option, ends = KINDS[kind]
    old, new = ("id=A", "id=B") if kind == "cookie" else ("A", "B")
    origin.add(File("f.bin", SIZE, behaviour=changes_its_mind(rule(old), rule(new))))
    [job] = daemon.add(origin.url("/f.bin"), connections=lanes, **option(old))
    stopped = daemon.wait_until(job, lambda job: job["error"] and job["lanes"] == 0)
    assert ending(stopped) == ends, stopped
    return stopped


def let_go_on(origin, kind):
    """From now on the server wants what it wants to the end of the file."""
    rule = KINDS[kind][0]
    origin.set("/f.bin", rule("id=B" if kind == "cookie" else "B"))


@pytest.mark.parametrize("lanes", [1, 4])
@pytest.mark.parametrize("kind", KINDS)
def test_a_new_secret_fetches_only_the_rest(daemon, origin, options, is_right, kind, lanes):
    job = add_one_that_stops(daemon, origin, kind, lanes)
    had = sum(end - start for start, end in job["extents"])
    assert had > 0
    before = sent(origin)
    let_go_on(origin, kind)
    daemon.seg("settings", "max_connections_per_host", 1)   # no lane is cut off: nothing is sent in vain
    daemon.seg("refresh", job["id"], *options[kind])
    assert daemon.wait(job["id"]) == 0, daemon.job(job["id"])
    assert is_right(daemon.out / "f.bin", 1, SIZE)
    assert sent(origin) - before <= SIZE - had + SEAMS


def test_what_was_refreshed_survives_the_daemon(daemon, origin, is_right):
    job = add_one_that_stops(daemon, origin, "login")["id"]
    origin.set("/f.bin", {"auth": ["me", "B"], "hold": True})
    daemon.seg("refresh", job, "--user", "me:B")
    daemon.kill()
    origin.set("/f.bin", {"auth": ["me", "B"]})
    daemon.start()
    assert daemon.wait(job) == 0, daemon.job(job)
    assert is_right(daemon.out / "f.bin", 1, SIZE)


def headers_of(entry):
    return {name.lower(): value for name, value in dict(entry["headers"]).items()}


def test_who_waits_for_it_is_told_what_to_do(daemon, origin):
    origin.add(File("f.bin", MIB, behaviour=user("A")))
    done = daemon.run("add", origin.url("/f.bin"), "--user", "me:B", "-d", daemon.system.path(daemon.out), "--wait")
    assert done.returncode == 1
    assert done.stderr == ("seg: job 1 (f.bin) failed: the server wants other credentials (HTTP 401): 'seg refresh 1' "
                           "with --user, --header or --proxy gives another login\n")
    daemon.seg("refresh", 1, "--user", "me:A")
    assert daemon.wait(1) == 0


def test_a_job_at_work_goes_on_with_what_is_new(daemon, origin, is_right):
    trickle = {"when": {"sent_bytes": {"from": SIZE // 2}}, "rate_bps": 1024}
    origin.add(File("f.bin", SIZE, behaviour=[{"rate_bps": MIB}, trickle]))
    [job] = daemon.add(origin.url("/f.bin"), headers=["X-Token: A"], cookies="id=A", connections=2)
    daemon.wait_until(job, lambda job: job["extents"])
    daemon.seg("refresh", job, "--header", "X-Token: B", "--cookie-file=")
    origin.set("/f.bin", {})
    assert daemon.wait(job) == 0, daemon.job(job)
    assert is_right(daemon.out / "f.bin", 1, SIZE)
    asked = [(headers.get("x-token"), headers.get("cookie"))
             for headers in map(headers_of, origin.stats().of("/f.bin"))]
    assert set(asked) == {("A", "id=A"), ("B", None)}
    assert sent(origin) < SIZE + 2 * MIB, "it did not begin again"


def test_nothing_goes_to_another_server_unless_it_is_given_again(daemon, origin):
    secrets = {"headers": ["X-Token: canary"], "user": "me:canary", "cookies": "id=canary"}
    for name, behaviour, given, code in (("open.bin", {}, [], 0), ("closed.bin", user("canary"), [], 1),
                                         ("again.bin", user("again"), ["--user", "me:again"], 0)):
        origin.add(File(name, MIB, behaviour=behaviour))
        [job] = daemon.add(origin.url("/first.bin"), paused=True, **secrets)
        daemon.seg("refresh", job, origin.url(name).replace("127.0.0.1", "127.0.0.2"), *given)
        daemon.seg("resume", job)
        assert daemon.wait(job) == code, daemon.job(job)
        asked = [headers_of(entry) for entry in origin.stats().of("/" + name)]
        assert asked
        for headers in asked:
            assert "canary" not in str(headers) and "x-token" not in headers and "cookie" not in headers


def test_a_proxy_that_is_gone_is_taken_away(daemon, origin, is_right):
    origin.add(File("f.bin", MIB))
    [job] = daemon.add(origin.url("/f.bin"), proxy="http://127.0.0.1:1")
    daemon.wait_until(job, lambda job: job["state"] == "waiting")
    daemon.seg("refresh", job, "--proxy=")
    assert daemon.wait(job) == 0, daemon.job(job)
    assert is_right(daemon.out / "f.bin", 1, MIB)


def test_what_cannot_be_refreshed_is_said(daemon, origin, tmp_path):
    origin.add(File("f.bin", MIB))
    [done] = daemon.add(origin.url("/f.bin"))
    [held] = daemon.add(origin.url("/f.bin"), paused=True, user="me:A")
    assert daemon.wait(done) == 0
    empty = tmp_path / "none.txt"
    empty.write_text("other.example\tFALSE\t/\tFALSE\t0\tid\tcanary\n")
    for arguments, code, message in (
            ([held], 2, "nothing to change"),
            ([held, "-H", "canary"], 2, "a header is not one"),
            ([held, "--proxy", "ftp://me:canary@h"], 2, "not the URL of a proxy"),
            ([held, "--cookie-file", daemon.system.path(empty)], 2, "has no cookie for this address"),
            ([held, "ftp://h/canary"], 2, "is no address"),
            ([99, "--user", "me:canary"], 4, "99"),
            ([done, "--user", "me:canary"], 1, "cannot be given another address or login")):
        ended = daemon.run("refresh", *arguments)
        assert ended.returncode == code and message in ended.stderr, (arguments, ended)
        assert ended.stdout == "" and "me:canary" not in ended.stderr
    answer = daemon.call("job.refresh", id=held, user=7)
    assert answer["data"]["code"] == "invalid"
    assert daemon.call("job.refresh", id=held)["data"]["code"] == "invalid"
    assert daemon.call("job.refresh", id=held, url=None)["data"]["code"] == "invalid"
    assert daemon.job(held)["state"] == "paused"
