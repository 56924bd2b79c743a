"""What a command costs: time, processor and memory, of its own process and of those that work for it."""

import dataclasses
import os
import pathlib
import subprocess
import threading
import time

TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclasses.dataclass
class Sample:
    """One run of one contender."""

    wall_s: float
    cpu_s: float            # of the command and of all that worked for it
    service_cpu_s: float    # of that, the service's
    peak_kib: int           # the service's most memory so far; 0 if there is none
    is_right: bool          # it ended well, and the file is the server's
    is_over: bool = False   # it was ended, because it took too long
    connections: int = 0
    requests: int = 0
    refused: int = 0
    sent: int = 0           # bytes of bodies


def cpu_of(pid):
    """Seconds of processor time that a process has used, all its threads together."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def status_of(pid):
    """The fields of /proc/PID/status."""
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def peak_kib_of(pid):
    """The largest working set that a process has had."""
    return int(status_of(pid)["VmHWM"].split()[0])


def switches_of(pid):
    """How often the threads of a process have gone to sleep by themselves."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        text = (task / "status").read_text()
        total += int(text.partition("\nvoluntary_ctxt_switches:")[2].split()[0])
    return total


def threads_of(pid):
    return int(status_of(pid)["Threads"])


def wineserver_of(prefix):
    """The process that serves a Wine prefix, or None. Its folder is called after the prefix's inode."""
    where = os.stat(prefix)
    name = f"server-{where.st_dev:x}-{where.st_ino:x}"
    for process in pathlib.Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            if os.readlink(process / "cwd").endswith(name):
                return int(process.name)
        except OSError:
            continue
    return None


def pass_time(seconds):
    """Lets time go by, for what is measured over a while."""
    threading.Event().wait(seconds)


def kill_group(pid):
    """Ends a command and what it started, if it is still there."""
    try:
        os.killpg(pid, 9)
    except ProcessLookupError:
        pass


def run(command, env, folder, limit_s, service=None, helpers=()):
    """Runs a command in a folder to its end, or to the limit, and returns its Sample, without the server's
    counts. `service` and `helpers` are processes that work for it meanwhile."""
    before = {pid: cpu_of(pid) for pid in (service, *helpers) if pid is not None}
    began = time.perf_counter()
    process = subprocess.Popen(command, env=env, cwd=folder, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               start_new_session=True)
    is_over = threading.Event()
    timer = threading.Timer(limit_s, lambda: (is_over.set(), kill_group(process.pid)))
    timer.start()
    try:
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - began
    except BaseException:
        kill_group(process.pid)
        raise
    finally:
        timer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    spent = {pid: cpu_of(pid) - cpu_s for pid, cpu_s in before.items()}
    return Sample(wall_s=wall_s,
                  cpu_s=usage.ru_utime + usage.ru_stime + sum(spent.values()),
                  service_cpu_s=spent.get(service, 0.0),
                  peak_kib=0 if service is None else peak_kib_of(service),
                  is_right=process.returncode == 0, is_over=is_over.is_set())
