"""Which file it is, framing and head, TLS, and the process."""

import pathlib
import base64
import gzip
import hashlib
import json
import os
import select
import signal
import socket
import ssl
import subprocess
import sys

import pytest

from support import SEED, SIZE, WHOLE, once

from origin import CLOSED, RESET, Authority, File, Origin, OriginError, RawClient, content, digest
from origin.tls import EXPIRED

TESTS = pathlib.Path(__file__).resolve().parent.parent


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
