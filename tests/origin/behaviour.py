"""What a path does: the known keys, the scopes that say when they hold, and how rules combine.

A behaviour is a list of rules, each a dict of keys with an optional "when". The rules whose "when"
matches are laid over one another in order, later ones winning. The rules of the path "*" lie under
those of every path. Nothing here knows sockets or HTTP.
"""


class BehaviourError(ValueError):
    """A behaviour that says something unknown or of the wrong type."""


def _number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _count(value):
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _positive(value):
    return _count(value) and value > 0


def _integer(value):
    return isinstance(value, int) and not isinstance(value, bool)


def _flag(value):
    return isinstance(value, bool)


def _text(value):
    return isinstance(value, str)


def _raw(value):
    """Text whose characters are the bytes to send."""
    return isinstance(value, str) and all(ord(character) < 256 for character in value)


def _one_of(*words):
    return lambda value: value in words


def _list_of(check):
    return lambda value: isinstance(value, list) and bool(value) and all(map(check, value))


def _either(*checks):
    return lambda value: any(check(value) for check in checks)


def _raw_by_name(value):
    return isinstance(value, dict) and all(map(_raw, value.values()))


def _record(required=(), **checks):
    """A dict with these keys, each of its type; `required` ones must be there."""
    def check(value):
        return (isinstance(value, dict) and all(name in value for name in required)
                and all(name in checks and checks[name](item) for name, item in value.items()))
    return check


def _pair(first, second):
    return lambda value: isinstance(value, list) and len(value) == 2 and first(value[0]) and second(value[1])


def _none(value):
    return value is None


_rate = _either(_number, _list_of(_either(_number, _none)))

# What each key does is in README.md, which a test compares with this table.
KEYS = {
    # time
    "rtt_ms": _number,
    "delay_ms": _number,
    "hold": _flag,
    "rate_bps": _rate,
    # faults on the connection
    "accept": _one_of("reset", "close", "silence"),
    "break_head": _pair(_count, _one_of("reset", "close", "silence")),
    "reset_after": _count,
    "close_after": _count,
    "silence_after": _count,
    "silence_s": _number,
    "trickle_after": _count,
    "keep_alive": _flag,
    "close_idle": _flag,
    "http": _one_of("1.0", "1.1"),
    # what is answered instead of the file
    "status": _integer,
    "reason": _raw,
    "body": _text,
    "content_type": _raw,
    "html": _flag,
    "retry_after": _either(_raw, _number, _record(("date_in_s",), date_in_s=_number)),
    "redirect": _either(_raw, _list_of(_raw)),
    "redirect_status": _integer,
    "redirect_hops": _count,
    "redirect_loop": _flag,
    "auth": _pair(_text, _text),
    "proxy_auth": _pair(_text, _text),
    "require": _raw_by_name,
    # ranges
    "ignore_ranges": _flag,
    "accept_ranges": _raw,
    "ignore_if_range": _flag,
    "range_shift": _integer,
    "range_extra": _integer,
    "content_shift": _integer,
    "content_range": _raw,
    "content_range_delta": _record(start=_integer, end=_integer, total=_integer),
    # which file it is
    "switch_to": _record(seed=_integer, size=_count, keep_validators=_flag, in_place=_flag),
    "etag": _raw,
    "last_modified": _raw,
    "gzip": _flag,
    "digests": _raw_by_name,
    "digests_wrong": _flag,
    # framing
    "chunked": _flag,
    "chunk_bytes": _positive,
    "chunked_end": _flag,
    "content_length": _raw,
    "content_length_delta": _integer,
    "trailing": _count,
    # the head
    "content_disposition": _raw,
    "headers": _list_of(_pair(_raw, _raw)),
    "drop_headers": _list_of(_raw),
    "raw_headers": _list_of(_raw),
    "huge_headers": _record(("count", "bytes"), count=_count, bytes=_count),
    "status_line": _raw,
    "raw_head": _raw,
    "interim": _integer,
}

# null means "as if the key were not there", except for these, where it means "leave that header out".
NULL_MEANS_LEAVE_OUT = {"etag", "last_modified", "accept_ranges", "content_range", "content_length",
                        "content_type", "status_line"}

# Facts that a rule may be scoped by. The last two change while a response is being sent.
SCOPES = ("connection", "open", "request", "request_on_connection", "active", "method", "start", "ranged",
          "host", "elapsed_s", "sent_bytes")
MOVING_SCOPES = ("elapsed_s", "sent_bytes")

_SPAN_WORDS = {"from", "to", "every"}


def _check_selector(scope, selector):
    if isinstance(selector, list):
        for part in selector:
            _check_selector(scope, part)
    elif isinstance(selector, dict):
        if not selector or not set(selector) <= _SPAN_WORDS or not all(map(_number, selector.values())):
            raise BehaviourError(f"when {scope}: a span has from, to and every, and not {selector!r}")
        if selector.get("every", 1) < 1:
            raise BehaviourError(f"when {scope}: every {selector['every']} is less than 1")
    elif not isinstance(selector, (int, float, str)):
        raise BehaviourError(f"when {scope}: not a number, a text, a list or a span: {selector!r}")


def _check_when(when):
    if not isinstance(when, dict):
        raise BehaviourError(f"when: not an object: {when!r}")
    for scope, selector in when.items():
        if scope not in SCOPES:
            raise BehaviourError(f"when: unknown scope {scope!r}; known: {', '.join(SCOPES)}")
        _check_selector(scope, selector)


def _check_rule(rule):
    if not isinstance(rule, dict):
        raise BehaviourError(f"a rule is an object, not {rule!r}")
    for key, value in rule.items():
        if key == "when":
            _check_when(value)
        elif key not in KEYS:
            raise BehaviourError(f"unknown key {key!r}")
        elif value is not None and not KEYS[key](value):
            raise BehaviourError(f"{key}: {value!r} is not of its type")


def as_rules(behaviour):
    """The checked list of rules of a behaviour: one rule, a list of them, or None for none."""
    rules = behaviour if isinstance(behaviour, list) else [behaviour or {}]
    for rule in rules:
        _check_rule(rule)
    return rules


def selects(selector, value):
    """Whether a selector holds for a fact.

    A number or text: equal. A list: any of its parts. A span {"from", "to", "every"}: from and to are
    inclusive, and of those every Nth, counted from `from`, or without it every multiple of N.
    """
    if isinstance(selector, list):
        return any(selects(part, value) for part in selector)
    if not isinstance(selector, dict):
        return selector == value
    if value is None or value < selector.get("from", value) or value > selector.get("to", value):
        return False
    return (value - selector.get("from", 0)) % selector.get("every", 1) == 0 if "every" in selector else True


def has_moving_scope(rules):
    """Whether the outcome can change while a response is being sent."""
    return any(scope in rule.get("when", {}) for rule in rules for scope in MOVING_SCOPES)


def resolve(rules, facts):
    """The keys that hold for these facts."""
    effective = {}
    for rule in rules:
        if all(selects(selector, facts[scope]) for scope, selector in rule.get("when", {}).items()):
            effective.update(rule)
    effective.pop("when", None)
    return {key: value for key, value in effective.items() if value is not None or key in NULL_MEANS_LEAVE_OUT}
