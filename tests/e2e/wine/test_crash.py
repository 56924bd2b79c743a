"""A crash of segd: what it leaves, and how the next run goes on."""

import pytest

from daemon import DEADLINE_S
from origin import File

MIB = 1 << 20


def crash(daemon):
    """Lets it crash from outside, and returns its exit code."""
    pid = daemon.call("daemon.info")["pid"]
    done = daemon.run(pid, program="crash")
    assert done.returncode == 0, done
    return daemon.process.wait(DEADLINE_S)


def test_a_crash_leaves_a_dump_and_the_next_run_goes_on(idle_daemon, origin, is_right):
    daemon = idle_daemon.start()
    origin.add(File("f.bin", 8 * MIB, 1, behaviour={"rate_bps": MIB}))
    job, = daemon.add(origin.url("/f.bin"))
    daemon.wait_until(job, lambda j: j["done"] > 0)
    assert crash(daemon) != 0
    dump, = daemon.data.glob("segd-*.dmp")
    assert dump.read_bytes()[:4] == b"MDMP"
    daemon.start()
    told = [line["text"] for line in daemon.json("log", "-n", 100, "--level", "error")]
    assert [text.split(": ")[0] for text in told] == ["segd crashes", "the last run crashed"], told
    assert all("exception 0xc0000005" in text and dump.name in text for text in told), told
    assert daemon.wait(job, deadline_s=2 * DEADLINE_S) == 0
    assert is_right(daemon.out / "f.bin", 1, 8 * MIB)


@pytest.mark.parametrize("program", ["segd", "seg"])
def test_both_programs_have_the_messages_of_the_event_log(system, program):
    data = (system.dist / f"{program}.exe").read_bytes()
    assert "The last run of Segue crashed. %1".encode("utf-16-le") in data
