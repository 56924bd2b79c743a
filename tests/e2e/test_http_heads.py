"""Heads that are too large or make no sense: a clear error, and no harm to lanes with better ones."""

import pytest

from stage import MIB, Situation, each

SIZE = MIB


def always(**behaviour):
    return Situation(behaviour, "failed bad_server", size=SIZE)


def sometimes(**behaviour):
    """On some lanes only: the others do their work."""
    return Situation({"when": {"connection": {"from": 2, "every": 3}}, **behaviour}, size=2 * MIB, lanes=(4, 16))


MANY = {"count": 10_000, "bytes": 1}
LONG = {"count": 1, "bytes": 300 * 1024}
LARGE = {"count": 300, "bytes": 1024}
SECOND_LENGTH = {"raw_headers": ["Content-Length: 5"]}

SITUATIONS = {
    "10 000 headers": always(huge_headers=MANY),
    "10 000 headers on some lanes": sometimes(huge_headers=MANY),
    "a header of 300 KiB": always(huge_headers=LONG),
    "a header of 300 KiB on some lanes": sometimes(huge_headers=LONG),
    "300 KiB of headers": always(huge_headers=LARGE),
    "300 KiB of headers on some lanes": sometimes(huge_headers=LARGE),
    "100 KiB of headers are none too many": Situation({"huge_headers": {"count": 100, "bytes": 1024}}, size=SIZE),
    "negative length": always(content_length="-5"),
    "negative length on some lanes": sometimes(content_length="-5"),
    "length of 2 to the 64": always(content_length="18446744073709551616"),
    "length of 2 to the 63": always(content_length="9223372036854775808"),
    "length with a unit": always(content_length="1048576B"),
    "length that is none": always(content_length="many"),
    "two lengths": always(**SECOND_LENGTH),
    "two lengths on some lanes": sometimes(**SECOND_LENGTH),
    "two lengths in one": always(content_length="1048576, 5"),
    "the same length twice": Situation({"ignore_ranges": True, "raw_headers": [f"Content-Length: {SIZE}"]}, size=SIZE),
    "no status line": always(status_line=None),
    "not HTTP": always(raw_head=b"220 ftp.example.com ready\r\n\r\n"),
    "not HTTP on some lanes": sometimes(raw_head=b"220 ftp.example.com ready\r\n\r\n"),
    "a future version": always(status_line=b"HTTP/7.0 200 OK"),
    "a status of letters": always(status_line=b"HTTP/1.1 abc OK"),
    "a status of four digits": always(status_line=b"HTTP/1.1 2000 OK"),
    "no colon": always(raw_headers=[b"this is no header"]),
    "bytes beyond ASCII": Situation({"raw_headers": [b"X-\xff\xfe: \x80\x81"]}, size=SIZE),
    "a zero byte": always(raw_headers=[b"X-Zero: a\0b"]),
    "an early hint": Situation({"interim": 103}, size=SIZE),
    "early hints for ever and nothing else": Situation({"raw_head": b"HTTP/1.1 100 Continue\r\n\r\n" * 2000},
                                                       "failed bad_server", size=SIZE),
    "no content": Situation({"status": 204}, "failed http_error", size=SIZE),
    "not modified": Situation({"status": 304}, "failed http_error", size=SIZE),
    "a status that nobody knows": Situation({"status": 799}, "failed server_error", size=SIZE),
    "a redirect that names no place": Situation({"status": 302}, "failed http_error", size=SIZE),
}


@pytest.mark.parametrize("title, lanes", each(SITUATIONS))
def test_a_head_is_understood_or_refused(run):
    run.check_end()
