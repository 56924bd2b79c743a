"""The hostile server does what its README says, byte for byte.

Almost all tests share one server and have a path of their own in it.
"""

import base64
import gzip
import hashlib
import itertools
import json
import os
import pathlib
import select
import signal
import socket
import ssl
import subprocess
import sys
import time

import pytest

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS))

from origin import CLOSED, RESET, Authority, File, Origin, OriginError, RawClient, content, digest  # noqa: E402
from origin.behaviour import KEYS, SCOPES, as_rules, resolve, selects  # noqa: E402
from origin.content import CHUNK, PERIOD  # noqa: E402
from origin.tls import EXPIRED  # noqa: E402

SIZE = 300_000
SEED = 7
WHOLE = content(SEED, 0, SIZE)


@pytest.fixture(scope="module", name="origin")
def shared_origin():
    with Origin() as server:
        yield server


file_numbers = itertools.count(1)


@pytest.fixture(name="put")
def file_maker(origin):
    """put(behaviour, ...) makes a file of the test's own and returns its path."""
    def put(behaviour=None, **content_of):
        file = File(f"file-{next(file_numbers)}", **(content_of or {"size": SIZE, "seed": SEED}), behaviour=behaviour)
        origin.add(file)
        return file.path
    return put


@pytest.fixture(name="client")
def shared_client(origin):
    with RawClient(origin) as client:
        yield client


def once(origin, path, *headers, **more):
    """(status, headers, every byte after the head, how it ended) on a connection of its own."""
    with RawClient(origin, **more) as client:
        status, fields = client.ask(path, "Connection: close", *headers).answer()
        return (status, fields, *client.rest())


# content

@pytest.mark.parametrize("offset", [0, 1, 511, CHUNK - 1, PERIOD - 3, PERIOD * 3 + 17, (5 << 30) + 1])
def test_content__any_offset__is_a_slice_of_the_same_file(offset):
    long = content(SEED, max(0, offset - 700), 3 * CHUNK)
    assert content(SEED, offset, 1000) == long[min(offset, 700):][:1000]


@pytest.mark.parametrize("shift", [1, 512, 4096, CHUNK, 1 << 20, PERIOD, 512 * PERIOD, 4096 * PERIOD])
def test_content__shifted__differs_in_any_520_bytes(shift):
    there = content(SEED, shift, 8192)
    assert all(WHOLE[at:at + 520] != there[at:at + 520] for at in range(0, 7000, 37))


def test_content__other_seed__differs():
    assert content(SEED + 1, 0, 520) != WHOLE[:520]


@pytest.mark.parametrize("algorithm", ["sha256", "md5", "sha512"])
def test_digest__is_that_of_the_content(algorithm):
    assert digest(SEED, SIZE, algorithm) == hashlib.new(algorithm, WHOLE).hexdigest()


# a well-behaved server

def test_get__whole_file__is_its_content(client, put):
    status, fields, body = client.fetch(put())
    assert (status, fields["accept-ranges"], body) == (200, "bytes", WHOLE)


@pytest.mark.parametrize("asked, start, end", [
    ("100-199", 100, 200), ("299000-", 299_000, SIZE), ("-10", SIZE - 10, SIZE), ("299990-999999999", 299_990, SIZE),
    ("0-0", 0, 1)])
def test_get__range__is_that_range(client, put, asked, start, end):
    status, fields, body = client.fetch(put(), f"Range: bytes={asked}")
    assert (status, fields["content-range"]) == (206, f"bytes {start}-{end - 1}/{SIZE}")
    assert body == WHOLE[start:end]


def test_get__range_beyond_the_end__is_416_with_the_total(client, put):
    status, fields, _ = client.fetch(put(), f"Range: bytes={SIZE}-")
    assert (status, fields["content-range"]) == (416, f"bytes */{SIZE}")


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "bytes=9-3", "lines=1-2", "bytes=-"])
def test_get__range_that_may_be_ignored__is_the_whole_file(client, put, asked):
    assert client.fetch(put(), f"Range: {asked}")[::2] == (200, WHOLE)


def test_get__many_requests__share_a_connection(origin, client, put):
    path = put()
    for start in range(0, 50, 10):
        assert client.fetch(path, f"Range: bytes={start}-{start + 9}")[2] == WHOLE[start:start + 10]
    entries = origin.wait_for(lambda stats: len(stats.of(path)) == 5).of(path)
    assert len({entry["connection"] for entry in entries}) == 1


def test_get__end_of_a_file_of_a_tebibyte__needs_no_disk(client, put):
    path = put(size=1 << 40, seed=SEED)
    assert client.fetch(path, "Range: bytes=-1000")[2] == content(SEED, (1 << 40) - 1000, 1000)


def test_get__literal_data__is_served(client, put):
    assert client.fetch(put(data=b"\x00\xffabc"))[2] == b"\x00\xffabc"
    assert client.fetch(put(data=b""))[2] == b""


def test_get__unknown_path_or_method__is_refused(client, put):
    assert client.fetch("/nowhere")[0] == 404
    assert client.fetch(put(), method="DELETE")[0] == 405


def test_head__is_answered_without_body_and_counted(origin, client, put):
    path = put()
    status, fields, _ = client.fetch(path, method="HEAD")
    assert (status, fields["content-length"]) == (200, str(SIZE))
    assert client.fetch(path)[2] == WHOLE
    assert [entry["method"] for entry in origin.stats().of(path)] == ["HEAD", "GET"]


def test_get__absolute_target__is_served_as_a_proxy_would(client, put):
    assert client.fetch("http://elsewhere" + put())[2] == WHOLE


def test_expect_continue__is_ignored(client, put):
    assert client.fetch(put(), "Expect: 100-continue")[0] == 200


def test_http_1_0__closes_unless_asked_otherwise(origin, put):
    path = put()
    with RawClient(origin) as client:
        assert client.ask(path, version="1.0").head().startswith(b"HTTP/1.0 200 ")
        assert client.rest() == (WHOLE, CLOSED)
    with RawClient(origin) as client:
        for _ in range(2):
            client.ask(path, "Connection: keep-alive", version="1.0").head()
            assert client.body(SIZE) == WHOLE


def test_nonsense__ends_the_connection(origin):
    with RawClient(origin) as client:
        client.sock.sendall(b"how do you do\r\n\r\n")
        assert client.rest() == (b"", CLOSED)


# what the log and the counters tell

def test_stats__tell_requests_bytes_ranges_and_headers(origin, client, put):
    path = put()
    client.fetch(path, "Range: bytes=5-104", "Authorization: Basic eHg=", "Accept-Encoding: identity")
    stats = origin.wait_for(lambda stats: stats.of(path) and stats.of(path)[0]["state"] == "complete")
    entry = stats.of(path)[0]
    assert (entry["range"], entry["served"], entry["status"], entry["sent"]) == ([5, 105], [5, 105], 206, 100)
    assert ["Authorization", "Basic eHg="] in entry["headers"] and ["Accept-Encoding", "identity"] in entry["headers"]
    assert stats.files[path] == {"requests": 1, "sent": 100, "active": 0, "max_active": 1}


def test_stats__count_connections_open_at_once(put):
    with Origin([File("f", 10)]) as own:
        clients = [RawClient(own) for _ in range(3)]
        assert own.wait_for(lambda stats: stats.open == 3).max_open == 3
        for client in clients:
            client.close()
        stats = own.wait_for(lambda stats: stats.open == 0)
        assert (stats.connections, stats.max_open) == (3, 3)


def test_wait_for__what_never_comes__is_a_timeout(origin):
    with pytest.raises(TimeoutError):
        origin.wait_for(lambda stats: False, deadline_s=0.05)


def test_peer_that_leaves__is_noticed_in_silence_delay_and_trickle(origin, put):
    for behaviour in ({"silence_after": 5}, {"delay_ms": 60_000}, {"rate_bps": 1}, {"hold": True}):
        path = put(behaviour)
        with RawClient(origin) as client:
            client.ask(path)
            origin.wait_for(lambda stats, path=path: stats.of(path))
        origin.wait_for(lambda stats, path=path: stats.of(path)[0]["state"].startswith("gone"))


# scopes

@pytest.mark.parametrize("selector, chosen", [
    (3, [3]), ([1, 5], [1, 5]), ({"from": 5}, [5, 6]), ({"to": 2}, [1, 2]), ({"from": 2, "to": 3}, [2, 3]),
    ({"every": 3}, [3, 6]), ({"from": 2, "every": 2}, [2, 4, 6]), ([1, {"every": 4}], [1, 4])])
def test_selector__chooses(selector, chosen):
    assert [value for value in range(1, 7) if selects(selector, value)] == chosen


def test_rules__later_ones_win_and_null_takes_back():
    rules = as_rules([{"status": 500, "delay_ms": 1}, {"when": {"request": 2}, "status": None}, {"etag": None}])
    facts = dict.fromkeys(SCOPES)
    assert resolve(rules, facts | {"request": 1}) == {"status": 500, "delay_ms": 1, "etag": None}
    assert resolve(rules, facts | {"request": 2}) == {"delay_ms": 1, "etag": None}


@pytest.mark.parametrize("when, expected", [
    ({"request": 2}, [200, 500, 200]), ({"request_on_connection": {"from": 2}}, [200, 500, 500]),
    ({"start": {"from": 10, "to": 19}}, [200, 500, 200]), ({"ranged": False}, [500, 200, 200]),
    ({"method": "GET"}, [500, 500, 500]), ({"host": "127.0.0.1"}, [500, 500, 500]), ({"host": "else"}, [200, 200, 200]),
    ({"sent_bytes": {"from": SIZE}}, [200, 500, 500])])
def test_when__scopes_by_request(client, put, when, expected):
    path = put({"when": when, "status": 500})
    ranges = [(), ("Range: bytes=10-19",), ("Range: bytes=20-29",)]
    answers = [client.fetch(path, *asked)[0] for asked in ranges]
    assert [200 if status == 206 else status for status in answers] == expected


def test_when_connection__every_second__counts_those_that_ask_for_the_path(origin, put):
    path = put({"when": {"connection": {"every": 2}}, "status": 500})
    with RawClient(origin):
        assert [once(origin, path)[0] for _ in range(4)] == [200, 500, 200, 500]


def test_when_elapsed__holds_from_then_on(origin, client, put):
    path = put({"when": {"elapsed_s": {"from": 0.3}}, "status": 500})
    began = time.monotonic()
    while client.fetch(path, "Range: bytes=0-0")[0] == 206:
        assert time.monotonic() - began < 10
    assert time.monotonic() - began >= 0.25


def test_when_active__caps_answers_at_once(origin, put):
    path = put([{"silence_after": 10}, {"when": {"active": {"from": 3}}, "status": 429, "retry_after": 7}])
    with RawClient(origin) as one, RawClient(origin) as two:
        for client in (one, two):
            assert client.ask(path).answer()[0] == 200
        status, fields, _, _ = once(origin, path)
        assert (status, fields["retry-after"]) == (429, "7")


def test_set__recount__counts_anew(client, origin, put):
    path = put()
    client.fetch(path)
    origin.set(path, {"when": {"request": 1}, "status": 503}, recount=True)
    assert [client.fetch(path)[0] for _ in range(2)] == [503, 200]


def test_set__common_rules__lie_under_those_of_a_path():
    behaviour = {"*": {"status": 500, "headers": [["X-A", "1"]]}, "/f": {"status": None}}
    with Origin([File("f", 10)], behaviour=behaviour) as own:
        with RawClient(own) as client:
            assert client.fetch("/other")[0] == 500
            status, fields, _ = client.fetch("/f")
            assert (status, fields["x-a"]) == (200, "1")


@pytest.mark.parametrize("behaviour", [
    {"no_such_key": 1}, {"reset_after": -1}, {"status": "500"}, {"rate_bps": []}, {"headers": [["A"]]},
    {"chunk_bytes": 0}, {"etag": "\u20ac"}, {"when": {"moon": 1}}, {"when": {"request": {"after": 1}}},
    {"when": {"request": None}}, ["text"]])
def test_set__invalid_behaviour__is_refused_and_changes_nothing(client, origin, put, behaviour):
    path = put({"status": 418})
    with pytest.raises(OriginError):
        origin.set(path, behaviour)
    assert client.fetch(path)[0] == 418


def test_readme__names_every_key_and_scope():
    text = (TESTS / "origin" / "README.md").read_text(encoding="utf-8")
    assert [word for word in (*KEYS, *SCOPES) if f"`{word}`" not in text] == []


# time

def seconds(call):
    began = time.monotonic()
    call()
    return time.monotonic() - began


def test_rtt__costs_two_trips_first_and_one_later(client, put):
    path = put({"rtt_ms": 400}, size=10)
    assert 0.8 <= seconds(lambda: client.fetch(path))
    assert 0.4 <= seconds(lambda: client.fetch(path)) < 0.8


def test_delay__comes_before_the_head(client, put):
    path = put({"delay_ms": 200}, size=10)
    assert seconds(lambda: client.ask(path).head()) >= 0.2


def test_hold__ends_when_it_is_taken_back(origin, client, put):
    path = put({"hold": True})
    client.ask(path)
    origin.wait_for(lambda stats: stats.of(path))
    assert origin.stats().of(path)[0]["status"] is None
    origin.set(path)
    assert client.answer()[0] == 200


def test_rate__holds_for_each_connection(origin, put):
    path = put({"rate_bps": 500_000})
    began = time.monotonic()
    with RawClient(origin) as one, RawClient(origin) as two:
        for client in (one, two):
            client.ask(path).head()
        assert one.body(SIZE) == two.body(SIZE) == WHOLE
    assert 0.55 <= time.monotonic() - began < 1.1


def test_rate__is_smooth(client, put):
    client.ask(put({"rate_bps": 300_000})).head()
    lumps, left = [], SIZE
    while left:
        lumps.append(len(client.sock.recv(SIZE)))
        left -= lumps[-1]
    assert len(lumps) >= 5


def test_rate_list__goes_by_connection(origin, put):
    path = put({"rate_bps": [50_000, None]}, size=50_000)
    assert seconds(lambda: once(origin, path)) >= 0.9
    assert seconds(lambda: once(origin, path)) < 0.9


def test_rate__changed_on_command__holds_at_once(origin, client, put):
    path = put({"rate_bps": 1})
    client.ask(path).head()
    origin.wait_for(lambda stats: stats.of(path)[0]["state"] == "sending")
    origin.set(path)
    assert client.body(SIZE) == WHOLE


def test_rate__changed_by_time_window__holds_in_mid_answer(client, put):
    path = put([{"rate_bps": 10}, {"when": {"elapsed_s": {"from": 0.3}}, "rate_bps": None}])
    assert 0.25 <= seconds(lambda: client.fetch(path)) < 5


def test_trickle__after_n_bytes__is_a_byte_a_second(client, put):
    path = put({"trickle_after": 5_000})
    began = time.monotonic()
    client.ask(path).head()
    assert client.body(5_001) == WHOLE[:5_001]
    assert time.monotonic() - began >= 0.95


def test_link__is_shared_fairly_and_what_one_leaves_goes_to_the_others():
    slow = {"when": {"connection": 1}, "rate_bps": 100_000}
    with Origin([File("f", 2_000_000, SEED, behaviour=slow)], link_bps=1_000_000) as own:
        with RawClient(own) as one, RawClient(own) as two, RawClient(own) as three:
            for client in (one, two, three):
                client.ask("/f").head()
            took = seconds(lambda: own.wait_for(lambda stats: stats.sent >= 1_000_000))
            shares = [entry["sent"] for entry in own.stats().of("/f")]
    assert took >= 0.7
    assert 60_000 <= shares[0] <= 180_000
    assert abs(shares[1] - shares[2]) < 100_000


def test_throttled_lanes__sixteen_at_once__all_get_their_rate(origin, put):
    path = put({"rate_bps": 2 << 20}, size=1 << 20)
    clients = [RawClient(origin) for _ in range(16)]
    began = time.monotonic()
    for client in clients:
        client.ask(path).head()
    bodies = {client.body(1 << 20) for client in clients}
    took = time.monotonic() - began
    for client in clients:
        client.close()
    assert bodies == {content(1, 0, 1 << 20)}
    assert 0.45 <= took < 4


# faults on the connection

def test_accept__reset_and_close__end_connections_beyond_a_cap():
    for how, ended in (("reset", RESET), ("close", CLOSED)):
        with Origin(behaviour={"*": {"when": {"open": {"from": 2}}, "accept": how}}) as own:
            with RawClient(own) as first:
                assert first.fetch("/")[0] == 404
                with RawClient(own) as second:
                    assert second.rest() == (b"", ended)
            assert own.wait_for(lambda stats: stats.open == 0).refused == 1


def test_accept__silence__says_nothing_until_the_peer_goes():
    with Origin(behaviour={"*": {"accept": "silence"}}) as own:
        with RawClient(own, deadline_s=0.2) as client:
            with pytest.raises(TimeoutError):
                client.ask("/").head()
        assert own.wait_for(lambda stats: stats.open == 0).requests == 0


def test_refuse__is_a_refusal_by_the_system_and_can_be_taken_back():
    with Origin([File("f", 10)]) as own:
        own.refuse()
        with pytest.raises(ConnectionRefusedError):
            RawClient(own)
        own.refuse(False)
        assert once(own, "/f")[0] == 200


@pytest.mark.parametrize("how, ended", [("reset", RESET), ("close", CLOSED)])
def test_break_head__ends_after_n_bytes(client, put, how, ended):
    assert client.ask(put({"break_head": [12, how]})).rest() == (b"HTTP/1.1 200", ended)


@pytest.mark.parametrize("key, ended", [("reset_after", RESET), ("close_after", CLOSED)])
@pytest.mark.parametrize("n", [0, 1, 100_000, SIZE])
def test_body__ended_after_n_bytes__arrives_to_exactly_there(client, put, key, ended, n):
    client.ask(put({key: n})).head()
    assert client.rest() == (WHOLE[:n], ended)


def test_reset__on_command__ends_an_answer_under_way(client, origin, put):
    path = put({"silence_after": 1000})
    client.ask(path).head()
    assert client.body(1000) == WHOLE[:1000]
    origin.set(path, {"reset_after": 0})
    assert client.rest() == (b"", RESET)
    origin.wait_for(lambda stats: stats.of(path)[0]["state"] == "reset")


def test_silence__after_n_bytes__lasts_until_it_is_taken_back(client, origin, put):
    path = put({"silence_after": 1000})
    client.ask(path).head()
    assert client.body(1000) == WHOLE[:1000]
    origin.wait_for(lambda stats: stats.of(path)[0]["state"] == "silent")
    client.sock.settimeout(0.1)
    with pytest.raises(TimeoutError):
        client.body(1)
    client.sock.settimeout(20)
    origin.set(path)
    assert client.body(SIZE - 1000) == WHOLE[1000:]


def test_silence__with_a_time__goes_on_after_it(client, put):
    path = put({"silence_after": 1000, "silence_s": 0.2})
    assert seconds(lambda: client.fetch(path)) >= 0.2


def test_silence__on_some_connections__leaves_others_alone(origin, put):
    path = put({"when": {"connection": [1, 2]}, "silence_after": 0})
    with RawClient(origin) as one, RawClient(origin) as two:
        assert one.ask(path).answer()[0] == two.ask(path).answer()[0] == 200
        assert once(origin, path)[2] == WHOLE


@pytest.mark.parametrize("behaviour, said", [({"keep_alive": False}, "close"), ({"close_idle": True}, "keep-alive")])
def test_connection__closed_after_the_answer__announced_or_not(client, put, behaviour, said):
    _, fields = client.ask(put(behaviour)).answer()
    assert fields["connection"] == said
    assert client.rest() == (WHOLE, CLOSED)


# what is answered instead of the file

def test_status__with_retry_after__as_seconds_date_or_text(client, put):
    path = put({"status": 503, "retry_after": 3})
    assert client.fetch(path)[1]["retry-after"] == "3"
    status, fields, _ = client.fetch(put({"status": 429, "retry_after": {"date_in_s": 60}}))
    assert status == 429 and fields["retry-after"].endswith(" GMT")
    assert client.fetch(put({"status": 503, "retry_after": "soon"}))[1]["retry-after"] == "soon"
    assert "retry-after" not in client.fetch(put({"status": 503}))[1]


def test_html__comes_instead_of_the_file(client, put):
    status, fields, body = client.fetch(put({"html": True}), "Range: bytes=5-")
    assert (status, fields["content-type"]) == (200, "text/html; charset=utf-8")
    assert body.startswith(b"<!doctype html>")


def test_one_use_link__second_request_is_gone(client, put):
    path = put({"when": {"request": {"from": 2}}, "status": 410})
    assert [client.fetch(path)[0] for _ in range(3)] == [200, 410, 410]


def test_link__expired_on_command__refuses_later_requests(client, origin, put):
    path = put()
    assert client.fetch(path)[0] == 200
    origin.set(path, {"status": 403, "body": "expired"})
    assert client.fetch(path)[::2] == (403, b"expired")


def test_status_416__tells_the_total(client, put):
    assert client.fetch(put({"status": 416}))[1]["content-range"] == f"bytes */{SIZE}"


def test_redirect__chain__ends_at_the_file(client, put):
    path = put({"redirect_hops": 3, "redirect_status": 307})
    target, hops = path, 0
    while (found := client.fetch(target))[0] == 307:
        target, hops = found[1]["location"], hops + 1
    assert (hops, found[2]) == (3, WHOLE)


def test_redirect__loop__leads_to_itself(client, put):
    path = put({"redirect_loop": True})
    assert client.fetch(path)[1]["location"] == path


def test_redirect__to_another_host__is_served_there(client, origin, put):
    target = put()
    location = client.fetch(put({"redirect": "http://127.0.0.2:{port}" + target}))[1]["location"]
    assert location == origin.url(target, host="127.0.0.2")
    assert once(origin, target, host="127.0.0.2")[2] == WHOLE


def test_redirect__list__gives_each_connection_its_own_target(origin, put):
    path = put({"redirect": ["/a", "/b"]})
    assert [once(origin, path)[1]["location"] for _ in range(3)] == ["/a", "/b", "/a"]


@pytest.mark.parametrize("key, status, ask, field", [
    ("auth", 401, "www-authenticate", "Authorization"),
    ("proxy_auth", 407, "proxy-authenticate", "Proxy-Authorization")])
def test_login__is_asked_for_and_checked(client, put, key, status, ask, field):
    path = put({key: ["user", "p\u00e4ss:w"]})
    refused = client.fetch(path)
    assert refused[0] == status and refused[1][ask].startswith("Basic ")
    assert client.fetch(path, f"{field}: Basic d3Jvbmc=")[0] == status
    token = base64.b64encode("user:p\u00e4ss:w".encode()).decode()
    assert client.fetch(path, f"{field}: Basic {token}")[2] == WHOLE


def test_require__header_or_cookie__is_checked(client, put):
    path = put({"require": {"Cookie": "a=b"}})
    assert client.fetch(path)[0] == client.fetch(path, "Cookie: a=c")[0] == 403
    assert client.fetch(path, "Cookie: a=b")[0] == 200


# ranges that go wrong

def test_ranges__ignored_later__are_whole_files(client, put):
    path = put({"when": {"request": {"from": 2}}, "ignore_ranges": True})
    assert client.fetch(path, "Range: bytes=5-9")[::2] == (206, WHOLE[5:10])
    assert client.fetch(path, "Range: bytes=5-9")[::2] == (200, WHOLE)


@pytest.mark.parametrize("value", [None, "none"])
def test_accept_ranges__is_left_out_or_other(client, put, value):
    assert client.fetch(put({"accept_ranges": value}))[1].get("accept-ranges") == value


@pytest.mark.parametrize("behaviour, said, start, end", [
    ({"range_shift": 10}, "bytes 110-209/300000", 110, 210), ({"range_shift": -10}, "bytes 90-189/300000", 90, 190),
    ({"range_extra": 50}, "bytes 100-249/300000", 100, 250), ({"range_extra": -50}, "bytes 100-149/300000", 100, 150),
    ({"content_range_delta": {"start": 1}}, "bytes 101-199/300000", 100, 200),
    ({"content_range_delta": {"end": 1, "total": -5}}, "bytes 100-200/299995", 100, 200),
    ({"content_range": "bytes {start}-{end}/*"}, "bytes 100-199/*", 100, 200),
    ({"content_range": "bytes -5-99999999999999999999/7"}, "bytes -5-99999999999999999999/7", 100, 200),
    ({"content_range": None}, None, 100, 200), ({"content_shift": 512}, "bytes 100-199/300000", 612, 712)])
def test_content_range__lies_as_told(client, put, behaviour, said, start, end):
    status, fields, body = client.fetch(put(behaviour), "Range: bytes=100-199")
    assert (status, fields.get("content-range"), body) == (206, said, WHOLE[start:end])


def test_total__changes_after_n_requests(client, put):
    path = put({"when": {"request": {"from": 2}}, "content_range_delta": {"total": 1}})
    totals = [client.fetch(path, "Range: bytes=0-1")[1]["content-range"].split("/")[1] for _ in range(2)]
    assert totals == [str(SIZE), str(SIZE + 1)]


# which file it is

OTHER = content(8, 0, SIZE)


def test_switch__on_command__changes_content_and_validators(client, origin, put):
    path = put()
    before = client.fetch(path)[1]
    origin.set(path, {"switch_to": {"seed": 8, "size": SIZE - 5}})
    _, after, body = client.fetch(path)
    assert body == OTHER[:-5]
    assert all(before[name] != after[name] for name in ("etag", "last-modified"))


def test_switch__after_n_bytes__holds_for_later_requests(client, put):
    path = put({"when": {"sent_bytes": {"from": 1000}}, "switch_to": {"seed": 8}})
    first = client.fetch(path)
    assert first[2] == WHOLE
    assert client.fetch(path, f"If-Range: {first[1]['etag']}", "Range: bytes=5-9")[::2] == (200, OTHER)


def test_switch__keeping_validators__is_silent(client, origin, put):
    path = put()
    before = client.fetch(path)[1]
    origin.set(path, {"switch_to": {"seed": 8, "keep_validators": True}})
    _, after, body = client.fetch(path)
    assert body == OTHER
    assert all(before[name] == after[name] for name in ("etag", "last-modified"))


def test_switch__in_place__changes_an_answer_under_way(client, origin, put):
    path = put({"silence_after": 1000})
    client.ask(path).head()
    assert client.body(1000) == WHOLE[:1000]
    origin.set(path, {"switch_to": {"seed": 8, "in_place": True}})
    assert client.body(SIZE - 1000) == OTHER[1000:]


def test_etag__differs_by_connection_with_the_same_content(origin, put):
    path = put({"etag": '"v1-{connection}"'})
    answers = [once(origin, path) for _ in range(2)]
    assert [fields["etag"] for _, fields, _, _ in answers] == ['"v1-1"', '"v1-2"']
    assert {body for _, _, body, _ in answers} == {WHOLE}


def test_validators__are_as_given_or_left_out(client, put):
    given = {"etag": 'W/"weak"', "last_modified": "Tue, 01 Feb 2022 00:00:00 GMT"}
    fields = client.fetch(put(given))[1]
    assert (fields["etag"], fields["last-modified"]) == tuple(given.values())
    fields = client.fetch(put({"etag": None, "last_modified": None}))[1]
    assert "etag" not in fields and "last-modified" not in fields


def test_if_range__is_honoured_or_ignored(client, put):
    path, careless = put({"etag": '"a"'}), put({"etag": '"a"', "ignore_if_range": True})
    assert client.fetch(path, 'If-Range: "a"', "Range: bytes=0-4")[0] == 206
    assert client.fetch(path, 'If-Range: "b"', "Range: bytes=0-4")[0] == 200
    assert client.fetch(careless, 'If-Range: "b"', "Range: bytes=0-4")[0] == 206


def test_gzip__though_identity_was_asked(client, put):
    _, fields, body = client.fetch(put({"gzip": True}, data=b"hello " * 1000), "Accept-Encoding: identity")
    assert fields["content-encoding"] == "gzip"
    assert gzip.decompress(body) == b"hello " * 1000


@pytest.mark.parametrize("name, algorithm, of", [
    ("Repr-Digest", "sha-256", slice(None)), ("Content-Digest", "sha-512", slice(10, 20)),
    ("Digest", "sha-256", slice(None)), ("Content-MD5", "md5", slice(10, 20))])
def test_digests__are_right_or_wrong_as_told(client, put, name, algorithm, of):
    true = base64.b64encode(hashlib.new(algorithm.replace("-", ""), WHOLE[of]).digest()).decode()
    path, liar = put({"digests": {name: algorithm}}), put({"digests": {name: algorithm}, "digests_wrong": True})
    said, lied = (client.fetch(target, "Range: bytes=10-19")[1][name.lower()] for target in (path, liar))
    shape = {"Digest": f"SHA-256={true}", "Content-MD5": true}.get(name, f"{algorithm}=:{true}:")
    assert said == shape
    assert lied != said and len(lied) == len(said)


# framing

def unchunk(raw):
    """(the data, whether the last chunk was there) of a chunked body."""
    data = b""
    while raw:
        size, _, raw = raw.partition(b"\r\n")
        n = int(size, 16)
        if n == 0:
            return data, raw == b"\r\n"
        assert raw[n:n + 2] == b"\r\n"
        data, raw = data + raw[:n], raw[n + 2:]
    return data, False


@pytest.mark.parametrize("behaviour, whole", [
    ({"chunked": True}, True), ({"chunked": True, "chunked_end": False}, False),
    ({"chunked": True, "chunk_bytes": 1000}, True)])
def test_chunked__has_no_length_and_an_end_or_not(origin, put, behaviour, whole):
    _, fields, raw, ended = once(origin, put(behaviour))
    assert "content-length" not in fields and fields["transfer-encoding"] == "chunked"
    assert (unchunk(raw), ended) == ((WHOLE, whole), CLOSED)


def test_chunked__closed_after_n_bytes__is_truncated(origin, put):
    assert unchunk(once(origin, put({"chunked": True, "close_after": 70_000}))[2]) == (WHOLE[:70_000], False)


@pytest.mark.parametrize("behaviour, said", [
    ({"content_length": None}, None), ({"content_length_delta": 100}, "300100"),
    ({"content_length_delta": -100}, "299900"), ({"content_length": "-5"}, "-5"),
    ({"content_length": "99999999999999999999999"}, "99999999999999999999999")])
def test_content_length__lies_or_is_missing(origin, put, behaviour, said):
    _, fields, body, ended = once(origin, put(behaviour))
    assert (fields.get("content-length"), body, ended) == (said, WHOLE, CLOSED)


def test_no_length__ends_with_the_connection(client, put):
    client.ask(put({"content_length": None})).head()
    assert client.rest() == (WHOLE, CLOSED)


def test_trailing__data_follows_the_body(origin, put):
    assert once(origin, put({"trailing": 9}))[2] == WHOLE + b"!" * 9


# the head

def test_content_disposition__is_sent_byte_for_byte(client, put):
    raw = b'attachment; filename="\xe2\x82\xac\xff.bin"'
    client.ask(put({"content_disposition": raw}))
    assert b"\r\nContent-Disposition: " + raw + b"\r\n" in client.head()


def test_headers__are_added_dropped_and_malformed(client, put):
    behaviour = {"headers": [["X-Who", "{connection}"]], "drop_headers": ["date"], "raw_headers": [b"no colon \x01"]}
    head = client.ask(put(behaviour)).head()
    assert b"\r\nX-Who: 1\r\n" in head and b"Date:" not in head
    assert head.endswith(b"\r\nno colon \x01")


@pytest.mark.parametrize("wish", [{"count": 10_000, "bytes": 3}, {"count": 1, "bytes": 300_000}])
def test_huge_headers__come_in_full(client, put, wish):
    head = client.ask(put({"huge_headers": wish})).head()
    assert head.count(b"\r\nX-Fill-") == wish["count"]
    assert len(head) > wish["count"] * wish["bytes"]


@pytest.mark.parametrize("line, first", [
    (None, b"Date: "), ("HTTP/9.9 banana", b"HTTP/9.9 banana\r\n"), ("", b"\r\nDate: ")])
def test_status_line__is_missing_or_odd(client, put, line, first):
    client.ask(put({"status_line": line}))
    assert client.body(len(first)) == first


def test_reason_and_version__are_as_told(client, put):
    assert client.ask(put({"http": "1.0", "reason": "Fine"})).head().startswith(b"HTTP/1.0 200 Fine\r\n")


def test_raw_head__replaces_all_of_it(origin, put):
    with RawClient(origin) as client:
        client.ask(put({"raw_head": "ICY 200 OK {total}\r\n\r\n"}), "Connection: close")
        assert client.rest() == (b"ICY 200 OK 300000\r\n\r\n" + WHOLE, CLOSED)


def test_interim__answer_comes_first(client, put):
    client.ask(put({"interim": 103}))
    assert client.head() == b"HTTP/1.1 103 Early Hints"
    assert client.answer()[0] == 200


# TLS

@pytest.fixture(scope="module", name="authority")
def authority_in_a_folder(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


def test_tls__serves_the_file_and_its_faults(authority):
    files = [File("f", 5_000_000, SEED), File("r", SIZE, SEED, behaviour={"reset_after": 100_000}),
             File("p", SIZE, SEED, behaviour={"rate_bps": 2_000_000})]
    with Origin(files, tls=authority.issue("good")) as own:
        assert once(own, "/f", trust=authority.ca)[2:] == (content(SEED, 0, 5_000_000), CLOSED)
        assert once(own, "/r", trust=authority.ca, host="localhost")[2:] == (WHOLE[:100_000], RESET)
        assert once(own, "/p", trust=authority.ca)[2:] == (WHOLE, CLOSED)
        assert own.url("f").startswith("https://")


@pytest.mark.parametrize("name, options, reason", [
    ("old", {"validity": EXPIRED}, "expired"), ("foreign", {"hosts": ("example.org",)}, "mismatch")])
def test_tls__bad_certificate__is_refused_by_a_careful_client(authority, name, options, reason):
    with Origin(tls=authority.issue(name, **options)) as own:
        with pytest.raises(ssl.SSLCertVerificationError, match=reason):
            RawClient(own, trust=authority.ca)


def test_tls__plain_text_to_it__ends_the_connection(authority):
    with Origin(tls=authority.issue("plain")) as own:
        with RawClient(own) as client:
            client.ask("/")
            client.rest()
        assert own.wait_for(lambda stats: stats.open == 0).requests == 0


# the process

def wait_for_end(pid_fd, deadline_s=20):
    """Until the process behind the pidfd has ended."""
    poll = select.poll()
    poll.register(pid_fd, select.POLLIN)
    assert poll.poll(deadline_s * 1000), "the process is still there"
    os.close(pid_fd)


def run_origin(*arguments, **options):
    return subprocess.Popen([sys.executable, "-m", "origin", *arguments], cwd=TESTS, stdout=subprocess.PIPE, text=True,
                            **options)


def test_process__ends_with_its_parent():
    script = ("import os, sys; sys.path.insert(0, sys.argv[1]); from origin import Origin; o = Origin();"
              "print(o.pid, flush=True); sys.stdin.readline(); os._exit(0)")
    command = [sys.executable, "-c", script, str(TESTS)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        pid_fd = os.pidfd_open(int(parent.stdout.readline()))
        parent.stdin.write(b"\n")
        parent.stdin.flush()
        wait_for_end(pid_fd)


def test_process__ends_when_its_time_is_over():
    with run_origin("--max-seconds", "1") as process:
        assert process.wait(20) == 0


def test_command_line__prints_the_port_first_and_what_happened_last():
    behaviour = json.dumps({"/small.bin": {"headers": [["X-A", "b"]]}})
    with run_origin("--file", "small.bin=2KiB:9", "--behaviour", behaviour) as process:
        port = int(process.stdout.readline())
        with socket.create_connection(("127.0.0.1", port), timeout=20) as sock:
            sock.sendall(b"GET /small.bin HTTP/1.0\r\n\r\n")
            answer = b"".join(iter(lambda: sock.recv(65536), b""))
        assert answer.endswith(b"\r\n\r\n" + content(9, 0, 2048)) and b"X-A: b\r\n" in answer
        process.send_signal(signal.SIGTERM)
        stats = json.loads(process.stdout.readline())
        assert stats["files"]["/small.bin"]["sent"] == 2048
        assert process.wait(20) == 0


@pytest.mark.parametrize("arguments, said", [(["--file", "x"], "NAME=SIZE"), (["--behaviour", "{"], "not JSON"),
                                             (["--behaviour", '{"nope": 1}'], "unknown key 'nope'")])
def test_command_line__nonsense__is_refused_in_words(arguments, said):
    with run_origin(*arguments, stderr=subprocess.PIPE) as process:
        _, errors = process.communicate(timeout=20)
    assert process.returncode != 0 and said in errors


def test_origin__after_close__says_so():
    own = Origin()
    own.close()
    own.close()
    with pytest.raises(OriginError):
        own.stats()
