"""The rows: what is downloaded through which network, by whom, and what is asked of it.

Sizes are in MiB, rates in MiB/s. A row's bound is the time that the network needs if all it has is used from the
first moment to the last: size / (sum of rates) and two round trips, one to connect and one to the first byte."""

import dataclasses

from servers import Shape

MIB = 1 << 20
RTT_S = 0.05
LANE = 2            # MiB/s of a connection
SLOW_BPS = 100 << 10

FIRST = "Segue, first contact"
KNOWN = "Segue, known host"
ONE = "Segue -x 1"
SIXTEEN = "Segue -x 16"
FIXED = tuple(f"Segue -x {n}" for n in (1, 2, 4, 8, 16))

BOUND = "the bound"
BEST_FIXED = "the best fixed number"


@dataclasses.dataclass(frozen=True)
class Budget:
    """A figure of one contender, against the same of another or the bound (a ratio) or against nothing."""

    figure: str         # a field of Sample
    of: str
    against: str | None
    most: float


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    title: str
    size: int           # MiB
    server: str         # nginx, tls, or shaped
    contenders: tuple
    shapes: tuple = ()
    rate: float = 0     # MiB/s, of all sources together; 0: there is no bound
    budgets: tuple = ()

    @property
    def heading(self):
        size = "1 GiB" if self.size == 1024 else f"{self.size} MiB"
        return f"{self.title}, {size}"

    @property
    def bound_s(self):
        return self.size / self.rate + 2 * RTT_S if self.rate else None

    @property
    def limit_s(self):
        """A run that takes longer is ended, and its contender does not run again in this row."""
        return 120 if self.bound_s is None else max(20, 30 * self.bound_s)

    def small(self):
        """The same with a tiny file, for seeing that it works."""
        return dataclasses.replace(self, size=4 if self.server == "shaped" else 16)


def against(peer, figures, contenders):
    return tuple(Budget(figure, of, peer, most) for of in contenders for figure, most in figures.items())


def of_bound(most, *more):
    return (Budget("wall_s", KNOWN, BOUND, most), *more)


def loopback():
    half = against("curl", {"wall_s": 0.5}, (FIRST, KNOWN, ONE, SIXTEEN))
    yield Row("loopback", "loopback", 1024, "nginx", (FIRST, KNOWN, ONE, SIXTEEN, "curl", "aria2"),
              budgets=half + against("curl", {"cpu_s": 0.6}, (FIRST, KNOWN))
              + against("aria2", {"wall_s": 0.2, "cpu_s": 0.25}, (FIRST, KNOWN)))
    yield Row("loopback-tls", "loopback, TLS", 1024, "tls", (FIRST, KNOWN, "curl", "aria2"),
              budgets=against("curl", {"wall_s": 0.85, "cpu_s": 0.85}, (FIRST, KNOWN)))


def lanes(**faults):
    return Shape(rate_bps=LANE * MIB, **faults)


# name: (title, the network, MiB/s that it gives to 16 connections, most of the bound)
NETWORKS = {
    "equal": ("16 connections, all equal", lanes(), 16 * LANE, 1.05),
    "slow": ("one of 16 at 100 KiB/s", lanes(slow=(5, SLOW_BPS)), 15 * LANE + SLOW_BPS / MIB, 1.10),
    "tolerate": ("4 answers tolerated at once, 429 beyond", lanes(tolerated=4), 4 * LANE, 1.10),
    "link": ("a shared link of 20 MiB/s", lanes(link_bps=20 * MIB), 20, 1.10),
    "stall": ("4 of the first 16 connections go silent after 1 MiB", lanes(silence=(4, MIB, 4)), 16 * LANE, 1.10),
    "drop": ("every fourth connection is reset after 1 MiB", lanes(drop=(4, MIB, 1 << 20)), 16 * LANE, 1.10),
}
WITH_PEERS = (FIRST, KNOWN, "aria2", "aria2 (native)", "axel (native)")


def shaped():
    for name, (title, shape, rate, most) in NETWORKS.items():
        for size in (64, 128):
            cpu = (Budget("cpu_s", KNOWN, None, 0.5),) if (name, size) == ("equal", 128) else ()
            yield Row(f"{name}-{size}", title, size, "shaped", WITH_PEERS, (shape,), rate,
                      of_bound(most, *cpu))


def mirrors():
    """Where links bound the rate every client that uses all of them is near the bound; where connections do, lanes
    have to be at the right place."""
    contenders = (FIRST, KNOWN, "aria2", "aria2 (native)")
    links = (8, 4, 1)
    yield Row("mirrors-64", "three mirrors with links of 8, 4 and 1 MiB/s", 64, "shaped", contenders,
              tuple(Shape(link_bps=link * MIB) for link in links), sum(links), of_bound(1.10))
    yield Row("uneven-64", "three mirrors with 2, 0.5 and 0.125 MiB/s a connection", 64, "shaped", contenders,
              tuple(Shape(rate_bps=LANE * MIB // part) for part in (1, 4, 16)), 16 * LANE,
              against("aria2", {"wall_s": 0.9}, (FIRST, KNOWN)))


def tuner():
    """Segue finds the number of connections; the others are told one."""
    budget = (Budget("wall_s", KNOWN, BEST_FIXED, 1 / 0.95),)
    for name in ("equal", "tolerate", "link"):
        title, shape, rate, _ = NETWORKS[name]
        yield Row(f"tuner-{name}", f"tuner: {title}", 32, "shaped", (KNOWN, *FIXED), (shape,), rate, budget)
    yield Row("tuner-one", "tuner: one connection fills the link of 20 MiB/s", 32, "shaped",
              (KNOWN, *FIXED), (Shape(link_bps=20 * MIB),), 20, budget)
    yield Row("tuner-loopback", "tuner: loopback", 1024, "nginx", (KNOWN, *FIXED), budgets=budget)


def all_rows():
    return [*loopback(), *shaped(), *mirrors(), *tuner()]
