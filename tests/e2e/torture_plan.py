"""What a torture run does, decided by its seed alone: which files there are and how they are served,
what is asked of the daemon in each of its lives, and when that life ends."""

import dataclasses
import random

from origin import File, digest

KIB = 1 << 10
MIB = 1 << 20
LINK_BPS = 4 * MIB

# How a life ends, and how often of ten.
MOMENTS = {
    "starting": 1,   # before it serves
    "serving": 1,    # as soon as it serves
    "flowing": 4,    # after so many bytes
    "ending": 2,     # as a file gets its last byte: while it is finished and gets its name
    "asking": 2,     # with a command under way
}


@dataclasses.dataclass
class Item:
    """A file, the job that fetches it, and what the user was told of it."""

    number: int
    place: str          # its path on the server
    size: int
    kind: str
    options: dict       # of job.add
    behaviour: list
    id: int = None      # once told
    is_done: bool = False           # as the database said
    is_paused: bool = False         # likewise
    is_removal_asked: bool = False
    is_removed: bool = False
    purges: bool = False
    done: int = 0       # bytes that the database claims

    @property
    def name(self):
        return self.place.rpartition("/")[2]

    @property
    def key(self):
        return f"key-{self.number}"

    @property
    def may_be_removed(self):
        """Those that share a name are left alone: then it is known which file is whose."""
        return not self.name.startswith("same")

    @property
    def is_counted(self):
        """Whether what was fetched of it can be kept: its server has ranges, nobody gave it up."""
        return self.kind not in ("no-ranges", "no-length") and not self.is_removal_asked

    @property
    def is_live(self):
        return not (self.is_done or self.is_paused or self.is_removal_asked)

    def file(self):
        return File(self.place, self.size, self.number, behaviour=self.behaviour)


def random_size(dice):
    """Empty, a byte, KiB, MiB."""
    return dice.choice((0, 1, dice.randrange(2, 9 * KIB), dice.randrange(9 * KIB, 400 * KIB),
                        dice.randrange(400 * KIB, 2 * MIB), dice.randrange(2 * MIB, 6 * MIB)))


def behaviour_of(kind, dice):
    if kind == "no-ranges":
        return [{"ignore_ranges": True}]
    if kind == "no-length":
        return [{"ignore_ranges": True, "chunked": True}]
    if kind == "resets":
        return [{"when": {"connection": {"every": 3}},
                 "reset_after": dice.randrange(1, 300 * KIB)}]
    return []


def make_item(number, dice, kind=None, size=None):
    kind = kind or dice.choice(("plain", "plain", "plain", "plain", "resets", "checksum", "no-ranges",
                                "no-length"))
    size = random_size(dice) if size is None else size
    if kind in ("no-ranges", "no-length"):
        size = min(size, MIB)   # each life begins them anew
    options = {"connections": dice.choice((1, 2, 3, 5, 8, 16)), "priority": dice.randrange(-2, 3)}
    if kind == "checksum":
        options["checksum"] = "sha256:" + digest(number, size)
    if dice.random() < 0.1:
        options["paused"] = True
    name = f"same-{dice.randrange(3)}.bin" if dice.random() < 0.1 else f"file-{number}.bin"
    return Item(number, f"/{number}/{name}", size, kind, options, behaviour_of(kind, dice))


# What a short run must have had.
FIRST = (("plain", 0), ("plain", 1), ("plain", 7 * KIB), ("plain", 5 * MIB), ("resets", 3 * MIB),
         ("checksum", 2 * MIB + 1), ("no-ranges", 600 * KIB), ("no-length", 300 * KIB))


@dataclasses.dataclass
class Round:
    """One life. Fractions are of what the run measures: the time that a start takes, for example."""

    moment: str
    fraction: float
    n_new: int
    change: str         # what is asked about an older job
    pick: float         # which one
    kills_by_system: bool   # by the system's own command, where it has one
    dice: random.Random     # for new items


def make_round(seed, number):
    """The same for a seed and number, whatever happened before."""
    dice = random.Random(f"{seed}-{number}")
    moment = dice.choices(list(MOMENTS), list(MOMENTS.values()))[0]
    change = dice.choice(("pause", "pause", "resume", "resume", "remove", "purge", "none", "none"))
    return Round(moment, dice.random(), dice.randrange(3), change, dice.random(),
                 dice.random() < 0.5, dice)
