"""The servers of the benchmark: nginx for full speed, the shaper for networks."""

import contextlib
import dataclasses
import json
import os
import pathlib
import socket
import subprocess
import time

from origin.tls import Authority

BENCH = pathlib.Path(__file__).resolve().parent
ROOT = BENCH.parents[1]
BUILT = ROOT / "build" / "bench"
SOURCES = [BENCH / name for name in ("shaper.c", "shaped.c", "shaped.h")]
HOSTS = tuple(f"127.0.0.{number}" for number in (1, 2, 3, 4))
DEADLINE_S = 20

CONFIG = """\
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
worker_processes auto;
{user}
events {{ }}
http {{
    log_format bench '$connection $status $body_bytes_sent';
    access_log {folder}/access.log bench;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    sendfile on;
    tcp_nopush on;
    server {{
        {listens}
        root {files};
    }}
    server {{
        listen 127.0.0.1:{tls_port} ssl;
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        root {files};
    }}
}}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclasses.dataclass
class Counts:
    """What a server was asked since it was last asked for them."""

    connections: int = 0
    requests: int = 0
    refused: int = 0
    sent: int = 0

    def __add__(self, other):
        return Counts(self.connections + other.connections, self.requests + other.requests,
                      self.refused + other.refused, self.sent + other.sent)


class Nginx:
    """Serves a folder at full speed, with and without TLS. The certificate's authority is new each time."""

    def __init__(self, files, folder):
        self.files = files
        self.folder = folder
        folder.mkdir()
        authority = Authority(folder / "tls")
        self.ca = authority.ca
        self._certificate, self._key = authority.issue("bench")
        self._log = folder / "access.log"
        self._read = 0

    def __enter__(self):
        self._port, self._tls_port = free_port(), free_port()
        config = self.folder / "nginx.conf"
        config.write_text(CONFIG.format(
            folder=self.folder, files=self.files, tls_port=self._tls_port,
            listens=" ".join(f"listen {host}:{self._port};" for host in HOSTS),
            certificate=self._certificate, key=self._key,
            # as root it would hand over to a user who may not read the folder
            user="user root;" if os.getuid() == 0 else ""))
        self._process = subprocess.Popen(["/usr/sbin/nginx", "-p", str(self.folder),
                                          "-e", str(self.folder / "error.log"), "-c", str(config)])
        wait_for_port(self._tls_port)
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait(DEADLINE_S)

    def urls(self, name, is_tls):
        if is_tls:
            return [f"https://127.0.0.1:{self._tls_port}/{name}"]
        return [f"http://127.0.0.1:{self._port}/{name}"]

    def urls_of_hosts(self, name):
        """The same file under several addresses."""
        return [f"http://{host}:{self._port}/{name}" for host in HOSTS]

    def take_counts(self):
        """Counts answers that have ended."""
        with open(self._log, encoding="ascii") as log:
            log.seek(self._read)
            lines = [line.split() for line in log]
            self._read = log.tell()
        return Counts(len({line[0] for line in lines}), len(lines),
                      sum(line[1] >= "400" for line in lines), sum(int(line[2]) for line in lines))


def wait_for_port(port):
    """Returns when somebody listens."""
    end = time.monotonic() + DEADLINE_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), DEADLINE_S).close()
            return
        except ConnectionRefusedError:
            if time.monotonic() > end:
                raise


@dataclasses.dataclass(frozen=True)
class Shape:
    """A network. A rate of 0 is no limit; a fault is (each n-th connection, after so many bytes, at most m)."""

    rate_bps: int = 0
    rtt_ms: int = 50
    link_bps: int = 0
    tolerated: int = 0
    slow: tuple = None          # (slot, rate)
    silence: tuple = None
    drop: tuple = None

    def arguments(self):
        given = {"rate": self.rate_bps, "rtt-us": self.rtt_ms * 1000, "link": self.link_bps,
                 "tolerate": self.tolerated}
        lists = {"slow": self.slow, "silence": self.silence, "drop": self.drop}
        for name, values in lists.items():
            if values is not None:
                given[name] = ":".join(map(str, values))
        return [word for name, value in given.items() for word in ("--" + name, str(value))]


def build_shaper():
    """Compiles the shaper unless it is there; returns its path."""
    program = BUILT / "shaper"
    if program.exists() and all(program.stat().st_mtime > source.stat().st_mtime for source in SOURCES):
        return program
    BUILT.mkdir(parents=True, exist_ok=True)
    subprocess.run(["gcc", "-std=c17", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror", "-I", ROOT, "-o", program,
                    *(source for source in SOURCES if source.suffix == ".c")], check=True)
    return program


class Shaper:
    """One source of a file behind a network of the given shape."""

    def __init__(self, path, shape, host="127.0.0.1"):
        self._command = [build_shaper(), "--host", host, *shape.arguments(), path]
        self._path = path
        self._host = host

    def __enter__(self):
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         text=True)
        self._port = int(self._process.stdout.readline())
        return self

    def __exit__(self, *_):
        self._process.communicate()

    def url(self):
        return f"http://{self._host}:{self._port}/{self._path.name}"

    def take_counts(self):
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        counts = json.loads(self._process.stdout.readline())
        names = [field.name for field in dataclasses.fields(Counts)]
        return Counts(**{name: counts[name] for name in names})


class Mirrors:
    """Sources of one file, each on an address and with a network of its own."""

    def __init__(self, path, shapes):
        self._shapers = [Shaper(path, shape, host) for shape, host in zip(shapes, HOSTS)]

    def __enter__(self):
        self._stack = contextlib.ExitStack()
        for shaper in self._shapers:
            self._stack.enter_context(shaper)
        return self

    def __exit__(self, *_):
        self._stack.close()

    def urls(self):
        return [shaper.url() for shaper in self._shapers]

    def take_counts(self):
        return sum((shaper.take_counts() for shaper in self._shapers), Counts())
