"""The rows that are no single download: what Segue takes of the machine, how quick it is at what is not
downloading, and many small files."""

import contextlib
import dataclasses
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time
import typing

import measure
from servers import Mirrors, Shape

TESTS = pathlib.Path(__file__).resolve().parents[1]
DEADLINE_S = 120
# sixteen connections for each of sixty-four jobs need four servers: one may have no more than 256
MANY = {"max_active": 64, "max_connections": 16, "max_connections_per_host": 256}
N_SERVERS = 4
SLOWLY = Shape(rate_bps=64 << 10)


@dataclasses.dataclass
class Figure:
    """One line of the table."""

    title: str
    text: str               # what was measured, in words
    budget: str = ""
    is_met: bool | None = None


@dataclasses.dataclass(frozen=True)
class Measured:
    title: str
    take: typing.Callable   # (contest, is_quick) -> figures


def figure(title, value, unit, most=None, more=""):
    """A figure that is to be at most so much."""
    budget = "" if most is None else f"≤ {most:g} {unit}"
    return Figure(title, f"{value:.4g} {unit}{more}", budget, None if most is None else value <= most)


# ---- threads and memory ----

@contextlib.contextmanager
def many_lanes(contest, n_jobs, size, patience_s):
    """A daemon with jobs under way from a slow server, once no more connections are opened; and how many
    are open."""
    source = contest.source(size)
    with Mirrors(source, [SLOWLY] * N_SERVERS) as servers, contest.segue.daemon(MANY) as daemon:
        ids = add_jobs(daemon, servers.urls(), n_jobs)
        yield daemon, wait_for_lanes(daemon, n_jobs * 16, patience_s)
        daemon.seg("cancel", *ids)


def add_jobs(daemon, urls, n):
    """Queues so many downloads of the one file, from all its servers in turn; returns their ids."""
    specs = [dict(url=urls[number % len(urls)], name=f"{number}.bin", folder=daemon.system.path(daemon.out))
             for number in range(n)]
    return [job["id"] for job in daemon.call("job.add", jobs=specs)["jobs"]]


def wait_for_lanes(daemon, n_wanted, patience_s):
    """Waits until there are so many lanes, or no more have come for a while; returns how many."""
    most, since = 0, time.monotonic()
    while most < n_wanted and time.monotonic() - since < patience_s:
        jobs = daemon.json("list", "--state", "active")
        n_lanes = sum(job["lanes"] for job in jobs)
        if n_lanes > most:
            most, since = n_lanes, time.monotonic()
    return most


def threads(contest, is_quick):
    found = []
    for n_jobs in (1, 2 if is_quick else 64):
        size, patience_s = (4, 1) if is_quick else (64, 10)
        with many_lanes(contest, n_jobs, size, patience_s) as (daemon, n_lanes):
            n_threads = measure.threads_of(daemon.process.pid)
            peak = measure.peak_kib_of(daemon.process.pid) / 1024
        found.append(n_threads)
        yield figure(f"threads with {n_jobs} jobs, {n_lanes} lanes", n_threads, "threads", 8)
        if n_jobs > 1:
            yield figure(f"most memory of segd with {n_jobs} jobs, {n_lanes} slow lanes", peak, "MiB", 160)
    yield Figure("the same number of threads in both", "yes" if len(set(found)) == 1 else "no", "the same",
                 len(set(found)) == 1)


def memory(contest, is_quick):
    """At full speed, when its buffers are in use."""
    size = 16 if is_quick else 1024
    source = contest.source(size)
    for is_tls, most in ((False, 48), (True, 72)):
        with contest.segue.daemon() as daemon:
            urls = contest.nginx.urls(source.name, is_tls)
            for _ in range(2):
                sample = contest.segue.get(daemon, urls, ["-x", "16"], DEADLINE_S)
                (daemon.out / source.name).unlink(missing_ok=True)
        name = "TLS, " if is_tls else ""
        yield figure(f"most memory of segd, {name}one job at full speed, -x 16", sample.peak_kib / 1024, "MiB", most)


def memory_many(contest, is_quick):
    """Sixty-four downloads at full speed."""
    n_jobs, size = (2, 16) if is_quick else (64, 64)
    source = contest.source(size)
    with contest.segue.daemon(MANY) as daemon:
        ids = add_jobs(daemon, contest.nginx.urls_of_hosts(source.name), n_jobs)
        daemon.wait(*ids, deadline_s=DEADLINE_S)
        peak = measure.peak_kib_of(daemon.process.pid) / 1024
    yield figure(f"most memory of segd, {n_jobs} jobs at full speed, 16 connections each at most", peak, "MiB", 160)


# ---- the engine's turn, and the control channel ----

class Asker:
    """Asks a small question on one connection, and takes the time."""

    def __init__(self, daemon):
        self._process = subprocess.Popen([*daemon.system.command("ask"), daemon.pipe], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                         env=daemon.environment(), text=True)

    def __enter__(self):
        self.ask()
        return self

    def __exit__(self, *_):
        self._process.communicate()

    def ask(self):
        """Milliseconds until the answer was there."""
        began = time.perf_counter()
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline(), "the daemon does not answer"
        return (time.perf_counter() - began) * 1000


def at_full_speed(contest, daemon, size):
    """Latencies of questions while a download runs."""
    source = contest.source(size)
    url = contest.nginx.urls(source.name, False)[0]
    delays = []
    with Asker(daemon) as asker:
        command = daemon.start_command("get", url, "-d", daemon.system.path(daemon.out))
        while command.poll() is None:
            delays.append(asker.ask())
            measure.pass_time(0.005)
        command.communicate()
    return sorted(delays)


def percentile(ordered, share):
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def turn(contest, is_quick):
    with contest.segue.daemon() as daemon:
        delays = at_full_speed(contest, daemon, 16 if is_quick else 1024)
        stats = daemon.call("daemon.stats")
    p99, longest = turns_of(stats)
    yield figure("engine turn at full speed, p99", p99 / 1000, "ms", 20, f" (longest {longest / 1000:.1f})")
    yield figure("a control call at full speed, p99", percentile(delays, 0.99), "ms", 50,
                 f" (median {statistics.median(delays):.1f}, longest {delays[-1]:.1f}, {len(delays)} calls)")


def turns_of(stats):
    """(p99, longest) in microseconds."""
    if "turn_us" in stats:
        return stats["turn_us"]["p99"], stats["turn_us"]["max"]
    return stats["turn_p99_us"], stats["longest_turn_us"]


# ---- the queue ----

def write_list(path, start, n):
    path.write_text("".join(f"http://127.0.0.1:9/files/{number:06}.bin\n" for number in range(start, start + n)))


def timed(daemon, *arguments):
    began = time.perf_counter()
    daemon.seg(*arguments, deadline_s=DEADLINE_S)
    return time.perf_counter() - began


def add_many(daemon, start, n):
    """Seconds that it takes to queue so many, paused so that nothing runs meanwhile."""
    path = daemon.folder / "list.txt"
    write_list(path, start, n)
    return timed(daemon, "add", "--paused", "-i", daemon.system.path(path), "-d", daemon.system.path(daemon.out))


def adds(contest, is_quick):
    n = 100 if is_quick else 10000
    times, lists = [], []
    for _ in range(1 if is_quick else 5):
        with contest.segue.daemon() as daemon:
            times.append(add_many(daemon, 0, n))
            lists.append(timed(daemon, "list"))
            assert len(daemon.json("list")) == n
    yield figure(f"seg add --paused -i of {n} URLs, committed", statistics.median(times), "s", 2)
    yield figure(f"seg list of {n} jobs", statistics.median(lists), "s", 0.3)


def start(contest, is_quick):
    """From the start of the program to the line that says it serves."""
    n, step = (200, 100) if is_quick else (100000, 10000)
    with contest.segue.daemon() as daemon:
        empty = restart(daemon)
        for number in range(0, n, step):
            add_many(daemon, number, step)
        times = [restart(daemon) for _ in range(1 if is_quick else 5)]
    yield figure("start of segd without jobs", empty, "s")
    yield figure(f"start of segd with {n} jobs", statistics.median(times), "s", 1)


def restart(daemon):
    daemon.stop()
    began = time.perf_counter()
    daemon.start()
    return time.perf_counter() - began


# ---- many small files ----

# how peers are given a list, and what a line of it is
LISTS = {"curl": ("-s --parallel --parallel-max 16 --remote-name-all -K {list}", "url = {url}\n"),
         "aria2": ("-q -j16 --file-allocation=none -i {list}", "{url}\n")}


def small_files(contest, n):
    """The address of a folder of so many files of 20 KiB, and their names."""
    folder = contest.nginx.files / "small"
    folder.mkdir(exist_ok=True)
    for number in range(n):
        (folder / f"{number:04}.bin").write_bytes(os.urandom(20 << 10))
    return contest.nginx.urls("small", False)[0], sorted(path.name for path in folder.iterdir())


def small_by_segue(contest, path):
    """The Sample of a daemon that has just begun, and the names of the files that it brought."""
    with contest.segue.daemon() as daemon:
        command = [*daemon.system.command("seg"), "get", "-i", daemon.system.path(path),
                   "-d", daemon.system.path(daemon.out)]
        sample = measure.run(command, daemon.environment(), daemon.out, DEADLINE_S, daemon.process.pid,
                             [pid for pid in (contest.segue.wineserver,) if pid is not None])
        return sample, sorted(found.name for found in daemon.out.iterdir())


def small_by_peer(contest, name, path):
    peer = contest.peers[name]
    shown = contest.system.path(path) if peer.is_windows else str(path)
    words = [peer.program, *LISTS[name][0].format(list=shown).split()]
    command = contest.system.windows(*words) if peer.is_windows else words
    helpers = [contest.segue.wineserver] if peer.is_windows else []
    with tempfile.TemporaryDirectory(dir=contest.place) as folder:
        sample = measure.run(command, contest.system.environment(), folder, DEADLINE_S, helpers=helpers)
        return sample, sorted(os.listdir(folder))


def small_by(contest, name, base, names):
    line = LISTS[name][1] if name in LISTS else "{url}\n"
    path = contest.place / "small.txt"
    path.write_text("".join(line.format(url=f"{base}/{file}") for file in names))
    sample, found = small_by_peer(contest, name, path) if name in LISTS else small_by_segue(contest, path)
    assert sample.is_right and found == names, f"{name} brought {len(found)} of {len(names)} files"
    return sample


def small(contest, is_quick):
    """Each in turn, as a list of addresses is given to it."""
    base, names = small_files(contest, 20 if is_quick else 1000)
    contenders = ["Segue", *(name for name in LISTS if name in contest.peers)]
    samples = {name: [] for name in contenders}
    for turn in range(1 if is_quick else 5):
        for name in contenders[turn % len(contenders):] + contenders[:turn % len(contenders)]:
            samples[name].append(small_by(contest, name, base, names))
    for name, taken in samples.items():
        wall_s = statistics.median(sample.wall_s for sample in taken)
        cpu_s = statistics.median(sample.cpu_s for sample in taken)
        ratio = statistics.median(ours.wall_s / its.wall_s for ours, its in zip(samples["Segue"], taken))
        yield Figure(f"{len(names)} files of 20 KiB: {name}",
                     f"{wall_s:.2f} s, {len(names) / wall_s:.0f} a second, CPU {cpu_s:.2f} s"
                     + ("" if name == "Segue" else f"; Segue takes {ratio:.2f} of the time"))


# ---- doing nothing ----

def idle(contest, is_quick):
    """After a download, so that all there is to wake it has been there."""
    source = contest.source(16)
    seconds = 2 if is_quick else 10
    with contest.segue.daemon() as daemon:
        contest.segue.get(daemon, contest.nginx.urls(source.name, False), [], DEADLINE_S)
        pid = daemon.process.pid
        measure.pass_time(seconds)      # what it still does after a download
        switches, cpu_s = measure.switches_of(pid), measure.cpu_of(pid)
        measure.pass_time(seconds)
        switches, cpu_s = measure.switches_of(pid) - switches, measure.cpu_of(pid) - cpu_s
    yield figure("wake-ups of an idle segd, all threads", switches / seconds, "a second", 1)
    yield figure(f"CPU of an idle segd in {seconds} s", cpu_s, "s", 0.01)


# ---- a kill ----

LOST = re.compile(r"lost by one kill, beyond those buffers: ([\d.]+) s \(median\), ([\d.]+) s \(most\)")


def kill(contest, is_quick):
    """What tests/torture says of kills at random moments."""
    n = 2 if is_quick else 20
    command = [sys.executable, str(TESTS / "torture"), str(n), "--seed", "1", "--system", contest.system.name]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800)
    found = LOST.search(done.stdout)
    assert found, done.stdout + done.stderr
    yield figure(f"fetched again after a kill, the most of {n}, in seconds of traffic", float(found[2]), "s", 1.5,
                 f" (median {found[1]} s)")


MEASURED = {
    "threads": Measured("threads, and memory of many lanes", threads),
    "memory": Measured("memory at full speed", memory),
    "memory-many": Measured("memory of many jobs", memory_many),
    "turn": Measured("the engine's turn, and control calls at full speed", turn),
    "adds": Measured("ten thousand downloads queued and listed", adds),
    "start": Measured("start with a hundred thousand jobs", start),
    "small": Measured("a thousand small files", small),
    "idle": Measured("doing nothing", idle),
    "kill": Measured("killed at random moments", kill),
}
