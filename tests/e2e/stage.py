"""Many situations side by side on one daemon: each is a file of its own on a misbehaving origin, fetched with
every number of lanes, and each must end in the way that its table says."""

import dataclasses
import json
import re
import threading

from daemon import DEADLINE_S
from origin import File, Origin, content

MIB = 1 << 20
LANES = (1, 4, 16)

# small, so that what the server counts as sent is close to what was received
SEND_BUFFER = 65536

# most that is fetched twice to compare it, where each of 16 lanes left a part of the file
SEAMS = 16 * 8 * 1024

# of each connection: slow enough that all lanes are there before the file is
RATE_BPS = {1: 2 * MIB, 4: MIB // 2, 16: 3 * MIB // 8}


@dataclasses.dataclass(frozen=True)
class Situation:
    """What the origin does with a file, and what must become of its download."""

    behaviour: object
    ends: str = "done"      # else state, reason and error code, as far as there are any
    size: int = 2 * MIB
    seed: int = 1           # of the file in the end, and its size if it is not that of the beginning
    final_size: int = None
    lanes: tuple = LANES
    options: dict = dataclasses.field(default_factory=dict)     # of job.add
    door: dict = None       # what every connection meets, on an origin of the situation's own


class Run:
    """One download of a situation."""

    def __init__(self, stage, title, situation, lanes):
        self.stage = stage
        self.title = title
        self.situation = situation
        self.lanes = lanes
        self.origin = stage.origin_for(situation)
        self.name = "%s-%d.bin" % (re.sub(r"\W+", "-", title), lanes)
        self.path = "/" + self.name
        self.id = None

    @property
    def part(self):
        return self.stage.daemon.out / (self.name + ".part")

    def serve(self):
        self.origin.add(File(self.name, self.situation.size))
        self.behave(self.situation.behaviour)

    def behave(self, behaviour):
        """The file behaves so from now on."""
        rules = behaviour if isinstance(behaviour, list) else [behaviour]
        self.origin.set(self.path, [{"rate_bps": RATE_BPS[self.lanes]}, *rules], recount=True)

    def spec(self):
        daemon = self.stage.daemon
        return dict(self.situation.options, url=self.origin.url(self.name), name=self.name, connections=self.lanes,
                    folder=daemon.system.path(daemon.out))

    def sent(self):
        """Bytes of the file that the server sent."""
        return self.origin.stats().files[self.path]["sent"]

    def log(self):
        return self.origin.stats().of(self.path)

    def story(self):
        """What happened, for a test that fails."""
        asked = ["%(request)d on %(connection)d: %(range)s %(status)s, sent %(sent)d, %(state)s" % entry
                 for entry in self.log()]
        job = self.job()
        return "\n".join([f"{ending(job)}: {job['error']}, has {job['extents']}", *asked])

    def job(self):
        return self.stage.daemon.call("job.get", id=self.id)

    def ended(self):
        """How it ended, in the words of its situation; waits for that."""
        return ending(self.stage.settled(self.id))

    def check_end(self):
        """It ended as it should, and what is there is right: the file, or the part of it."""
        ended = self.ended()
        assert ended == self.situation.ends, self.story()
        if ended == "done":
            self.check_file()
        else:
            self.check_part()

    def check_file(self):
        """The whole file is there, and nothing beside it."""
        situation = self.situation
        size = situation.size if situation.final_size is None else situation.final_size
        self.check_bytes(situation.seed, size)

    def check_bytes(self, seed, size):
        saved = self.stage.daemon.out / self.name
        assert saved.read_bytes() == content(seed, 0, size), self.story()
        assert not self.part.exists()

    def resume_as_if_nothing_had_been(self):
        self.origin.set(self.path)
        self.stage.daemon.call("job.resume", ids=[self.id])

    def check_part(self, seed=1):
        """What is claimed of the part file is what the server has at that place; returns its length."""
        assert not (self.stage.daemon.out / self.name).exists()
        extents = self.job()["extents"]
        if not extents:
            return 0
        have = self.part.read_bytes()
        for start, end in extents:
            assert have[start:end] == content(seed, start, end - start), (start, end)
        return sum(end - start for start, end in extents)


def ending(job):
    error = job["error"]["code"] if job["error"] else None
    words = (job["state"], job["reason"], error)
    return " ".join(word for word in words if word)


def is_settled(job):
    """Nothing more happens by itself."""
    return job["state"] in ("done", "failed") or job["reason"] == "link"


class Stage:
    """All runs of a table, begun at once."""

    def __init__(self, daemon, origin, situations):
        self.daemon = daemon
        self.origin = origin
        self._own_origins = []
        self.runs = {(title, lanes): Run(self, title, situation, lanes)
                     for title, situation in situations.items() for lanes in situation.lanes}
        self._jobs = {}
        self._changed = threading.Condition()
        self._begin()

    def origin_for(self, situation):
        if situation.door is None:
            return self.origin
        self._own_origins.append(Origin([], {"*": situation.door}, send_buffer=SEND_BUFFER))
        return self._own_origins[-1]

    def _begin(self):
        for run in self.runs.values():
            run.serve()
        specs = [run.spec() for run in self.runs.values()]
        jobs = self.daemon.call("job.add", jobs=specs)["jobs"]
        for run, job in zip(self.runs.values(), jobs):
            run.id = job["id"]
        self._watch([job["id"] for job in jobs])

    def _watch(self, ids):
        self._process = self.daemon.start_command("watch", "--json", *ids)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        for line in self._process.stdout:
            event = json.loads(line)
            if event["event"] != "job":
                continue
            with self._changed:
                self._jobs[event["job"]["id"]] = event["job"]
                self._changed.notify_all()

    def settled(self, job_id):
        """The job as soon as nothing more happens to it by itself."""
        with self._changed:
            self._changed.wait_for(
                lambda: job_id in self._jobs and is_settled(self._jobs[job_id]), DEADLINE_S)
            return self._jobs[job_id]

    def mend(self, keys, go_on):
        """Calls go_on(run) for runs that ended badly, waits for all of them, and returns for each what it had
        of its file, and what the server had sent. They go on with one lane, of which nothing is cut off: so
        the server sends nothing in vain."""
        had = {}
        self.daemon.seg("settings", "max_connections_per_host", 1)
        for run in (self.runs[key] for key in keys):
            run.ended()
            had[run] = (run.check_part(), run.sent())
            go_on(run)
        self.daemon.wait(*(run.id for run in had))
        return had

    def close(self):
        self._process.kill()
        self._process.wait()
        self._thread.join()
        self._process.stdout.close()
        self._process.stderr.close()
        for origin in self._own_origins:
            origin.close()


def each(situations, words=""):
    """(title, lanes) of every run with these words in its title, for pytest to name."""
    return [(title, lanes) for title, situation in situations.items() for lanes in situation.lanes
            if words in title]
