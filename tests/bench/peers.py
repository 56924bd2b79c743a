"""The programs that Segue is compared with, and how each is called.

A command is written as a person would type it; {url} stands for the address, {urls} for all mirrors, {ca} for the
throw-away authority of the benchmark's own server."""

import dataclasses
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
CURL_EXE = ROOT / "build" / "deps" / "x86_64-w64-mingw32" / "bin" / "curl.exe"
ARIA2_EXE = ROOT / "build" / "bench" / "aria2" / "aria2c.exe"

ARIA2 = "-q -x16 -s16 -k1M --file-allocation=none"


@dataclasses.dataclass(frozen=True)
class Peer:
    name: str
    program: str
    is_windows: bool
    words: str              # behind the program
    tls_words: str = ""     # more of them where the address is https

    def line(self, is_tls=False, n_urls=1):
        """The command as one would type it."""
        words = f"{self.tls_words} {self.words}" if is_tls and self.tls_words else self.words
        urls = "URL" if n_urls == 1 else " ".join(f"URL{n}" for n in range(1, n_urls + 1))
        line = words.format(url=urls, urls=urls, name="FILE", ca="CA")
        return f"{self.shown_program} {line}"

    @property
    def shown_program(self):
        return pathlib.PurePath(self.program).name

    def is_there(self):
        return pathlib.Path(self.program).exists() or shutil.which(self.program) is not None

    def command(self, system, urls, name, ca):
        """What is run for it, in the folder that the file goes to."""
        words = f"{self.tls_words} {self.words}" if urls[0].startswith("https") else self.words
        shown_ca = system.path(ca) if self.is_windows else str(ca)
        given = {"url": urls[0], "name": name, "ca": shown_ca}
        command = []
        for word in words.split():
            command += urls if word == "{urls}" else [word.format(**given)]
        if self.is_windows:
            return system.windows(self.program, *command)
        return [self.program, *command]

    def version(self, system):
        program = system.windows(self.program) if self.is_windows else [self.program]
        done = subprocess.run([*program, "--version"], capture_output=True, text=True, timeout=60)
        return " ".join(done.stdout.split("\n")[0].split()[:3])


def curl(name, program, is_windows):
    return Peer(name, program, is_windows, "-s -o {name} {url}", "--cacert {ca}")


def aria2(name, program, is_windows, tls_words):
    return Peer(name, program, is_windows, ARIA2 + " -o {name} {urls}", tls_words)


def peers_of(system):
    """The peers by the name that rows use: those that run where Segue does, and others of this machine."""
    found = {"aria2 (native)": aria2("aria2 (native)", "aria2c", False, "--ca-certificate={ca}"),
             "axel (native)": Peer("axel (native)", "axel", False, "-q -n 16 -o {name} {url}")}
    if system.name == "wine":
        found["curl"] = curl("curl", str(CURL_EXE), True)
        # its WinTLS has no option for an authority of one's own
        found["aria2"] = aria2("aria2", str(ARIA2_EXE), True, "--check-certificate=false")
    else:
        found["curl"] = curl("curl", "curl", False)
        found["aria2"] = found.pop("aria2 (native)")
    return found
