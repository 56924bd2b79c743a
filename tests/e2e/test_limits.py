"""Rate limits, of all jobs and of one. A busy machine may make anything slower, so what is checked is
that nothing comes faster than it may, who gets how much beside whom, and that it goes on."""

import time

import pytest

from origin import File, Origin

KIB = 1 << 10
MIB = 1 << 20
WHILE_S = 60


@pytest.fixture
def source():
    """Files that no test comes to the end of, from a server that keeps little in its system's buffers."""
    files = [File(f"f{i}.bin", 2048 * MIB, i, behaviour={"rate_bps": 4 * MIB}) for i in range(2)]
    with Origin(files, send_buffer=65536) as origin:
        yield origin


class Watch:
    """What came since a moment. The time is at least what passed between the two looks, so a rate is
    never overstated because the answers took long."""

    def __init__(self, daemon, *jobs):
        self.daemon = daemon
        self.jobs = jobs
        self.started = time.monotonic()
        self.first = self._done()

    def _done(self):
        """Of all in one answer: the moments of several would be apart."""
        done = {job["id"]: job["done"] for job in self.daemon.call("job.list")["jobs"]}
        return [done[job] for job in self.jobs]

    def look(self):
        """Bytes of each job, and the seconds in which they came."""
        came = [now - then for now, then in zip(self._done(), self.first)]
        return came, time.monotonic() - self.started

    def until(self, n_bytes):
        """The same, once this many came of every job."""
        deadline = time.monotonic() + WHILE_S
        while True:
            came, seconds = self.look()
            if min(came) >= n_bytes:
                return came, seconds
            assert time.monotonic() < deadline, f"{came} bytes in {seconds:.0f} s"


def check(came, seconds, limit):
    assert sum(came) <= 1.03 * limit * seconds + limit / 10, f"{came} in {seconds:.2f} s"


def test_a_limit_is_changed_while_bytes_flow_without_a_reconnect(daemon, source):
    [job] = daemon.add(source.url("/f0.bin"), connections=2)
    Watch(daemon, job).until(8 * MIB)
    connections = source.stats().connections
    for limit in (2 * MIB, 256 * KIB, 4 * MIB):
        daemon.seg("limit", limit)
        came, seconds = Watch(daemon, job).until(2 * limit)
        check(came, seconds, limit)
    daemon.seg("limit", "off")
    Watch(daemon, job).until(32 * MIB)
    daemon.seg("set", job, f"limit={MIB}")
    came, seconds = Watch(daemon, job).until(2 * MIB)
    check(came, seconds, MIB)
    assert source.stats().connections == connections
    assert daemon.job(job)["attempts"] == 0


def test_under_a_limit_the_server_is_held_back(daemon, source):
    [job] = daemon.add(source.url("/f0.bin"), connections=2)
    Watch(daemon, job).until(8 * MIB)
    daemon.seg("limit", "100K")
    sent = source.stats().sent
    Watch(daemon, job).until(600 * KIB)
    buffers = 2 * 7 * MIB  # what the system and libcurl have room for
    assert source.stats().sent - sent < buffers + 2 * MIB


def test_a_job_with_many_lanes_and_one_with_one_get_the_same(daemon, source):
    many, one = (daemon.add(source.url(f"/f{i}.bin"), connections=n)[0] for i, n in ((0, 8), (1, 1)))
    daemon.wait_until(many, lambda job: job["lanes"] >= 4)
    daemon.seg("limit", "2M")
    came, seconds = Watch(daemon, many, one).until(4 * MIB)
    check(came, seconds, 2 * MIB)
    assert 0.67 < came[0] / came[1] < 1.5


def test_a_job_below_its_share_leaves_the_rest(daemon, source):
    held, free = (daemon.add(source.url(f"/f{i}.bin"), connections=2)[0] for i in range(2))
    daemon.seg("set", held, "limit=200K")
    daemon.seg("limit", "2M")
    Watch(daemon, held, free).until(100 * KIB)
    came, seconds = Watch(daemon, held, free).until(600 * KIB)
    check(came, seconds, 2 * MIB)
    check(came[:1], seconds, 200 * KIB)
    assert came[1] > 4 * came[0]


def test_a_low_limit_takes_few_connections(daemon, source):
    daemon.seg("limit", "100K")
    [job] = daemon.add(source.url("/f0.bin"))
    came, seconds = Watch(daemon, job).until(300 * KIB)
    check(came, seconds, 100 * KIB)
    assert source.stats().connections == 1


def test_a_limited_download_is_the_servers_file(daemon, origin, is_right):
    size = 2 * MIB + 77
    origin.add(File("f.bin", size, 5))
    daemon.seg("limit", "1M")
    started = time.monotonic()
    [job] = daemon.add(origin.url("/f.bin"))
    assert daemon.wait(job) == 0
    assert time.monotonic() - started > 1.9
    is_right(daemon.out / "f.bin", 5, size)
