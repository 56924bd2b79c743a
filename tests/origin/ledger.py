"""What happened: counters, a log entry for each request, and a version that waiters wait on."""

import asyncio

LOG_MAX = 20_000        # entries kept; older ones are dropped and counted
SETTLE_S = 0.01         # how long a waiter's answer collects further changes


class Ledger:
    """Counts connections and requests. Every change raises `version`."""

    def __init__(self):
        self.version = 0
        self.connections = self.open = self.max_open = self.refused = 0
        self.files = {}
        self.log = {}
        self.log_dropped = 0
        self._loop = asyncio.get_running_loop()
        self._started = self._loop.time()
        self._waiters = set()

    def now_s(self):
        """Seconds since the server started."""
        return round(self._loop.time() - self._started, 6)

    def connection_opened(self):
        """The ordinal of the new connection, from 1."""
        self.connections += 1
        self.open += 1
        self.max_open = max(self.max_open, self.open)
        self._changed()
        return self.connections

    def connection_closed(self):
        self.open -= 1
        self._changed()

    def connection_refused(self):
        self.refused += 1
        self._changed()

    def request_begun(self, connection, request, ordinal):
        """A log entry, which lives until `request_ended`."""
        entry = {"id": self._next_id(), "connection": connection, "request": ordinal, "path": request.path,
                 "target": request.target, "method": request.method, "version": request.version,
                 "headers": request.headers, "range": None, "status": None, "served": None, "sent": 0,
                 "state": "waiting", "started_s": self.now_s(), "ended_s": None}
        self.log[entry["id"]] = entry
        if len(self.log) > LOG_MAX:
            del self.log[next(iter(self.log))]
            self.log_dropped += 1
        tally = self.tally(request.path)
        tally["requests"] += 1
        tally["active"] += 1
        tally["max_active"] = max(tally["max_active"], tally["active"])
        self.touch(entry)
        return entry

    def _next_id(self):
        return self.log_dropped + len(self.log) + 1

    def tally(self, path):
        """The counters of a path."""
        return self.files.setdefault(path, {"requests": 0, "sent": 0, "active": 0, "max_active": 0})

    def sent(self, entry, n):
        entry["sent"] += n
        self.tally(entry["path"])["sent"] += n
        self.touch(entry)

    def request_ended(self, entry, state):
        entry["state"] = state
        entry["ended_s"] = self.now_s()
        self.tally(entry["path"])["active"] -= 1
        self.touch(entry)

    def touch(self, entry):
        """Marks an entry as changed."""
        self._changed()
        entry["changed"] = self.version

    def _changed(self):
        self.version += 1
        for waiter in self._waiters:
            waiter.done() or waiter.set_result(None)
        self._waiters.clear()

    async def wait(self, version, timeout_s):
        """Until there is something newer than `version`, or the time is over."""
        if self.version > version:
            await asyncio.sleep(min(SETTLE_S, timeout_s))
            return
        waiter = self._loop.create_future()
        self._waiters.add(waiter)
        await asyncio.wait([waiter], timeout=timeout_s)
        self._waiters.discard(waiter)

    def snapshot(self, after=0):
        """All counters, and the log entries changed after the version `after`."""
        return {"version": self.version, "connections": self.connections, "open": self.open,
                "max_open": self.max_open, "refused": self.refused, "files": self.files,
                "log_dropped": self.log_dropped,
                "log": [entry for entry in self.log.values() if entry["changed"] > after]}
