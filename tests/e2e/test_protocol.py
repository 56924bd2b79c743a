"""The control channel as a stranger uses it: whatever comes over the pipe, it is answered or the
connection ends, and everybody else goes on."""

import json
import subprocess
import time

import pytest

from daemon import DEADLINE_S
from origin import File

MIB = 1 << 20
LINE_MAX = 1 << 20
URL = "http://127.0.0.1/file.bin"


def request(number, method, **params):
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


def word(answer):
    """The error's word; the numbers that JSON-RPC defines have to fit to it."""
    numbers = {"parse_error": -32700, "invalid_request": -32600, "unknown_method": -32601,
               "invalid": -32602}
    error = answer["error"]
    assert answer["jsonrpc"] == "2.0" and error["message"]
    assert error["code"] == numbers.get(error["data"]["code"], -32000)
    return error["data"]["code"]


def padded(message):
    """A message with empty lines behind it, so long that talk sends it before its input ends."""
    line = json.dumps(message).encode() + b"\n"
    return line + b"\n" * (65536 - len(line))


@pytest.fixture
def holder(daemon):
    """Starts clients that send something, and then neither read nor leave before the test's end."""
    processes = []

    def hold(message):
        process = subprocess.Popen([*daemon.system.command("talk"), daemon.pipe, "0"],
                                   env=daemon.environment(), stdin=subprocess.PIPE,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        processes.append(process)
        process.stdin.write(message)
        process.stdin.flush()
        return process
    yield hold
    for process in processes:
        process.kill()
        process.communicate()


def wait_for_sessions(daemon, condition):
    """Waits until the number of connections, this one left out, is as wanted."""
    end = time.monotonic() + DEADLINE_S
    while not condition(daemon.call("daemon.stats")["sessions"] - 1):
        assert time.monotonic() < end


# ---- lines and messages ----

def test_what_is_no_request_is_answered_and_the_next_line_counts(daemon):
    spoilt = {
        b"{bad": "parse_error", b"{": "parse_error", b"nonsense": "parse_error",
        b'{"a":1}}': "parse_error", b"{'a':1}": "parse_error", b"\xff\xfe": "parse_error",
        b'{"jsonrpc":"2.0","id":1,"method":"\xc3("}': "parse_error",
        b'{"jsonrpc":"2.0","id":1,"method":"\xed\xa0\x80"}': "parse_error",
        b'{"jsonrpc":"2.0","id":1,"method":"daemon.info","params":' + b"[" * 32 + b"]" * 32 + b"}":
        "parse_error",
        b"3": "invalid_request", b"null": "invalid_request", b'"text"': "invalid_request",
        b"[]": "invalid_request", b"{}": "invalid_request",
        b"[" + json.dumps(request(1, "daemon.info")).encode() + b"]": "invalid_request",
        b'{"id":1,"method":"daemon.info"}': "invalid_request",
        b'{"jsonrpc":"1.0","id":1,"method":"daemon.info"}': "invalid_request",
        b'{"jsonrpc":"2.0","id":1,"method":3}': "invalid_request",
        b'{"jsonrpc":"2.0","id":1,"method":"daemon.info","params":[1]}': "invalid_request",
        b'{"jsonrpc":"2.0","id":1,"method":"daemon.info","more":1}': "invalid_request",
        b'{"jsonrpc":"2.0","id":1,"id":2,"method":"daemon.info"}': "invalid_request",
        b'{"jsonrpc":"2.0","id":{},"method":"daemon.info"}': "invalid_request",
        b'{"jsonrpc":"2.0","id":1,"result":{}}': "invalid_request",
        b'{"jsonrpc":"2.0","id":1,"method":"nonsense"}': "unknown_method",
        b'{"jsonrpc":"2.0","id":1,"method":"Daemon.info"}': "unknown_method",
        b'{"jsonrpc":"2.0","id":1,"method":""}': "unknown_method",
    }
    good = request("good", "settings.get", name="retries")
    messages = [part for line in spoilt for part in (line + b"\n", good)]
    answers = daemon.talk(messages, len(messages))
    for line, bad, fine in zip(spoilt, answers[::2], answers[1::2], strict=True):
        assert word(bad) == spoilt[line], line
        assert fine["id"] == "good" and "result" in fine, line


def test_nesting_may_be_32_deep_and_no_deeper(daemon):
    def nested(depth):
        inner = b"[" * (depth - 2) + b"]" * (depth - 2)
        return b'{"jsonrpc":"2.0","id":1,"method":"daemon.info","params":{"a":' + inner + b"}}\n"
    answers = daemon.talk([nested(32), nested(33), nested(100000)], 3)
    assert [word(answer) for answer in answers] == ["invalid", "parse_error", "parse_error"]


def test_a_line_may_have_a_mebibyte_and_no_more(daemon):
    def line(length):
        head, tail = b'{"jsonrpc":"2.0","id":1,"method":"', b'"}'
        return head + b"x" * (length - len(head) - len(tail)) + tail + b"\n"
    answers = daemon.talk([line(LINE_MAX), line(LINE_MAX + 1), line(3 * LINE_MAX),
                           request(2, "settings.get", name="retries")], 4)
    assert [word(answer) for answer in answers[:3]] == ["unknown_method", "too_long", "too_long"]
    assert answers[3]["id"] == 2


def test_the_turns_of_the_engine_are_told(daemon):
    stats = daemon.call("daemon.stats")
    turn = stats["turn_us"]
    assert 0 < turn["p50"] <= turn["p99"] <= turn["max"] <= stats["busy_us"]
    assert stats["turns"] > 0


def test_ids_are_echoed_and_notifications_are_not_answered(daemon):
    ids = [0, 7, -5, 2 ** 53, 1.5, "", "text", "gr\u00fc\u00dfe \U0001f600", "x" * 256, None]
    silent = {"jsonrpc": "2.0", "method": "settings.get"}
    unknown = {"jsonrpc": "2.0", "method": "nonsense"}
    messages = [part for number in ids
                for part in (silent, unknown, request(number, "settings.get", name="retries"))]
    answers = daemon.talk(messages, len(ids))
    assert [answer["id"] for answer in answers] == ids
    assert all("result" in answer for answer in answers)
    refused = daemon.talk([request(number, "settings.get") for number in
                           ("x" * 257, 2 ** 53 + 2, True, [1], {})], 5)
    assert [(answer["id"], word(answer)) for answer in refused] == [(None, "invalid_request")] * 5


def test_parameters_that_are_wrong_or_unknown(daemon):
    wrong = [("daemon.info", {"x": 1}), ("daemon.stats", {"x": 1}), ("daemon.shutdown", {"x": 1}),
             ("events.unsubscribe", {"x": 1}), ("job.get", {}), ("job.get", {"id": "1"}),
             ("job.get", {"id": 1.5}), ("job.get", {"id": 0}), ("job.get", {"id": 1, "x": 1}),
             ("job.list", {"state": "nonsense"}), ("job.list", {"state": ["done", 1]}),
             ("job.list", {"limit": 0}), ("job.list", {"limit": 1001}), ("job.list", {"after": -1}),
             ("job.list", {"x": 1}), ("job.pause", {}), ("job.pause", {"ids": []}),
             ("job.pause", {"ids": 1}), ("job.pause", {"all": False}),
             ("job.pause", {"all": True, "ids": [1]}), ("job.remove", {"ids": []}),
             ("job.remove", {"all": True}), ("job.add", {}), ("job.add", {"jobs": []}),
             ("job.add", {"jobs": {}}), ("job.add", {"jobs": [3]}), ("job.add", {"jobs": [{}]}),
             ("job.add", {"jobs": [{"url": URL}], "x": 1}), ("events.subscribe", {"progress_ms": 99}),
             ("events.subscribe", {"progress_ms": 60001}), ("events.subscribe", {"jobs": 1}),
             ("events.subscribe", {"jobs": ["1"]}), ("events.subscribe", {"x": 1})]
    answers = daemon.talk([{"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
                           for method, params in wrong], len(wrong))
    for call, answer in zip(wrong, answers, strict=True):
        assert word(answer) == "invalid", call


# ---- order, all or none, keys ----

def test_pipelined_requests_are_carried_out_in_order(daemon):
    folder = daemon.system.path(daemon.out)
    def add(name):
        return {"url": f"http://127.0.0.1/{name}", "folder": folder, "paused": True}
    messages = []
    for i in range(50):
        messages += [request(2 * i, "job.add", jobs=[add(i)]), request(2 * i + 1, "job.list")]
    answers = daemon.talk(messages, 100)
    assert [answer["id"] for answer in answers] == list(range(100))
    for i in range(50):
        assert answers[2 * i]["result"]["jobs"][0]["id"] == i + 1
        assert len(answers[2 * i + 1]["result"]["jobs"]) == i + 1

    answers = daemon.talk([request(i, "job.get", id=1 + i % 50) for i in range(100)], 100)
    assert [(answer["id"], answer["result"]["id"]) for answer in answers] == \
        [(i, 1 + i % 50) for i in range(100)]


def test_adding_is_all_or_none(daemon):
    folder = daemon.system.path(daemon.out)
    good = {"url": URL, "folder": folder, "paused": True}
    spoilt = [{"url": "nonsense"}, {"folder": folder + "x"}, {"unknown": 1}, {"name": "a:b"}]
    for bad in spoilt:
        answer = daemon.call("job.add", jobs=[good] * 20 + [{**good, **bad}] + [good])
        assert "code" in answer, bad
    assert daemon.call("job.list") == {"jobs": [], "more": False}
    several = daemon.call("job.add", jobs=[good] * 20)["jobs"]
    assert len({job["id"] for job in several}) == 20
    ids = [job["id"] for job in several]
    assert "code" in daemon.call("job.resume", ids=[*ids, ids[-1] + 1])
    assert "code" in daemon.call("job.remove", ids=[*ids, ids[-1] + 1])
    assert daemon.call("job.list")["jobs"] == several


def test_a_key_stays_idempotent_over_a_kill(daemon):
    spec = {"url": URL, "folder": daemon.system.path(daemon.out), "key": "mine", "paused": True}
    first = daemon.call("job.add", jobs=[spec, spec])["jobs"]
    assert first[0] == first[1]
    daemon.kill()
    daemon.start()
    assert daemon.call("job.add", jobs=[{**spec, "url": URL + "x"}])["jobs"] == first[:1]
    assert len(daemon.call("job.list")["jobs"]) == 1


# ---- events ----

def test_events_of_a_job_from_adding_to_removing(daemon):
    spec = {"url": URL, "folder": daemon.system.path(daemon.out), "paused": True}
    lines = daemon.talk([request(1, "events.subscribe"), request(2, "job.add", jobs=[spec]),
                         request(3, "job.cancel", ids=[1])], 5)
    assert sorted(line["id"] for line in lines if "id" in line) == [1, 2, 3]
    events = [(line["method"], line["params"]["job"]["state"]) for line in lines if "method" in line]
    assert events == [("event.job", "paused"), ("event.job", "cancelled")]
    lines = daemon.talk([request(1, "events.subscribe"), request(2, "job.remove", ids=[1])], 3)
    assert [line["params"] for line in lines if "method" in line] == [{"id": 1}]

    lines = daemon.talk([request(1, "events.subscribe"), request(2, "events.unsubscribe"),
                         request(3, "job.add", jobs=[spec]), request(4, "job.remove", ids=[2]),
                         request(5, "settings.get")], 5)
    assert all("method" not in line for line in lines)


def test_events_of_chosen_jobs_and_progress(daemon, origin):
    origin.add(File("slow.bin", 64 * MIB, 1, behaviour={"rate_bps": MIB}))
    wanted, other = daemon.add(*[origin.url("/slow.bin")] * 2)
    for job in (wanted, other):
        daemon.wait_until(job, lambda j: j["done"] > 0)
    lines = daemon.talk([request(1, "events.subscribe", jobs=[wanted], progress_ms=100)], 6)
    assert [line.get("method") for line in lines] == [None] + ["event.progress"] * 5
    jobs = [line["params"]["jobs"] for line in lines[1:]]
    assert all([job["id"] for job in seen] == [wanted] for seen in jobs)
    done = [seen[0]["done"] for seen in jobs]
    assert done == sorted(done) and done[0] < done[-1]
    assert {"id", "total", "done", "rate", "eta", "lanes", "ranges"} <= set(jobs[0][0])

    daemon.call("job.pause", ids=[wanted, other])
    lines = daemon.talk([request(1, "events.subscribe", jobs=[wanted]),
                         request(2, "job.cancel", ids=[other]),
                         request(3, "job.cancel", ids=[wanted])], 4)
    events = [line["params"]["job"] for line in lines if "method" in line]
    assert [(job["id"], job["state"]) for job in events] == [(wanted, "cancelled")]


# ---- clients that behave badly ----

def test_half_a_message_and_no_more(daemon, holder):
    half = json.dumps(request(1, "job.add", jobs=[{"url": URL}])).encode()[:-5]
    assert daemon.talk([half], 0) == []
    assert daemon.talk([request(1, "daemon.shutdown"), half][1:], 0) == []
    holder(b"\n" * (65536 - len(half)) + half)
    wait_for_sessions(daemon, lambda n: n == 1)
    assert daemon.call("job.list")["jobs"] == []


def test_a_client_that_never_reads_hinders_nobody(daemon, origin, holder, is_right):
    folder = daemon.system.path(daemon.out)
    specs = [{"url": f"http://127.0.0.1/{'x' * 100}{i}", "folder": folder, "paused": True}
             for i in range(900)]
    daemon.call("job.add", jobs=specs)
    origin.add(File("a.bin", 8 * MIB, 1))
    asking = json.dumps(request(1, "job.list", limit=900)).encode() + b"\n"
    subscribing = padded(request(1, "events.subscribe", progress_ms=100))
    holder(subscribing)
    holder(subscribing[:65536 - 60 * len(asking)] + asking * 60)
    wait_for_sessions(daemon, lambda n: n == 1)  # the one that asked for too much was cut off
    [job] = daemon.add(origin.url("/a.bin"))
    assert daemon.wait(job) == 0
    assert is_right(daemon.saved(daemon.job(job)), 1, 8 * MIB)


def test_the_sixty_fifth_client_is_told_so(daemon):
    answers = daemon.talk([request(1, "daemon.stats")], 1, n_idle=63)
    assert answers[0]["result"]["sessions"] == 64
    wait_for_sessions(daemon, lambda n: n == 0)
    # more than one too many: connections need not be accepted in the order in which they were made
    answers = daemon.talk([request(1, "daemon.stats")], 1, n_idle=80)
    assert [(answer["id"], word(answer)) for answer in answers] == [(None, "limit_reached")]
    wait_for_sessions(daemon, lambda n: n == 0)
