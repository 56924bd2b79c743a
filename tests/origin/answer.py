"""Which answer a request gets: the status, the entity's headers, and which bytes follow.

Pure: request, resource and behaviour in, Answer out. How the head is written is in head.py.
"""

import base64
import dataclasses
import time
import zlib
from email.utils import formatdate

from .content import Literal, Shifted, Source

HTML = "<!doctype html><title>Please log in</title><p>Your session has expired.</p>\n"

_MTIME_BASE_S = 1_735_689_600       # 2025-01-01
_MTIME_SPREAD_S = 10_000_000


@dataclasses.dataclass
class Answer:
    """The body is [start, end) of `source`; `total` is the size of the file, None if this is not the file."""

    status: int
    source: Source
    start: int
    end: int
    headers: list
    total: int = None


def expand(text, facts):
    """Text with {connection}, {request}, {port}, {target}, {path}, {start}, {end}, {total} filled in."""
    for name in ("connection", "request", "port", "target", "path", "start", "end", "total"):
        if "{" in text and name in facts:
            text = text.replace("{%s}" % name, str(facts[name]))
    return text


def etag_of(source):
    """The strong ETag that a file has unless its behaviour says otherwise."""
    return '"%08x-%x"' % (zlib.crc32(bytes(source.view(0, 4096)) if source.size else b""), source.size)


def mtime_of(source):
    """The modification time (seconds since 1970) that goes with the content."""
    return _MTIME_BASE_S + zlib.crc32(etag_of(source).encode()) % _MTIME_SPREAD_S


def _text(status, text, content_type="text/plain", headers=()):
    body = Literal(text.encode())
    kind = [["Content-Type", content_type]] if content_type else []
    return Answer(status, body, 0, body.size, [*kind, *headers])


def _login_missing(request, resource, behaviour, facts):
    for key, status, ask, field in (("auth", 401, "WWW-Authenticate", "Authorization"),
                                    ("proxy_auth", 407, "Proxy-Authenticate", "Proxy-Authorization")):
        if key in behaviour and not request.has_login(field, *behaviour[key]):
            return _text(status, "login needed\n", headers=[[ask, 'Basic realm="origin"']])
    return None


def _requirement_missing(request, resource, behaviour, facts):
    for name, value in behaviour.get("require", {}).items():
        if request.header(name) != value:
            return _text(403, f"{name} is missing or wrong\n")
    return None


def _location(request, behaviour, facts):
    """Where the request is sent on to, or None if it is not."""
    hop = int(request.query.get("hop", "0"))
    if behaviour.get("redirect_loop"):
        return request.target
    if hop < behaviour.get("redirect_hops", 0):
        return f"{request.path}?hop={hop + 1}"
    targets = behaviour.get("redirect")
    return targets[(facts["connection"] - 1) % len(targets)] if isinstance(targets, list) else targets


def _redirected(request, resource, behaviour, facts):
    location = _location(request, behaviour, facts)
    if location is None:
        return None
    status = behaviour.get("redirect_status", 302)
    return _text(status, "moved\n", headers=[["Location", expand(location, facts)]])


def _retry_after(wish):
    if isinstance(wish, dict):
        return formatdate(time.time() + wish["date_in_s"], usegmt=True)
    return str(wish)


def _canned(request, resource, behaviour, facts):
    """An answer that is not the file."""
    is_html = behaviour.get("html", False)
    if not (is_html or "status" in behaviour or "body" in behaviour):
        return None
    text = behaviour.get("body", HTML if is_html else "this is not the file\n")
    kind = behaviour.get("content_type", "text/html; charset=utf-8" if is_html else "text/plain")
    answer = _text(behaviour.get("status", 200), text, kind)
    if "retry_after" in behaviour:
        answer.headers.append(["Retry-After", _retry_after(behaviour["retry_after"])])
    if answer.status == 416 and resource.source:
        total = resource.source_for(behaviour)[0].size
        answer.headers.append(["Content-Range", _content_range(behaviour, "bytes */{total}", facts | {"total": total})])
    return answer


def _not_served(request, resource, behaviour, facts):
    if resource.source is None:
        return _text(404, "no such file\n")
    if request.method not in ("GET", "HEAD"):
        return _text(405, "GET and HEAD only\n", headers=[["Allow", "GET, HEAD"]])
    return None


def _validators(behaviour, identity, facts):
    """[(name, value)] of ETag and Last-Modified."""
    etag = behaviour.get("etag", etag_of(identity))
    modified = behaviour.get("last_modified", formatdate(mtime_of(identity), usegmt=True))
    pairs = (("ETag", etag), ("Last-Modified", modified))
    return [[name, expand(value, facts)] for name, value in pairs if value is not None]


def _wants_same(request, validators):
    """Whether `If-Range`, if there is one, names what the file is now."""
    wish = request.header("If-Range")
    return wish is None or (not wish.startswith("W/") and wish in (value for _, value in validators))


def _digest_header(name, algorithm, answer, is_wrong):
    """Repr-Digest and Digest are of the whole file, Content-Digest and Content-MD5 of this body."""
    is_of_body = name.lower().startswith("content-")
    span = (answer.start, answer.end) if is_of_body else (0, answer.source.size)
    raw = answer.source.hash({"sha": "sha1"}.get(algorithm, algorithm.replace("-", "")), *span)
    if is_wrong:
        raw = bytes([raw[0] ^ 1]) + raw[1:]
    text = base64.b64encode(raw).decode()
    if name.lower() == "content-md5":
        return [name, text]
    return [name, f"{algorithm.upper()}={text}" if name.lower() == "digest" else f"{algorithm}=:{text}:"]


def _content_range(behaviour, default, facts):
    """The value with its deltas applied, or None for none."""
    template = behaviour.get("content_range", default)
    if template is None:
        return None
    delta = behaviour.get("content_range_delta", {})
    moved = {name: facts[name] + delta.get(name, 0) for name in ("start", "end", "total") if name in facts}
    return expand(template, facts | moved)


def _span(request, behaviour, size, may_range):
    """(start, end, whether it is a range) that is served; start >= end for one that cannot be."""
    asked = request.asked_range(size) if may_range and not behaviour.get("ignore_ranges") else None
    if asked is None:
        return 0, size, False
    start, end = asked
    if start >= end:
        return start, start, True
    start = min(max(0, start + behaviour.get("range_shift", 0)), size)
    end = end + behaviour.get("range_shift", 0) + behaviour.get("range_extra", 0)
    return start, min(max(start, end), size), True


def _file(request, resource, behaviour, facts):
    source, identity = resource.source_for(behaviour)
    validators = _validators(behaviour, identity, facts)
    may_range = behaviour.get("ignore_if_range", False) or _wants_same(request, validators)
    start, end, is_range = _span(request, behaviour, source.size, may_range)
    facts = facts | {"start": start, "end": end - 1, "total": source.size}
    if is_range and start >= end:
        value = _content_range(behaviour, "bytes */{total}", {"total": source.size})
        return _text(416, "no such range\n", headers=[["Content-Range", value]] if value else [])
    answer = Answer(206 if is_range else 200, source, start, end, [], source.size)
    answer.headers = _file_headers(behaviour, answer, validators, facts)
    if shift := behaviour.get("content_shift"):
        answer.source = Shifted(source, shift)
    return answer


def _file_headers(behaviour, answer, validators, facts):
    pairs = [["Content-Type", behaviour.get("content_type", "application/octet-stream")],
             ["Accept-Ranges", behaviour.get("accept_ranges", "bytes")], *validators]
    if answer.status == 206:
        pairs.append(["Content-Range", _content_range(behaviour, "bytes {start}-{end}/{total}", facts)])
    if behaviour.get("gzip"):
        pairs.append(["Content-Encoding", "gzip"])
    if "content_disposition" in behaviour:
        pairs.append(["Content-Disposition", behaviour["content_disposition"]])
    for name, algorithm in behaviour.get("digests", {}).items():
        pairs.append(_digest_header(name, algorithm, answer, behaviour.get("digests_wrong", False)))
    return [pair for pair in pairs if pair[1] is not None]


_CHOICES = (_login_missing, _requirement_missing, _redirected, _canned, _not_served, _file)


def choose(request, resource, behaviour, facts):
    """The first of the choices that has an answer; the last always has."""
    for choice in _CHOICES:
        if answer := choice(request, resource, behaviour, facts):
            return answer
    raise AssertionError("the file itself is always an answer")
