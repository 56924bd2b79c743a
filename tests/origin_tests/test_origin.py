"""The hostile server does what its README says, byte for byte: content, scopes, time."""

import pathlib
import hashlib
import time

import pytest

from support import SEED, SIZE, WHOLE, once, seconds

from origin import CLOSED, File, Origin, OriginError, RawClient, content, digest
from origin.behaviour import KEYS, SCOPES, as_rules, resolve, selects
from origin.content import CHUNK, PERIOD

TESTS = pathlib.Path(__file__).resolve().parent.parent


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
