"""One path: its content, its rules, and the counts that rules are scoped by."""

import functools

from .behaviour import as_rules, has_moving_scope, resolve
from .content import Pattern, gzipped


@functools.lru_cache(maxsize=256)
def pattern(seed, size):
    """One object for each content, so that what is computed of it is computed once."""
    return Pattern(seed, size)


class Resource:
    """`source` is None for a path that is no file. `common` is the resource of "*", or None for itself."""

    def __init__(self, path, source=None, common=None):
        self.path = path
        self.source = source
        self.rules = []
        self._common = common
        self.recount()

    def recount(self):
        """Counts requests, connections, bytes and time for this path's scopes anew."""
        self.requests = 0
        self.sent_bytes = 0
        self._first_s = None
        self._connections = {}

    def set_behaviour(self, behaviour):
        """BehaviourError, and nothing changed, if it is not valid."""
        self.rules = as_rules(behaviour)

    def all_rules(self):
        return (self._common.rules if self._common else []) + self.rules

    def count_request(self, connection, now_s):
        """(ordinal of the connection among those that came for this path, ordinal of the request)."""
        self.requests += 1
        if self._first_s is None:
            self._first_s = now_s
        ordinal = self._connections.setdefault(connection, len(self._connections) + 1)
        return ordinal, self.requests

    def elapsed_s(self, now_s):
        """Seconds since the first request."""
        return 0.0 if self._first_s is None else now_s - self._first_s

    def source_for(self, behaviour):
        """(what the bytes are taken from, what the validators are of), or (None, None)."""
        if self.source is None:
            return None, None
        source, keep = self.source, False
        if change := behaviour.get("switch_to"):
            seed = change.get("seed", getattr(source, "seed", 0))
            source, keep = pattern(seed, change.get("size", source.size)), change.get("keep_validators", False)
        identity = self.source if keep else source
        return (gzipped(source) if behaviour.get("gzip") else source), identity


class View:
    """The behaviour of one request, looked at again and again while it is answered."""

    def __init__(self, resource, facts, clock):
        self._resource = resource
        self._clock = clock
        self.facts = facts
        self._rules = None
        self._moving = True
        self._effective = {}

    def now(self):
        """The keys that hold now. Cheap when nothing can have changed."""
        rules = self._resource.all_rules()
        if rules == self._rules and not self._moving:
            return self._effective
        self._rules, self._moving = rules, has_moving_scope(rules)
        self.facts["elapsed_s"] = self._resource.elapsed_s(self._clock())
        self.facts["sent_bytes"] = self._resource.sent_bytes
        self._effective = resolve(rules, self.facts)
        return self._effective
