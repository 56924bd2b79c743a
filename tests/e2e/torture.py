"""Many downloads while segd is killed at random moments, again and again, until all are done.

After each kill a copy of the database is looked at: no job is lost or doubled, what was done stays
so, and no range is claimed that the part file does not hold. What the kills cost is counted at the
origin, whose link has a fixed rate, so that "1.5 s of traffic" is a number of bytes."""

import collections
import contextlib
import dataclasses
import hashlib
import json
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time

from origin import Origin, content, digest
from daemon import DEADLINE_S
from torture_plan import FIRST, LINK_BPS, make_item, make_round

ALLOWED_S = 1.5             # of traffic, for each kill
BACKLOG_S = 3               # of traffic, that is always there to be fetched
QUIET_S = 5                 # without what a round waits for: then it ends all the same
ENDING_S = 0.15             # how long the end of a download may take
LONGEST_TEXT = 3000
TROUBLE = ("Sanitizer", "runtime error", "assert")


@dataclasses.dataclass
class Kill:
    moment: str
    way: str
    lost: int           # bytes that were sent in that life and are not claimed after it
    in_flight: int      # of these, those that lay in the systems' socket buffers


@dataclasses.dataclass
class Report:
    """What a run saw, for a person."""

    seed: int
    n_jobs: int
    n_removed: int
    total: int          # bytes of the files that are counted
    sent: int           # bytes that the origin sent of them
    seconds: float
    kills: list

    @property
    def in_flight(self):
        return sum(kill.in_flight for kill in self.kills)

    @property
    def excess(self):
        return self.sent - self.total

    @property
    def allowed(self):
        return int(len(self.kills) * ALLOWED_S * LINK_BPS) + self.in_flight

    def __str__(self):
        moments = collections.Counter(f"{kill.moment} ({kill.way})" for kill in self.kills)
        costs = sorted(kill.lost - kill.in_flight for kill in self.kills)
        in_traffic = [f"{cost / LINK_BPS:.2f}" for cost in (costs[len(costs) // 2], costs[-1])]
        return "\n".join((
            f"seed {self.seed}: {len(self.kills)} kills, {self.n_jobs} jobs, of which "
            f"{self.n_removed} removed, {self.seconds:.0f} s",
            "  moments: " + ", ".join(f"{n} {name}" for name, n in sorted(moments.items())),
            f"  sent {self.sent} bytes for files of {self.total}: {self.excess} twice, "
            f"{self.excess / LINK_BPS / len(self.kills):.2f} s of traffic per kill",
            f"  allowed: {len(self.kills)} kills x {ALLOWED_S} s x {LINK_BPS} bytes/s "
            f"+ {self.in_flight} bytes in socket buffers = {self.allowed}",
            f"  lost by one kill, beyond those buffers: {in_traffic[0]} s (median), "
            f"{in_traffic[1]} s (most)"))


def say(line):
    print(line, flush=True)


def ranges_of(blob):
    """The durable ranges in a row of the database: core/checkpoint.h, and behind it the store's
    seal of four bytes."""
    numbers, value, shift = [], 0, 0
    for byte in blob[1:-8]:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            numbers.append(value)
            value = shift = 0
    end = 0
    for gap, length in zip(numbers[1::2], numbers[2::2]):
        yield end + gap, end + gap + length
        end += gap + length


class Torture:
    def __init__(self, daemon, origin, seed, n_kills, say=say):
        self.daemon = daemon
        self.origin = origin
        self.seed = seed
        self.n_kills = n_kills
        self.say = say
        self.items = []
        self.kills = []
        self.rows = {}          # by id, as the last kill left them
        self.wasted = {}        # by place: sent and not claimed, as of the last kill
        self.start_s = 1.0      # how long the last start took
        self.sent_at_start = collections.Counter()
        self.pid = None
        self.command = None     # an item and the process that asks for it

    # ---- the run ----

    def run(self):
        """Says and returns a Report; an AssertionError says what was wrong, after which kill."""
        started = time.monotonic()
        self.origin.set_link(LINK_BPS)
        for kind, size in FIRST:
            self.add_item(make_item(len(self.items), make_round(self.seed, -1).dice, kind, size))
        for number in range(self.n_kills):
            self.live(make_round(self.seed, number))
            kill = self.kills[-1]
            self.say(f"kill {len(self.kills)}: {kill.moment} ({kill.way}), {len(self.rows)} jobs, "
                     f"{sum(item.is_live for item in self.items)} live, "
                     f"lost {kill.lost / LINK_BPS:.2f} s")
        self.finish()
        report = self.report(time.monotonic() - started)
        self.say(report)
        self.check_folder()
        assert report.excess <= report.allowed, "too much was fetched twice"
        return report

    def report(self, seconds):
        counted = [item for item in self.items if item.is_counted]
        sent = self.sent_of(self.origin.stats())
        return Report(self.seed, len(self.items), sum(item.is_removed for item in self.items),
                      sum(item.size for item in counted),
                      sum(sent[item.place] for item in counted), seconds, self.kills)

    def live(self, plan):
        """One life: it begins, is asked for this and that, and is killed."""
        moment = plan.moment if self.kills else "flowing"   # the first one makes the database
        self.plan_items(plan)
        if moment == "starting":
            self.daemon.launch()
            self.let_run(plan.fraction * self.start_s)
        else:
            self.begin()
            if moment != "serving":
                self.ask(plan)
            getattr(self, "wait_" + moment)(plan)
        self.kill(moment, plan.kills_by_system and moment not in ("starting", "serving"))

    def plan_items(self, plan):
        for _ in range(plan.n_new):
            self.add_item(make_item(len(self.items), plan.dice))
        while sum(i.size - i.done for i in self.items if i.is_live) < BACKLOG_S * LINK_BPS:
            self.add_item(make_item(len(self.items), plan.dice))

    def add_item(self, item):
        self.items.append(item)
        self.origin.add(item.file())

    def begin(self):
        started = time.monotonic()
        self.daemon.start()
        self.start_s = time.monotonic() - started
        self.sent_at_start = self.sent_of(self.origin.stats())

    # ---- moments ----

    def let_run(self, seconds):
        """Lets the daemon live for so long. It must not end by itself."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.daemon.process.wait(seconds)
            self.check(False, "segd ended by itself:\n" + self.daemon.stderr.text())

    def wait_serving(self, plan):
        self.let_run(plan.fraction * 0.1)

    def wait_flowing(self, plan):
        until = sum(self.sent_at_start.values()) + plan.fraction * ALLOWED_S * 1.5 * LINK_BPS
        self.wait_for(lambda sent: sum(sent.values()) >= until)

    def wait_ending(self, plan):
        missing = {item.place: self.sent_at_start[item.place] + item.size - item.done
                   for item in self.items if item.is_live and item.size > 0}
        self.wait_for(lambda sent: any(sent[place] >= n for place, n in missing.items()))
        self.let_run(plan.fraction * ENDING_S)

    def wait_asking(self, plan):
        """A command that will be answered, or not; or was answered just now."""
        removable = [item for item in self.items if item.is_live and item.may_be_removed and item.id]
        if removable and plan.pick < 0.5:
            item = removable[int(plan.pick * 2 * len(removable))]
            item.is_removal_asked = True
            process = self.daemon.start_command("remove", item.id)
        else:
            item = make_item(len(self.items), plan.dice)
            self.add_item(item)
            process = self.daemon.start_command(
                "add", self.origin.url(item.place), "-d",
                self.daemon.system.path(self.daemon.out), "--key", item.key, "--json")
        self.command = (item, process)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(plan.fraction * self.start_s)

    def end_command(self):
        """What was answered must be true."""
        if self.command is None:
            return
        item, process = self.command
        self.command = None
        answer, errors = process.communicate(timeout=DEADLINE_S)
        if process.returncode != 0:
            self.check(errors.startswith("seg: "), f"seg ended with {errors!r}")
        elif item.is_removal_asked:
            item.is_removed = True
        else:
            self.learn_id(item, json.loads(answer))

    def wait_for(self, condition):
        """Until it holds for the bytes sent, or nothing comes of it."""
        with contextlib.suppress(TimeoutError):
            self.origin.wait_for(lambda stats: condition(self.sent_of(stats)), QUIET_S)

    # ---- what is asked ----

    def ask(self, plan):
        """Looks through the jobs, asks again for what was not answered, and for something new."""
        changed = self.change(plan)
        new = [item for item in self.items if item.id is None]
        messages = [("job.list", {"limit": 1000}), ("daemon.info", {})]
        messages += [("job.add", {"jobs": [self.spec(item)]}) for item in new]
        messages += changed
        answers = self.daemon.talk([{"jsonrpc": "2.0", "id": n, "method": method, "params": params}
                                    for n, (method, params) in enumerate(messages)], len(messages))
        answers.sort(key=lambda answer: answer["id"])   # a removal is answered when it is durable
        self.check([answer["id"] for answer in answers] == list(range(len(messages))),
                   f"answers are missing: {answers}")
        self.compare(answers[0]["result"]["jobs"])
        self.pid = answers[1]["result"]["pid"]
        for item, answer in zip(new, answers[2:]):
            self.check("result" in answer, f"not added: {answer}")
            self.learn_id(item, answer["result"]["jobs"][0])
        for (method, params), answer in zip(changed, answers[2 + len(new):]):
            self.note_change(method, params, answer)

    def spec(self, item):
        return dict(item.options, url=self.origin.url(item.place), key=item.key,
                    folder=self.daemon.system.path(self.daemon.out))

    def change(self, plan):
        """What the user wants now, and what he wanted before and was not told."""
        told = [item for item in self.items if item.id is not None and not item.is_removed]
        calls = [self.removal(item) for item in told if item.is_removal_asked]
        if plan.change == "none" or not told:
            return calls
        item = told[int(plan.pick * len(told))]
        if plan.change in ("pause", "resume"):
            if not item.is_removal_asked:
                calls.append(("job." + plan.change, {"ids": [item.id]}))
        elif item.may_be_removed and not item.is_removal_asked:
            item.is_removal_asked = True
            item.purges = plan.change == "purge"
            calls.append(self.removal(item))
        return calls

    @staticmethod
    def removal(item):
        return "job.remove", {"ids": [item.id], "purge": item.purges}

    def note_change(self, method, params, answer):
        """A pause may come too late; a removal may not."""
        if method != "job.remove":
            return
        self.check("result" in answer, f"not removed: {answer}")
        for item in self.items:
            item.is_removed = item.is_removed or item.id in params["ids"]

    def learn_id(self, item, job):
        self.check(item.id in (None, job["id"]), f"{item.key} was {item.id}, now {job['id']}")
        self.check(job["key"] == item.key, f"{item.key} became {job['key']}")
        item.id = job["id"]

    def compare(self, jobs):
        """The daemon must have the jobs that the database had."""
        has = {job["id"]: job["key"] for job in jobs[:1000]}
        had = {row["id"]: row["key"] for row in list(self.rows.values())[:1000]}
        self.check(has == had, f"there were the jobs {had}, there are {has}")

    # ---- kills ----

    def kill(self, moment, by_system):
        process = self.daemon.process
        self.check(process.poll() is None, "segd has ended by itself")
        if by_system and self.daemon.system.name == "wine":
            way, in_flight = "taskkill", self.in_flight()
            done = self.daemon.system.run("taskkill", "/f", "/pid", str(self.pid))
            self.check(done.returncode == 0, f"taskkill: {done.stdout} {done.stderr}")
            process.wait(DEADLINE_S)
        else:
            way = "SIGKILL"
            process.send_signal(signal.SIGSTOP)
            in_flight = self.in_flight()
            self.daemon.kill()
        self.end_command()
        self.look_for_trouble()
        kill = Kill(moment, way, 0, in_flight)
        self.kills.append(kill)
        self.look_at_database()
        kill.lost = self.newly_lost()

    def in_flight(self):
        """Bytes that the origin counts as sent and segd has not read: /proc/net/tcp has the queue of
        what was sent and not acknowledged, and of what was acknowledged and not read."""
        total = 0
        for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
            _, local, remote, state, queues, *_ = line.split()
            sending, receiving = (int(n, 16) for n in queues.split(":"))
            is_listening = state == "0A"
            if int(local.partition(":")[2], 16) == self.origin.port and not is_listening:
                total += sending
            if int(remote.partition(":")[2], 16) == self.origin.port:
                total += receiving
        return total

    def look_for_trouble(self):
        text = self.daemon.stderr.text()
        self.check(not any(word in text for word in TROUBLE), text)

    def newly_lost(self):
        sent = self.sent_of(self.origin.stats())
        lost = 0
        for item in self.items:
            if item.is_counted:
                wasted = sent[item.place] - item.done
                lost += wasted - self.wasted.get(item.place, 0)
                self.wasted[item.place] = wasted
        return lost

    @staticmethod
    def sent_of(stats):
        return collections.Counter({place: tally["sent"] for place, tally in stats.files.items()})

    # ---- the database and the files ----

    def look_at_database(self):
        self.rows = {row["id"]: row for row in self.read_database()}
        by_key = {item.key: item for item in self.items}
        keys = [row["key"] for row in self.rows.values()]
        self.check(len(set(keys)) == len(keys), f"a job is there twice: {sorted(keys)}")
        self.check(set(keys) <= set(by_key), f"jobs that nobody asked for: {sorted(keys)}")
        for item in self.items:
            is_due = item.id is not None and not item.is_removal_asked
            self.check(not is_due or item.id in self.rows, f"{item.key} is lost")
            self.check(not (item.is_removed and item.id in self.rows), f"{item.key} was removed")
        for row in self.rows.values():
            self.look_at_row(by_key[row["key"]], row)
        for item in self.items:
            if item.is_removal_asked and item.id not in self.rows:
                item.is_removed = True

    def read_database(self):
        """From a copy, so that the daemon finds its own as it left it."""
        with tempfile.TemporaryDirectory() as folder:
            for name in ("segue.db", "segue.db-wal"):
                source = self.daemon.data / name
                if source.exists():
                    shutil.copy(source, folder)
            with contextlib.closing(sqlite3.connect(pathlib.Path(folder) / "segue.db")) as database:
                database.row_factory = sqlite3.Row
                return database.execute("SELECT * FROM job LEFT JOIN progress ON job_id = id "
                                        "ORDER BY id").fetchall()

    def look_at_row(self, item, row):
        self.check(item.id in (None, row["id"]), f"{item.key} had {item.id}, now {row['id']}")
        self.check(not item.is_done or row["state"] == "done", f"{item.key} was done")
        self.check(row["state"] not in ("failed", "cancelled") or item.is_removal_asked,
                   f"{item.key} has failed: {row['error_message']}")
        item.id = row["id"]
        item.is_paused = row["state"] == "paused"
        if row["state"] == "done":
            if not item.is_done and not item.is_removal_asked:
                self.check_file(item, self.daemon.saved(row))
            item.is_done = True
            item.done = item.size
        else:
            item.done = row["done"] or 0
            self.check_claims(item, row)

    def check_claims(self, item, row):
        """No range may be claimed that the part file, or the file if it has its name, lacks."""
        ranges = list(ranges_of(row["ranges"])) if row["done"] else []
        if not ranges or item.is_removal_asked:
            return
        places = [self.daemon.system.local(row[name]) for name in ("part_path", "path") if row[name]]
        part = next((place for place in places if place.is_file()), None)
        self.check(part is not None, f"{item.key} claims {item.done} bytes of {places}")
        with open(part, "rb") as file:
            for start, end in ranges:
                file.seek(start)
                self.check(file.read(end - start) == content(item.number, start, end - start),
                           f"{item.key} claims {start} to {end}, which {part} does not hold")

    def check_file(self, item, path):
        self.check(path.is_file(), f"{item.key} is done, and {path} is not there")
        with open(path, "rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        self.check(sha256 == digest(item.number, item.size),
                   f"{path} is not the server's file ({item.kind}, {item.size} bytes)")

    # ---- the end ----

    def finish(self):
        """A last life, in which everything is done."""
        self.begin()
        self.ask(dataclasses.replace(make_round(self.seed, -2), change="none"))
        ids = [item.id for item in self.items if not item.is_removed]
        self.daemon.call("job.resume", all=True)
        missing = sum(item.size for item in self.items)
        code = self.daemon.wait(*ids, deadline_s=DEADLINE_S + 4 * missing / LINK_BPS)
        self.check(code == 0, f"not everything was done: {self.daemon.seg('list')}")
        self.daemon.stop()
        self.look_at_database()
        self.check(sorted(self.rows) == sorted(ids), "the jobs are not those that were told")

    def check_folder(self):
        """Exactly the files that there should be: of every job its own, all of it."""
        there = {path for path in self.daemon.out.iterdir()}
        owned = [self.daemon.saved(row) for row in self.rows.values()]
        self.check(len(set(owned)) == len(owned), f"two jobs have one file: {sorted(owned)}")
        by_id = {item.id: item for item in self.items}
        for row in self.rows.values():
            self.check_file(by_id[row["id"]], self.daemon.saved(row))
        for item in self.items:
            left = self.daemon.out / item.name
            if item.is_removed and not item.purges and left in there:
                self.check_file(item, left)
                owned.append(left)
        parts = {path for path in there - set(owned) if path.suffix == ".part"}
        self.say(f"  part files left: {len(parts)}")
        self.check(there == set(owned), f"too much or too little: {sorted(there ^ set(owned))}")

    def check(self, is_right, what):
        assert is_right, f"seed {self.seed}, after kill {len(self.kills)}: {what[:LONGEST_TEXT]}"


def serve():
    """An origin for a run: small send buffers, and no end of its own for hours."""
    return Origin([], send_buffer=65536, max_seconds=24 * 3600)
