"""The installer: what it brings, an upgrade in mid-download, and what it leaves behind. In a Wine prefix of its
own, where the service has the machine's own pipe and data folder."""

import hashlib
import json
import os
import struct
import subprocess
import time
import zipfile

import pytest

from daemon import DEADLINE_S, Daemon
from origin import File
from system import ROOT, OwnWine

MIB = 1 << 20
SIZE = 48 * MIB
NEXT_VERSION = "0.99.0"
PROGRAMS = ("seg.exe", "segd.exe")
PROGRAM_FOLDER = "C:\\Program Files\\Segue"
SERVICE_PIPE = "\\\\.\\pipe\\segue"
RUNNING, NOT_THERE = 4, None  # SERVICE_STATUS, dwCurrentState
MACHINE_PATH = "HKLM\\System\\CurrentControlSet\\Control\\Session Manager\\Environment"
UNINSTALL = "HKLM\\Software\\Microsoft\\Windows\\CurrentVersion\\Uninstall"
UNKNOWN_PRODUCT = 1605 & 0xFF  # ERROR_UNKNOWN_PRODUCT, as Wine's exit codes are cut off
INSTALL_FAILURE = 1603 & 0xFF  # ERROR_INSTALL_FAILURE


def package(*arguments):
    done = subprocess.run(["sh", str(ROOT / "packaging" / "msi" / "build"), *map(str, arguments)],
                          capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def packages():
    """The folder of the MSI and the zip of this version."""
    package()
    return ROOT / "build" / "dist"


@pytest.fixture(scope="module")
def msi(packages):
    [found] = packages.glob("segue-*-x64.msi")
    return found


def with_version(program, version):
    """The program's bytes with another version in its resource: VS_FIXEDFILEINFO begins with its signature, and
    the third to sixth numbers are those of the file and of the product."""
    image = bytearray(program.read_bytes())
    start = image.index(struct.pack("<II", 0xFEEF04BD, 0x10000))
    assert image.find(struct.pack("<I", 0xFEEF04BD), start + 4) == -1, "there is one such resource"
    major, minor, patch = map(int, version.split("."))
    numbers = (major << 16 | minor, patch << 16)
    struct.pack_into("<4I", image, start + 8, *numbers, *numbers)
    return bytes(image)


@pytest.fixture(scope="module")
def next_programs(packages, tmp_path_factory):
    """The folder of the programs of the higher version: Windows Installer replaces a file that has a version only
    by one that has a higher one."""
    folder = tmp_path_factory.mktemp("programs")
    for name in PROGRAMS:
        (folder / name).write_bytes(with_version(packages / name, NEXT_VERSION))
    return folder


@pytest.fixture(scope="module")
def next_msi(next_programs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("next")
    package(NEXT_VERSION, folder, next_programs)
    return folder / f"segue-{NEXT_VERSION}-x64.msi"


def product_code(msi):
    """By which Windows knows what is installed; Wine takes no file where it has to be installed already."""
    table = subprocess.run(["msiinfo", "export", str(msi), "Property"], capture_output=True, text=True,
                           check=True, timeout=DEADLINE_S).stdout
    return dict(line.split("\t") for line in table.splitlines())["ProductCode"]


class InstalledWine(OwnWine):
    """Wine in which the service gets installed."""

    def command(self, program):
        """seg and segd are those that were installed."""
        if program in ("seg", "segd"):
            return self.windows(f"{PROGRAM_FOLDER}\\{program}.exe")
        return super().command(program)


class Machine(Daemon):
    """A machine on which the service may be installed."""

    def __init__(self, system, folder):
        super().__init__(system, folder)
        self.pipe = SERVICE_PIPE

    def environment(self):
        env = self.system.environment()
        for name in ("SEGUE_PIPE", "SEGUE_DATA"):
            env.pop(name, None)
        return env

    def msiexec(self, *arguments):
        """Its exit code. What it starts must not hold the test's pipes."""
        done = subprocess.run(self.system.windows("msiexec", *arguments, "/qn"), stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=DEADLINE_S)
        return done.returncode

    def install(self, msi):
        return self.msiexec("/i", self.system.path(msi))

    def remove(self, msi):
        return self.msiexec("/x", product_code(msi))

    def repair(self, msi):
        """All of its files, as /fa does, which Wine's msiexec does not know."""
        return self.msiexec("/i", self.system.path(msi), "REINSTALL=ALL", "REINSTALLMODE=amus")

    def state(self):
        """Of the service, as its manager tells."""
        for line in self.system.run("sc", "query", "Segue").stdout.splitlines():
            if "STATE" in line:
                return int(line.split(":")[1].split()[0])
        return NOT_THERE

    def wait_for_state(self, wanted):
        """Each look is a call, so nothing is slept."""
        end = time.monotonic() + DEADLINE_S
        while (state := self.state()) != wanted:
            assert time.monotonic() < end, state

    def registry(self, *arguments):
        return self.system.run("reg", "query", *arguments).stdout

    def search_path(self):
        """The folders of the machine's PATH; Wine leaves empty ones where something was taken out."""
        [line] = [line for line in self.registry(MACHINE_PATH, "/v", "PATH").splitlines() if "REG_" in line]
        return [folder.rstrip("\\") for folder in line.split(None, 2)[2].split(";") if folder]

    @property
    def programs(self):
        return self.system.drive / "Program Files" / "Segue"

    def has_programs_of(self, folder):
        return all((self.programs / name).read_bytes() == (folder / name).read_bytes() for name in PROGRAMS)

    @property
    def service_data(self):
        return self.system.drive / "ProgramData" / "Segue"

    @property
    def public_downloads(self):
        return self.system.drive / "users" / "Public" / "Downloads" / "Segue"


@pytest.fixture(scope="module")
def own_wine(tmp_path_factory):
    system = InstalledWine(tmp_path_factory.mktemp("msi"))
    system.make()
    with system.awake():
        yield system
        system.stop()


@pytest.fixture
def machine(own_wine, tmp_path, msi, next_msi):
    """Nothing is installed before, and nothing after."""
    machine = Machine(own_wine, tmp_path)
    yield machine
    for package_file in (msi, next_msi):
        machine.remove(package_file)


def durable(job):
    return sum(end - start for start, end in job["extents"])


def test_install_download_upgrade_in_mid_download_and_remove(machine, packages, msi, next_programs, next_msi, origin,
                                                             is_right):
    path_before = machine.search_path()
    assert machine.state() is NOT_THERE

    assert machine.install(msi) == 0
    machine.wait_for_state(RUNNING)
    assert sorted(file.name for file in machine.programs.iterdir()) == ["LICENSE.txt", "THIRD-PARTY.txt", "seg.exe",
                                                                        "segd.exe"]
    assert machine.has_programs_of(packages)
    assert machine.search_path() == path_before + [PROGRAM_FOLDER]
    assert machine.json("service", "status")["start_type"] in ("auto", "delayed-auto")
    out = machine.system.path(machine.out)
    origin.add(File("a.bin", 4 * MIB, 1))
    machine.seg("get", origin.url("/a.bin"), "-d", out)
    assert is_right(machine.out / "a.bin", 1, 4 * MIB)
    assert machine.json("status")["info"]["mode"] == "service"

    origin.add(File("big.bin", SIZE, 2, behaviour={"rate_bps": MIB}))
    job = machine.json("add", origin.url("/big.bin"), "-d", out)["id"]
    machine.wait_until(job, lambda j: durable(j) > SIZE // 4)
    assert machine.install(next_msi) == 0
    machine.wait_for_state(RUNNING)
    origin.set("/big.bin", {})
    assert machine.has_programs_of(next_programs)
    assert f"DisplayVersion    REG_SZ    {NEXT_VERSION}" in machine.registry(UNINSTALL, "/s")
    assert machine.search_path() == path_before + [PROGRAM_FOLDER]
    assert machine.wait(job) == 0
    assert is_right(machine.out / "big.bin", 2, SIZE)
    fetched_twice = origin.stats().files["/big.bin"]["sent"] - SIZE
    assert fetched_twice < 8 * MIB, "at most a checkpoint"

    assert machine.install(msi) == INSTALL_FAILURE, "a downgrade is refused"
    machine.wait_for_state(RUNNING)
    assert machine.json("show", job)["state"] == "done"

    assert machine.remove(next_msi) == 0
    assert machine.state() is NOT_THERE
    assert not machine.programs.exists()
    assert machine.search_path() == path_before
    assert "Segue" not in machine.registry(UNINSTALL, "/s")
    assert (machine.service_data / "segue.db").exists()
    assert not machine.public_downloads.exists(), "it was empty"

    assert machine.install(msi) == 0, "a second time"
    machine.wait_for_state(RUNNING)
    assert machine.public_downloads.is_dir()
    assert machine.json("show", job)["state"] == "done", "the old jobs are there"


def test_removing_what_is_not_installed_says_so(machine, msi):
    assert machine.remove(msi) == UNKNOWN_PRODUCT
    assert machine.state() is NOT_THERE


def test_a_repair_brings_a_lost_program_back(machine, msi):
    assert machine.install(msi) == 0
    machine.wait_for_state(RUNNING)
    (machine.programs / "seg.exe").unlink()
    assert machine.repair(msi) == 0
    machine.wait_for_state(RUNNING)
    assert machine.json("status")["info"]["mode"] == "service"


def test_removing_keeps_what_was_downloaded_for_all(machine, msi):
    assert machine.install(msi) == 0
    machine.wait_for_state(RUNNING)
    file = machine.public_downloads / "a.bin"
    file.write_bytes(b"1")
    assert machine.remove(msi) == 0
    assert file.read_bytes() == b"1"
    file.unlink()


def test_the_packages_have_the_notices_of_others(packages, tmp_path):
    [archive] = packages.glob("segue-*-x64.zip")
    with zipfile.ZipFile(archive) as opened:
        text = opened.read(f"{archive.stem}/THIRD-PARTY.txt").decode()
    for words in ("libcurl 8.", "Daniel Stenberg, <daniel@haxx.se>", "cJSON 1.", "Dave Gamble and cJSON contributors",
                  "SQLite 3.", "The author disclaims copyright", "the mingw-w64 project"):
        assert words in text
    assert "cmocka" not in text, "it is not in the programs"
    [msi_file] = packages.glob("segue-*-x64.msi")
    subprocess.run(["msiextract", "-C", str(tmp_path), str(msi_file)], check=True, capture_output=True,
                   timeout=DEADLINE_S)
    [notices] = tmp_path.rglob("THIRD-PARTY.txt")
    assert notices.read_bytes().decode() == text


def test_the_zip_needs_no_installing(packages, own_wine, tmp_path):
    [archive] = packages.glob("segue-*-x64.zip")
    with zipfile.ZipFile(archive) as opened:
        names = [entry.filename for entry in opened.infolist()]
        assert names == sorted(names)
        assert {entry.date_time for entry in opened.infolist()} == {(2000, 1, 1, 0, 0, 0)}
        opened.extractall(tmp_path)
    seg = tmp_path / archive.stem / "seg.exe"
    version = archive.stem.split("-")[1]
    assert own_wine.run(own_wine.path(seg), "--version").stdout.startswith(f"seg {version}")


def test_the_sums_are_those_of_the_packages(packages):
    lines = (packages / "SHA256SUMS").read_text().splitlines()
    assert len(lines) == 2
    for line in lines:
        digest, name = line.split()
        assert hashlib.sha256((packages / name).read_bytes()).hexdigest() == digest


def render(*arguments):
    return subprocess.run(["sh", str(ROOT / "packaging" / "manifests" / "render"), *arguments],
                          capture_output=True, text=True, timeout=600)


def test_the_manifests_name_the_packages_and_their_sums(packages, msi):
    releases = "https://example.org/segue/releases"
    done = render(releases)
    assert done.returncode == 0, done.stderr
    version = msi.stem.split("-")[1]
    sums = dict(reversed(line.split()) for line in (packages / "SHA256SUMS").read_text().splitlines())

    scoop = json.loads((packages / "manifests" / "scoop" / "segue.json").read_text())
    archive = scoop["architecture"]["64bit"]
    assert scoop["version"] == version
    assert archive["url"] == f"{releases}/v{version}/{msi.stem}.zip"
    assert archive["hash"] == sums[msi.stem + ".zip"]

    winget = packages / "manifests" / "winget"
    files = {file.name: file.read_text() for file in winget.iterdir()}
    assert sorted(files) == ["Segue.Segue.installer.yaml", "Segue.Segue.locale.en-US.yaml", "Segue.Segue.yaml"]
    for text in files.values():
        assert f"PackageVersion: {version}\n" in text
    installer = files["Segue.Segue.installer.yaml"]
    assert f"InstallerUrl: {releases}/v{version}/{msi.name}\n" in installer
    assert f"InstallerSha256: {sums[msi.name].upper()}\n" in installer
    assert f"ProductCode: '{product_code(msi)}'\n" in installer


def test_manifests_need_an_address():
    assert "usage:" in render().stderr
    assert "not an https address" in render("http://example.org/releases").stderr
