"""A non-blocking TCP or TLS connection as awaitables, with the endings a fault needs.

It knows nothing of HTTP. Everything runs on the one asyncio loop.
"""

import asyncio
import fcntl
import socket
import ssl
import struct
import termios

READ_BYTES = 64 * 1024
TLS_PIECE = 64 * 1024       # how much is given to TLS at once, so that what was sent is known closely
DRAIN_POLL_S = 0.005

_TCP_ESTABLISHED = 1


class HeadTooLong(Exception):
    """There was no end of the head within the limit."""


class Stream:
    """Owns the socket. Only one task may wait on it at a time."""

    def __init__(self, sock):
        self.sock = sock
        self._loop = asyncio.get_running_loop()
        self._received = bytearray()
        self._waiting = None
        self._tls_retry = None

    async def start_tls(self, context):
        """The server's side of the handshake. ssl.SSLError or OSError if it fails."""
        self.sock = context.wrap_socket(self.sock, server_side=True, do_handshake_on_connect=False)
        while not await self._attempt(self.sock.do_handshake, for_writing=False):
            pass

    @property
    def is_tls(self):
        return isinstance(self.sock, ssl.SSLSocket)

    def poke(self):
        """Wakes `send_some`, which then returns 0; other waits go on."""
        if self._waiting and not self._waiting.done():
            self._waiting.set_result(None)

    def peer_gone(self):
        """Whether the peer has closed its side or reset the connection."""
        state = self.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
        return state != _TCP_ESTABLISHED

    async def _wait(self, for_writing):
        """Until the socket is ready, or poked."""
        add, remove = ((self._loop.add_writer, self._loop.remove_writer) if for_writing
                       else (self._loop.add_reader, self._loop.remove_reader))
        fd = self.sock.fileno()
        ready = self._waiting = self._loop.create_future()
        add(fd, lambda: ready.done() or ready.set_result(None))
        try:
            await ready
        finally:
            remove(fd)
            self._waiting = None

    async def _attempt(self, call, *args, for_writing):
        """(result,) of a non-blocking call, or after a wait () so that the caller tries again."""
        try:
            return (call(*args),)
        except BlockingIOError:
            await self._wait(for_writing)
        except ssl.SSLWantReadError:
            await self._wait(for_writing=False)
        except ssl.SSLWantWriteError:
            await self._wait(for_writing=True)
        return ()

    async def _receive(self):
        """Appends what arrives; False at the end of the stream."""
        while True:
            done = await self._attempt(self.sock.recv, READ_BYTES, for_writing=False)
            if done:
                self._received += done[0]
                return bool(done[0])

    async def read_head(self, limit):
        """The bytes before the next empty line; None if the peer closed first."""
        while (end := self._received.find(b"\r\n\r\n")) < 0:
            if len(self._received) > limit:
                raise HeadTooLong(f"more than {limit} bytes and no empty line")
            if not await self._receive():
                return None
        head = bytes(self._received[:end])
        del self._received[:end + 4]
        return head

    async def skip(self, n):
        """Reads and forgets `n` bytes."""
        while n > len(self._received):
            n -= len(self._received)
            self._received.clear()
            if not await self._receive():
                return
        del self._received[:n]

    async def send_some(self, view):
        """How many bytes of `view` went to the kernel: at least 1, or 0 after a poke."""
        if self.is_tls:
            # TLS wants a repeated write to be the same bytes, however the caller paces now.
            view = self._tls_retry or view[:TLS_PIECE]
            self._tls_retry = view
        done = await self._attempt(self.sock.send, view, for_writing=True)
        if not done:
            return 0
        self._tls_retry = None
        return done[0]

    async def send(self, data):
        """Sends all of it."""
        view = memoryview(data)
        while view:
            view = view[await self.send_some(view):]

    async def drain(self):
        """Until the peer's system has acknowledged everything that was sent."""
        while not self.peer_gone() and self._unacknowledged():
            await asyncio.sleep(DRAIN_POLL_S)

    def _unacknowledged(self):
        count = bytearray(4)
        fcntl.ioctl(self.sock.fileno(), termios.TIOCOUTQ, count)
        return struct.unpack("i", count)[0]

    def reset(self):
        """Closes with RST."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def close(self, notify=False):
        """Closes with FIN; `notify` says goodbye on TLS first. Closing twice is harmless."""
        if self.sock.fileno() < 0:
            return
        if notify and self.is_tls:
            self._notify()
        self._forget_unread()
        self.sock.close()

    def _notify(self):
        try:
            self.sock.unwrap()
        except (OSError, ValueError):
            pass            # it sends its part and then finds that the peer's has not come

    def _forget_unread(self):
        """Without this the system answers a close with RST if anything was left unread."""
        try:
            while socket.socket.recv(self.sock, READ_BYTES):
                pass
        except OSError:
            pass
