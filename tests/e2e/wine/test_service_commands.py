"""seg service: installing, starting, stopping, looking, removing; and what is said when that cannot be done."""

import json
import os
import time

import pytest

from daemon import DEADLINE_S, Daemon
from origin import File

MIB = 1 << 20
DATA = "drive_c/ProgramData/Segue"
DOWNLOADS = "drive_c/users/Public/Downloads/Segue"
COMMAND = '"%s" service'
EVENT_SOURCE = r"HKLM\SYSTEM\CurrentControlSet\Services\EventLog\Application\Segue"
NOT_INSTALLED = "seg: the service Segue is not installed: 'seg service install' does that\n"


class Service(Daemon):
    """The service on its own pipe, with the data folder of all installations."""

    def __init__(self, system, folder):
        super().__init__(system, folder)
        self.pipe = "\\\\.\\pipe\\segue"

    def environment(self):
        env = self.system.environment()
        env.pop("SEGUE_PIPE", None)
        env.pop("SEGUE_DATA", None)
        return env

    @property
    def prefix(self):
        return self.system.build.parent / "wine"

    @property
    def data_folder(self):
        return self.prefix / DATA

    def service(self, *arguments, **options):
        return self.run("service", *arguments, **options)

    def done(self, *arguments, **options):
        """What a command that must succeed said."""
        result = self.service(*arguments, **options)
        assert result.returncode == 0, (arguments, result)
        return result.stdout

    def status(self):
        return json.loads(self.done("status", "--json"))

    def event_source(self):
        """What the registry says of the event log's source, or None."""
        result = self.system.run("reg", "query", EVENT_SOURCE)
        return result.stdout if result.returncode == 0 else None

    def remove(self):
        """Whatever is there goes."""
        self.service("uninstall", "--purge")


@pytest.fixture
def service(system, tmp_path, one_service):
    service = Service(system, tmp_path)
    service.remove()
    yield service
    service.remove()


@pytest.fixture
def installed(service):
    service.done("install")
    return service


@pytest.fixture
def running(installed):
    installed.done("start")
    return installed


def ended(service, state="stopped"):
    """Each look is a call, so nothing is slept."""
    end = time.monotonic() + DEADLINE_S
    while (status := service.status())["state"] != state:
        assert time.monotonic() < end, status
    return status


def test_the_whole_life_of_a_service(service, origin, is_right):
    origin.add(File("a.bin", 4 * MIB, 1))
    made = json.loads(service.done("install", "--json"))
    program = service.system.path(service.system.dist / "segd.exe")
    assert made["done"] == "installed" and made["program"] == program
    assert made["data"] == "C:\\ProgramData\\Segue" and service.data_folder.is_dir()
    assert made["account"] == "NT SERVICE\\Segue"
    assert made["downloads"].endswith("\\Downloads\\Segue") and (service.prefix / DOWNLOADS).is_dir()
    status = service.status()
    assert status["command"] == COMMAND % program and status["state"] == "stopped"
    assert status["pid"] == 0 and "auto" in status["start_type"]

    assert service.done("start") == "the service Segue runs\n"
    info = service.json("status")["info"]
    assert info["mode"] == "service"
    assert service.status()["pid"] > 0 and service.status()["state"] == "running"
    assert "segd.exe" in service.event_source()
    out = service.system.path(service.out)
    service.seg("get", origin.url("/a.bin"), "-d", out)
    assert is_right(service.out / "a.bin", 1, 4 * MIB)

    assert service.done("stop") == "the service Segue has stopped\n"
    assert service.status()["state"] == "stopped" and service.status()["exit_code"] == 0
    assert service.done("uninstall") == "the service Segue is gone; its data is kept\n"
    assert not (service.prefix / DOWNLOADS).exists(), "it was empty"
    assert (service.data_folder / "segue.db").exists()
    assert service.service("status").returncode == 4
    assert service.event_source() is None


def test_what_is_done_already_is_said_and_is_no_failure(running):
    assert "already installed" in running.done("install")
    assert running.done("start") == "the service Segue runs already\n"
    assert running.status()["state"] == "running"
    running.done("stop")
    assert running.done("stop") == "the service Segue does not run\n"


@pytest.mark.parametrize("verb", ["uninstall", "start", "stop", "status"])
def test_without_a_service_there_is_only_one_thing_to_say(service, verb):
    result = service.service(verb)
    assert (result.returncode, result.stdout, result.stderr) == (4, "", NOT_INSTALLED)


def test_another_program_does_not_take_the_place_of_an_installed_one(installed, tmp_path):
    other = tmp_path / "segd.exe"
    other.write_bytes(b"MZ")
    result = installed.service("install", "--program", installed.system.path(other))
    assert result.returncode == 1 and "installed with another program" in result.stderr
    assert "seg service uninstall" in result.stderr
    assert installed.status()["command"].startswith('"' + installed.system.path(installed.system.dist))


def test_a_program_that_is_not_there_is_not_installed(service, tmp_path):
    result = service.service("install", "--program", service.system.path(tmp_path / "segd.exe"))
    assert result.returncode == 2 and "there is no program" in result.stderr
    assert service.service("status").returncode == 4


def test_a_program_in_a_folder_with_blanks_is_quoted(service, tmp_path):
    folder = tmp_path / "Program Files"
    folder.mkdir()
    (folder / "segd.exe").write_bytes((service.system.dist / "segd.exe").read_bytes())
    path = service.system.path(folder / "segd.exe")
    service.done("install", "--program", path)
    assert service.status()["command"] == COMMAND % path
    service.done("start")
    service.done("uninstall", "--purge")


def test_a_file_in_the_place_of_the_data_folder_is_refused(service):
    service.data_folder.parent.mkdir(parents=True, exist_ok=True)
    service.data_folder.write_text("mine", encoding="utf-8")
    result = service.service("install")
    assert result.returncode == 5 and "no folder: look at it, and delete it" in result.stderr
    assert service.service("status").returncode == 4, "half a service is none"
    assert service.data_folder.read_text(encoding="utf-8") == "mine"
    service.data_folder.unlink()


def test_a_data_folder_of_somebody_else_is_refused(service):
    service.data_folder.mkdir(parents=True)
    os.chown(service.data_folder, 65534, 65534)
    result = service.service("install")
    os.chown(service.data_folder, os.getuid(), os.getgid())
    assert result.returncode == 5 and "belongs to somebody else" in result.stderr
    assert service.service("status").returncode == 4


def test_uninstall_keeps_the_data_until_purge(running):
    """It is stopped first; --purge also works when the service has gone before."""
    assert running.done("uninstall") == "the service Segue is gone; its data is kept\n"
    assert (running.data_folder / "segue.db").exists()
    (running.data_folder / "deep").mkdir()
    (running.data_folder / "deep" / "file").write_text("x", encoding="utf-8")
    assert running.done("uninstall", "--purge") == "the service Segue and its data are gone\n"
    assert not running.data_folder.exists()


def failed_start(service):
    """The start that must fail: what was said, and what status knows of it."""
    result = service.service("start")
    assert result.returncode == 1, result
    return result.stderr, ended(service)


def test_a_data_folder_in_use_is_told_by_a_number(installed):
    with_data = dict(installed.environment(), SEGUE_DATA="C:\\ProgramData\\Segue")
    other = Daemon(installed.system, installed.folder)
    other.environment = lambda: dict(with_data, SEGUE_PIPE=other.pipe)
    other.start()
    try:
        said, status = failed_start(installed)
    finally:
        other.stop()
    assert "another process uses the data folder (exit code 1)" in said
    assert (status["exit_code"], status["exit_word"]) == (1, "locked")
    assert "another process uses the data folder (1)" in installed.done("status")
    installed.done("start")
    assert ended(installed, "running")["exit_code"] == 0


def test_a_pipe_that_is_taken_is_told_by_a_number(installed):
    other = Daemon(installed.system, installed.folder)
    other.pipe = installed.pipe
    other.start()
    try:
        _, status = failed_start(installed)
    finally:
        other.stop()
    assert (status["exit_code"], status["exit_word"]) == (3, "in_use")
    log = (installed.data_folder / "segd.log").read_text(encoding="utf-8")
    assert "the pipe \\\\.\\pipe\\segue is taken by another program" in log


def test_data_of_somebody_else_is_told_by_a_number(installed):
    os.chown(installed.data_folder, 65534, 65534)
    try:
        _, status = failed_start(installed)
    finally:
        os.chown(installed.data_folder, os.getuid(), os.getgid())
    assert (status["exit_code"], status["exit_word"]) == (2, "denied")


def test_sixteen_busy_lanes_do_not_hold_a_stop_up(running, origin, is_right):
    origin.add(File("big.bin", 64 * MIB, 3, behaviour={"rate_bps": MIB}))
    running.seg("settings", "max_connections_per_host", 16)
    job = running.json("add", origin.url("/big.bin"), "-x", 16, "-d", running.system.path(running.out))["id"]
    running.wait_until(job, lambda job: job["lanes"] >= 8 and job["done"] > 4 * MIB)
    have = running.job(job)["done"]
    begun = time.monotonic()
    running.done("stop")
    took = time.monotonic() - begun
    assert took < 5, took
    origin.set("/big.bin", {"hold": True})
    running.done("start")
    assert running.job(job)["done"] >= have, "what had arrived when it was stopped is kept"
    running.seg("pause", job)
    origin.set("/big.bin", {})
    running.seg("resume", job)
    assert running.wait(job) == 0
    assert is_right(running.out / "big.bin", 3, 64 * MIB)


def test_help_says_what_there_is(service):
    assert "install|uninstall|start|stop|status" in service.seg("help", "service")
    result = service.service("restart")
    assert result.returncode == 2 and "install|uninstall" in result.stderr
