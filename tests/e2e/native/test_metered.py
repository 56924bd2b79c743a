"""A network that costs money, as the seam's test file says: Wine cannot show one."""

import pytest

from origin import File

MIB = 1 << 20


class Network:
    def __init__(self, path):
        self.path = path

    def become(self, word):
        self.path.write_text(word)


@pytest.fixture
def network(tmp_path, monkeypatch):
    network = Network(tmp_path / "network")
    network.become("metered")
    monkeypatch.setenv("SEGUE_TEST_NETWORK", str(network.path))
    return network


@pytest.fixture
def on_network(network, idle_daemon):
    """A daemon on a metered network."""
    return idle_daemon.start()


def is_held(job):
    return (job["state"], job["reason"]) == ("waiting", "metered")


def status_line(daemon):
    lines = daemon.seg("status").splitlines()
    return next(line for line in lines if line.startswith("metered "))


def test_a_job_waits_and_says_why_and_goes_on_at_once(on_network, network, origin, is_right):
    daemon = on_network
    origin.add(File("file.bin", 3 * MIB, 5))
    job, = daemon.add(origin.url("/file.bin"))
    found = daemon.wait_until(job, is_held)
    assert found["error"]["code"] == "metered"
    assert f"seg set {job} metered=ignore" in found["error"]["message"]
    assert "waiting: metered" in daemon.seg("list")
    assert status_line(daemon).startswith("metered   yes")
    assert origin.stats().requests == 0
    network.become("free")
    assert daemon.wait(job) == 0
    assert status_line(daemon) == "metered   no"
    assert is_right(daemon.saved(daemon.job(job)), 5, 3 * MIB)


def test_a_running_download_stops_keeps_what_it_has_and_goes_on(on_network, network, origin, is_right):
    daemon = on_network
    network.become("free")
    origin.add(File("slow.bin", 48 * MIB, 6, behaviour={"rate_bps": MIB}))
    job, = daemon.add(origin.url("/slow.bin"))
    daemon.wait_until(job, lambda job: job["done"] > 12 * MIB)
    network.become("metered")
    held = daemon.wait_until(job, is_held)
    assert held["done"] > 12 * MIB and held["lanes"] == 0 and held["attempts"] == 0
    origin.wait_for(lambda stats: stats.open == 0, deadline_s=30)
    sent = origin.stats().sent
    origin.set("/slow.bin", {})
    network.become("free")
    assert daemon.wait(job) == 0
    assert is_right(daemon.saved(daemon.job(job)), 6, 48 * MIB)
    assert origin.stats().sent - sent < 44 * MIB, "it went on where it was"


@pytest.mark.parametrize("let_go", [
    lambda daemon, job: daemon.seg("set", job, "metered=ignore"),
    lambda daemon, job: daemon.seg("settings", "metered", "ignore"),
])
def test_who_does_not_mind_the_cost_goes_on(on_network, origin, let_go):
    daemon = on_network
    origin.add(File("file.bin", MIB, 7))
    job, = daemon.add(origin.url("/file.bin"))
    daemon.wait_until(job, is_held)
    let_go(daemon, job)
    assert daemon.wait(job) == 0


def test_a_job_may_be_added_with_a_rule_of_its_own_which_is_kept(on_network, origin):
    daemon = on_network
    origin.add(File("file.bin", MIB, 8))
    origin.add(File("held.bin", MIB, 8, behaviour={"hold": True}))
    daemon.seg("add", origin.url("/file.bin"), "-d", daemon.out, "--metered", "ignore")
    assert daemon.wait(1) == 0
    daemon.seg("settings", "metered", "ignore")
    daemon.seg("add", origin.url("/held.bin"), "-d", daemon.out, "--metered", "pause")
    daemon.wait_until(2, is_held)
    daemon.stop()
    daemon.start()
    assert is_held(daemon.wait_until(2, lambda job: job["state"] == "waiting"))
    assert daemon.job(2)["metered"] == "pause"
    daemon.seg("set", 2, "metered=default")
    assert daemon.wait_until(2, lambda job: job["state"] == "active")["metered"] is None


def test_where_nothing_is_known_jobs_run_and_the_setting_says_so(on_network, network, origin):
    daemon = on_network
    network.become("?")
    origin.add(File("file.bin", MIB, 9))
    job, = daemon.add(origin.url("/file.bin"))
    assert daemon.wait(job) == 0
    assert status_line(daemon) == "metered   unknown (Windows does not say)"
    assert "metered: Windows does not say" in daemon.seg("settings", "metered")
    assert daemon.call("daemon.info")["metered"] is None
    network.become("free")
    daemon.seg("add", origin.url("/file.bin"), "-d", daemon.out, "--wait")
    assert daemon.json("settings", "metered")["note"] is None
