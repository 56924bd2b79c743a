"""Origin: the server in a process of its own, as a test or a benchmark sees it."""

import base64
import dataclasses
import itertools
import json
import os
import pathlib
import queue
import subprocess
import sys
import threading
import time

REPLY_S = 30            # an answer later than that means that the server hangs
PACKAGE = pathlib.Path(__file__).resolve().parent


class OriginError(Exception):
    """The server refused a command, or has ended."""


@dataclasses.dataclass
class File:
    """`size` computed bytes of `seed` at /`name`, or exactly `data`."""

    name: str
    size: int = 0
    seed: int = 1
    data: bytes = None
    behaviour: object = None

    @property
    def path(self):
        return "/" + self.name.lstrip("/")


@dataclasses.dataclass
class Stats:
    """What has happened. `files` maps a path to its counters, `log` holds every request in order."""

    version: int = 0
    connections: int = 0
    open: int = 0
    max_open: int = 0
    refused: int = 0
    files: dict = dataclasses.field(default_factory=dict)
    log: list = dataclasses.field(default_factory=list)
    log_dropped: int = 0

    @property
    def requests(self):
        return sum(tally["requests"] for tally in self.files.values())

    @property
    def sent(self):
        return sum(tally["sent"] for tally in self.files.values())

    def of(self, path):
        """The log entries of one path."""
        return [entry for entry in self.log if entry["path"] == path]


class Origin:
    """A running server. Ends with `close`, with the end of the `with` block, or with this process."""

    def __init__(self, files=(), behaviour=None, tls=None, link_bps=None, send_buffer=None, max_seconds=300):
        """`files`: File objects. `behaviour`: {path: behaviour}. `tls`: (certificate, key) as paths."""
        self.scheme = "https" if tls else "http"
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._answers = {}
        self._log = {}
        self._log_lock = threading.Lock()
        self._reader = None
        self._process = self._spawn(tls, send_buffer, max_seconds)
        try:
            self.port = int(self._process.stdout.readline() or b"0")
            if not self.port:
                raise OriginError(f"the server did not start: exit status {self._process.wait(REPLY_S)}")
            self._reader = threading.Thread(target=self._read_answers, daemon=True)
            self._reader.start()
            self._configure(files, behaviour or {}, link_bps)
        except BaseException:
            self.close()
            raise

    def _spawn(self, tls, send_buffer, max_seconds):
        command = [sys.executable, "-m", PACKAGE.name, "--control", "--max-seconds", str(max_seconds)]
        if tls:
            command += ["--cert", str(tls[0]), "--key", str(tls[1])]
        if send_buffer:
            command += ["--send-buffer", str(send_buffer)]
        environment = dict(os.environ, PYTHONPATH=str(PACKAGE.parent), PYTHONDONTWRITEBYTECODE="1")
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)

    def _configure(self, files, behaviour, link_bps):
        for file in files:
            self.add(file)
        for path, rules in behaviour.items():
            self.set(path, rules)
        if link_bps is not None:
            self.set_link(link_bps)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self):
        """Ends the process. May be called twice."""
        try:
            self._process.stdin.close()
        except OSError:
            pass            # it has ended already
        try:
            self._process.wait(REPLY_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._reader:
            self._reader.join()
        self._process.stdout.close()

    @property
    def pid(self):
        """The server's process id, for measuring what it costs."""
        return self._process.pid

    # commands

    def url(self, path, host="127.0.0.1"):
        return f"{self.scheme}://{host}:{self.port}/{path.lstrip('/')}"

    def add(self, file):
        """Puts a file there, or another one in its place."""
        data = None if file.data is None else base64.b64encode(file.data).decode()
        self._call("file", path=file.path, size=file.size, seed=file.seed, data_base64=data)
        if file.behaviour is not None:
            self.set(file.path, file.behaviour)

    def set(self, path, behaviour=None, recount=False):
        """Replaces the behaviour of a path ("*": of all). OriginError, and nothing changed, if it is invalid.

        `recount`: the path's requests, connections, bytes and time are counted anew for "when".
        """
        self._call("set", path=path, behaviour=as_json(behaviour), recount=recount)

    def set_link(self, link_bps):
        """The bytes a second that all connections share; None for no limit."""
        self._call("link", bps=link_bps)

    def refuse(self, on=True):
        """Whether new connections are refused by the system, as if nothing listened."""
        self._call("refuse", on=on)

    def stats(self):
        """Stats as of now."""
        return self._merge(self._call("stats"))

    def wait_for(self, condition, deadline_s=10):
        """The Stats for which `condition(stats)` first holds, looked at whenever something happened.

        TimeoutError if it does not within the deadline.
        """
        until = time.monotonic() + deadline_s
        stats = self.stats()
        while not condition(stats):
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"not within {deadline_s} s: {stats}")
            stats = self._merge(self._call("stats", after=stats.version, timeout_s=left), stats.version)
        return stats

    def _merge(self, snapshot, after=0):
        """The whole Stats of a snapshot that has only what changed."""
        with self._log_lock:
            self._log.update((entry["id"], entry) for entry in snapshot.pop("log")
                             if entry["changed"] > self._log.get(entry["id"], {"changed": 0})["changed"])
            log = [dict(self._log[number]) for number in sorted(self._log)]
        return Stats(log=log, **snapshot)

    # the pipe

    def _call(self, do, **arguments):
        answer = queue.SimpleQueue()
        number = next(self._numbers)
        line = json.dumps({"id": number, "do": do, **arguments}).encode() + b"\n"
        with self._lock:
            self._answers[number] = answer
            self._send(line)
        try:
            reply = answer.get(timeout=REPLY_S + arguments.get("timeout_s", 0))
        except queue.Empty:
            raise OriginError(f"{do}: no answer from the server") from None
        if "error" in reply:
            raise OriginError(f"{do}: {reply['error']}")
        return reply["ok"]

    def _send(self, line):
        try:
            self._process.stdin.write(line)
            self._process.stdin.flush()
        except (OSError, ValueError) as reason:
            raise OriginError(f"the server has ended: {reason}") from reason

    def _read_answers(self):
        for line in self._process.stdout:
            reply = json.loads(line)
            with self._lock:
                answer = self._answers.pop(reply["id"])
            answer.put(reply)
        with self._lock:
            for answer in self._answers.values():
                answer.put({"error": "the server has ended"})


def as_json(value):
    """Bytes in a behaviour stand for themselves: each becomes the character of its number."""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(item) for item in value]
    return value
