"""Runs the contenders of a row in turn, again and again, and looks at every file that they bring."""

import collections
import contextlib
import dataclasses
import filecmp
import os
import pathlib
import shutil
import tempfile

import measure
import rows
from servers import Mirrors


def contestants(row, peers):
    """(the names of the contenders that one run brings, how it is run), for each thing that is run on its own."""
    todo = list(row.contenders)
    if rows.KNOWN in todo:
        first = [rows.FIRST] if rows.FIRST in todo else []
        yield [*first, rows.KNOWN], "segue", []
    for name in todo:
        if name.startswith("Segue -x"):
            yield [name], "segue", name.split()[1:]
        elif name in peers:
            yield [name], "peer", peers[name]


class Contest:
    """What the runs share: the system, a place for files, the servers."""

    def __init__(self, system, place, nginx, segue, peers, say):
        self.system = system
        self.place = place
        self.nginx = nginx
        self.segue = segue
        self.peers = peers
        self.say = say

    def source(self, size):
        """A file of so many MiB that the servers have."""
        path = self.nginx.files / f"{size}MiB.bin"
        if not path.exists():
            with open(path, "wb") as file:
                for _ in range(size):
                    file.write(os.urandom(rows.MIB))
        return path

    def run(self, row, repeat):
        """{contender: [Sample]} of a row."""
        samples = collections.defaultdict(list)
        field = list(contestants(row, self.peers))
        late = set()
        for turn in range(repeat):
            for names, kind, what in field[turn % len(field):] + field[:turn % len(field)]:
                if names[0] in late:
                    continue
                done = self.run_once(row, kind, what)
                for name, sample in zip(names, done[-len(names):]):
                    samples[name].append(sample)
                    self.say(f"  {name:<22} {describe(sample)}")
                    if sample.is_over:
                        late.add(names[0])
        return {name: samples[name] for name in row.contenders if name in samples}

    @contextlib.contextmanager
    def server(self, row, source):
        if row.server == "shaped":
            with Mirrors(source, row.shapes) as mirrors:
                yield mirrors, mirrors.urls()
        else:
            self.nginx.take_counts()
            yield self.nginx, self.nginx.urls(source.name, row.server == "tls")

    def run_once(self, row, kind, what):
        """The samples of one contestant, the one that counts last. Each has servers of its own."""
        source = self.source(row.size)
        with self.server(row, source) as (server, urls):
            if kind == "segue":
                return self.run_segue(row, source, server, urls, what)
            return [self.run_peer(row, source, server, urls, what)]

    def run_segue(self, row, source, server, urls, options):
        """The first contact, and the job after it."""
        with self.segue.daemon() as daemon:
            done = []
            for _ in range(2):
                sample = self.segue.get(daemon, urls, options, row.limit_s)
                done.append(judge(sample, source, daemon.out / source.name, server.take_counts()))
            return done

    def run_peer(self, row, source, server, urls, peer):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="peer-", dir=self.place))
        helpers = [self.segue.wineserver] if peer.is_windows else []
        try:
            command = peer.command(self.system, urls, source.name, self.nginx.ca)
            sample = measure.run(command, self.system.environment(), folder, row.limit_s, helpers=helpers)
            return judge(sample, source, folder / source.name, server.take_counts())
        finally:
            shutil.rmtree(folder)


def judge(sample, source, path, counts):
    """The sample with what the server counted, and with whether the file is right; the file is removed."""
    is_same = path.exists() and filecmp.cmp(source, path, shallow=False)
    path.unlink(missing_ok=True)
    return dataclasses.replace(sample, is_right=sample.is_right and is_same, **vars(counts))


def describe(sample):
    note = "" if sample.is_right else "  TOO LONG" if sample.is_over else "  WRONG"
    return (f"{sample.wall_s:7.2f} s  cpu {sample.cpu_s:5.2f} s  {sample.connections} connections, "
            f"{sample.requests} requests, {sample.refused} refused{note}")
