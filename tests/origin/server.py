"""The server: listening sockets, the table of paths, and the connections that are open.

Everything runs on one asyncio loop in one thread. Who speaks to it from outside is control.py.
"""

import asyncio
import base64
import socket

from .behaviour import as_rules, resolve
from .connection import Connection
from .content import Literal
from .ledger import Ledger
from .pacer import Pacer
from .resource import Resource, pattern

ADDRESSES = ("127.0.0.1", "127.0.0.2")      # two hosts, so that a redirect can lead to another one
BACKLOG = 1024
BIND_TRIES = 50

COMMON = "*"


class Server:
    """Listens from `start` until `stop`."""

    WATCH_S = 0.05      # how soon a peer that went away is noticed where nothing is being sent

    def __init__(self, tls=None, send_buffer=None):
        """`tls`: an ssl.SSLContext. `send_buffer`: SO_SNDBUF of each connection, or None for the system's."""
        self.tls = tls
        self.port = None
        self.ledger = Ledger()
        self.pacer = Pacer()
        self._send_buffer = send_buffer
        self._common = Resource(COMMON)
        self._resources = {}
        self._connections = set()
        self._holders = []
        self._listeners = []
        self._watch = None

    # paths

    def add_file(self, path, size=None, seed=1, data_base64=None):
        """Puts a file at `path`: `size` bytes of `seed`, or the data."""
        source = pattern(seed, size) if data_base64 is None else Literal(base64.b64decode(data_base64))
        rules = self.resource(path).rules
        self._resources[path] = Resource(path, source, self._common)
        self._resources[path].rules = rules

    def resource(self, path):
        """The resource of a path; one that is no file if none was added there."""
        if path == COMMON:
            return self._common
        return self._resources.get(path) or self._resources.setdefault(path, Resource(path, None, self._common))

    def set_behaviour(self, path, behaviour, recount=False):
        """Replaces the behaviour of a path, "*" being all. Answers under way follow at once."""
        rules = as_rules(behaviour)
        resource = self.resource(path)
        resource.rules = rules
        if recount:
            resource.recount()
        for connection in list(self._connections):
            connection.poke()

    def set_link(self, link_bps):
        """The rate that all connections share; None for no limit."""
        self.pacer.set_link(link_bps)

    # listening

    def start(self, port=0):
        """Listens on `port` of the loopback addresses, 0 for a free one."""
        self._holders = self._bind_all(port)
        self.port = self._holders[0].getsockname()[1]
        self.listen()
        self._watch = asyncio.create_task(self._watch_peers())

    def _bind_all(self, port):
        """A bound socket for each address that never listens: it keeps the port while we refuse."""
        for _ in range(BIND_TRIES):
            holders = [bind(ADDRESSES[0], port)]
            try:
                chosen = holders[0].getsockname()[1]
                return holders + [bind(address, chosen) for address in ADDRESSES[1:]]
            except OSError:
                holders[0].close()
                if port:
                    raise
        raise OSError(f"no port is free on all of {', '.join(ADDRESSES)}")

    def listen(self):
        """Connections are accepted (again)."""
        if self._listeners:
            return
        for address in ADDRESSES:
            listener = bind(address, self.port)
            listener.listen(BACKLOG)
            self._listeners.append(listener)
            asyncio.get_running_loop().add_reader(listener.fileno(), self._accept, listener)

    def refuse(self):
        """New connections are refused by the system from now on."""
        for listener in self._listeners:
            asyncio.get_running_loop().remove_reader(listener.fileno())
            listener.close()
        self._listeners.clear()

    def _accept(self, listener):
        try:
            sock, _ = listener.accept()
        except OSError:
            return          # the peer has given up already
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._send_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self._send_buffer)
        self._connections.add(Connection(self, sock))

    async def stop(self):
        """Closes everything."""
        self.refuse()
        self._watch.cancel()
        tasks = [connection.task for connection in self._connections]
        for task in tasks:
            task.cancel()
        await asyncio.gather(self._watch, *tasks, return_exceptions=True)
        for holder in self._holders:
            holder.close()

    # what connections ask for

    def now_s(self):
        return self.ledger.now_s()

    def forget(self, connection):
        self._connections.discard(connection)

    def accept_fault(self, connection):
        """What "*" says of a connection that has just come: "reset", "close", "silence" or None."""
        facts = {"connection": connection.number, "open": connection.open_then, "request": 0,
                 "request_on_connection": 0, "active": 0, "method": None, "start": None, "ranged": None,
                 "host": None, "elapsed_s": self.now_s(), "sent_bytes": None}
        return resolve(self._common.rules, facts).get("accept")

    async def _watch_peers(self):
        while True:
            await asyncio.sleep(self.WATCH_S)
            for connection in list(self._connections):
                if connection.is_abandoned():
                    connection.task.cancel()


def bind(address, port):
    """A bound, non-blocking socket; several of ours may share the port as long as one listens."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((address, port))
    except OSError:
        sock.close()
        raise
    sock.setblocking(False)
    return sock
