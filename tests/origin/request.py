"""One request head, parsed leniently: what a client sent is recorded, not judged."""

import base64
import dataclasses
import re

HEAD_MAX = 1 << 20

_RANGE = re.compile(r"bytes=(\d*)-(\d*)$")


class BadRequest(Exception):
    """What came is not HTTP."""


@dataclasses.dataclass
class Request:
    """`path` is the target without scheme, host and query; `headers` keeps order and spelling."""

    method: str
    target: str
    version: str
    headers: list

    @property
    def path(self):
        target = re.sub(r"^[a-z]+://[^/?]*", "", self.target, flags=re.IGNORECASE)
        return target.partition("?")[0] or "/"

    @property
    def query(self):
        """The query's words, `a=b&c` giving {'a': 'b', 'c': ''}."""
        text = self.target.partition("?")[2]
        return dict(word.partition("=")[::2] for word in text.split("&") if word)

    def header(self, name):
        """The first header of that name, or None."""
        for key, value in self.headers:
            if key.lower() == name.lower():
                return value
        return None

    def asked_range(self, size):
        """What `Range` asks of a file of `size` bytes.

        None: nothing, or what a server may ignore (several ranges, nonsense). Otherwise (start, end),
        end exclusive; start >= end means that it cannot be satisfied.
        """
        match = _RANGE.match((self.header("Range") or "").strip())
        if not match or match.groups() == ("", ""):
            return None
        first, last = match.groups()
        if first == "":
            return max(0, size - int(last)), size
        if last and int(last) < int(first):
            return None
        return int(first), min(size, int(last) + 1) if last else size

    def body_length(self):
        """How many bytes follow the head."""
        text = self.header("Content-Length") or "0"
        if not text.isdigit():
            raise BadRequest(f"Content-Length: {text[:80]!r}")
        return int(text)

    def may_keep_alive(self):
        wish = (self.header("Connection") or "").lower()
        return "keep-alive" in wish if self.version == "HTTP/1.0" else "close" not in wish

    def has_login(self, field, user, password):
        """Whether `field` (Authorization or Proxy-Authorization) has these basic credentials."""
        scheme, _, token = (self.header(field) or "").partition(" ")
        expected = base64.b64encode(f"{user}:{password}".encode()).decode()
        return scheme.lower() == "basic" and token.strip() == expected


def parse_request(head):
    """A Request of the bytes up to the empty line; BadRequest if they are none."""
    lines = head.decode("latin-1").split("\r\n")
    words = lines[0].split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/"):
        raise BadRequest(f"no request line: {lines[0][:80]!r}")
    headers = [[name.strip(), value.strip()] for name, _, value in (line.partition(":") for line in lines[1:] if line)]
    return Request(*words, headers)
