"""One client's connection: its requests one after the other, each answered as its path behaves.

The task that runs a connection is cancelled when its peer goes away or the server ends.
"""

import asyncio

from .answer import choose
from .body import Body, Ending
from .head import framing_of, write_head, write_interim
from .request import HEAD_MAX, BadRequest, parse_request
from .resource import View
from .stream import HeadTooLong, Stream


class Connection:
    """Owns the stream. `server` gives the resources, the ledger, the pacer and the TLS context."""

    def __init__(self, server, sock):
        self._server = server
        self.number = server.ledger.connection_opened()
        self.open_then = server.ledger.open
        self.stream = Stream(sock)
        self.lane = server.pacer.lane()
        self.task = asyncio.create_task(self._run())
        self.entry = None
        self._requests = 0
        self._changed = asyncio.Event()

    # what others may call

    def poke(self):
        """Behaviours have changed: whatever waits looks at them again."""
        self._changed.set()
        self.stream.poke()
        self.lane.poke()

    def is_abandoned(self):
        """Whether an answer is under way to a peer that has gone."""
        return self.entry is not None and self.stream.peer_gone()

    # the life of a connection

    async def _run(self):
        ledger = self._server.ledger
        state = "gone"      # also when this task is cancelled
        try:
            await self._begin()
            while await self._exchange():
                pass
        except Ending as ending:
            state = ending.state
        except (OSError, HeadTooLong, BadRequest) as reason:
            state = f"gone: {reason}"
        except Exception:
            state = "failed"        # our own mistake: the traceback goes to stderr
            raise
        finally:
            if self.entry:
                ledger.request_ended(self.entry, state)
                self.entry = None
            self.stream.close()
            self._server.forget(self)
            ledger.connection_closed()

    async def _begin(self):
        """What happens before the first request: a refusal, or the TLS handshake."""
        fault = self._server.accept_fault(self)
        if fault:
            self._server.ledger.connection_refused()
            await self._end(fault)
        if self._server.tls:
            await self.stream.start_tls(self._server.tls)

    async def _end(self, how):
        """Ends the connection: never returns normally. A silence lasts until the peer goes."""
        if how == "silence":
            while not self.stream.peer_gone():
                await self.wait_change(self._server.WATCH_S)
            raise Ending("silence")
        if how == "reset":
            await self.stream.drain()
            self.stream.reset()
        else:
            self.stream.close()
        raise Ending(how)

    async def wait_change(self, timeout_s=None):
        """Until behaviours change, or the time is over."""
        self._changed.clear()
        try:
            await asyncio.wait_for(self._changed.wait(), timeout_s)
        except asyncio.TimeoutError:
            pass

    # one request and its answer

    async def _exchange(self):
        """False when the connection is over."""
        raw = await self.stream.read_head(HEAD_MAX)
        if raw is None:
            return False
        request = parse_request(raw)
        await self.stream.skip(request.body_length())
        self._requests += 1
        keeps = await self._answer(request, *self._account(request))
        if not keeps:
            self.stream.close(notify=True)
        return keeps

    def _account(self, request):
        """Counts the request: (resource, view of its behaviour)."""
        server = self._server
        resource = server.resource(request.path)
        ordinal, number = resource.count_request(self.number, server.now_s())
        self.entry = server.ledger.request_begun(self.number, request, number)
        asked = request.asked_range(1 << 64)
        facts = {"connection": ordinal, "open": server.ledger.open, "request": number,
                 "request_on_connection": self._requests, "active": server.ledger.tally(request.path)["active"],
                 "method": request.method, "start": asked[0] if asked else 0, "ranged": asked is not None,
                 "host": (request.header("Host") or "").rpartition(":")[0] or request.header("Host"),
                 "port": server.port, "target": request.target, "path": request.path}
        return resource, View(resource, facts, server.now_s)

    async def _answer(self, request, resource, view):
        """Whether the connection may be used again."""
        await self._delay(view)
        behaviour = view.now()
        answer = choose(request, resource, behaviour, view.facts)
        framing = framing_of(request, answer, behaviour)
        self._note(request, answer)
        if "interim" in behaviour:
            await self.stream.send(write_interim(behaviour["interim"]))
        head = write_head(request, answer, behaviour, framing, view.facts)
        await self._send_head(head, behaviour)
        if framing.has_body:
            await Body(self, answer, framing, view, resource).send()
        await self.stream.send(b"!" * behaviour.get("trailing", 0))
        ledger, entry, self.entry = self._server.ledger, self.entry, None
        ledger.request_ended(entry, "complete")
        return not (framing.closes or behaviour.get("close_idle"))

    async def _delay(self, view):
        """Round trips (the connection's own are paid with its first request), the delay, and the hold."""
        behaviour = view.now()
        trips = 1 if self._requests > 1 else 3 if self.stream.is_tls else 2
        await asyncio.sleep((behaviour.get("rtt_ms", 0) * trips + behaviour.get("delay_ms", 0)) / 1000)
        while view.now().get("hold"):
            await self.wait_change(self._server.WATCH_S)

    def _note(self, request, answer):
        """Completes the log entry."""
        asked = request.asked_range(1 << 64 if answer.total is None else answer.total)
        self.entry.update(status=answer.status, served=[answer.start, answer.end], state="sending",
                          range=list(asked) if asked else None)
        self._server.ledger.touch(self.entry)

    async def _send_head(self, head, behaviour):
        if "break_head" not in behaviour:
            await self.stream.send(head)
            return
        n, how = behaviour["break_head"]
        await self.stream.send(head[:n])
        await self._end(how)

    # what the body needs

    def count_sent(self, resource, n):
        """Body bytes that went to the system."""
        resource.sent_bytes += n
        self._server.ledger.sent(self.entry, n)

    def note_silence(self, is_silent):
        """The log tells a silent answer from one that flows."""
        self.entry["state"] = "silent" if is_silent else "sending"
        self._server.ledger.touch(self.entry)

    async def end(self, how):
        """Ends the connection in the middle of a body; raises Ending."""
        await self._end(how)
