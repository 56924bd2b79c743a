"""What has to be built before it can be measured."""

import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
BENCH = ROOT / "build" / "bench"
RELEASE = BENCH / "native"


def wine_prefix():
    return pathlib.Path(os.environ.get("SEGUE_WINEPREFIX", ROOT / "build" / "wine"))


def build(*command):
    subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL)


def build_release():
    """The native programs as they would be shipped: without the sanitizers."""
    if not (RELEASE / "build.ninja").exists():
        build("meson", "setup", "--buildtype=release", RELEASE, ROOT)
    build("ninja", "-C", RELEASE, "daemon/segd", "cli/seg", "tests/talk", "tests/ask")


def prepare(name, is_quick):
    """Builds what is measured. The quick form takes what is there, sanitizers and all."""
    if is_quick:
        return
    if name == "native":
        build_release()
    else:
        build("sh", ROOT / "packaging" / "build")
        build("sh", ROOT / "tests" / "bench" / "build-aria2")


def fitted(system, is_quick):
    """The system with the programs that are to be measured."""
    if system.name == "native" and not is_quick:
        system.build = RELEASE
    return system


def description(system):
    """Which programs are measured, in words."""
    revision = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True)
    where = "in Wine" if system.name == "wine" else "native twins"
    return f"revision {revision.stdout.strip() or 'unknown'}, {where}"
