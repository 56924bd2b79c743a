"""Who may send how much, when: a rate for each lane and one link shared by all, on a 20 ms tick.

All lanes are served on the same tick, so that many slow lanes cost one wake-up and not one each.
"""

import asyncio

TICK_S = 0.02
BURST_S = 0.25      # how much of a rate may be caught up after a late tick or a slow reader


class Bucket:
    """Bytes that a rate has earned and that have not been sent."""

    def __init__(self, now):
        self._earned = 0.0
        self._last = now

    def refill(self, now, rate_bps):
        """Earns since the last refill, and returns the whole bytes there are."""
        limit = max(1.0, rate_bps * BURST_S)
        self._earned = min(limit, self._earned + (now - self._last) * rate_bps)
        self._last = now
        return int(self._earned + 1e-6)

    def take(self, n):
        self._earned -= n


class Lane:
    """One sender."""

    def __init__(self, pacer):
        self._pacer = pacer
        self.bucket = None
        self.rate_bps = None
        self.want = 0
        self.granted = None

    def start(self):
        """A body begins: nothing is earned from before."""
        self.bucket = Bucket(self._pacer.now())
        self._pacer.lane_started()

    def stop(self):
        """The body has ended."""
        self._pacer.lane_stopped()

    async def grant(self, rate_bps, want):
        """How many of `want` bytes may be sent now: at least 1, or 0 after a poke. rate_bps None: no limit."""
        if rate_bps is None and self._pacer.link_bps is None:
            return want
        self.rate_bps, self.want = rate_bps, want
        return await self._pacer.wait(self)

    def refund(self, n):
        """Gives back what was granted and could not be sent."""
        if n and self.rate_bps is not None:
            self.bucket.take(-n)
        if n:
            self._pacer.refund(n)

    def poke(self):
        """Ends a wait for a grant early, with nothing granted."""
        if self.granted and not self.granted.done():
            self.granted.set_result(0)

    def offer(self, now):
        """What its own rate lets this lane send."""
        if self.rate_bps is None:
            return self.want
        return min(self.want, self.bucket.refill(now, self.rate_bps))


class Pacer:
    """The tick and the link. `link_bps` None: the link has no limit."""

    def __init__(self):
        self._loop = asyncio.get_running_loop()
        self._waiting = []
        self._ticking = False
        self._sending = 0
        self._link = Bucket(self.now())
        self.link_bps = None

    def now(self):
        return self._loop.time()

    def lane(self):
        return Lane(self)

    def set_link(self, link_bps):
        """Lanes that wait are served by the new limit from the next tick on."""
        self.link_bps = link_bps
        self._link = Bucket(self.now())

    def lane_started(self):
        """An idle link has earned nothing: whoever comes first must not find a burst."""
        if self._sending == 0:
            self._link = Bucket(self.now())
        self._sending += 1

    def lane_stopped(self):
        self._sending -= 1

    async def wait(self, lane):
        """The lane's grant. Cancelling is harmless."""
        lane.granted = self._loop.create_future()
        self._waiting.append(lane)
        self._arm()
        try:
            return await lane.granted
        finally:
            lane.granted = None
            if lane in self._waiting:
                self._waiting.remove(lane)

    def refund(self, n):
        """Gives bytes of the link back."""
        if self.link_bps is not None:
            self._link.take(-n)

    def _arm(self):
        if not self._ticking and self._waiting:
            self._ticking = True
            self._loop.call_at((self.now() // TICK_S + 1) * TICK_S, self._tick)

    def _tick(self):
        self._ticking = False
        now = self.now()
        offers = [(lane.offer(now), lane) for lane in self._waiting]
        for n, lane in self._within_link(now, offers):
            self._give(lane, n)
        self._arm()

    def _within_link(self, now, offers):
        """The offers cut to fair shares of the link: who wants less than a share leaves the rest to others."""
        if self.link_bps is None:
            return offers
        left = self._link.refill(now, self.link_bps)
        shares = []
        for index, (n, lane) in enumerate(sorted(offers, key=lambda offer: offer[0])):
            share = min(n, -(-left // (len(offers) - index)))
            shares.append((share, lane))
            left -= share
        return shares

    def _give(self, lane, n):
        if n == 0 or lane.granted.done():
            return
        if lane.rate_bps is not None:
            lane.bucket.take(n)
        if self.link_bps is not None:
            self._link.take(n)
        self._waiting.remove(lane)
        lane.granted.set_result(n)
