"""What is remembered of servers: learned by one download, used by the next, shown and forgotten."""

import pytest

from origin import File, Origin

MIB = 1 << 20
RATE = 512 * 1024


@pytest.fixture
def other():
    with Origin([], send_buffer=65536) as server:
        yield server


def serve(origin, name, size=8 * MIB, behaviour=None):
    origin.add(File(name, size, 1, behaviour=behaviour or {"rate_bps": RATE}))
    return origin.url("/" + name)


def fetch(daemon, url, **options):
    [job] = daemon.add(url, **options)
    assert daemon.wait(job) == 0, daemon.job(job)
    return daemon.job(job)


def origin_of(url):
    return url.rsplit("/", 1)[0]


def known(daemon, url):
    """What is remembered of the server behind a URL, or None."""
    hosts = {host["host"]: host for host in daemon.json("status", "--hosts")}
    return hosts.get(origin_of(url))


def learn_many_lanes(daemon, origin, lanes=8):
    """A download that teaches that so many lanes are useful, because no more were allowed."""
    url = serve(origin, "first.bin", 24 * MIB)
    fetch(daemon, url, connections=lanes)
    return url


# ---- learning ----

def test_a_download_teaches_what_the_server_is_like(daemon, origin):
    url = learn_many_lanes(daemon, origin)
    host = known(daemon, url)
    assert host["useful"] == 8 and host["tolerated"] is None and host["ranges"] is True, host
    assert 0.5 * RATE < host["lane_rate"] < 2 * RATE, host
    assert host["lane_rate"] < host["rate"] < 16 * RATE, host
    assert host["setup_ms"] >= 1 and host["seen"].endswith("Z"), host


def test_a_server_without_ranges_is_known_as_one(daemon, origin):
    url = serve(origin, "a.bin", MIB, {"ignore_ranges": True})
    fetch(daemon, url)
    host = known(daemon, url)
    assert host["ranges"] is False and host["useful"] is None, host


def test_a_server_that_has_no_file_teaches_nothing(daemon, origin):
    url = serve(origin, "a.bin", MIB, {"status": 404})
    [job] = daemon.add(url)
    assert daemon.wait(job) == 1
    assert daemon.json("status", "--hosts") == []


def test_the_next_download_begins_with_as_many_lanes(daemon, origin):
    learn_many_lanes(daemon, origin)
    # no request but the first is answered: nothing can be measured, and no lane be added by that
    url = serve(origin, "next.bin", 8 * MIB,
                [{"rate_bps": RATE // 8}, {"when": {"request": {"from": 2}}, "hold": True}])
    [job] = daemon.add(url)
    origin.wait_for(lambda stats: len(stats.of("/next.bin")) >= 8, 30)
    origin.set("/next.bin", {})
    assert daemon.wait(job) == 0, daemon.job(job)


def test_where_redirects_lead_is_known_too(daemon, origin, other):
    target = serve(other, "target.bin", 2 * MIB)
    url = serve(origin, "a.bin", MIB, {"redirect": target})
    fetch(daemon, url)
    assert known(daemon, url)["lane_rate"] is not None
    assert known(daemon, target)["lane_rate"] is not None


def test_each_mirror_is_known_for_itself(daemon, origin, other):
    url = serve(origin, "a.bin")
    mirror = serve(other, "a.bin", behaviour={"rate_bps": 2 * RATE})
    fetch(daemon, url, mirrors=[mirror], connections=4)
    assert known(daemon, url)["lane_rate"] < known(daemon, mirror)["lane_rate"]


def test_what_is_remembered_has_no_secret(daemon, origin):
    url = serve(origin, "a.bin", MIB)
    fetch(daemon, url.replace("http://", "http://me:canary@") + "?token=canary", user="me:canary",
          headers=["X-Secret: canary"])
    assert known(daemon, url)
    assert "canary" not in daemon.seg("status", "--hosts")


# ---- refusals ----

AT_MOST_4 = [{"rate_bps": RATE}, {"when": {"active": {"from": 5}}, "status": 429, "retry_after": 1}]


def starts(origin, path):
    """The requests that began before the first lane was done: no tail was taken from another yet."""
    log = origin.wait_for(lambda stats: stats.of(path) and stats.files[path]["active"] == 0, 30).of(path)
    first_end = min(entry["ended_s"] for entry in log if entry["status"] == 206)
    return [entry for entry in log if entry["started_s"] < first_end]


def test_a_server_that_refuses_lanes_is_not_asked_for_them_again(daemon, origin):
    url = serve(origin, "first.bin", 12 * MIB, AT_MOST_4)
    fetch(daemon, url)
    assert 429 in [entry["status"] for entry in origin.stats().of("/first.bin")]
    assert known(daemon, url)["tolerated"] == 4
    fetch(daemon, serve(origin, "next.bin", 4 * MIB, AT_MOST_4))
    begun = starts(origin, "/next.bin")
    assert [entry["status"] for entry in begun] == [206] * len(begun), begun
    assert 2 <= len(begun) <= 4
    assert known(daemon, url)["tolerated"] == 4


# ---- keeping and forgetting ----

@pytest.mark.parametrize("end", ["stop", "kill"])
def test_it_is_remembered_by_the_next_daemon(daemon, origin, end):
    url = serve(origin, "a.bin", 2 * MIB)
    fetch(daemon, url)
    before = known(daemon, url)
    getattr(daemon, end)()
    daemon.start()
    assert known(daemon, url) == before


def test_a_download_that_is_paused_has_taught_already(daemon, origin):
    url = serve(origin, "a.bin", 64 * MIB)
    [job] = daemon.add(url)
    daemon.wait_until(job, lambda j: j["done"] > MIB)
    daemon.seg("pause", job)
    assert known(daemon, url)["setup_ms"] is not None


def learn_two(daemon, origin, other):
    urls = [serve(server, "a.bin", MIB) for server in (origin, other)]
    for url in urls:
        fetch(daemon, url)
    return urls


def test_one_is_forgotten_or_all_are(daemon, origin, other):
    first, second = learn_two(daemon, origin, other)
    said = daemon.seg("settings", "--forget-hosts", origin_of(first))
    assert said == f"forgot what was remembered of 1 host: {origin_of(first)}\n"
    assert known(daemon, first) is None and known(daemon, second) is not None
    daemon.stop()
    daemon.start()
    assert known(daemon, first) is None and known(daemon, second) is not None
    assert daemon.seg("settings", "--forget-hosts") == "forgot what was remembered of 1 host\n"
    assert daemon.json("status", "--hosts") == []
    assert daemon.json("settings", "--forget-hosts") == {"forgotten": 0}
    assert daemon.seg("settings", "--forget-hosts") == "nothing was remembered of any host\n"


def test_a_host_is_forgotten_by_its_name_alone(daemon, origin, other):
    learn_two(daemon, origin, other)
    assert daemon.json("settings", "--forget-hosts", "127.0.0.1") == {"forgotten": 2}


def test_a_host_that_is_not_known_is_said_so(daemon):
    done = daemon.run("settings", "--forget-hosts", "nowhere.example")
    assert done.returncode == 4 and "nothing is known of 'nowhere.example'" in done.stderr
    assert daemon.run("settings", "--forget-hosts", "a", "b").returncode == 2


# ---- showing ----

def test_a_person_sees_a_table_with_the_newest_first(daemon, origin, other):
    first, second = learn_two(daemon, origin, other)
    title, *rows = daemon.seg("status", "--hosts").splitlines()
    assert title.split() == ["USEFUL", "TOLERATED", "RATE", "PER", "LANE", "SETUP", "RANGES",
                             "SEEN", "HOST"]
    assert [row.split()[-1] for row in rows] == [origin_of(second), origin_of(first)]
    assert all("ms" in row and "yes" in row for row in rows)
    assert [host["host"] for host in daemon.json("status", "--hosts")] == \
        [origin_of(second), origin_of(first)]


def test_the_list_comes_in_pages(daemon, origin, other):
    hosts = sorted(origin_of(url) for url in learn_two(daemon, origin, other))
    page = daemon.call("daemon.hosts", limit=1)
    assert [host["host"] for host in page["hosts"]] == hosts[:1] and page["more"] is True
    page = daemon.call("daemon.hosts", limit=1, after=hosts[0])
    assert [host["host"] for host in page["hosts"]] == hosts[1:] and page["more"] is False
    assert daemon.call("daemon.hosts", after=hosts[1]) == {"hosts": [], "more": False}


@pytest.mark.parametrize("method, params", [
    ("daemon.hosts", {"limit": 0}), ("daemon.hosts", {"limit": 1001}),
    ("daemon.hosts", {"limit": 1.5}), ("daemon.hosts", {"after": 1}), ("daemon.hosts", {"x": 1}),
    ("daemon.forget_hosts", {"host": 1}), ("daemon.forget_hosts", {"x": 1}),
])
def test_parameters_that_are_none_are_refused(daemon, method, params):
    assert daemon.call(method, **params)["data"]["code"] == "invalid"
