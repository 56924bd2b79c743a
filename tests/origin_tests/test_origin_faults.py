"""Faults on the connection, other answers than the file, and ranges that go wrong."""

import base64

import pytest

from support import SIZE, WHOLE, once, seconds

from origin import CLOSED, RESET, File, Origin, RawClient, content


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
