"""How an answer's head is written, and how its body is framed. Pure."""

import dataclasses
import http
import time
from email.utils import formatdate

from .answer import expand

_HAS_NO_BODY = (204, 304)


@dataclasses.dataclass
class Framing:
    """`closes`: the connection ends after the body."""

    chunked: bool
    closes: bool
    has_body: bool


def framing_of(request, answer, behaviour):
    """How the body's end is told."""
    is_old = behaviour.get("http", request.version[5:]) == "1.0"
    chunked = behaviour.get("chunked", False) and not is_old
    has_no_end = not chunked and _length_text(answer, behaviour) is None
    keeps = behaviour.get("keep_alive", request.may_keep_alive()) and not has_no_end
    has_body = request.method != "HEAD" and answer.status not in _HAS_NO_BODY
    return Framing(chunked, not keeps, has_body)


def _length_text(answer, behaviour):
    """What Content-Length says, or None for no such header."""
    true_length = answer.end - answer.start + behaviour.get("content_length_delta", 0)
    return behaviour.get("content_length", str(true_length))


def _status_line(request, answer, behaviour):
    if "status_line" in behaviour:
        return [] if behaviour["status_line"] is None else [behaviour["status_line"]]
    try:
        phrase = http.HTTPStatus(answer.status).phrase
    except ValueError:
        phrase = "Unknown"
    version = behaviour.get("http", "1.0" if request.version == "HTTP/1.0" else "1.1")
    return [f"HTTP/{version} {answer.status} {behaviour.get('reason', phrase)}"]


def _framing_headers(answer, behaviour, framing):
    if framing.chunked:
        yield "Transfer-Encoding", "chunked"
    elif answer.status not in _HAS_NO_BODY and (length := _length_text(answer, behaviour)) is not None:
        yield "Content-Length", length
    yield "Connection", "close" if framing.closes else "keep-alive"


def _filler(wish):
    """`count` headers, each with a value of `bytes` bytes."""
    value = "x" * wish["bytes"]
    return [(f"X-Fill-{number}", value) for number in range(1, wish["count"] + 1)]


def write_head(request, answer, behaviour, framing, facts):
    """The bytes of the head, with its empty line."""
    facts = facts | {"start": answer.start, "end": answer.end - 1, "total": answer.total or 0}
    if "raw_head" in behaviour:
        return expand(behaviour["raw_head"], facts).encode("latin-1")
    headers = [("Date", formatdate(time.time(), usegmt=True)), *answer.headers,
               *_framing_headers(answer, behaviour, framing), *behaviour.get("headers", [])]
    dropped = {name.lower() for name in behaviour.get("drop_headers", [])}
    headers = [pair for pair in headers if pair[0].lower() not in dropped]
    if "huge_headers" in behaviour:
        headers += _filler(behaviour["huge_headers"])
    lines = [*_status_line(request, answer, behaviour), *(f"{name}: {expand(value, facts)}" for name, value in headers),
             *behaviour.get("raw_headers", [])]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def write_interim(status):
    """The bytes of a 1xx answer."""
    return f"HTTP/1.1 {status} {http.HTTPStatus(status).phrase}\r\n\r\n".encode()
