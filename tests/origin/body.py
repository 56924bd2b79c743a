"""Sends one body at the rate, and with the faults, that its path's behaviour says at each moment."""

import asyncio

from .resource import pattern

PIECE = 256 * 1024
CHUNK_BYTES = 64 * 1024
TRICKLE_BPS = 1

# These are for the file: an error page, say, comes whole and at once.
FILE_ONLY = ("rate_bps", "reset_after", "close_after", "silence_after", "trickle_after", "switch_to")


class Ending(Exception):
    """The connection was ended on purpose; `state` is what the log says."""

    def __init__(self, state):
        super().__init__(state)
        self.state = state


class Body:
    """[answer.start, answer.end) on its way. `connection` gives the stream, the lane and the endings."""

    def __init__(self, connection, answer, framing, view, resource):
        self._connection = connection
        self._stream = connection.stream
        self._lane = connection.lane
        self._answer = answer
        self._framing = framing
        self._view = view
        self._resource = resource
        self._length = answer.end - answer.start
        self._sent = 0
        self._was_silent = False

    async def send(self):
        """Returns when the whole body was sent; raises Ending when a fault ended the connection."""
        self._lane.start()
        try:
            await self._send_pieces()
        finally:
            self._lane.stop()
        if self._framing.chunked:
            await self._end_chunks()

    async def _send_pieces(self):
        while True:
            await self._suffer()
            if self._sent == self._length:
                return
            await self._send_piece(self._now())

    async def _end_chunks(self):
        if not self._now().get("chunked_end", True):
            await self._connection.end("close")
        await self._stream.send(b"0\r\n\r\n")

    def _now(self):
        """The behaviour as far as it is for this body."""
        behaviour = self._view.now()
        if self._answer.total is not None:
            return behaviour
        return {key: value for key, value in behaviour.items() if key not in FILE_ONLY}

    async def _suffer(self):
        """The faults that are due at this byte: the silence first, as it may be followed by the others."""
        behaviour = self._now()
        if self._is_due(behaviour, "silence_after") and not self._was_silent:
            await self._be_silent(behaviour.get("silence_s"))
        behaviour = self._now()
        if self._is_due(behaviour, "reset_after"):
            await self._connection.end("reset")
        if self._is_due(behaviour, "close_after"):
            await self._connection.end("close")

    def _is_due(self, behaviour, key):
        return self._sent >= behaviour.get(key, self._sent + 1)

    async def _be_silent(self, silence_s):
        """Until the time is over, or the behaviour says otherwise."""
        loop = asyncio.get_running_loop()
        until = None if silence_s is None else loop.time() + silence_s
        self._connection.note_silence(True)
        while until is None or loop.time() < until:
            await self._connection.wait_change(None if until is None else until - loop.time())
            if not self._is_due(self._now(), "silence_after"):
                break
        self._was_silent = until is not None
        self._connection.note_silence(False)

    async def _send_piece(self, behaviour):
        room = self._room(behaviour)
        n = await self._lane.grant(self._rate(behaviour), room)
        if n == 0:
            return
        if self._framing.chunked:
            sent = await self._send_chunk(self._bytes(behaviour, min(n, behaviour.get("chunk_bytes", CHUNK_BYTES))))
        else:
            sent = await self._stream.send_some(self._bytes(behaviour, n))
        self._lane.refund(n - sent)
        self._sent += sent
        self._connection.count_sent(self._resource, sent)
        await asyncio.sleep(0)      # a fast reader must not keep the loop from the others

    def _room(self, behaviour):
        """How many bytes there are before the next thing happens."""
        marks = [behaviour[key] for key in ("reset_after", "close_after", "silence_after", "trickle_after")
                 if behaviour.get(key, 0) > self._sent]
        return min([self._length, self._sent + PIECE, *marks]) - self._sent

    def _rate(self, behaviour):
        """Bytes per second, or None."""
        if self._is_due(behaviour, "trickle_after"):
            return TRICKLE_BPS
        rate = behaviour.get("rate_bps")
        if isinstance(rate, list):
            return rate[(self._view.facts["connection"] - 1) % len(rate)]
        return rate

    def _bytes(self, behaviour, n):
        source = self._answer.source
        change = behaviour.get("switch_to", {})
        if change.get("in_place"):
            source = pattern(change.get("seed", getattr(source, "seed", 0)), source.size)
        return source.view(self._answer.start + self._sent, n)

    async def _send_chunk(self, view):
        await self._stream.send(b"%x\r\n%b\r\n" % (len(view), bytes(view)))
        return len(view)
