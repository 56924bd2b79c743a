"""The command line: `python3 -m origin --port 0 --file NAME=SIZE[:SEED] --behaviour 'JSON'`.

The first line on stdout is the port. At the end, what happened follows as one line of JSON.
"""

import argparse
import asyncio
import json
import re
import resource
import signal
import sys

from .behaviour import BehaviourError
from .control import Control
from .server import COMMON, Server
from .tls import server_context

UNITS = {"": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
GRACE_S = 5     # a loop that no longer turns is ended by the system this long after its time


def parse_file(text):
    """('/NAME', size, seed) of NAME=SIZE[:SEED]."""
    match = re.fullmatch(r"/?([^=]+)=(\d+)(|KiB|MiB|GiB)(?::(\d+))?", text)
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=SIZE[KiB|MiB|GiB][:SEED]")
    name, number, unit, seed = match.groups()
    return "/" + name, int(number) * UNITS[unit], int(seed or 1)


def parse_behaviour(text):
    """{path: behaviour} of JSON: that, or one behaviour for every path."""
    try:
        value = json.loads(text)
    except ValueError as reason:
        raise argparse.ArgumentTypeError(f"not JSON: {reason}") from reason
    is_by_path = isinstance(value, dict) and value and all(key == COMMON or key.startswith("/") for key in value)
    return value if is_by_path else {COMMON: value}


def arguments():
    parser = argparse.ArgumentParser(prog="origin", description="A scriptable, hostile HTTP server on loopback.")
    parser.add_argument("--port", type=int, default=0, help="0 (the default) takes a free one")
    parser.add_argument("--file", type=parse_file, action="append", default=[], metavar="NAME=SIZE[:SEED]")
    parser.add_argument("--behaviour", type=parse_behaviour, action="append", default=[], metavar="JSON",
                        help='for every path, or {"/path": behaviour, ...}; README.md has the keys')
    parser.add_argument("--link-bps", type=float, help="bytes a second that all connections share")
    parser.add_argument("--send-buffer", type=int, metavar="BYTES", help="SO_SNDBUF of each connection")
    parser.add_argument("--cert", help="certificate chain (PEM); makes it an https server")
    parser.add_argument("--key", help="private key of the certificate (PEM)")
    parser.add_argument("--max-seconds", type=int, default=600, help="ends by itself after that (600)")
    parser.add_argument("--control", action="store_true", help="take commands on stdin, and end with it")
    return parser.parse_args()


def configure(server, options):
    """Files, behaviours and the link as the command line says."""
    for path, size, seed in options.file:
        server.add_file(path, size, seed)
    for behaviours in options.behaviour:
        for path, behaviour in behaviours.items():
            server.set_behaviour(path, behaviour)
    server.set_link(options.link_bps)


async def serve(options):
    """Until a signal, the end of its time, or the end of the parent's pipe."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    loop.call_later(options.max_seconds, ended.set)
    server = Server(server_context(options.cert, options.key) if options.cert else None, options.send_buffer)
    configure(server, options)
    server.start(options.port)
    print(server.port, flush=True)
    control = Control(server, ended) if options.control else None
    await ended.wait()
    await server.stop()
    if not control:
        print(json.dumps(server.ledger.snapshot()), flush=True)


def allow_many_connections():
    """As many open sockets as the system lets us have; a shell's usual 1024 are too few."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def main():
    options = arguments()
    signal.alarm(options.max_seconds + GRACE_S)
    allow_many_connections()
    try:
        asyncio.run(serve(options))
    except (BehaviourError, OSError) as reason:
        sys.exit(f"origin: {reason}")


if __name__ == "__main__":
    main()
