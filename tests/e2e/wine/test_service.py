"""segd as a service of Windows, and what it says when it cannot serve."""

import time

import pytest

from daemon import DEADLINE_S, Daemon
from origin import File

MIB = 1 << 20
STOPPED, RUNNING = 1, 4  # SERVICE_STATUS, dwCurrentState
HALF = {"when": {"sent_bytes": {"from": 8 * MIB}}, "rate_bps": 1024}  # then it waits


class Service(Daemon):
    """The service, with a pipe and data of its own."""

    def sc(self, *arguments):
        return self.system.run("sc", *arguments)

    def create(self):
        """The name may still be taken for a moment by one that was deleted."""
        program = self.system.path(self.system.dist / "segd.exe")
        command = f'"{program}" service --pipe {self.pipe} --data {self.system.path(self.data)}'
        end = time.monotonic() + DEADLINE_S
        while True:
            created = self.sc("create", "Segue", "binPath=", command, "start=", "demand")
            if created.returncode == 0:
                return
            assert time.monotonic() < end, created
            self.sc("stop", "Segue")
            self.sc("delete", "Segue")

    def start(self):
        """Wine's net does not wait for what it announces, as that of Windows does."""
        started = self.system.run("net", "start", "Segue")
        assert started.returncode == 0, started
        self.wait_for_state(RUNNING)
        return self

    def stop(self):
        stopped = self.system.run("net", "stop", "Segue")
        assert stopped.returncode == 0, stopped

    def state(self):
        """The number of the state that the service manager tells."""
        line = next(line for line in self.sc("query", "Segue").stdout.splitlines()
                    if "STATE" in line)
        return int(line.split(":")[1].split()[0])

    def wait_for_state(self, wanted):
        """Each look is a call, so nothing is slept."""
        end = time.monotonic() + DEADLINE_S
        while (state := self.state()) != wanted:
            assert time.monotonic() < end, state

    def delete(self):
        deleted = self.sc("delete", "Segue")
        assert deleted.returncode == 0, deleted

    def log(self):
        return (self.data / "segd.log").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def installed(system, tmp_path_factory, one_service):
    """One for all: it takes a while until the name of one that was deleted is free."""
    service = Service(system, tmp_path_factory.mktemp("service"))
    service.create()
    yield service
    service.delete()


@pytest.fixture
def service(installed):
    """It is stopped before each test and after it."""
    yield installed
    installed.sc("stop", "Segue")
    installed.wait_for_state(STOPPED)


def test_the_service_downloads_and_stops_in_mid_download(service, origin, is_right):
    origin.add(File("a.bin", 8 * MIB, 1))
    origin.add(File("slow.bin", 48 * MIB, 2, behaviour={"rate_bps": 2 * MIB}))
    service.start()
    assert service.json("status")["info"]["mode"] == "service"
    out = service.system.path(service.out)
    service.seg("add", origin.url("/a.bin"), "-d", out, "--wait")
    assert is_right(service.out / "a.bin", 1, 8 * MIB)

    slow = service.json("add", origin.url("/slow.bin"), "-d", out)["id"]
    service.wait_until(slow, lambda job: job["done"] > 8 * MIB)
    begun = time.monotonic()
    service.stop()
    service.wait_for_state(STOPPED)
    assert time.monotonic() - begun < 5
    sent = origin.stats().sent
    origin.set("/slow.bin", {})
    service.start()
    assert service.wait(slow) == 0
    assert is_right(service.out / "slow.bin", 2, 48 * MIB)
    assert origin.stats().sent - sent < 46 * MIB, "it went on where it was"


def swap(folder, moved, other):
    """What was under its name is elsewhere, and another folder is found there."""
    folder.rename(moved)
    folder.symlink_to(other)


@pytest.fixture
def folders(service, tmp_path):
    """The folder of a job, where that is moved to, and one with files of somebody else's."""
    folder, other = tmp_path / "folder", tmp_path / "other"
    folder.mkdir()
    other.mkdir()
    for name in ("slow.bin", "slow.bin.part"):
        (other / name).write_bytes(b"not ours")
    return folder, tmp_path / "moved", other


def add_slow(service, origin, folder):
    """Begun: there is a part file with something in it."""
    origin.add(File("slow.bin", 16 * MIB, 2, behaviour=HALF))
    service.start()
    added = service.json("add", origin.url("/slow.bin"), "-d", service.system.path(folder))
    service.wait_until(added["id"], lambda job: job["done"] > 2 * MIB)
    return added["id"]


def others_are_as_they_were(other):
    return {(other / name).read_bytes() for name in ("slow.bin", "slow.bin.part")} == {b"not ours"}


def test_a_folder_swapped_before_the_file_is_found_again_costs_no_other_file(
        service, origin, is_right, folders):
    folder, moved, other = folders
    slow = add_slow(service, origin, folder)
    service.stop()
    service.wait_for_state(STOPPED)
    swap(folder, moved, other)
    origin.set("/slow.bin", {})
    service.start()
    assert service.wait(slow) == 0
    assert others_are_as_they_were(other)
    assert is_right(other / "slow (2).bin", 2, 16 * MIB), "it began anew, where its owner may write"
    assert [entry.name for entry in moved.iterdir()] == ["slow.bin.part"]


def test_a_folder_swapped_before_the_file_has_its_name_gets_no_file(service, origin, folders):
    folder, moved, other = folders
    slow = add_slow(service, origin, folder)
    swap(folder, moved, other)
    origin.set("/slow.bin", {})
    service.wait_until(slow, lambda job: job["state"] in ("done", "failed"))
    assert others_are_as_they_were(other)
    assert len(list(other.iterdir())) == 2
    assert len(list(moved.iterdir())) == 1


def test_what_was_begun_is_finished_without_its_owner_and_the_rest_waits_for_him(
        service, origin, is_right, tmp_path):
    origin.add(File("next.bin", MIB, 3))
    service.start()
    service.call("settings.set", name="max_active", value=1)
    service.stop()
    service.wait_for_state(STOPPED)
    first = add_slow(service, origin, tmp_path)
    then = service.json("add", origin.url("/next.bin"), "-d", service.system.path(tmp_path))["id"]
    service.stop()
    service.wait_for_state(STOPPED)
    origin.set("/slow.bin", {})
    service.start()
    end = time.monotonic() + DEADLINE_S
    while f"job {then}: waiting: owner" not in service.log():
        assert time.monotonic() < end and service.state() == RUNNING, service.log()
    assert is_right(tmp_path / "slow.bin", 2, 16 * MIB)
    assert not (tmp_path / "next.bin").exists()
    assert service.wait(first, then) == 0, "his call is what it waited for"
    assert is_right(tmp_path / "next.bin", 3, MIB)


def test_a_stop_does_not_wait_for_a_server_that_is_silent(service, origin):
    origin.add(File("mute.bin", MIB, 1, behaviour={"hold": True}))
    service.start()
    service.seg("add", origin.url("/mute.bin"), "-d", service.system.path(service.out))
    origin.wait_for(lambda stats: stats.requests > 0, deadline_s=30)
    begun = time.monotonic()
    service.stop()
    service.wait_for_state(STOPPED)
    assert time.monotonic() - begun < 5


def test_the_service_is_not_ended_over_the_pipe(service):
    service.start()
    error = service.call("daemon.shutdown")
    assert error["data"]["code"] == "denied" and "net stop" in error["message"]
    assert service.state() == RUNNING


def test_the_service_refuses_a_drive_of_another_session(service, origin):
    origin.add(File("a.bin", MIB, 1))
    service.start()
    done = service.run("add", origin.url("/a.bin"), "-d", "Y:\\mapped")
    assert done.returncode == 2 and "the service has no drive Y:" in done.stderr, done


def test_a_service_that_cannot_start_says_why_in_its_log(service, idle_daemon):
    idle_daemon.pipe = service.pipe
    idle_daemon.start()
    service.system.run("net", "start", "Segue")
    service.wait_for_state(STOPPED)
    assert f"the pipe {service.pipe} is taken by another program" in service.log()


def test_segd_service_by_hand_is_told_what_to_do(idle_daemon):
    done = idle_daemon.run("service", program="segd")
    assert done.returncode == 1
    assert done.stderr == ("segd: the service is started by Windows: use 'seg service start', or "
                           "'segd run'\n")


def test_a_second_daemon_on_the_same_data_or_pipe_is_refused(daemon, tmp_path):
    data = daemon.system.path(daemon.data)
    second = daemon.run("run", "--pipe", daemon.pipe + "-2", program="segd")
    assert (second.returncode, second.stderr) == \
        (1, f"segd: another segd uses {data}: stop it, or set SEGUE_DATA\n")
    third = daemon.run("run", "--data", daemon.system.path(tmp_path / "other"), program="segd")
    assert (third.returncode, third.stderr) == \
        (1, f"segd: the pipe {daemon.pipe} is taken by another program\n")
    assert daemon.json("list") == []
