"""The two systems that the programs run on in these tests: Windows programs in Wine, and the native
twins under the sanitizers. Everything that differs between them is here."""

import contextlib
import os
import pathlib
import subprocess
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Native:
    """Programs of this machine, built with ASan and UBSan."""

    name = "native"
    forbidden = "/proc/sys"  # a folder in which not even root can make a file

    def __init__(self):
        self.build = ROOT / "build" / "native"

    @contextlib.contextmanager
    def awake(self):
        """Holds the system ready for the programs of several tests."""
        yield self

    def command(self, program):
        places = {"segd": "daemon/segd", "seg": "cli/seg", "talk": "tests/talk",
                  "ask": "tests/ask", "fetch": "libseg/fetch"}
        return [str(self.build / places[program])]

    def path(self, path):
        """How the programs write a path of this machine."""
        return str(path)

    def local(self, path):
        """How this machine writes a path of the programs."""
        return pathlib.Path(path)

    def pipe_name(self, folder):
        return str(folder / "pipe")

    def environment(self):
        return dict(os.environ, UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1",
                    ASAN_OPTIONS="detect_leaks=1:abort_on_error=0")


class Wine:
    """Windows programs in Wine."""

    name = "wine"
    forbidden = "Z:\\sys"

    def __init__(self):
        self.dist = ROOT / "build" / "dist"
        self.build = ROOT / "build" / "win"

    @contextlib.contextmanager
    def awake(self):
        """Wine ends itself and all services with the last program: so one waits for its input."""
        with subprocess.Popen(self.windows("cmd", "/c", "pause"), stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as waiting:
            waiting.stdout.read(1)  # the prompt: Wine has begun
            yield self

    def command(self, program):
        places = {"segd": self.dist / "segd.exe", "seg": self.dist / "seg.exe",
                  "talk": self.build / "tests" / "talk.exe",
                  "ask": self.build / "tests" / "ask.exe",
                  "hold": self.build / "tests" / "hold.exe",
                  "crash": self.build / "tests" / "crash.exe",
                  "fetch": self.build / "libseg" / "fetch.exe"}
        return self.windows(places[program])

    def windows(self, *command):
        """Any command in Wine."""
        return [str(ROOT / "packaging" / "wine"), *map(str, command)]

    def path(self, path):
        return "Z:" + str(path).replace("/", "\\")

    def local(self, path):
        assert path[:2].upper() == "Z:", path
        return pathlib.Path(path[2:].replace("\\", "/"))

    def pipe_name(self, folder):
        return "\\\\.\\pipe\\segue-test-" + uuid.uuid4().hex

    def environment(self):
        return dict(os.environ)

    def run(self, *command, **options):
        """Runs a command of Wine's own, such as sc or net."""
        return subprocess.run(self.windows(*command), capture_output=True, text=True,
                              timeout=120, **options)


class OwnWine(Wine):
    """Wine with a prefix that no other test uses."""

    def __init__(self, folder):
        super().__init__()
        self.prefix = folder / "wine"
        self.drive = self.prefix / "drive_c"

    def environment(self):
        return dict(os.environ, SEGUE_WINEPREFIX=str(self.prefix))

    def windows(self, *command):
        return ["env", f"SEGUE_WINEPREFIX={self.prefix}", *super().windows(*command)]

    def make(self):
        """What made the prefix leaves a service manager behind that is about to end. Some programs would
        still ask that one, and others the next one."""
        self.run("cmd", "/c", "ver")
        self.stop()

    def stop(self):
        subprocess.run(self.windows("--stop"), timeout=120, check=True)


def chosen():
    """The system that SEGUE_E2E names: "wine" (if it says nothing) or "native"."""
    name = os.environ.get("SEGUE_E2E", "wine")
    return {"wine": Wine, "native": Native}[name]()
